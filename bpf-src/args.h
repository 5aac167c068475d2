/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * The arguments of execve, each with its NUL, one after another.
 *
 * The verifier does not see that room shrinks as the offset grows, so the text
 * is put together in a buffer of twice the size, in which the largest offset
 * and the largest length may come together. How full it is stands in the
 * buffer, too: of a number on the stack, the verifier would follow every value
 * that it may take in the loop.
 *
 * A program that includes this needs DEFINE_ARGS_BUFFERS_MAP.
 */
#ifndef __ARGS_H
#define __ARGS_H

struct args_walk {
	/* The array of pointers, or NULL: then `text` is read. */
	const void *argv;
	__u32 pointer_size;
	/* Where the arguments stand one after another, and where they end. */
	const char *text;
	const char *end;
	/* How many arguments the buffer holds. */
	__u32 count;
	/* There is more than fits. */
	__u32 cut;
	/* Something could not be read: the page is not in memory. */
	__u32 failed;
};

static inline struct args_buffer *args_buffer(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&args_buffers, &zero);
}

/* The next argument, or NULL after the last. */
static inline const char *args_next(struct args_walk *walk, __u32 index)
{
	__u64 pointer = 0;
	long err;

	if (!walk->argv)
		return walk->text < walk->end ? walk->text : NULL;
	if (walk->pointer_size == 4)
		err = bpf_probe_read_user(&pointer, sizeof(__u32),
					  walk->argv + 4 * (__u64)index);
	else
		err = bpf_probe_read_user(&pointer, sizeof(pointer),
					  walk->argv + 8 * (__u64)index);
	if (err)
		walk->failed = 1;
	return (const char *)pointer;
}

/* One argument; for bpf_loop(), which stops at 1. */
static inline long args_step(__u32 index, struct args_walk *walk)
{
	struct args_buffer *buffer = args_buffer();
	const char *next = args_next(walk, index);
	__u64 size;
	long len;

	if (!buffer || !next)
		return 1;
	size = buffer->size;
	if (size >= ARGS_LEN) {
		walk->cut = 1;
		return 1;
	}
	/* One byte more than there is room, to tell a cut from a fit. */
	len = bpf_probe_read_user_str(&buffer->text[size], ARGS_LEN - size + 1,
				      next);
	if (len < 0)
		walk->failed = 1;
	/* Of an empty argument, kernels such as Linux 6.1 count no NUL. */
	if (len <= 0) {
		buffer->text[size] = 0;
		len = 1;
	}
	walk->count++;
	walk->text += len;
	size += len;
	buffer->size = size;
	if (size <= ARGS_LEN)
		return 0;
	walk->cut = 1;
	buffer->size = ARGS_LEN;
	buffer->text[ARGS_LEN - 1] = 0;
	return 1;
}

/*
 * Copies the arguments to a call; false if some could not be read. What its
 * `args` hold beyond `args_size` means nothing: those bytes are zero, or of an
 * earlier attempt for the same call.
 */
static inline bool args_read(struct exec_in_flight *flight,
			     struct args_walk *walk)
{
	struct args_buffer *buffer = args_buffer();
	__u64 size;

	if (!buffer)
		return false;
	buffer->size = 0;
	/* An argument takes its NUL at least; one round more finds the cut. */
	bpf_loop(ARGS_LEN + 1, args_step, walk, 0);
	size = buffer->size;
	if (size > ARGS_LEN)
		return false;
	bpf_probe_read_kernel(flight->args, size, buffer->text);
	flight->info.args_size = size;
	flight->info.args_count = walk->count;
	flight->info.args_cut = walk->cut;
	return !walk->failed;
}

#endif /* __ARGS_H */
