#include "labs/runtime/connection_wait.h"

#include <errno.h>

#include "labs/runtime/gil_release.h"
#include "labs/runtime/os_error.h"

int
rt_connection_wait(struct pollfd *files, size_t count, int64_t timeout_us)
{
    for (size_t i = 0; i < count; i++) {
        files[i].events = POLLIN;
        files[i].revents = 0;
    }
    bool held = rt_gil_release_begin();
    int found = rt_deadline_poll(files, count, timeout_us);
    rt_gil_release_end(held);
    return found < 0 ? rt_os_error(errno, "poll") : found;
}
