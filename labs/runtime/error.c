#include "labs/runtime/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "labs/runtime/object.h"

/* CPython keeps it in the thread's state for the same reason: each thread
 * fails on its own. */
static _Thread_local struct rt_error_state pending;

static void (*unraisable_hook)(struct rt_object *source);

/* Makes the state the pending one. The old one is out of sight before the
 * exception that it may have held dies, because that runs code. */
static void
replace(const struct rt_error_state *state)
{
    struct rt_object *old = pending.exception;
    pending = *state;
    rt_xdecref(old);
}

__attribute__((noinline)) void *
rt_error_no_memory(void)
{
    replace(&(struct rt_error_state){.error = RT_ERROR_MEMORY});
    return NULL;
}

int
rt_error_set(enum rt_error error, const char *format, ...)
{
    struct rt_error_state state = {.error = error};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(state.text, sizeof(state.text), format, arguments);
    va_end(arguments);
    replace(&state);
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
    replace(&(struct rt_error_state){.error = RT_ERROR_NONE});
}

struct rt_error_state
rt_error_fetch(void)
{
    struct rt_error_state state = pending;
    pending = (struct rt_error_state){.error = RT_ERROR_NONE};
    return state;
}

void
rt_error_restore(const struct rt_error_state *state)
{
    replace(state);
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
        [RT_ERROR_OS] = "OSError",
        [RT_ERROR_EXCEPTION] = "Exception",
        [RT_ERROR_TIMEOUT] = "TimeoutError",
        [RT_ERROR_INVALID_STATE] = "InvalidStateError",
        [RT_ERROR_EMPTY] = "Empty",
        [RT_ERROR_FULL] = "Full",
        [RT_ERROR_SHUT_DOWN] = "ShutDown",
        [RT_ERROR_BROKEN_BARRIER] = "BrokenBarrierError",
        [RT_ERROR_BROKEN_POOL] = "BrokenThreadPool",
        [RT_ERROR_BROKEN_PROCESS] = "BrokenProcessPool",
        [RT_ERROR_ASSERTION] = "AssertionError",
        [RT_ERROR_QUEUE_EMPTY] = "QueueEmpty",
        [RT_ERROR_QUEUE_FULL] = "QueueFull",
        [RT_ERROR_STOP_ITERATION] = "StopIteration",
        [RT_ERROR_GROUP] = "ExceptionGroup",
        [RT_ERROR_ZERO_DIVISION] = "ZeroDivisionError",
        [RT_ERROR_EOF] = "EOFError",
        [RT_ERROR_LOOKUP] = "LookupError",
        [RT_ERROR_QUEUE_SHUT_DOWN] = "QueueShutDown",
        [RT_ERROR_CONNECTION_REFUSED] = "ConnectionRefusedError",
        [RT_ERROR_CONNECTION_RESET] = "ConnectionResetError",
        [RT_ERROR_BROKEN_PIPE] = "BrokenPipeError",
        [RT_ERROR_INCOMPLETE_READ] = "IncompleteReadError",
        [RT_ERROR_LIMIT_OVERRUN] = "LimitOverrunError",
        [RT_ERROR_CANCELLED] = "CancelledError",
        [RT_ERROR_BASE_GROUP] = "BaseExceptionGroup",
        [RT_ERROR_GENERATOR_EXIT] = "GeneratorExit",
        [RT_ERROR_KEYBOARD_INTERRUPT] = "KeyboardInterrupt",
        [RT_ERROR_SYSTEM_EXIT] = "SystemExit",
    };
    return NAMES[error];
}
