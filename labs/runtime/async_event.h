/* Async event: a flag that tasks wait for.
 *
 * After CPython 3.12: Lib/asyncio/locks.py, Event. */
#ifndef LABS_RUNTIME_ASYNC_EVENT_H
#define LABS_RUNTIME_ASYNC_EVENT_H

#include "labs/runtime/object.h"

/* A new event, not set. NULL with a pending memory error. */
struct rt_object *rt_async_event_new(void);

/* A new coroutine that ends when the event is set, at once if it is. Who was
 * woken goes on even if the event is cleared before it runs. NULL with a
 * pending memory error. */
struct rt_object *rt_async_event_wait(struct rt_object *event);

/* Sets it and wakes all who wait, in line. 0, or -1 with a pending memory
 * error. */
int rt_async_event_set(struct rt_object *object);
void rt_async_event_clear(struct rt_object *event);
bool rt_async_event_is_set(const struct rt_object *event);

#endif
