#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/executor.h"
#include "labs/runtime/object.h"
#include "labs/runtime/pool_future.h"

/* Submits all; how many, which is less than count with a pending error. */
static size_t
submit_all(struct rt_executor *executor, rt_executor_call *call,
           struct rt_object *const *arguments, size_t count,
           struct rt_object **futures)
{
    size_t submitted = 0;
    while (submitted < count) {
        futures[submitted] =
            rt_executor_submit(executor, call, arguments[submitted]);
        if (futures[submitted] == NULL) {
            break;
        }
        submitted++;
    }
    return submitted;
}

/* Waits for the results in order; how many came. */
static size_t
await_all(struct rt_object *const *futures, size_t count, int64_t timeout_us,
          struct rt_object **results)
{
    struct timespec deadline = rt_deadline_in_us(timeout_us);
    size_t come = 0;
    while (come < count) {
        int64_t left_us =
            timeout_us >= 0 ? rt_deadline_left_us(&deadline) : timeout_us;
        if (rt_pool_future_result(futures[come], left_us, &results[come]) !=
            0) {
            break;
        }
        come++;
    }
    return come;
}

int
rt_executor_map(struct rt_executor *executor, rt_executor_call *call,
                struct rt_object *const *arguments, size_t count,
                int64_t timeout_us, struct rt_object **results)
{
    struct rt_object **futures = rt_alloc(count * sizeof(struct rt_object *));
    if (futures == NULL) {
        rt_error_no_memory();
        return -1;
    }
    size_t submitted = submit_all(executor, call, arguments, count, futures);
    size_t come = 0;
    if (submitted == count) {
        come = await_all(futures, count, timeout_us, results);
    }
    struct rt_error_state error = rt_error_fetch();
    for (size_t i = 0; i < submitted; i++) {
        rt_pool_future_cancel(futures[i]);
        rt_decref(futures[i]);
    }
    rt_free(futures);
    if (come == count) {
        return 0;
    }
    while (come > 0) {
        rt_xdecref(results[--come]);
    }
    rt_error_restore(&error);
    return -1;
}
