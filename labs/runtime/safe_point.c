#include "labs/runtime/safe_point.h"

#include <stdatomic.h>

#include "labs/runtime/pending_calls.h"
#include "labs/runtime/thread_state.h"

int
rt_safe_point(void)
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
