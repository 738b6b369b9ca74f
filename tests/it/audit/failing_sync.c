/* Loaded before libc: no file can be synced while the file FAIL_SYNC_WHILE exists. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int unless_failing(const char *name, int file)
{
    const char *sign = getenv("FAIL_SYNC_WHILE");
    if (sign && access(sign, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(file);
}

int fsync(int file) { return unless_failing("fsync", file); }
int fdatasync(int file) { return unless_failing("fdatasync", file); }
