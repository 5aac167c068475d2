/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Calls the kernel about files in ways that no shell can. Each mode works in
 * the folder that it is started in; see the table at the end. Exits with 99 if
 * something fails that should not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fanotify.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		_exit(99);
	}
}

/*
 * Makes a call, and prints it as a tracer that prints JSON should see it: the
 * fields that `format` has beside operation and result.
 */
#define CALL(op, call, format, ...)                                            \
	({                                                                     \
		long result = call;                                            \
		printf("{\"op\":\"" op "\",\"retval\":%ld," format "}\n",      \
		       result < 0 ? (long)-errno : result, __VA_ARGS__);       \
		result;                                                        \
	})

#define FILE_IN "\"file\":\"%s/%s\""
#define TO_IN ",\"to_file\":\"%s/%s\""

static char here[4096];

static void opens(int d)
{
	struct open_how how = { .flags = O_CREAT | O_WRONLY, .mode = 0640 };
	struct open_how in_root = { .flags = O_RDONLY,
				    .resolve = RESOLVE_IN_ROOT };

	CALL("open",
	     syscall(SYS_openat, d, "f", O_CREAT | O_EXCL | O_RDWR, 0604),
	     FILE_IN ",\"path\":\"f\",\"exact\":true,\"created\":true,"
		     "\"flags\":%d,\"mode\":%d,\"dirfd\":%d",
	     here, "d/f", O_CREAT | O_EXCL | O_RDWR, 0604, d);
	CALL("open", syscall(SYS_openat, d, "f", O_CREAT | O_EXCL, 0600),
	     FILE_IN ",\"exact\":false", here, "d/f");
	CALL("open", syscall(SYS_openat, d, "f", O_CREAT, 0600),
	     FILE_IN ",\"created\":false", here, "d/f");
	CALL("open", syscall(SYS_openat2, d, "g", &how, sizeof(how)),
	     FILE_IN ",\"created\":true,\"flags\":%d,\"mode\":%d,\"resolve\":0",
	     here, "d/g", O_CREAT | O_WRONLY, 0640);
	CALL("open", syscall(SYS_openat2, d, "/f", &in_root, sizeof(in_root)),
	     FILE_IN ",\"path\":\"/f\",\"resolve\":%d", here, "d/f",
	     RESOLVE_IN_ROOT);
	CALL("open", syscall(SYS_openat2, d, "/no", &in_root, sizeof(in_root)),
	     FILE_IN ",\"exact\":false", here, "d/no");
	CALL("open", syscall(SYS_openat, 999, "f", O_RDONLY),
	     "\"file\":\"%s\",\"place\":null,\"missing\":[\"place\"]", "f");
	CALL("open", syscall(SYS_openat, AT_FDCWD, "d/../d//f", O_RDONLY),
	     FILE_IN ",\"path\":\"d/../d//f\"", here, "d/f");
	CALL("open", syscall(SYS_openat, AT_FDCWD, "d/../no//f", O_RDONLY),
	     FILE_IN, here, "d/../no//f");
#ifdef SYS_open
	CALL("open", syscall(SYS_open, "d/f", O_WRONLY | O_APPEND, 0),
	     FILE_IN ",\"flags\":%d,\"dirfd\":%d", here, "d/f",
	     O_WRONLY | O_APPEND, AT_FDCWD);
	CALL("open", syscall(SYS_creat, "d/c", 0600),
	     FILE_IN ",\"created\":true,\"flags\":%d,\"mode\":%d", here, "d/c",
	     O_CREAT | O_WRONLY | O_TRUNC, 0600);
#endif
}

static void names(int d)
{
	CALL("symlink", syscall(SYS_symlinkat, "f", d, "s"),
	     "\"file\":\"f\",\"place\":\"\"" TO_IN, here, "d/s");
	CALL("open", syscall(SYS_openat, d, "s", O_RDONLY),
	     FILE_IN ",\"path\":\"s\",\"exact\":true", here, "d/f");
	CALL("open", syscall(SYS_openat, d, "s", O_RDONLY | O_NOFOLLOW),
	     FILE_IN ",\"exact\":false", here, "d/s");
	CALL("link", syscall(SYS_linkat, d, "f", AT_FDCWD, "l", 0),
	     FILE_IN TO_IN ",\"dirfd\":%d,\"to_dirfd\":%d", here, "d/f", here,
	     "l", d, AT_FDCWD);
	CALL("rename",
	     syscall(SYS_renameat2, AT_FDCWD, "l", d, "f", RENAME_NOREPLACE),
	     FILE_IN TO_IN ",\"flags\":%d", here, "l", here, "d/f",
	     RENAME_NOREPLACE);
	CALL("rename", syscall(SYS_renameat2, AT_FDCWD, "l", d, "m", 0),
	     FILE_IN TO_IN ",\"flags\":0", here, "l", here, "d/m");
#ifdef SYS_renameat
	CALL("rename", syscall(SYS_renameat, d, "m", d, "n"), FILE_IN TO_IN,
	     here, "d/m", here, "d/n");
#endif
#ifdef SYS_rename
	CALL("rename", syscall(SYS_rename, "d/n", "d/m"), FILE_IN TO_IN, here,
	     "d/n", here, "d/m");
	CALL("link", syscall(SYS_link, "d/f", "d/n"), FILE_IN TO_IN, here,
	     "d/f", here, "d/n");
	CALL("symlink", syscall(SYS_symlink, "/no where", "d/t"),
	     "\"file\":\"/no where\"" TO_IN, here, "d/t");
#endif
}

static void watches(int d)
{
	__u64 mask = FAN_CREATE | FAN_ONDIR;
	int notify = inotify_init1(0);
	int group = syscall(SYS_fanotify_init, FAN_REPORT_FID, 0);

	CALL("inotify",
	     syscall(SYS_inotify_add_watch, notify, "d", IN_CREATE | IN_MOVE),
	     FILE_IN ",\"mask\":%d,\"group\":%d", here, "d",
	     IN_CREATE | IN_MOVE, notify);
#if __SIZEOF_POINTER__ == 4
#define MASK (__u32) mask, (__u32)(mask >> 32)
#else
#define MASK mask
#endif
	CALL("fanotify",
	     syscall(SYS_fanotify_mark, group, FAN_MARK_ADD, MASK, AT_FDCWD,
		     "d"),
	     FILE_IN ",\"mask\":%llu,\"group\":%d,\"flags\":%d", here, "d",
	     (unsigned long long)mask, group, FAN_MARK_ADD);
	CALL("fanotify",
	     syscall(SYS_fanotify_mark, group, FAN_MARK_ADD, MASK, d, NULL),
	     FILE_IN ",\"exact\":true,\"dirfd\":%d,\"missing\":[]", here, "d",
	     d);
}

static void removals(int d)
{
	CALL("unlink", syscall(SYS_unlinkat, d, "f", 0), FILE_IN ",\"flags\":0",
	     here, "d/f");
	CALL("unlink", syscall(SYS_unlinkat, d, "f", 0), FILE_IN, here, "d/f");
	CALL("mkdir", syscall(SYS_mkdirat, d, "e", 0711),
	     FILE_IN ",\"mode\":%d", here, "d/e", 0711);
	CALL("rmdir", syscall(SYS_unlinkat, d, "e", AT_REMOVEDIR),
	     FILE_IN ",\"flags\":%d", here, "d/e", AT_REMOVEDIR);
#ifdef SYS_unlink
	CALL("unlink", syscall(SYS_unlink, "d/g"), FILE_IN, here, "d/g");
	CALL("mkdir", syscall(SYS_mkdir, "d/e", 0700), FILE_IN, here, "d/e");
	CALL("rmdir", syscall(SYS_rmdir, "d/e"), FILE_IN, here, "d/e");
#endif
}

/* all: every call that there is, each printed */
static void all(char **args)
{
	int d;

	(void)args;
	umask(027);
	CALL("mkdir", syscall(SYS_mkdirat, AT_FDCWD, "d", 0755),
	     FILE_IN ",\"mode\":%d,\"umask\":%d", here, "d", 0755, 027);
	d = CALL("open", syscall(SYS_openat, AT_FDCWD, "d", O_DIRECTORY),
		 FILE_IN ",\"created\":false", here, "d");
	opens(d);
	names(d);
	watches(d);
	removals(d);
}

/* absent FILE: its path lies in FILE, mapped, unread; it opens that, twice */
static void absent(char **args)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t stride = 64 * page; /* farther than the kernel reads ahead */
	struct open_how how = { .flags = O_RDWR };
	int flags = O_RDWR | O_CREAT | O_TRUNC;
	char *map;
	int file = CALL("open",
			syscall(SYS_openat, AT_FDCWD, args[0], flags, 0600),
			FILE_IN, here, args[0]);

	check(!ftruncate(file, 3 * stride), "ftruncate");
	check(pwrite(file, args[0], strlen(args[0]), 0) > 0, "pwrite");
	check(pwrite(file, args[0], strlen(args[0]), stride) > 0, "pwrite");
	check(pwrite(file, &how, sizeof(how), 2 * stride) > 0, "pwrite");
	map = mmap(NULL, 3 * stride, PROT_READ, MAP_PRIVATE, file, 0);
	check(map != MAP_FAILED, "mmap");
	check(!madvise(map, 3 * stride, MADV_RANDOM), "madvise");
	CALL("open", syscall(SYS_openat, AT_FDCWD, map, O_RDONLY),
	     FILE_IN ",\"path\":\"%s\",\"missing\":[]", here, args[0], args[0]);
	CALL("open",
	     syscall(SYS_openat2, AT_FDCWD, map + stride, map + 2 * stride,
		     sizeof(how)),
	     FILE_IN ",\"flags\":%d,\"missing\":[]", here, args[0], O_RDWR);
	CALL("unlink", syscall(SYS_unlinkat, AT_FDCWD, (void *)8, 0),
	     "\"path\":null,\"missing\":[\"path\",\"place\"],\"file\":\"%s\"",
	     "");
	CALL("rename",
	     syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, (void *)8, 0),
	     FILE_IN ",\"to\":null,\"missing\":[\"to\",\"to_place\"]", here,
	     "x");
}

static void wake(int signal)
{
	(void)signal;
}

static void *open_fifo(void *arg)
{
	(void)arg;
	(void)!open("fifo", O_RDONLY);
	return NULL;
}

/* moved: waits for a fifo, until another thread has left the folder */
static void moved(char **args)
{
	struct sigaction action = { .sa_handler = wake };
	pthread_t id;

	(void)args;
	check(!mkfifo("fifo", 0600), "mkfifo");
	check(!sigaction(SIGUSR1, &action, NULL), "sigaction");
	check(!pthread_create(&id, NULL, open_fifo, NULL), "pthread_create");
	usleep(100000);
	check(!chdir("/"), "chdir");
	check(!pthread_kill(id, SIGUSR1), "pthread_kill");
	check(!pthread_join(id, NULL), "pthread_join");
}

/* waits COUNT: as many threads wait for a fifo until its input ends */
static void waits(char **args)
{
	int count = atoi(args[0]);
	pthread_attr_t attr;
	pthread_t id;
	char byte;

	check(!mkfifo("fifo", 0600) || errno == EEXIST, "mkfifo");
	check(!pthread_attr_init(&attr), "pthread_attr_init");
	check(!pthread_attr_setstacksize(&attr, 16384), "stack size");
	while (count--)
		check(!pthread_create(&id, &attr, open_fifo, NULL),
		      "pthread_create");
	puts("ready");
	fflush(stdout);
	(void)!read(0, &byte, 1);
	/* Without goodbye: the kernel ends all of them at once. */
	_exit(0);
}

/* swarm PROCESSES CALLS: each process opens CALLS files that do not exist */
static void swarm(char **args)
{
	int processes = atoi(args[0]);
	int calls = atoi(args[1]);

	for (int i = 0; i < processes; i++) {
		if (fork())
			continue;
		for (int c = 0; c < calls; c++) {
			char name[32];

			snprintf(name, sizeof(name), "swarm-%d-%d", i, c);
			check(open(name, O_RDONLY) < 0, "open");
		}
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

/* deep COUNT NAME: opens what is not there in COUNT folders, one in another */
static void deep(char **args)
{
	for (int i = atoi(args[0]); i > 0; i--) {
		check(!mkdir(args[1], 0755) || errno == EEXIST, "mkdir");
		check(!chdir(args[1]), "chdir");
	}
	check(creat("created", 0600) >= 0, "creat");
	check(open("absent", O_RDONLY) < 0, "open");
}

/* opens PATH...: opens them, for reading */
static void reads(char **args)
{
	for (; *args; args++)
		syscall(SYS_openat, AT_FDCWD, *args, O_RDONLY);
}

static const struct {
	const char *name;
	void (*run)(char **args);
} modes[] = {
	{ "all", all },	    { "absent", absent }, { "moved", moved },
	{ "waits", waits }, { "swarm", swarm },	  { "deep", deep },
	{ "reads", reads },
};

int main(int argc, char **argv)
{
	check(argc > 1 && getcwd(here, sizeof(here)), "usage");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name)) {
			modes[i].run(argv + 2);
			return 0;
		}
	return 99;
}
