/* Thread event: threading.Event, a flag that threads wait for.
 *
 * After CPython 3.12: Lib/threading.py, class Event. Conventions:
 * thread_lock.h. */
#ifndef LABS_RUNTIME_THREAD_EVENT_H
#define LABS_RUNTIME_THREAD_EVENT_H

#include "labs/runtime/thread_condition.h"

struct rt_thread_event {
    struct rt_thread_lock lock;
    struct rt_thread_condition changed;
    bool flag; // guarded by lock
};

void rt_thread_event_init(struct rt_thread_event *event); // not set
void rt_thread_event_destroy(struct rt_thread_event *event);

/* Sets the flag and wakes all who wait, even if it is cleared at once. */
void rt_thread_event_set(struct rt_thread_event *event);
void rt_thread_event_clear(struct rt_thread_event *event);
bool rt_thread_event_is_set(struct rt_thread_event *event);

/* Waits until it is set: 1; 0: the time is over; -1 with a pending error. */
int rt_thread_event_wait(struct rt_thread_event *event, int64_t timeout_us);

/* How many threads wait for it at this moment. */
int rt_thread_event_waiting(struct rt_thread_event *event);

#endif
