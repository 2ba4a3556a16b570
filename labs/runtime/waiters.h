/* Waiters: futures in line, first come, first served.
 *
 * What the locks and queues of asyncio keep in a collections.deque. One that
 * gives up leaves from the middle. */
#ifndef LABS_RUNTIME_WAITERS_H
#define LABS_RUNTIME_WAITERS_H

#include "labs/runtime/object.h"

/* Empty when zeroed. Part of an object, whose slots call the last two. */
struct rt_waiters {
    struct rt_object **items; // our references, the first at items[first]
    size_t first, count, room;
};

/* A new future of the running loop at the end of the line, borrowed as long as
 * it stands there. NULL with a pending error. */
struct rt_object *rt_waiters_add(struct rt_waiters *waiters);

/* The one at a place, borrowed; 0 is the first. */
struct rt_object *rt_waiters_at(const struct rt_waiters *waiters,
                                size_t index);

/* Takes the first one out of a line that is not empty: its reference is yours
 * now. */
struct rt_object *rt_waiters_take(struct rt_waiters *waiters);

/* Takes one out, wherever it stands; nothing happens if it does not. */
void rt_waiters_remove(struct rt_waiters *waiters,
                       const struct rt_object *waiter);

/* Ends the first one that is not done yet, with None. Returns it, borrowed, or
 * NULL: without a pending error if there is none. */
struct rt_object *rt_waiters_wake(const struct rt_waiters *waiters);

/* Ends all of them that are not done yet. 0, or -1 with a pending error. */
int rt_waiters_wake_all(const struct rt_waiters *waiters);

int rt_waiters_traverse(const struct rt_waiters *waiters,
                        int (*visit)(struct rt_object *held, void *data),
                        void *data);
void rt_waiters_clear(struct rt_waiters *waiters);

#endif
