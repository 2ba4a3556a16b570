#include "labs/runtime/error.h"

#include <stdarg.h>
#include <stdio.h>

/* CPython keeps it in the thread's state for the same reason: each thread
 * fails on its own. */
static _Thread_local struct rt_error_state pending;

static void (*unraisable_hook)(struct rt_object *source);

void *
rt_error_no_memory(void)
{
    pending = (struct rt_error_state){.error = RT_ERROR_MEMORY};
    return NULL;
}

int
rt_error_set(enum rt_error error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pending.error = error;
    vsnprintf(pending.text, sizeof(pending.text), format, arguments);
    va_end(arguments);
    return -1;
}

enum rt_error
rt_error_occurred(void)
{
    return pending.error;
}

const char *
rt_error_text(void)
{
    return pending.text;
}

void
rt_error_clear(void)
{
    pending = (struct rt_error_state){.error = RT_ERROR_NONE};
}

struct rt_error_state
rt_error_fetch(void)
{
    struct rt_error_state state = pending;
    rt_error_clear();
    return state;
}

void
rt_error_restore(const struct rt_error_state *state)
{
    pending = *state;
}

void
rt_error_unraisable(struct rt_object *source)
{
    if (unraisable_hook != NULL) {
        unraisable_hook(source);
    }
    rt_error_clear();
}

void
rt_error_set_unraisable_hook(void (*hook)(struct rt_object *source))
{
    unraisable_hook = hook;
}

const char *
rt_error_name(enum rt_error error)
{
    static const char *const NAMES[RT_ERROR_COUNT] = {
        [RT_ERROR_NONE] = "",
        [RT_ERROR_MEMORY] = "MemoryError",
        [RT_ERROR_TYPE] = "TypeError",
        [RT_ERROR_VALUE] = "ValueError",
        [RT_ERROR_INDEX] = "IndexError",
        [RT_ERROR_KEY] = "KeyError",
        [RT_ERROR_OVERFLOW] = "OverflowError",
        [RT_ERROR_REFERENCE] = "ReferenceError",
        [RT_ERROR_BUFFER] = "BufferError",
        [RT_ERROR_RUNTIME] = "RuntimeError",
        [RT_ERROR_ATTRIBUTE] = "AttributeError",
        [RT_ERROR_TIMEOUT] = "TimeoutError",
        [RT_ERROR_CANCELLED] = "CancelledError",
        [RT_ERROR_INVALID_STATE] = "InvalidStateError",
        [RT_ERROR_EMPTY] = "Empty",
        [RT_ERROR_FULL] = "Full",
        [RT_ERROR_SHUT_DOWN] = "ShutDown",
        [RT_ERROR_BROKEN_BARRIER] = "BrokenBarrierError",
        [RT_ERROR_BROKEN_POOL] = "BrokenThreadPool",
    };
    return NAMES[error];
}
