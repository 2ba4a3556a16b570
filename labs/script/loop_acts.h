/* Loop acts: the operations of the event loop's language that wait, each a
 * coroutine. */
#ifndef LABS_SCRIPT_LOOP_ACTS_H
#define LABS_SCRIPT_LOOP_ACTS_H

#include "labs/runtime/coroutine.h"

struct loop_node;

/* loop_acts.c: time, results, blocks. */
extern const struct rt_code act_sleep, act_yield, act_await, act_join,
    act_gather, act_wait, act_wait_for, act_shield, act_group, act_timeout,
    act_try, act_repeat, act_as_completed, act_taskgroup, act_rawgroup,
    act_rawtimeout, act_next_of;

/* A new future of all that the words from there on name. NULL with a pending
 * error. */
struct rt_object *act_start_gather(const struct loop_node *node, int from);

/* The same as results one by one. */
struct rt_object *act_start_as_completed(const struct loop_node *node,
                                         int from);

/* loop_sync_acts.c: locks, events, queues. */
extern const struct rt_code act_with, act_acquire, act_ev_wait, act_cond_wait,
    act_cond_notify, act_put, act_get, act_q_join, act_bar_wait, act_bar_reset,
    act_c_wait;

#endif
