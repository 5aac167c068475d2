#ifndef GUARD_H
#define GUARD_H
#include "layouts.h"

#if EXEC_EVENT_HAS_CWD && PATH_LEN > 256 && defined(__TARGET_ARCH_x86)
#endif
#ifdef DEBUG
#endif
#define EXEC_MAX_ENTRY 1
#if EXEC_MAX_ENTRY
#endif
#endif
