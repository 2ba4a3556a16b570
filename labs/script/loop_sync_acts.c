/* Locks, events and queues, as operations that wait. */
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/async_barrier.h"
#include "labs/runtime/async_condition.h"
#include "labs/runtime/async_event.h"
#include "labs/runtime/async_lock.h"
#include "labs/runtime/async_queue.h"
#include "labs/runtime/async_semaphore.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/integer.h"
#include "labs/script/loop_acts.h"
#include "labs/script/loop_machine.h"
#include "labs/script/loop_show.h"

#define ACT(body) RT_COROUTINE("step", struct act, 2, body)

/* What the operation is about. */
static struct rt_object *
thing_of(const struct act *my)
{
    return machine_thing(my->node->words[0]);
}

// --- locks and semaphores --------------------------------------------------

static struct rt_object *
acquire(const char *name)
{
    struct rt_object *lock = machine_lock(name);
    return lock != NULL ? rt_async_lock_acquire(lock)
                        : rt_async_semaphore_acquire(machine_thing(name));
}

static int
release(const char *name)
{
    struct rt_object *lock = machine_lock(name);
    return lock != NULL ? rt_async_lock_release(lock)
                        : rt_async_semaphore_release(machine_thing(name));
}

static enum rt_sent
acquire_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(acquire(my->node->words[0]));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "got %s", my->node->words[0]);
    RT_END;
}
const struct rt_code act_acquire = ACT(acquire_body);

/* The end of a block that holds something: its own error, kept in first, or
 * that of the release. */
static bool
end_well(struct act *my, int released)
{
    if (released == 0 && my->first != NULL) {
        rt_exception_raise(my->first);
    }
    return released == 0 && my->first == NULL;
}

static enum rt_sent
with_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    const char *name = my->node->words[0];
    RT_BEGIN;
    RT_AWAIT(acquire(name));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "got %s", name);
    RT_AWAIT(machine_block(my->me, my->node->first[LOOP_BODY]));
    if (sent == NULL) {
        my->first = rt_exception_catch();
    }
    else {
        machine_say(my->me, "leaves %s", name);
    }
    if (!end_well(my, release(name))) {
        RT_FAIL;
    }
    RT_END;
}
const struct rt_code act_with = ACT(with_body);

// --- events and conditions -------------------------------------------------

static enum rt_sent
ev_wait_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_async_event_wait(thing_of(my)));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "saw %s", my->node->words[0]);
    RT_END;
}
const struct rt_code act_ev_wait = ACT(ev_wait_body);

static enum rt_sent
cond_wait_body(struct rt_coroutine *frame, struct rt_object *sent,
               struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    struct rt_object *lock = rt_async_condition_lock(thing_of(my));
    RT_BEGIN;
    RT_AWAIT(rt_async_lock_acquire(lock));
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_AWAIT(rt_async_condition_wait(thing_of(my)));
    if (sent == NULL) {
        my->first = rt_exception_catch();
    }
    else {
        machine_say(my->me, "woke on %s", my->node->words[0]);
    }
    if (!end_well(my, rt_async_lock_release(lock))) {
        RT_FAIL;
    }
    RT_END;
}
const struct rt_code act_cond_wait = ACT(cond_wait_body);

/* Of who has the lock, or has forgotten to take it. */
static enum rt_sent
c_wait_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_async_condition_wait(thing_of(my)));
    if (sent != NULL) {
        machine_say(my->me, "woke on %s", my->node->words[0]);
        RT_RETURN(rt_none);
    }
    if (rt_error_occurred() != RT_ERROR_RUNTIME) {
        RT_FAIL;
    }
    rt_error_clear();
    machine_say(my->me, "c_wait %s: RuntimeError", my->node->words[0]);
    RT_END;
}
const struct rt_code act_c_wait = ACT(c_wait_body);

static int
notify(const struct act *my)
{
    int count = my->node->count > 1 ? atoi(my->node->words[1]) : 0;
    return rt_async_condition_notify(
        thing_of(my),
        my->node->count > 1 ? (size_t)(count > 0 ? count : 0) : SIZE_MAX);
}

static enum rt_sent
cond_notify_body(struct rt_coroutine *frame, struct rt_object *sent,
                 struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    struct rt_object *lock = rt_async_condition_lock(thing_of(my));
    RT_BEGIN;
    RT_AWAIT(rt_async_lock_acquire(lock));
    if (sent == NULL || notify(my) != 0) {
        RT_FAIL;
    }
    machine_say(my->me, "notified %s", my->node->words[0]);
    if (rt_async_lock_release(lock) != 0) {
        RT_FAIL;
    }
    RT_END;
}
const struct rt_code act_cond_notify = ACT(cond_notify_body);

// --- queues ----------------------------------------------------------------

static struct rt_object *
start_put(const struct act *my)
{
    struct rt_object *item = rt_int_new(atoll(my->node->words[1]));
    struct rt_object *put =
        item != NULL ? rt_async_queue_put(thing_of(my), item) : NULL;
    rt_xdecref(item);
    return put;
}

static enum rt_sent
put_body(struct rt_coroutine *frame, struct rt_object *sent,
         struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(start_put(my));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "put %s %s", my->node->words[0], my->node->words[1]);
    RT_END;
}
const struct rt_code act_put = ACT(put_body);

static enum rt_sent
get_body(struct rt_coroutine *frame, struct rt_object *sent,
         struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_async_queue_get(thing_of(my)));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "got %s from %s", loop_show(sent), my->node->words[0]);
    RT_END;
}
const struct rt_code act_get = ACT(get_body);

static enum rt_sent
q_join_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_async_queue_join(thing_of(my)));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "drained %s", my->node->words[0]);
    RT_END;
}
const struct rt_code act_q_join = ACT(q_join_body);

// --- barriers --------------------------------------------------------------

static enum rt_sent
bar_wait_body(struct rt_coroutine *frame, struct rt_object *sent,
              struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_async_barrier_wait(thing_of(my)));
    if (sent != NULL) {
        machine_say(my->me, "passed %s as %s", my->node->words[0],
                    loop_show(sent));
        RT_RETURN(rt_none);
    }
    if (rt_error_occurred() != RT_ERROR_BROKEN_BARRIER) {
        RT_FAIL;
    }
    rt_error_clear();
    machine_say(my->me, "%s broken", my->node->words[0]);
    RT_END;
}
const struct rt_code act_bar_wait = ACT(bar_wait_body);

static enum rt_sent
bar_reset_body(struct rt_coroutine *frame, struct rt_object *sent,
               struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    bool is_abort = strcmp(my->node->name, "bar_abort") == 0;
    RT_BEGIN;
    RT_AWAIT(is_abort ? rt_async_barrier_abort(thing_of(my))
                      : rt_async_barrier_reset(thing_of(my)));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "%s %s", is_abort ? "aborted" : "reset",
                my->node->words[0]);
    RT_END;
}
const struct rt_code act_bar_reset = ACT(bar_reset_body);
