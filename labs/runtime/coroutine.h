/* Coroutine: a function that can stop in the middle and go on later.
 *
 * After CPython 3.12: Objects/genobject.c. A generator stops to hand out a
 * value, a coroutine stops until something that it awaits is over; inside,
 * both are the same. What they know lies in a frame on the heap, not on the
 * stack of C, so there can be a million of them, and the collector can look
 * inside:
 *
 *     struct countdown {
 *         struct rt_coroutine frame; // first, in every frame
 *         struct rt_object *prize;   // then what holds a reference,
 *         int left;                  // and then all the rest
 *     };
 *
 *     static enum rt_sent
 *     countdown_body(struct rt_coroutine *frame, struct rt_object *sent,
 *                    struct rt_object **result)
 *     {
 *         struct countdown *my = (struct countdown *)frame;
 *         RT_BEGIN;
 *         while (my->left > 0) {
 *             RT_AWAIT(rt_sleep(1.0));
 *             if (sent == NULL) {
 *                 RT_FAIL; // cancelled, or whatever the pending error says
 *             }
 *             my->left--;
 *         }
 *         RT_RETURN(rt_new_ref(my->prize));
 *         RT_END;
 *     }
 *
 *     static const struct rt_code countdown_code =
 *         RT_COROUTINE("countdown", struct countdown, 1, countdown_body);
 *
 * The body is one switch over the line where it stopped; RT_BEGIN opens it and
 * each RT_YIELD and RT_AWAIT is a case of it. Therefore: what must survive a
 * stop lives in the frame, no local variable does; no stop inside of another
 * switch; one stop on a line. After a stop `sent` is what was sent or awaited,
 * borrowed until the next stop; NULL: an error is pending, which was thrown
 * in, and whoever wants it to go further says RT_FAIL. That is all there is of
 * try and except: errors are looked at, as everywhere in C. */
#ifndef LABS_RUNTIME_COROUTINE_H
#define LABS_RUNTIME_COROUTINE_H

#include <stddef.h>

#include "labs/runtime/none.h"
#include "labs/runtime/object.h"

enum rt_coroutine_state {
    RT_COROUTINE_CREATED,   // the body has not begun
    RT_COROUTINE_SUSPENDED, // it has stopped at a yield or an await
    RT_COROUTINE_RUNNING,
    RT_COROUTINE_CLOSED // it is over; what it held is gone, if it had begun
};

/* What every frame starts with (PyGenObject). Behind it lie as many pointers
 * to objects as its code says, each our reference or NULL. */
struct rt_coroutine {
    struct rt_object head;
    int resume; // the line where it goes on; 0: the beginning
    enum rt_coroutine_state state;
    struct rt_object *awaiting; // ours: it delegates to this; or NULL
};

/* What all frames of one function share (PyCodeObject), which is also their
 * type. */
struct rt_code {
    struct rt_type type;
    const char *name;
    bool is_generator; // it yields; else it is a coroutine, which awaits
    int references;    // how many variables hold objects

    /* Runs until it stops. A yield and a return leave a new reference in
     * *result; an await has put what it awaits into the frame. */
    enum rt_sent (*body)(struct rt_coroutine *frame, struct rt_object *sent,
                         struct rt_object **result);
};

/* --- writing a body ------------------------------------------------------ */

#define RT_BEGIN                                                              \
    switch (frame->resume) {                                                  \
    case 0:

/* Hands out a new reference, stops, and goes on when something is sent. */
#define RT_YIELD(value)                                                       \
    do {                                                                      \
        *result = (value);                                                    \
        frame->resume = __LINE__;                                             \
        return RT_SENT_YIELD;                                                 \
    case __LINE__:;                                                           \
    } while (0)

/* Waits for a coroutine, a future or whatever else has a send slot: a new
 * reference, which goes to the frame. NULL, with a pending error, is an await
 * that fails at once, so that calls can be awaited as they are. */
#define RT_AWAIT(awaitable)                                                   \
    do {                                                                      \
        frame->awaiting = (awaitable);                                        \
        frame->resume = __LINE__;                                             \
        return RT_SENT_AWAIT;                                                 \
    case __LINE__:;                                                           \
    } while (0)

/* The same for a future that is pending and of which nobody else knows yet, so
 * that it hands out itself: borrowed (see rt_future_hand_out()). */
#define RT_AWAIT_NEW(future)                                                  \
    do {                                                                      \
        frame->awaiting = rt_new_ref(future);                                 \
        *result = rt_future_hand_out(future);                                 \
        frame->resume = __LINE__;                                             \
        return RT_SENT_YIELD;                                                 \
    case __LINE__:;                                                           \
    } while (0)

/* The end: with a new reference, or with the pending error. */
#define RT_RETURN(value)                                                      \
    do {                                                                      \
        *result = (value);                                                    \
        return RT_SENT_RETURN;                                                \
    } while (0)
#define RT_FAIL return RT_SENT_ERROR

#define RT_END                                                                \
    }                                                                         \
    RT_RETURN(rt_none)

/* The code of a function: its name, the type of its frame, how many variables
 * hold references, and the body. */
#define RT_COROUTINE(text, frame_type, count, function)                       \
    {                                                                         \
        .type = RT_FRAME_TYPE("coroutine", frame_type, count),                \
        .name = (text), .references = (count), .body = (function)             \
    }
#define RT_GENERATOR(text, frame_type, count, function)                       \
    {                                                                         \
        .type = RT_FRAME_TYPE("generator", frame_type, count),                \
        .name = (text), .is_generator = true, .references = (count),          \
        .body = (function)                                                    \
    }
#define RT_FRAME_TYPE(text, frame_type, count)                                \
    {                                                                         \
        .name = (text), .basicsize = sizeof(frame_type),                      \
        .dealloc = rt_coroutine_dealloc, .finalize = rt_coroutine_finalize,   \
        .traverse = rt_coroutine_traverse, .clear = rt_coroutine_clear,       \
        .fields_offset = offsetof(struct rt_coroutine, awaiting),             \
        .field_count = 1 + (count), .send = rt_coroutine_send                 \
    }

/* A new generator or coroutine, which has not begun. Its variables are NULL
 * and 0: fill in the arguments. NULL with a pending memory error. */
void *rt_coroutine_new(const struct rt_code *code);

bool rt_coroutine_check(const struct rt_object *object);
const struct rt_code *rt_coroutine_code(const struct rt_object *object);

/* --- driving one --------------------------------------------------------- */

/* Lets it run until it stops again: its send slot (gen_send_ex). sent is
 * borrowed; NULL: the pending error is thrown in. Errors: a value error when
 * it is running already; a type error when a value other than None is sent to
 * one that has not begun; one that is over returns None if it is a generator,
 * and is a runtime error if it is a coroutine. A stop-iteration that leaves
 * the body is a runtime error (PEP 479).
 *
 * While it awaits something, that is sent the value in its place, None at
 * first, and what that hands out goes to the caller; when that is over, or has
 * failed, the body goes on with the result or the error. Type errors at an
 * await: of what has no send slot. Runtime errors: of a coroutine that is
 * suspended in an await itself, because somebody else waits for it then. */
enum rt_sent rt_coroutine_send(struct rt_object *object,
                               struct rt_object *sent,
                               struct rt_object **result);

/* Raises exception, borrowed, where it stopped (gen.throw). One that has not
 * begun is over by that. The innermost of those that wait for each other hears
 * of it first. Not so a generator-exit: the coroutine or generator that is
 * awaited is closed, and then it is raised here, or what came out of that. */
enum rt_sent rt_coroutine_throw(struct rt_object *object,
                                struct rt_object *exception,
                                struct rt_object **result);

/* Ends it: throws a generator-exit, so that each can clean up (gen.close). 0,
 * also if it returns something; nobody hears of that. -1 with the error that
 * came out of it, or a runtime error if it has yielded once more. */
int rt_coroutine_close(struct rt_object *object);

/* The next value of a generator, a new reference. NULL with a pending error,
 * or without one when there are no more. */
struct rt_object *rt_generator_next(struct rt_object *generator);

/* --- the frame's memory (coroutine_frame.c) ------------------------------ */

/* Lets go of all variables; it is closed. */
void rt_coroutine_finish(struct rt_coroutine *frame);

/* It is closed before it has begun. Up to 3.11 it lets go what it holds at
 * once; since then it keeps its arguments until it dies. */
void rt_coroutine_never_begin(struct rt_coroutine *frame);

/* Slots. One that dies while it is stopped is closed; a coroutine that dies
 * before it has begun is reported. */
void rt_coroutine_dealloc(struct rt_object *object);
void rt_coroutine_finalize(struct rt_object *object);
int rt_coroutine_traverse(struct rt_object *object,
                          int (*visit)(struct rt_object *held, void *data),
                          void *data);
void rt_coroutine_clear(struct rt_object *object);

/* Who hears that a coroutine was never awaited (RuntimeWarning); NULL: the
 * standard error stream does. */
void
rt_coroutine_set_never_awaited_hook(void (*hook)(const struct rt_code *code));

#endif
