/* Under callgrind a function is fifty times slower, and would give up on DynamoDB after its time limits, now more often and
 * now less. So its clock goes slower too: a second of it takes minutes. Loaded before libc by measure.py. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLOWER 300

static long long began;

int clock_gettime(clockid_t clock, struct timespec *at)
{
    long result = syscall(SYS_clock_gettime, clock, at);
    if (result == 0 && clock == CLOCK_MONOTONIC) {
        long long now = at->tv_sec * 1000000000LL + at->tv_nsec;
        if (began == 0)
            began = now;
        now = began + (now - began) / SLOWER;
        at->tv_sec = now / 1000000000LL;
        at->tv_nsec = now % 1000000000LL;
    }
    return (int)result;
}
