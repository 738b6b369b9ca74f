/* A simulated disk, loaded before libc: each sync of a file takes SYNC_DELAY_US microseconds more, as on a slower disk, and none
 * succeeds while the file FAIL_SYNC_WHILE exists. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int simulated(const char *name, int file)
{
    const char *delay = getenv("SYNC_DELAY_US"), *failing = getenv("FAIL_SYNC_WHILE");
    if (delay)
        usleep(atoi(delay));
    if (failing && access(failing, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(file);
}

int fsync(int file) { return simulated("fsync", file); }
int fdatasync(int file) { return simulated("fdatasync", file); }
