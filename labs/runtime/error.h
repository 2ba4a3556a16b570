/* Error: the pending error of this thread.
 *
 * After CPython: Python/errors.c. A function that fails returns NULL or -1
 * and leaves a pending error; its caller passes the failure on or clears the
 * error. At most one is pending. */
#ifndef LABS_RUNTIME_ERROR_H
#define LABS_RUNTIME_ERROR_H

enum rt_error {
    RT_ERROR_NONE,
    RT_ERROR_MEMORY, // MemoryError
};

/* Makes "out of memory" the pending error. Returns NULL, so that a function
 * can end with `return rt_error_no_memory();` (PyErr_NoMemory). */
void *rt_error_no_memory(void);

/* The pending error, RT_ERROR_NONE if there is none (PyErr_Occurred). */
enum rt_error rt_error_occurred(void);

/* Forgets the pending error (PyErr_Clear). */
void rt_error_clear(void);

#endif
