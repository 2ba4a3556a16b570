#include "labs/runtime/safe_point.h"

#include <stdatomic.h>

#include "labs/runtime/pending_calls.h"
#include "labs/runtime/thread_state.h"

static __attribute__((noinline, cold)) int
look_up(void)
{
    int result = 0;
    if (atomic_load_explicit(&rt_pending_calls_there, memory_order_relaxed)) {
        result = rt_pending_calls_run();
    }
    if (rt_thread_drop_requested() && rt_thread_state()->holds_gil) {
        rt_thread_drop_gil();
        // Other threads may run now.
        rt_thread_take_gil(false);
    }
    return result;
}

int
rt_safe_point(void)
{
    return atomic_load_explicit(&rt_pending_calls_there,
                                memory_order_relaxed) ||
                   rt_thread_drop_requested()
               ? look_up()
               : 0;
}
