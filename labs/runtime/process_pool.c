/* Who takes part:
 *
 *     submit ---> pending ---> next calls ---> worker: receive, call, answer
 *                     \___ the manager ___/  <---'      a pipe for each
 *
 *   anybody     puts work into the queue of what is pending, and wakes the
 *               manager (process_pool_submit.c)
 *   manager     a thread that gives out calls, takes answers, tells futures,
 *               and notices the dead; nobody else talks to the workers
 *   worker      a process that has one call at a time
 *
 * The rules: a worker is given a call only when it has none, so it is waiting
 * for it, and neither side ever waits for the other to make room. What each
 * worker has is known here, so that no call is lost with it. And they share
 * nothing: where CPython has one queue for all workers, and a lock that one
 * may hold when it dies, here each has a pipe of its own. */
#include "labs/runtime/process_pool.h"

#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"
#include "labs/runtime/object.h"
#include "labs/runtime/process.h"
#include "labs/runtime/process_message.h"
#include "labs/runtime/process_pool_state.h"

// --- in the worker ---------------------------------------------------------

static int
receive(const struct rt_process_pool *pool, struct rt_connection *from,
        struct rt_object **message)
{
    return rt_connection_receive(from, SIZE_MAX, pool->options.classes,
                                 pool->options.class_count, message);
}

/* Makes the call; the answer is new. */
static struct rt_object *
make_call(struct rt_object *message)
{
    struct rt_object *result = NULL;
    rt_executor_call *call = rt_process_message_function(message);
    if (call(rt_process_message_argument(message), &result) != 0) {
        return rt_process_message_error();
    }
    struct rt_object *answer = rt_process_message_result(result);
    rt_xdecref(result);
    return answer;
}

/* Steals the answer; NULL: an error is pending. */
static int
send_once(const struct rt_connection *to, struct rt_object *answer)
{
    int sent = answer != NULL ? rt_connection_send(to, answer) : -1;
    rt_xdecref(answer);
    return sent;
}

/* Sends it; what cannot be sent is an error, and that is sent instead
 * (_sendback_result). */
static int
send_answer(const struct rt_connection *to, struct rt_object *answer)
{
    int sent = send_once(to, answer);
    return sent == 0 ? 0 : send_once(to, rt_process_message_error());
}

/* Until it is told to stop, or the parent is gone (_process_worker). */
static int
work(void *data)
{
    struct rt_process_worker *me = data;
    const struct rt_process_pool_options *options = &me->pool->options;
    if (options->initializer != NULL &&
        options->initializer(options->data) != 0) {
        return -1;
    }
    struct rt_object *message = NULL;
    while (receive(me->pool, &me->theirs, &message) == 0 && message != NULL) {
        int sent = send_answer(&me->theirs, make_call(message));
        rt_clear(&message);
        if (sent != 0) {
            break;
        }
    }
    rt_error_clear();
    return 0;
}

// --- workers come and go ---------------------------------------------------

static int
start_worker(struct rt_process_worker *worker)
{
    struct rt_connection ends[2];
    if (rt_pipe(true, ends) != 0) {
        return -1;
    }
    worker->ours = ends[0];
    worker->theirs = ends[1];
    worker->calls = 0;
    worker->process = rt_process_new(NULL, work, worker);
    int started =
        worker->process != NULL ? rt_process_start(worker->process) : -1;
    rt_connection_close(&worker->theirs); // or we would never see its end
    if (started != 0) {
        rt_connection_close(&worker->ours);
        rt_process_free(worker->process);
        worker->process = NULL;
    }
    return started;
}

/* Waits for its end, so that it leaves no zombie. */
static void
end_worker(struct rt_process_worker *worker)
{
    rt_connection_close(&worker->ours);
    (void)rt_process_join(worker->process, RT_NO_TIMEOUT);
    rt_process_free(worker->process);
    worker->process = NULL;
}

int
rt_process_pool_start_workers(struct rt_process_pool *pool)
{
    int result = 0;
    for (int i = 0; i < pool->max_workers && result == 0; i++) {
        result = start_worker(&pool->workers[i]);
    }
    return result;
}

/* All are told before the first is waited for. Those of a broken pool may be
 * anywhere, also stopped by a signal: they are killed. */
void
rt_process_pool_end_workers(struct rt_process_pool *pool)
{
    bool broken = atomic_load(&pool->broken);
    for (int i = 0; i < pool->max_workers; i++) {
        struct rt_process_worker *worker = &pool->workers[i];
        if (worker->process != NULL &&
            (broken || rt_connection_send(&worker->ours, NULL) != 0)) {
            (void)rt_process_kill(worker->process);
        }
    }
    for (int i = 0; i < pool->max_workers; i++) {
        if (pool->workers[i].process != NULL) {
            end_worker(&pool->workers[i]);
        }
    }
    rt_error_clear();
}

/* One that has made its calls makes room for another. */
static int
renew(struct rt_process_worker *worker)
{
    if (worker->calls != worker->pool->options.max_tasks_per_child) {
        return 0;
    }
    int told = rt_connection_send(&worker->ours, NULL);
    end_worker(worker);
    return told == 0 ? start_worker(worker) : -1;
}

// --- the manager: giving out and taking in ---------------------------------

/* The worker takes over the work. Whether it is dead by now, we shall see. */
static void
give(struct rt_process_worker *worker, struct rt_object *call)
{
    struct rt_object *bytes = rt_process_work_pack(call);
    if (bytes == NULL) {
        rt_process_work_fail(call);
        return;
    }
    worker->work = call;
    (void)rt_connection_send_bytes(&worker->ours, rt_bytes_data(bytes),
                                   rt_bytes_size(bytes));
    rt_error_clear();
    rt_decref(bytes);
}

/* Nobody is left idle while there are calls (add_call_item_to_queue). */
static void
give_out(struct rt_process_pool *pool)
{
    rt_process_pool_choose_next(pool);
    for (int i = 0; i < pool->max_workers; i++) {
        struct rt_object *call = NULL;
        while (pool->workers[i].work == NULL &&
               (call = rt_process_pool_next_call(pool)) != NULL) {
            give(&pool->workers[i], call);
            rt_process_pool_choose_next(pool);
        }
    }
}

/* Tells the future. 0, or -1: the worker has died over it, or what it says
 * answers no call (process_result_item). */
static int
take_answer(struct rt_process_worker *worker)
{
    struct rt_object *answer = NULL;
    if (worker->work == NULL ||
        receive(worker->pool, &worker->ours, &answer) != 0) {
        return -1;
    }
    struct rt_object *call = worker->work;
    worker->work = NULL;
    worker->calls++;
    rt_process_work_settle(call, answer);
    rt_decref(answer);
    return 0;
}

/* What the workers have to say. 0, or -1: one is dead. */
static int
take_answers(struct rt_process_pool *pool)
{
    for (int i = 0; i < pool->max_workers; i++) {
        struct rt_process_worker *worker = &pool->workers[i];
        switch (rt_process_pool_news(pool, i)) {
        case RT_PROCESS_SILENT:
            break;
        case RT_PROCESS_ANSWERS:
            if (take_answer(worker) != 0 || renew(worker) != 0) {
                return -1;
            }
            break;
        case RT_PROCESS_DEAD:
            return -1;
        }
    }
    return 0;
}

// --- the manager: the end --------------------------------------------------

static void
fail(struct rt_object *call)
{
    rt_error_set(RT_ERROR_BROKEN_PROCESS,
                 "A process in the process pool was terminated abruptly while "
                 "the future was running or pending.");
    rt_process_work_fail(call);
}

/* From now on nobody submits anything, so what we find is all there is. Each
 * call fails: who waits for it hears of it at once (terminate_broken). */
static void
break_pool(struct rt_process_pool *pool)
{
    struct rt_object *call = NULL;
    rt_process_pool_mark_broken(pool);
    for (int i = 0; i < pool->max_workers; i++) {
        if (pool->workers[i].work != NULL) {
            fail(pool->workers[i].work);
            pool->workers[i].work = NULL;
        }
    }
    while ((call = rt_process_pool_next_call(pool)) != NULL) {
        fail(call);
    }
    while ((call = rt_process_pool_next_pending(pool)) != NULL) {
        fail(call);
    }
}

/* Whether there is nothing to do and never will be. */
static bool
is_over(struct rt_process_pool *pool)
{
    for (int i = 0; i < pool->max_workers; i++) {
        if (pool->workers[i].work != NULL) {
            return false;
        }
    }
    return rt_process_pool_is_drained(pool);
}

void
rt_process_pool_manage(struct rt_process_pool *pool)
{
    for (;;) {
        give_out(pool);
        if (is_over(pool)) {
            break;
        }
        rt_process_pool_wait(pool);
        if (take_answers(pool) != 0) {
            break_pool(pool);
            break;
        }
    }
    rt_process_pool_end_workers(pool);
}
