#include "labs/runtime/shutdown.h"

#include <stddef.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gc_state.h"
#include "labs/runtime/pending_calls.h"
#include "labs/runtime/thread.h"

static struct exit_function {
    int (*call)(void *data);
    void *data;
} exit_functions[RT_EXIT_FUNCTIONS];
static size_t exit_function_count;

int
rt_at_exit(int (*function)(void *data), void *data)
{
    if (exit_function_count == RT_EXIT_FUNCTIONS) {
        return rt_error_set(RT_ERROR_RUNTIME, "more than %d exit functions",
                            RT_EXIT_FUNCTIONS);
    }
    exit_functions[exit_function_count++] =
        (struct exit_function){.call = function, .data = data};
    return 0;
}

void
rt_at_exit_clear(void)
{
    exit_function_count = 0;
}

static void
ignore_error(int result)
{
    if (result != 0) {
        rt_error_unraisable(NULL);
    }
}

void
rt_at_exit_run(void)
{
    for (size_t i = exit_function_count; i > 0; i--) {
        ignore_error(exit_functions[i - 1].call(exit_functions[i - 1].data));
    }
    exit_function_count = 0;
}

void
rt_shutdown(struct rt_object **names)
{
    rt_thread_shutdown();
    ignore_error(rt_pending_calls_run());
    rt_at_exit_run();
    if (rt_gc_is_enabled()) {
        rt_gc_collect(RT_GC_GENERATIONS - 1);
    }
    rt_clear(names);
    rt_gc_collect_at_exit();
    rt_gc_say_uncollectable_at_exit(rt_gc_debug());
    rt_gc_collect_at_exit();
}
