/* Lab 24: the ready queue and one turn of the loop. The task is in task.md
 * beside this file; what each function promises is in labs/runtime/loop.h and
 * labs/runtime/loop_state.h.
 *
 * Work from top to bottom: the checks come in nearly the same order. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop_state.h"

/* --- the queue ----------------------------------------------------------- */

int
rt_ready_push(struct rt_ready *ready, struct rt_object *item)
{
    // TODO 1: the item becomes the newest. Whose is it, and whose if there is
    // no room to be had?
    (void)ready;
    rt_decref(item);
    return -1;
}

void
rt_ready_clear(struct rt_ready *ready)
{
    // TODO 8: nobody will call these any more. What about those among them
    // that are handles (rt_handle_check)?
    (void)ready;
}

/* --- asking for a call --------------------------------------------------- */

int
rt_loop_call_soon(struct rt_loop *loop, struct rt_object *callback,
                  struct rt_object *argument)
{
    // TODO 2: what goes into the queue without an argument, and what with
    // one (rt_handle_new)? And TODO 7: if the loop is closed?
    (void)loop;
    (void)callback;
    (void)argument;
    return -1;
}

struct rt_object *
rt_loop_call_at(struct rt_loop *loop, double when_s,
                struct rt_object *callback, struct rt_object *argument)
{
    // TODO 4: a handle in the heap (timer_heap.h). What must the handle know,
    // so that cancelling it is counted?
    (void)loop;
    (void)when_s;
    (void)callback;
    (void)argument;
    return NULL;
}

struct rt_object *
rt_loop_call_later(struct rt_loop *loop, double delay_s,
                   struct rt_object *callback, struct rt_object *argument)
{
    // TODO 4 as well: later than what?
    (void)loop;
    (void)delay_s;
    (void)callback;
    (void)argument;
    return NULL;
}

/* --- one turn ------------------------------------------------------------ */

int
rt_loop_turn(struct rt_loop *loop)
{
    // TODO 3: count the turn, wait with a timeout of 0 (rt_loop_wait), and
    // call what is in the queue, but not what comes in meanwhile.
    // TODO 5: timers: how long to wait, and who joins the queue?
    // TODO 6: before all that, who is not worth waiting for?
    // TODO 7: what if a callback fails (rt_loop_report)?
    (void)loop;
    return -1;
}
