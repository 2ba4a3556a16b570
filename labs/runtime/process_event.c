#include "labs/runtime/process_event.h"

int
rt_process_event_init(struct rt_process_event *event)
{
    *event = (struct rt_process_event){.lock = {.permits = NULL}};
    if (rt_process_lock_init(&event->lock) != 0 ||
        rt_process_semaphore_init(&event->flag, 0, false) != 0 ||
        rt_process_condition_init(&event->changed, &event->lock) != 0) {
        rt_process_event_destroy(event);
        return -1;
    }
    return 0;
}

void
rt_process_event_destroy(struct rt_process_event *event)
{
    rt_process_condition_destroy(&event->changed);
    rt_process_semaphore_destroy(&event->flag);
    rt_process_semaphore_destroy(&event->lock);
}

static void
lock(struct rt_process_event *event)
{
    rt_process_semaphore_acquire(&event->lock, RT_NO_TIMEOUT);
}

static void
unlock(struct rt_process_event *event)
{
    rt_process_semaphore_release(&event->lock);
}

static bool
is_set(void *data)
{
    const struct rt_process_event *event = data;
    return rt_process_semaphore_value(&event->flag) > 0;
}

bool
rt_process_event_is_set(struct rt_process_event *event)
{
    lock(event);
    bool set = is_set(event);
    unlock(event);
    return set;
}

void
rt_process_event_set(struct rt_process_event *event)
{
    lock(event);
    if (!is_set(event)) {
        rt_process_semaphore_release(&event->flag);
    }
    rt_process_condition_notify_all(&event->changed);
    unlock(event);
}

void
rt_process_event_clear(struct rt_process_event *event)
{
    lock(event);
    (void)rt_process_semaphore_acquire(&event->flag, 0);
    unlock(event);
}

int
rt_process_event_wait(struct rt_process_event *event, int64_t timeout_us)
{
    lock(event);
    int result = 1;
    if (!is_set(event)) { // once: it may be cleared again when we wake
        result = rt_process_condition_wait(&event->changed, timeout_us);
    }
    result = result < 0 ? -1 : is_set(event);
    unlock(event);
    return result;
}
