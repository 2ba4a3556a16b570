/* Loop inside: the operations of the event loop's language that call one
 * method of asyncio, and show what came of it. None of them waits. */
#ifndef LABS_SCRIPT_LOOP_INSIDE_H
#define LABS_SCRIPT_LOOP_INSIDE_H

struct actor;
struct loop_node;

/* Each: 0, or -1 with a pending error. */
typedef int loop_inside(struct actor *me, const struct loop_node *node);

/* loop_inside_future.c: futures, tasks, errors. */
loop_inside loop_raises, loop_set_result, loop_set_exception, loop_result,
    loop_state, loop_ftask, loop_fcancelmsg, loop_fcancelling,
    loop_current_task, loop_all_tasks, loop_caught;

/* loop_inside.c: callbacks, the loop, what locks and queues look like. */
loop_inside loop_call_soon, loop_call_timer, loop_add_done_callback,
    loop_remove_done_callback, loop_run, loop_c_notify, loop_is_set,
    loop_bar_state, loop_q_state;

#endif
