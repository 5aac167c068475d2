/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Calls execve in ways that no shell and no std::process::Command can. Each
 * mode ends in an execve; see the table at the end. Exits with 99 if something
 * else fails, with 98 if an execve that should succeed does not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void check(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		_exit(99);
	}
}

/* deep COUNT NAME PROGRAM ARG...: in COUNT directories, one in another */
static void deep(char **args)
{
	for (int i = atoi(args[0]); i > 0; i--) {
		check(!mkdir(args[1], 0755) || errno == EEXIST, "mkdir");
		check(!chdir(args[1]), "chdir");
	}
	execv(args[2], args + 2);
}

/* null PROGRAM: argv is no array at all */
static void null(char **args)
{
	syscall(SYS_execve, args[0], NULL, environ);
}

/* empty PROGRAM: argv has no elements */
static void empty(char **args)
{
	execve(args[0], (char *[]){ NULL }, environ);
}

/* memfd PROGRAM ARG...: a copy of PROGRAM that no directory has */
static void memfd(char **args)
{
	int from = open(args[0], O_RDONLY);
	int to = memfd_create("copy", MFD_CLOEXEC);
	char buffer[65536];
	ssize_t len;

	check(from >= 0 && to >= 0, "open");
	while ((len = read(from, buffer, sizeof(buffer))) > 0)
		check(write(to, buffer, len) == len, "write");
	syscall(SYS_execveat, to, "", args, environ, AT_EMPTY_PATH);
}

/* absent FILE PROGRAM ARG...: path and arguments lie in FILE, mapped, unread */
static void absent(char **args)
{
	int file = open(args[0], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t page = sysconf(_SC_PAGESIZE);
	size_t stride = 64 * page; /* farther than the kernel reads ahead */
	size_t count = 0;
	char *map;

	for (char **arg = args + 1; *arg; arg++, count++)
		check(pwrite(file, *arg, strlen(*arg), count * stride) ==
			      (ssize_t)strlen(*arg),
		      "pwrite");
	check(!ftruncate(file, count * stride), "ftruncate");
	map = mmap(NULL, count * stride, PROT_READ, MAP_PRIVATE, file, 0);
	check(map != MAP_FAILED, "mmap");
	check(!madvise(map, count * stride, MADV_RANDOM), "madvise");
	for (size_t i = 0; i < count; i++)
		args[i + 1] = map + i * stride;
	execv(map, args + 1);
}

static void *exec_thread(void *args)
{
	char **argv = args;

	execv(argv[0], argv);
	return NULL;
}

/* thread PROGRAM ARG...: from a thread that is not the process's first */
static void thread(char **args)
{
	pthread_t id;

	check(!pthread_create(&id, NULL, exec_thread, args), "pthread_create");
	check(!pthread_join(id, NULL), "pthread_join");
}

/* race COUNT PROGRAM ARG...: COUNT processes, each with four threads that do */
static void race(char **args)
{
	int count = atoi(args[0]);

	for (int i = 0; i < count; i++) {
		pthread_t id;

		if (fork())
			continue;
		for (int t = 0; t < 3; t++)
			pthread_create(&id, NULL, exec_thread, args + 1);
		exec_thread(args + 1);
		_exit(98);
	}
	while (wait(NULL) > 0)
		;
	_exit(0);
}

/* swarm COUNT PROGRAM ARG...: COUNT processes at once */
static void swarm(char **args)
{
	int count = atoi(args[0]);
	int gate[2];
	char byte;

	check(!pipe2(gate, O_CLOEXEC), "pipe2");
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		check(pid >= 0, "fork");
		if (pid)
			continue;
		/* The gate opens when its last writer has closed it. */
		close(gate[1]);
		(void)!read(gate[0], &byte, 1);
		execv(args[1], args + 1);
		_exit(98);
	}
	close(gate[1]);
	while (wait(NULL) > 0)
		;
	_exit(0);
}

static const struct {
	const char *name;
	void (*run)(char **args);
} modes[] = {
	{ "deep", deep },   { "null", null },	  { "empty", empty },
	{ "memfd", memfd }, { "absent", absent }, { "thread", thread },
	{ "race", race },   { "swarm", swarm },
};

int main(int argc, char **argv)
{
	check(argc > 2, "usage");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name)) {
			modes[i].run(argv + 2);
			return 98;
		}
	return 99;
}
