/* Future: a result that is not there yet.
 *
 * After CPython 3.12: Lib/asyncio/futures.py and Modules/_asynciomodule.c. It
 * is pending until it gets a result or an exception or is cancelled; then it
 * is done for ever, and its callbacks are called in the loop's next turn, in
 * the order in which they were added. A task (task.h) is a future that a
 * coroutine finishes, and gather() gives one that others finish; they are
 * cancelled in other ways, so that this goes through their type.
 *
 *   pending --set_result--------> finished     value: the result
 *           --set_exception-----> finished     value: the exception, is_failed
 *           --cancel------------> cancelled    value: why, see below */
#ifndef LABS_RUNTIME_FUTURE_H
#define LABS_RUNTIME_FUTURE_H

#include "labs/runtime/callbacks.h"
#include "labs/runtime/error.h"
#include "labs/runtime/object.h"

struct rt_loop;

enum rt_future_state {
    RT_FUTURE_PENDING,
    RT_FUTURE_CANCELLED,
    RT_FUTURE_FINISHED
};

/* There may be a million of them, so nothing is wasted: what only tasks need
 * stands where there would be nothing otherwise, and a task is one line of the
 * cache. */
struct rt_future {
    struct rt_object head;

    /* What seldom changes has two bytes of its own: a look at them need not
     * wait for what was just written to the others. */
    unsigned loop_number : 12; // see rt_future_loop()
    unsigned is_quiet : 1;     // nobody need hear that it died pending
    unsigned must_cancel : 1;  // of a task: at its next step
    unsigned has_extra : 1;    // of a task: see task_extra.h
    unsigned : 1;
    unsigned state : 2;            // an enum rt_future_state
    unsigned is_failed : 1;        // value is an exception
    unsigned is_unseen : 1;        // nobody has asked for that exception
    unsigned is_blocking : 1;      // handed to a task by an await, not a yield
    unsigned cancel_requests : 11; // of a task
    uint32_t number;               // of a task: the 3 of "Task-3"

    /* What it does when it is done, and what came of it: no future needs both
     * at once. Either is one reference, or NULL. */
    union {
        struct rt_callbacks callbacks; // of a pending one

        /* Of one that is done: see above. Of a cancelled one the message, a
         * string, or the exception that a task ended with. */
        struct rt_object *value;
    };
};

/* How many references a kind of future holds that has these fields of its own
 * behind a struct rt_future, and nothing between; for its type. */
#define RT_FUTURE_FIELDS(own) (1 + (own))

/* The type of a future, with what is special about it. */
struct rt_future_type {
    struct rt_type type;
    bool (*cancel)(struct rt_object *future, struct rt_object *message);
};

/* A new pending future, or NULL with a pending memory error. */
struct rt_object *rt_future_new(struct rt_loop *loop);

/* Makes one out of a new object of another type of future. */
void rt_future_init(struct rt_future *future, struct rt_loop *loop);

/* The loop that it belongs to, borrowed. */
struct rt_loop *rt_future_loop(const struct rt_object *future);

bool rt_future_check(const struct rt_object *object); // tasks are futures
bool rt_future_is_done(const struct rt_object *future);
bool rt_future_is_cancelled(const struct rt_object *future);

/* What it has failed with, RT_ERROR_NONE if it has not, RT_ERROR_CANCELLED if
 * it was cancelled. */
enum rt_error rt_future_error(const struct rt_object *object);

/* The result, a new reference. NULL with a pending error: the exception, which
 * counts as seen; a cancelled-error with the message; or an invalid state. */
struct rt_object *rt_future_result(struct rt_object *object);

/* The exception, a new reference, which counts as seen; NULL without an error
 * if there is a result; NULL with a pending error as above. */
struct rt_object *rt_future_exception(struct rt_object *object);

/* Finishes it; both borrowed. 0, or -1 with a pending error: an invalid state
 * if it is done already, a runtime error for a task, no memory for a callback.
 * Of a stop-iteration a runtime error is made; up to 3.12.5 it is refused with
 * a type error. */
int rt_future_set_result(struct rt_object *future, struct rt_object *result);
int rt_future_set_exception(struct rt_object *future,
                            struct rt_object *exception);

/* The same for whoever knows that it is pending, and for tasks. */
int rt_future_finish(struct rt_object *object, struct rt_object *value,
                     bool is_failed);

/* Asks it to end as cancelled; message is borrowed, a string or NULL. False if
 * that is not possible any more. A future is done by that at once; a task has
 * yet to hear of it. */
bool rt_future_cancel(struct rt_object *future, struct rt_object *message);

/* What a plain future does then. why: the message, or an exception. */
bool rt_future_end_cancelled(struct rt_object *future, struct rt_object *why);

/* Makes the cancelled-error of a cancelled future the pending error. An
 * exception that a task has ended with is handed out once. One that is done
 * without being cancelled has one, too: without a text, or of a task with the
 * message with which it was marked last (_make_cancelled_error). */
void rt_future_raise_cancelled(struct rt_object *future);

/* Calls callback, borrowed, with the future when it is done, or in the next
 * turn if it is. 0, or -1 with a pending error. */
int rt_future_add_done_callback(struct rt_object *future,
                                struct rt_object *callback);

/* Takes all that are this very object off the list; how many that were. */
size_t rt_future_remove_done_callback(struct rt_object *future,
                                      const struct rt_object *callback);

/* --- slots (future_type.c) ----------------------------------------------- */

/* Awaiting one: hands out the future itself as long as it is pending. Whoever
 * goes on before it is done, and is no task, gets a runtime error. */
enum rt_sent rt_future_send(struct rt_object *object, struct rt_object *value,
                            struct rt_object **result);

/* What it hands out, a new reference, when it is pending and awaited. */
static inline struct rt_object *
rt_future_hand_out(struct rt_object *future)
{
    ((struct rt_future *)future)->is_blocking = true;
    return rt_new_ref(future);
}

/* Of what every future holds. */
int rt_future_traverse(struct rt_object *object,
                       int (*visit)(struct rt_object *held, void *data),
                       void *data);
void rt_future_clear(struct rt_object *object);

/* Tells the loop's handler of an exception that nobody has seen. */
void rt_future_finalize(struct rt_object *object);

#endif
