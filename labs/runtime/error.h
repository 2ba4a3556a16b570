/* Error: the pending error of this thread.
 *
 * After CPython: Python/errors.c. A function that fails returns NULL or -1
 * and leaves a pending error; its caller passes the failure on or clears the
 * error. At most one is pending. */
#ifndef LABS_RUNTIME_ERROR_H
#define LABS_RUNTIME_ERROR_H

#include <stdbool.h>

struct rt_object;

enum rt_error {
    RT_ERROR_NONE,
    RT_ERROR_MEMORY,    // MemoryError
    RT_ERROR_TYPE,      // TypeError
    RT_ERROR_VALUE,     // ValueError
    RT_ERROR_INDEX,     // IndexError
    RT_ERROR_KEY,       // KeyError
    RT_ERROR_OVERFLOW,  // OverflowError
    RT_ERROR_REFERENCE, // ReferenceError
    RT_ERROR_BUFFER,    // BufferError
    RT_ERROR_RUNTIME,   // RuntimeError
    RT_ERROR_ATTRIBUTE, // AttributeError
    RT_ERROR_OS,        // OSError
    RT_ERROR_EXCEPTION, // Exception: somebody's own, the text says whose

    // Of threads and of tasks.
    RT_ERROR_TIMEOUT,         // TimeoutError
    RT_ERROR_INVALID_STATE,   // InvalidStateError
    RT_ERROR_EMPTY,           // queue.Empty
    RT_ERROR_FULL,            // queue.Full
    RT_ERROR_SHUT_DOWN,       // queue.ShutDown
    RT_ERROR_BROKEN_BARRIER,  // BrokenBarrierError
    RT_ERROR_BROKEN_POOL,     // BrokenThreadPool
    RT_ERROR_BROKEN_PROCESS,  // BrokenProcessPool
    RT_ERROR_ASSERTION,       // AssertionError
    RT_ERROR_QUEUE_EMPTY,     // asyncio.QueueEmpty
    RT_ERROR_QUEUE_FULL,      // asyncio.QueueFull
    RT_ERROR_QUEUE_SHUT_DOWN, // asyncio.QueueShutDown
    RT_ERROR_STOP_ITERATION,  // StopIteration
    RT_ERROR_GROUP,           // ExceptionGroup
    RT_ERROR_ZERO_DIVISION,   // ZeroDivisionError
    RT_ERROR_LOOKUP,          // LookupError
    RT_ERROR_EOF,             // EOFError

    // Of the world outside of the program.
    RT_ERROR_CONNECTION_REFUSED, // ConnectionRefusedError
    RT_ERROR_CONNECTION_RESET,   // ConnectionResetError
    RT_ERROR_BROKEN_PIPE,        // BrokenPipeError
    RT_ERROR_INCOMPLETE_READ,    // asyncio.IncompleteReadError
    RT_ERROR_LIMIT_OVERRUN,      // asyncio.LimitOverrunError

    RT_ERROR_CANCELLED,          // CancelledError
    RT_ERROR_BASE_GROUP,         // BaseExceptionGroup
    RT_ERROR_GENERATOR_EXIT,     // GeneratorExit
    RT_ERROR_KEYBOARD_INTERRUPT, // KeyboardInterrupt
    RT_ERROR_SYSTEM_EXIT,        // SystemExit
    RT_ERROR_COUNT
};

/* Whether `except Exception` catches it: all but the last five, which only
 * pass through (they derive from BaseException). */
static inline bool
rt_error_is_ordinary(enum rt_error error)
{
    return error < RT_ERROR_CANCELLED;
}

/* Whether it stands for several. */
static inline bool
rt_error_is_group(enum rt_error error)
{
    return error == RT_ERROR_GROUP || error == RT_ERROR_BASE_GROUP;
}

/* Whether it ends the program, and a loop on the way. */
static inline bool
rt_error_is_exit(enum rt_error error)
{
    return error == RT_ERROR_KEYBOARD_INTERRUPT ||
           error == RT_ERROR_SYSTEM_EXIT;
}

/* Makes "out of memory" the pending error. Returns NULL, so that a function
 * can end with `return rt_error_no_memory();` (PyErr_NoMemory). */
void *rt_error_no_memory(void) __attribute__((cold));

/* Makes this the pending error, with a text that is formatted and kept, cut
 * to 127 bytes. Returns -1 (PyErr_Format). */
int rt_error_set(enum rt_error error, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* The pending error, RT_ERROR_NONE if there is none (PyErr_Occurred). */
enum rt_error rt_error_occurred(void);

/* Its text, "" if it has none; borrowed until the next error. */
const char *rt_error_text(void);

/* Forgets the pending error (PyErr_Clear). */
void rt_error_clear(void);

/* Puts the pending error aside while other code runs, and takes it back;
 * what became pending meanwhile is forgotten (PyErr_Fetch, PyErr_Restore).
 * Whoever fetches restores: the state may hold an exception (exception.h). */
struct rt_error_state {
    enum rt_error error;
    struct rt_object *exception; // ours; NULL: there is only the text
    char text[128];
};
struct rt_error_state rt_error_fetch(void);
void rt_error_restore(const struct rt_error_state *state);

/* Reports the pending error where nobody can be told of it, in a finalizer or
 * a callback, and forgets it (PyErr_WriteUnraisable). source is borrowed. */
void rt_error_unraisable(struct rt_object *source);

/* Who hears of such errors; NULL: nobody. */
void rt_error_set_unraisable_hook(void (*hook)(struct rt_object *source));

/* "MemoryError" and so on; "" for RT_ERROR_NONE. */
const char *rt_error_name(enum rt_error error);

#endif
