#include "labs/runtime/connection_wait.h"

#include <errno.h>

#include "labs/runtime/gil_release.h"
#include "labs/runtime/os_error.h"

int
rt_connection_wait(struct pollfd *files, size_t count, int64_t timeout_us)
{
    struct timespec deadline = rt_deadline_in_us(timeout_us);
    int found;
    for (size_t i = 0; i < count; i++) {
        files[i].events = POLLIN;
        files[i].revents = 0;
    }
    bool held = rt_gil_release_begin();
    do {
        int64_t left_us = rt_deadline_left_us(&deadline);
        struct timespec left = {.tv_sec = left_us / 1000000,
                                .tv_nsec = left_us % 1000000 * 1000};
        found = ppoll(files, count, timeout_us == RT_NO_TIMEOUT ? NULL : &left,
                      NULL);
    } while (found < 0 && errno == EINTR);
    rt_gil_release_end(held);
    return found < 0 ? rt_os_error(errno, "poll") : found;
}
