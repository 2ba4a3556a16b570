#include "labs/runtime/thread_event.h"

#include <stddef.h>

void
rt_thread_event_init(struct rt_thread_event *event)
{
    rt_thread_lock_init(&event->lock, NULL);
    rt_thread_condition_init(&event->changed, &event->lock);
    event->flag = false;
}

void
rt_thread_event_destroy(struct rt_thread_event *event)
{
    rt_thread_lock_destroy(&event->lock);
}

void
rt_thread_event_set(struct rt_thread_event *event)
{
    rt_thread_lock_acquire(&event->lock, RT_NO_TIMEOUT);
    event->flag = true;
    rt_thread_condition_notify_all(&event->changed);
    rt_thread_lock_release(&event->lock);
}

void
rt_thread_event_clear(struct rt_thread_event *event)
{
    rt_thread_lock_acquire(&event->lock, RT_NO_TIMEOUT);
    event->flag = false;
    rt_thread_lock_release(&event->lock);
}

bool
rt_thread_event_is_set(struct rt_thread_event *event)
{
    rt_thread_lock_acquire(&event->lock, RT_NO_TIMEOUT);
    bool set = event->flag;
    rt_thread_lock_release(&event->lock);
    return set;
}

int
rt_thread_event_wait(struct rt_thread_event *event, int64_t timeout_us)
{
    rt_thread_lock_acquire(&event->lock, RT_NO_TIMEOUT);
    int set = 1;
    if (!event->flag) {
        /* Once, without looking at the flag again: whoever has been woken saw
         * it set, though it may be clear by now. */
        set = rt_thread_condition_wait(&event->changed, timeout_us);
    }
    rt_thread_lock_release(&event->lock);
    return set;
}

int
rt_thread_event_waiting(struct rt_thread_event *event)
{
    rt_thread_lock_acquire(&event->lock, RT_NO_TIMEOUT);
    int waiting = rt_thread_condition_waiting(&event->changed);
    rt_thread_lock_release(&event->lock);
    return waiting;
}
