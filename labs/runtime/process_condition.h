/* Process condition: multiprocessing.Condition, waiting until another process
 * says that something has changed.
 *
 * After CPython 3.12: Lib/multiprocessing/synchronize.py, class Condition. The
 * line of those who wait is three numbers: who waits counts itself as
 * sleeping, and as woken when it is over, for whatever reason; who notifies
 * finds out by these how many are still there, gives each a wake-up, and waits
 * until as many have woken.
 *
 * As in CPython: one that is killed while it waits is still counted, and who
 * notifies it waits for ever for it to wake. */
#ifndef LABS_RUNTIME_PROCESS_CONDITION_H
#define LABS_RUNTIME_PROCESS_CONDITION_H

#include "labs/runtime/process_semaphore.h"

struct rt_process_condition {
    struct rt_process_semaphore *lock; // borrowed: a lock or a recursive one
    struct rt_process_semaphore sleeping, woken, wake_ups;
};

/* 0, or -1 with a pending error: then there is nothing to destroy. */
int rt_process_condition_init(struct rt_process_condition *condition,
                              struct rt_process_semaphore *lock);
void rt_process_condition_destroy(struct rt_process_condition *condition);

/* Each with the lock taken by this thread, or -1 with a pending assertion
 * error. The first releases it, waits, and takes it again: 1 when notified, 0
 * when the time is over. The second waits until the predicate holds, which is
 * asked with the lock taken: 1, or 0. */
int rt_process_condition_wait(struct rt_process_condition *condition,
                              int64_t timeout_us);
int rt_process_condition_wait_for(struct rt_process_condition *condition,
                                  bool (*predicate)(void *data), void *data,
                                  int64_t timeout_us);

/* Wakes count of those who wait, or all. 0, or -1. */
int rt_process_condition_notify(struct rt_process_condition *condition,
                                int count);
int rt_process_condition_notify_all(struct rt_process_condition *condition);

#endif
