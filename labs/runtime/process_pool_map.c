#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/pool_future.h"
#include "labs/runtime/process_pool.h"

// --- chunks ----------------------------------------------------------------

/* A new list of the call's address and so many arguments. */
static struct rt_object *
make_chunk(rt_executor_call *call, struct rt_object *const *arguments,
           size_t count)
{
    struct rt_object *chunk = rt_list_new();
    struct rt_object *address = rt_int_new((int64_t)(intptr_t)call);
    int failed = chunk == NULL || address == NULL ||
                 rt_list_append(chunk, address) != 0;
    for (size_t i = 0; i < count && !failed; i++) {
        failed = rt_list_append(chunk, arguments[i]);
    }
    rt_xdecref(address);
    if (failed) {
        rt_clear(&chunk);
    }
    return chunk;
}

/* In the worker: makes the calls of a chunk, and gives the list of the
 * results. The first that fails is the end of it (_process_chunk). */
static int
call_chunk(struct rt_object *chunk, struct rt_object **results)
{
    rt_executor_call *call =
        (rt_executor_call *)(intptr_t)rt_int_value(rt_list_at(chunk, 0));
    struct rt_object *list = rt_list_new();
    for (size_t i = 1; list != NULL && i < rt_list_size(chunk); i++) {
        struct rt_object *result = NULL;
        if (call(rt_list_at(chunk, i), &result) != 0 ||
            rt_list_append(list, result) != 0) {
            rt_clear(&list);
        }
        rt_xdecref(result);
    }
    *results = list;
    return list != NULL ? 0 : -1;
}

// --- map -------------------------------------------------------------------

/* Submits all; how many chunks that are: as many as there are futures, or
 * fewer with a pending error. */
static size_t
submit_all(struct rt_process_pool *pool, rt_executor_call *call,
           struct rt_object *const *arguments, size_t count, size_t chunksize,
           struct rt_object **futures)
{
    size_t submitted = 0;
    for (size_t i = 0; i < count; i += chunksize) {
        struct rt_object *chunk =
            make_chunk(call, arguments + i,
                       chunksize < count - i ? chunksize : count - i);
        if (chunk == NULL) {
            break;
        }
        futures[submitted] = rt_process_pool_submit(pool, call_chunk, chunk);
        rt_decref(chunk);
        if (futures[submitted] == NULL) {
            break;
        }
        submitted++;
    }
    return submitted;
}

/* Waits for the results in order; how many came. */
static size_t
await_all(struct rt_object *const *futures, size_t chunks, int64_t timeout_us,
          struct rt_object **results)
{
    struct timespec deadline = rt_deadline_in_us(timeout_us);
    size_t come = 0;
    for (size_t i = 0; i < chunks; i++) {
        int64_t left_us =
            timeout_us >= 0 ? rt_deadline_left_us(&deadline) : timeout_us;
        struct rt_object *list = NULL;
        if (rt_pool_future_result(futures[i], left_us, &list) != 0) {
            break;
        }
        for (size_t j = 0; j < rt_list_size(list); j++) {
            results[come] = rt_list_at(list, j);
            rt_xincref(results[come++]);
        }
        rt_decref(list);
    }
    return come;
}

/* Cancels what has not begun; the error, if there is one, stays pending. */
static void
let_go(struct rt_object **futures, size_t count)
{
    struct rt_error_state error = rt_error_fetch();
    for (size_t i = 0; i < count; i++) {
        rt_pool_future_cancel(futures[i]);
        rt_decref(futures[i]);
    }
    rt_free(futures);
    rt_error_restore(&error);
}

int
rt_process_pool_map(struct rt_process_pool *pool, rt_executor_call *call,
                    struct rt_object *const *arguments, size_t count,
                    size_t chunksize, int64_t timeout_us,
                    struct rt_object **results)
{
    if (chunksize < 1) {
        return rt_error_set(RT_ERROR_VALUE, "chunksize must be >= 1.");
    }
    size_t chunks = count / chunksize + (count % chunksize != 0 ? 1 : 0);
    struct rt_object **futures = rt_alloc(chunks * sizeof(*futures));
    if (futures == NULL) {
        rt_error_no_memory();
        return -1;
    }
    size_t submitted =
        submit_all(pool, call, arguments, count, chunksize, futures);
    size_t come = submitted == chunks
                      ? await_all(futures, chunks, timeout_us, results)
                      : 0;
    let_go(futures, submitted);
    if (submitted == chunks && come == count) {
        return 0;
    }
    while (come > 0) {
        rt_xdecref(results[--come]);
    }
    return -1;
}
