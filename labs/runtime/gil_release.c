#include "labs/runtime/gil_release.h"

#include <errno.h>
#include <unistd.h>

#include "labs/runtime/thread_state.h"

bool
rt_gil_release_begin(void)
{
    bool held = rt_thread_state()->holds_gil;
    if (held) {
        rt_thread_drop_gil();
    }
    return held;
}

void
rt_gil_release_end(bool held)
{
    if (held) {
        int error = errno;
        rt_thread_take_gil(true);
        errno = error;
    }
}

ssize_t
rt_blocking_read(int file, void *buffer, size_t size)
{
    bool held = rt_gil_release_begin();
    ssize_t got;
    do {
        got = read(file, buffer, size);
    } while (got < 0 && errno == EINTR);
    rt_gil_release_end(held);
    return got;
}

ssize_t
rt_blocking_write(int file, const void *buffer, size_t size)
{
    bool held = rt_gil_release_begin();
    ssize_t put;
    do {
        put = write(file, buffer, size);
    } while (put < 0 && errno == EINTR);
    rt_gil_release_end(held);
    return put;
}

void
rt_without_gil(void (*compute)(void *data), void *data)
{
    bool held = rt_gil_release_begin();
    compute(data);
    rt_gil_release_end(held);
}
