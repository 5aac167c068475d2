#include "layouts.h"

/* `size` counts the bytes of `text` in use: nobody says so but this function. */
static void append(struct buffer *buffer, char letter)
{
	__u64 size = buffer->size;

	if (size >= 8192)
		return;
	buffer->text[size] = letter;
	buffer->size = size + 1;
}

/* So this is the length of `text`, without `text` anywhere near. */
static int is_full(struct wrapper *wrapper)
{
	wrapper->inner.text[8192 - 2] = 0;
	return wrapper->inner.size == 8192;
}

/* Other members, and members of the same name elsewhere. */
static int is_other(struct wrapper *wrapper, struct page *page)
{
	return wrapper->count == 8192 || page->size == 8192;
}
