#include "labs/runtime/error.h"

#include <stddef.h>

/* CPython keeps it in the thread's state for the same reason: each thread
 * fails on its own. */
static _Thread_local enum rt_error pending = RT_ERROR_NONE;

void *
rt_error_no_memory(void)
{
    pending = RT_ERROR_MEMORY;
    return NULL;
}

enum rt_error
rt_error_occurred(void)
{
    return pending;
}

void
rt_error_clear(void)
{
    pending = RT_ERROR_NONE;
}
