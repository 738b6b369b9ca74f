/* A simulated disk, loaded before libc: each sync of a file takes SYNC_DELAY_US microseconds more, as on a slower disk. While the
 * file FAIL_SYNC_WHILE exists no sync succeeds, while READ_ONLY_WHILE exists no database can be opened for writing, and while
 * UNOPENABLE_WHILE exists none can be opened at all. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_marked(const char *variable)
{
    const char *mark = getenv(variable);
    return mark && access(mark, F_OK) == 0;
}

static int synced(const char *name, int file)
{
    const char *delay = getenv("SYNC_DELAY_US");
    if (delay)
        usleep(atoi(delay));
    if (is_marked("FAIL_SYNC_WHILE")) {
        errno = EIO;
        return -1;
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(file);
}

static int opened(const char *name, const char *path, int flags, mode_t mode)
{
    /* Or the log that belongs to it: SQLite reuses what it has opened of the database itself, and opens its log each time. */
    int is_database = strstr(path, ".db") != NULL;
    if (is_database && (flags & O_ACCMODE) != O_RDONLY && is_marked("READ_ONLY_WHILE")) {
        errno = EROFS;
        return -1;
    }
    if (is_database && is_marked("UNOPENABLE_WHILE")) {
        errno = ENOENT;
        return -1;
    }
    return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name))(path, flags, mode);
}

int fsync(int file) { return synced("fsync", file); }
int fdatasync(int file) { return synced("fdatasync", file); }

#define OPEN(name)                                \
    int name(const char *path, int flags, ...)    \
    {                                             \
        va_list rest;                             \
        va_start(rest, flags);                    \
        int creates = flags & (O_CREAT | O_TMPFILE); \
        mode_t mode = creates ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                             \
        return opened(#name, path, flags, mode);  \
    }
OPEN(open)
OPEN(open64)
