/* Handle: a call that was asked for, and can be taken back until it happens.
 *
 * After CPython 3.12: Lib/asyncio/events.py, Handle and TimerHandle. It is an
 * object that can be called: then it calls its callback, once, unless it has
 * been cancelled. The handle of a descriptor calls it each time. */
#ifndef LABS_RUNTIME_HANDLE_H
#define LABS_RUNTIME_HANDLE_H

#include "labs/runtime/object.h"

struct rt_loop;

struct rt_handle {
    struct rt_object head;
    struct rt_object *callback; // ours; NULL: called or cancelled
    struct rt_object *argument; // ours, or NULL
    struct rt_object *context;  // ours: where it is called; or NULL
    struct rt_loop *loop;       // borrowed
    double when_s;              // of a timer, by the loop's clock
    bool is_cancelled;
    bool is_scheduled; // it is in the loop's timer heap
    bool is_repeated;  // it calls as often as it is called
};

/* A new handle for a call of callback with argument, which may be NULL; both
 * are borrowed. The call will be made in a copy of the context that is current
 * now (context.h). NULL with a pending error: no memory, or a runtime error in
 * the wrong thread of a strict loop (loop_debug.h). */
struct rt_object *rt_handle_new(struct rt_loop *loop,
                                struct rt_object *callback,
                                struct rt_object *argument);

/* The call will not happen; the callback and its argument are released. Doing
 * so twice, or after the call, is harmless. */
void rt_handle_cancel(struct rt_object *object);

/* Gives back the memory that is kept for the next handles. */
void rt_handle_clear_pool(void);

bool rt_handle_check(const struct rt_object *object);
bool rt_handle_is_cancelled(const struct rt_object *handle);

#endif
