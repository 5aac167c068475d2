#include "layouts.h"

/* Renamed in the spec, and not here. */
#ifdef EXEC_EVENT_HAS_CWDS
#endif
#if EXEC_MAX_ENTRIES > 1024
#elif defined(EXEC_EVENT_HAS_PATH)
#endif
#if EXEC_EVENT_HAS_SOMETHING_ELSE
#endif
