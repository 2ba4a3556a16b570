/* Context: variables with a value of their own in each task.
 *
 * After CPython 3.12: Python/context.c and Lib/contextvars.py. There is always
 * a current context, which says what variables are worth. Each thread has one
 * to begin with; a task, a handle and a callback of a future work in a copy of
 * what was current when they were made, so that what they set nobody else
 * sees:
 *
 *     thread:  user = "ann" --- task_new ---------- user is still "ann"
 *                                   |
 *     task:                         '-> user = "ann", set to "bob"
 *
 * As long as nothing is set a context is NULL, and costs nothing. A callback
 * that is given to rt_loop_call_soon() without an argument has no handle, and
 * works in the context of who runs the loop, unless it is bound. */
#ifndef LABS_RUNTIME_CONTEXT_H
#define LABS_RUNTIME_CONTEXT_H

#include <stdbool.h>

struct rt_object;

/* --- variables ----------------------------------------------------------- */

/* A new variable (ContextVar). name is copied; value, borrowed, is what it is
 * worth where it has not been set, or NULL. NULL with a pending error. */
struct rt_object *rt_context_var_new(const char *name,
                                     struct rt_object *value);

/* Its value in the current context, a new reference. NULL with a pending
 * lookup error if it has none. */
struct rt_object *rt_context_var_get(struct rt_object *object);

/* Gives it a value, borrowed, in the current context. A new token, which
 * remembers what was before; NULL with a pending memory error. */
struct rt_object *rt_context_var_set(struct rt_object *variable,
                                     struct rt_object *value);

/* Makes it what it was before the set that gave the token. 0, or -1 with a
 * pending error: a runtime error the second time; a value error for the token
 * of another variable, or of another context. */
int rt_context_var_reset(struct rt_object *variable, struct rt_object *object);

/* --- contexts ------------------------------------------------------------ */

/* A new context that is as the current one is now (copy_context). NULL with a
 * pending memory error. */
struct rt_object *rt_context_copy(void);

/* Calls callback in this context: what it sets stays there (Context.run).
 * argument may be NULL. 0, or -1 with a pending error: of the callback, or a
 * runtime error when the context is current somewhere already. */
int rt_context_run(struct rt_object *object, struct rt_object *callback,
                   struct rt_object *argument);

/* A new object that calls callback, borrowed, in a copy of the context that is
 * current now. NULL with a pending memory error. */
struct rt_object *rt_context_bind(struct rt_object *callback);

/* The thread's own context is empty again. */
void rt_context_forget(void);

/* --- for tasks, handles and futures -------------------------------------- */

/* Leaves in *slot a copy of the current context, a new reference, or NULL when
 * nothing is set. 0, or -1 with a pending memory error. */
int rt_context_copy_to(struct rt_object **slot);

/* The context in *slot is current until rt_context_leave() is called with what
 * this returned. A NULL there becomes a context when something is set. */
struct rt_object **rt_context_enter(struct rt_object **slot);
void rt_context_leave(struct rt_object **outer);

/* Whether there ever was a variable; if not, contexts do not differ. */
bool rt_context_is_used(void);

/* The callback that a bound one calls, borrowed, or the object itself. */
const struct rt_object *rt_context_unbound(const struct rt_object *callback);

#endif
