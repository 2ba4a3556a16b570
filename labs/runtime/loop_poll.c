#include "labs/runtime/loop_poll.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil_release.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/os_error.h"

enum {
    MOST_EVENTS = 1024 // of one wait
};

// --- the loop's own --------------------------------------------------------

int
rt_poller_open(struct rt_poller *poller)
{
    struct epoll_event event = {.events = EPOLLIN};
    *poller = (struct rt_poller){
        .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
        .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
    };
    event.data.fd = poller->wake_fd;
    if (poller->epoll_fd < 0 || poller->wake_fd < 0 ||
        epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, poller->wake_fd, &event) !=
            0) {
        rt_os_error(errno, "cannot make a poller");
        rt_poller_close(poller);
        return -1;
    }
    return 0;
}

static void
take_away(struct rt_object **handle)
{
    if (*handle != NULL) {
        rt_handle_cancel(*handle);
        rt_clear(handle);
    }
}

void
rt_poller_close(struct rt_poller *poller)
{
    for (size_t fd = 0; fd < poller->room; fd++) {
        take_away(&poller->watches[fd].reader);
        take_away(&poller->watches[fd].writer);
    }
    rt_free(poller->watches);
    if (poller->epoll_fd >= 0) {
        close(poller->epoll_fd);
    }
    if (poller->wake_fd >= 0) {
        close(poller->wake_fd);
    }
    *poller = (struct rt_poller){.epoll_fd = -1, .wake_fd = -1};
}

void
rt_poller_wake(const struct rt_poller *poller)
{
    uint64_t one = 1;
    // A full counter wakes as well, so there is nothing to do about failure.
    (void)!write(poller->wake_fd, &one, sizeof(one));
}

static void
fall_asleep(const struct rt_poller *poller)
{
    uint64_t count = 0;
    (void)!read(poller->wake_fd, &count, sizeof(count));
}

// --- descriptors -----------------------------------------------------------

static uint32_t
events_of(const struct rt_watch *watch)
{
    return (watch->reader != NULL ? EPOLLIN : 0U) |
           (watch->writer != NULL ? EPOLLOUT : 0U);
}

/* Tells epoll what is wanted of fd, instead of what was. */
static int
tell_epoll(struct rt_poller *poller, int fd, uint32_t was, uint32_t wanted)
{
    struct epoll_event event = {.events = wanted, .data.fd = fd};
    int how = was == 0      ? EPOLL_CTL_ADD
              : wanted == 0 ? EPOLL_CTL_DEL
                            : EPOLL_CTL_MOD;
    if (was == wanted) {
        return 0;
    }
    if (epoll_ctl(poller->epoll_fd, how, fd, &event) != 0) {
        return rt_os_error(errno, "cannot wait for a descriptor");
    }
    poller->watched += (size_t)(was == 0);
    poller->watched -= (size_t)(wanted == 0);
    return 0;
}

static struct rt_watch *
make_watch(struct rt_poller *poller, int fd)
{
    if (fd < 0) {
        rt_error_set(RT_ERROR_VALUE, "Invalid file descriptor: %d", fd);
        return NULL;
    }
    if ((size_t)fd >= poller->room) {
        size_t room = 2 * (size_t)fd + 16;
        struct rt_watch *watches =
            rt_realloc(poller->watches, room * sizeof(*watches));
        if (watches == NULL) {
            return rt_error_no_memory();
        }
        memset(watches + poller->room, 0,
               (room - poller->room) * sizeof(*watches));
        poller->watches = watches;
        poller->room = room;
    }
    return &poller->watches[fd];
}

static struct rt_object **
slot_of(struct rt_watch *watch, uint32_t event)
{
    return event == EPOLLIN ? &watch->reader : &watch->writer;
}

static int
add(struct rt_loop *loop, int fd, uint32_t event, struct rt_object *callback,
    struct rt_object *argument)
{
    if (loop->is_closed) {
        return rt_error_set(RT_ERROR_RUNTIME, "Event loop is closed");
    }
    struct rt_watch *watch = make_watch(&loop->poller, fd);
    struct rt_object *handle =
        watch != NULL ? rt_handle_new(loop, callback, argument) : NULL;
    if (handle == NULL) {
        return -1;
    }
    uint32_t was = events_of(watch);
    if (tell_epoll(&loop->poller, fd, was, was | event) != 0) {
        rt_decref(handle);
        return -1;
    }
    ((struct rt_handle *)handle)->is_repeated = true;
    struct rt_object *old = *slot_of(watch, event);
    *slot_of(watch, event) = handle;
    take_away(&old);
    return 0;
}

static bool
take_off(struct rt_loop *loop, int fd, uint32_t event)
{
    struct rt_poller *poller = &loop->poller;
    if (fd < 0 || (size_t)fd >= poller->room) {
        return false;
    }
    struct rt_watch *watch = &poller->watches[fd];
    uint32_t was = events_of(watch);
    if ((was & event) == 0) {
        return false;
    }
    if (tell_epoll(poller, fd, was, was & ~event) != 0) {
        // It was closed before it was removed: then epoll has forgotten it.
        rt_error_clear();
        poller->watched -= (size_t)((was & ~event) == 0);
    }
    struct rt_object *old = *slot_of(watch, event);
    *slot_of(watch, event) = NULL;
    take_away(&old);
    return true;
}

int
rt_loop_add_reader(struct rt_loop *loop, int fd, struct rt_object *callback,
                   struct rt_object *argument)
{
    return add(loop, fd, EPOLLIN, callback, argument);
}

int
rt_loop_add_writer(struct rt_loop *loop, int fd, struct rt_object *callback,
                   struct rt_object *argument)
{
    return add(loop, fd, EPOLLOUT, callback, argument);
}

bool
rt_loop_remove_reader(struct rt_loop *loop, int fd)
{
    return take_off(loop, fd, EPOLLIN);
}

bool
rt_loop_remove_writer(struct rt_loop *loop, int fd)
{
    return take_off(loop, fd, EPOLLOUT);
}

// --- waiting ---------------------------------------------------------------

/* Queues the handle if there is one. */
static int
queue(struct rt_ready *ready, struct rt_object *handle)
{
    return handle == NULL ? 0 : rt_ready_push(ready, rt_new_ref(handle));
}

static int
queue_ready(const struct rt_poller *poller, const struct epoll_event *event,
            struct rt_ready *ready)
{
    if (event->data.fd == poller->wake_fd) {
        fall_asleep(poller);
        return 0;
    }
    const struct rt_watch *watch = &poller->watches[event->data.fd];
    int result = 0;
    if ((event->events & ~(uint32_t)EPOLLOUT) != 0) {
        result = queue(ready, watch->reader);
    }
    if (result == 0 && (event->events & ~(uint32_t)EPOLLIN) != 0) {
        result = queue(ready, watch->writer);
    }
    return result;
}

/* Nanoseconds matter: in a millisecond there is time for 50,000 tasks. While
 * the loop sleeps, other threads have the GIL. Only to look, the system needs
 * a third less time without a timeout that it must read and reckon with. */
static int
wait_for_events(const struct rt_poller *poller, double timeout_s,
                struct epoll_event *events)
{
    if (timeout_s == 0) {
        return epoll_wait(poller->epoll_fd, events, MOST_EVENTS, 0);
    }
    struct timespec timeout = {.tv_sec = (time_t)timeout_s};
    timeout.tv_nsec = (long)((timeout_s - (double)timeout.tv_sec) * 1e9);
    bool held = rt_gil_release_begin();
    int count = epoll_pwait2(poller->epoll_fd, events, MOST_EVENTS,
                             timeout_s < 0 ? NULL : &timeout, NULL);
    rt_gil_release_end(held);
    return count;
}

int
rt_poller_wait(struct rt_poller *poller, double timeout_s,
               struct rt_ready *ready)
{
    struct epoll_event events[MOST_EVENTS];
    int count = wait_for_events(poller, timeout_s, events);
    if (count < 0) {
        return errno == EINTR ? 0 : rt_os_error(errno, "cannot wait");
    }
    for (int i = 0; i < count; i++) {
        if (queue_ready(poller, &events[i], ready) != 0) {
            return -1;
        }
    }
    return 0;
}
