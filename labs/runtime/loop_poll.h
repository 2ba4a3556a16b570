/* Loop poll: which descriptors the loop waits for.
 *
 * After CPython 3.12: Lib/asyncio/selector_events.py and Lib/selectors.py,
 * EpollSelector. Each descriptor has at most one reader and one writer, and
 * epoll is told what there is; what it reports is level-triggered: as long as
 * there is something to read, each turn calls the reader. A hang-up or an
 * error concerns both. One descriptor is the loop's own: other threads write
 * to it, so that a loop that waits wakes up (an eventfd; CPython's self-pipe).
 */
#ifndef LABS_RUNTIME_LOOP_POLL_H
#define LABS_RUNTIME_LOOP_POLL_H

#include <stddef.h>

#include "labs/runtime/object.h"

struct rt_loop;
struct rt_ready;

struct rt_watch {
    struct rt_object *reader, *writer; // handles, ours; NULL: none
};

struct rt_poller {
    int epoll_fd, wake_fd;    // -1: closed
    struct rt_watch *watches; // by descriptor
    size_t room;
    size_t watched; // descriptors with a reader or a writer
};

/* --- for people ---------------------------------------------------------- */

/* Calls callback with argument, both borrowed, argument maybe NULL, in each
 * turn in which fd can be read or written without waiting; instead of what was
 * called for it before. fd stays the caller's, who removes its callbacks
 * before closing it. 0, or -1 with a pending error: a value error for a
 * negative fd, an OS error for one that cannot be waited for, no memory, a
 * closed loop. */
int rt_loop_add_reader(struct rt_loop *loop, int fd,
                       struct rt_object *callback, struct rt_object *argument);
int rt_loop_add_writer(struct rt_loop *loop, int fd,
                       struct rt_object *callback, struct rt_object *argument);

/* No more calls, not even one that is ready already. Whether there was a
 * callback. */
bool rt_loop_remove_reader(struct rt_loop *loop, int fd);
bool rt_loop_remove_writer(struct rt_loop *loop, int fd);

/* --- for the loop -------------------------------------------------------- */

/* 0, or -1 with a pending OS error. */
int rt_poller_open(struct rt_poller *poller);

/* Closes what is open and cancels all callbacks. */
void rt_poller_close(struct rt_poller *poller);

/* Waits until a descriptor is ready or somebody calls rt_poller_wake(), at
 * most timeout_s, for ever if that is negative. Makes the handles of the ready
 * ones the newest of the queue, a reader before its writer. A signal ends the
 * waiting early. 0, or -1 with a pending error. */
int rt_poller_wait(struct rt_poller *poller, double timeout_s,
                   struct rt_ready *ready);

/* Ends a wait, or the next one; from any thread. */
void rt_poller_wake(const struct rt_poller *poller);

#endif
