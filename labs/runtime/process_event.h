/* Process event: multiprocessing.Event, a flag that processes wait for.
 *
 * After CPython 3.12: Lib/multiprocessing/synchronize.py, class Event. */
#ifndef LABS_RUNTIME_PROCESS_EVENT_H
#define LABS_RUNTIME_PROCESS_EVENT_H

#include "labs/runtime/process_condition.h"

/* It must stay where it is. */
struct rt_process_event {
    struct rt_process_semaphore lock, flag;
    struct rt_process_condition changed;
};

/* An event that is not set. 0, or -1 with a pending error: then there is
 * nothing to destroy. */
int rt_process_event_init(struct rt_process_event *event);
void rt_process_event_destroy(struct rt_process_event *event);

bool rt_process_event_is_set(struct rt_process_event *event);
void rt_process_event_set(struct rt_process_event *event); // wakes all
void rt_process_event_clear(struct rt_process_event *event);

/* Waits until it is set: 1; 0: the time is over; -1 with a pending error. */
int rt_process_event_wait(struct rt_process_event *event, int64_t timeout_us);

#endif
