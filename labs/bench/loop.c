#include "labs/bench/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "labs/bench/measure.h"
#include "labs/runtime/async_queue.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_poll.h"
#include "labs/runtime/sleep.h"
#include "labs/runtime/task.h"

enum {
    BATCH = 10 * 1000,
    MANY = 100 * 1000
};

static struct rt_loop *loop;
static int left; // of whatever is counted down

/* The collector works as it would: asyncio's figures have it in them. */
static void
begin(void)
{
    loop = rt_loop_new();
    if (loop == NULL) {
        need(NULL);
    }
    rt_gc_enable();
}

static void
end(void)
{
    rt_loop_free(loop);
    rt_gc_disable();
    rt_gc_collect(2);
}

static void
check(int result)
{
    if (result != 0) {
        need(NULL);
    }
}

/* Runs the loop until somebody stops it; nanoseconds for each of count. */
static double
time_loop(int64_t start, double count)
{
    check(rt_loop_run_forever(loop));
    return (double)(now_ns() - start) / count;
}

// --- e1 --------------------------------------------------------------------

static int chain(struct rt_object *unused);
static struct rt_static_function chain_link = RT_STATIC_FUNCTION(chain);

static int
chain(struct rt_object *unused)
{
    (void)unused;
    if (--left == 0) {
        rt_loop_stop(loop);
        return 0;
    }
    return rt_loop_call_soon(loop, &chain_link.head, NULL);
}

static int
do_nothing(struct rt_object *unused)
{
    (void)unused;
    return 0;
}
static struct rt_static_function nothing = RT_STATIC_FUNCTION(do_nothing);

static int batch(struct rt_object *unused);
static struct rt_static_function batcher = RT_STATIC_FUNCTION(batch);

static int
batch(struct rt_object *unused)
{
    (void)unused;
    for (int i = 0; i < BATCH; i++) {
        check(rt_loop_call_soon(loop, &nothing.head, NULL));
    }
    if (--left == 0) {
        rt_loop_stop(loop);
        return 0;
    }
    return rt_loop_call_soon(loop, &batcher.head, NULL);
}

/* The same, each with a handle that could cancel it, as asyncio makes them. */
static int batch_of_handles(struct rt_object *unused);
static struct rt_static_function handle_batcher =
    RT_STATIC_FUNCTION(batch_of_handles);

static int
batch_of_handles(struct rt_object *unused)
{
    (void)unused;
    for (int i = 0; i < BATCH; i++) {
        check(rt_loop_call_soon(loop, &nothing.head, rt_none));
    }
    if (--left == 0) {
        rt_loop_stop(loop);
        return 0;
    }
    return rt_loop_call_soon(loop, &handle_batcher.head, NULL);
}

static void
time_callbacks(const char *name, struct rt_static_function *first, int count)
{
    double rounds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        left = count;
        check(rt_loop_call_soon(loop, &first->head, NULL));
        rounds[round] = time_loop(now_ns(), MILLION);
    }
    report(name, "callback", rounds);
}

void
bench_callbacks(void)
{
    int ends[2];
    begin();
    time_callbacks("e1 call_soon chain", &chain_link, MILLION);
    check(pipe(ends));
    check(rt_loop_add_reader(loop, ends[0], &nothing.head, NULL));
    time_callbacks("e1 call_soon chain, polled", &chain_link, MILLION);
    rt_loop_remove_reader(loop, ends[0]);
    close(ends[0]);
    close(ends[1]);
    time_callbacks("e1 call_soon batch", &batcher, MILLION / BATCH);
    time_callbacks("e1 batch with handles", &handle_batcher, MILLION / BATCH);
    end();
}

// --- e2 --------------------------------------------------------------------

struct spin {
    struct rt_coroutine frame;
    int turns;
};

static enum rt_sent
spin_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct spin *my = (struct spin *)frame;
    RT_BEGIN;
    for (; my->turns > 0; my->turns--) {
        RT_YIELD(rt_none);
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    if (--left == 0) {
        rt_loop_stop(loop);
    }
    RT_END;
}

static const struct rt_code spin_code =
    RT_COROUTINE("spin", struct spin, 0, spin_body);

static struct rt_object *
new_spin(int turns)
{
    struct spin *spin = rt_coroutine_new(&spin_code);
    if (spin != NULL) {
        spin->turns = turns;
    }
    return (struct rt_object *)spin;
}

/* Memory of this process, in bytes. */
static double
resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) {
        pages = 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void
time_switches(const char *name, int count, int turns, int rounds_wanted)
{
    double rounds[ROUNDS] = {0};
    struct rt_object **tasks =
        malloc((size_t)count * sizeof(struct rt_object *));
    double before = resident_bytes();
    double task_bytes = 0;
    if (tasks == NULL) {
        need(NULL);
        return;
    }
    for (int round = 0; round < rounds_wanted; round++) {
        begin();
        left = count;
        int64_t start = now_ns();
        for (int i = 0; i < count; i++) {
            tasks[i] = need(rt_task_new(loop, new_spin(turns)));
        }
        if (round == 0) {
            task_bytes = (resident_bytes() - before) / count - sizeof(*tasks);
        }
        rounds[round] = time_loop(start, (double)count * (turns + 1));
        for (int i = 0; i < count; i++) {
            rt_decref(tasks[i]);
        }
        end();
    }
    for (int round = rounds_wanted; round < ROUNDS; round++) {
        rounds[round] = rounds[0];
    }
    free(tasks);
    report(name, "switch", rounds);
    if (count >= MANY) {
        printf("%-28s bytes/task  %9.2f\n", name, task_bytes);
    }
}

void
bench_switches(void)
{
    time_switches("e2 1M tasks x 4", MILLION, 4, 1);
    time_switches("e2 100k tasks x 4", MANY, 4, ROUNDS);
    time_switches("e2 1k tasks x 1k", 1000, 1000, ROUNDS);
}

// --- e3 --------------------------------------------------------------------

static double due_s[MANY], late_s[MANY];
static int fired;

static int
fire(struct rt_object *index)
{
    late_s[fired++] = rt_loop_time(loop) - due_s[rt_int_value(index)];
    if (fired == MANY) {
        rt_loop_stop(loop);
    }
    return 0;
}
static struct rt_static_function firing = RT_STATIC_FUNCTION(fire);

static int
by_size(const void *a, const void *b)
{
    double first = *(const double *)a;
    double second = *(const double *)b;
    return (first > second) - (first < second);
}

static void
fire_all(double *schedule, double *total)
{
    struct rt_object **numbers = malloc(MANY * sizeof(struct rt_object *));
    uint64_t state = 42;
    fired = 0;
    for (int i = 0; numbers != NULL && i < MANY; i++) {
        numbers[i] = need(rt_int_new(i));
    }
    double now_s = rt_loop_time(loop);
    for (int i = 0; i < MANY; i++) {
        due_s[i] = now_s + (double)(roll(&state) % 50000000) * 1e-9;
    }
    int64_t start = now_ns();
    for (int i = 0; numbers != NULL && i < MANY; i++) {
        rt_decref(
            need(rt_loop_call_at(loop, due_s[i], &firing.head, numbers[i])));
    }
    *schedule = (double)(now_ns() - start) / MANY;
    *total = time_loop(start, MANY);
    for (int i = 0; numbers != NULL && i < MANY; i++) {
        rt_decref(numbers[i]);
    }
    free(numbers);
}

static double
cancel_all(void)
{
    static struct rt_object *timers[MANY];
    int64_t start = now_ns();
    for (int i = 0; i < MANY; i++) {
        timers[i] =
            need(rt_loop_call_later(loop, 60 + i * 1e-6, &nothing.head, NULL));
    }
    for (int i = 0; i < MANY; i++) {
        rt_handle_cancel(timers[i]);
        rt_decref(timers[i]);
    }
    rt_loop_stop(loop);
    return time_loop(start, MANY);
}

void
bench_timers(void)
{
    double schedule[ROUNDS], total[ROUNDS], cancel[ROUNDS];
    begin();
    for (int round = 0; round < ROUNDS; round++) {
        fire_all(&schedule[round], &total[round]);
        cancel[round] = cancel_all();
    }
    end();
    qsort(late_s, MANY, sizeof(*late_s), by_size);
    report("e3 timer scheduled", "timer", schedule);
    report("e3 timer in all", "timer", total);
    report("e3 timer cancelled", "timer", cancel);
    printf("%-28s us p50, p99 %9.2f %9.2f\n", "e3 timer late",
           late_s[MANY / 2] * 1e6, late_s[MANY / 100 * 99] * 1e6);
}

// --- e4 --------------------------------------------------------------------

/* Two tasks, each of which ends the other's future and waits for its own. */
static struct rt_object *ping_future, *pong_future;

static int
renew(struct rt_object **future)
{
    rt_set_ref(future, rt_future_new(loop));
    return *future != NULL ? 0 : -1;
}

static enum rt_sent
ping_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct spin *my = (struct spin *)frame;
    RT_BEGIN;
    for (; my->turns > 0; my->turns--) {
        if (rt_future_set_result(pong_future, rt_none) != 0) {
            RT_FAIL;
        }
        RT_AWAIT(rt_new_ref(ping_future));
        if (sent == NULL || renew(&ping_future) != 0) {
            RT_FAIL;
        }
    }
    rt_loop_stop(loop);
    RT_END;
}

static enum rt_sent
pong_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct spin *my = (struct spin *)frame;
    RT_BEGIN;
    for (; my->turns > 0; my->turns--) {
        RT_AWAIT(rt_new_ref(pong_future));
        if (sent == NULL || renew(&pong_future) != 0 ||
            rt_future_set_result(ping_future, rt_none) != 0) {
            RT_FAIL;
        }
    }
    RT_END;
}

static struct rt_object *
start(const struct rt_code *code, int turns)
{
    struct spin *spin = rt_coroutine_new(code);
    if (spin == NULL) {
        return need(NULL);
    }
    spin->turns = turns;
    return need(rt_task_new(loop, &spin->frame.head));
}

void
bench_futures(void)
{
    static const struct rt_code PING =
        RT_COROUTINE("ping", struct spin, 0, ping_body);
    static const struct rt_code PONG =
        RT_COROUTINE("pong", struct spin, 0, pong_body);
    double rounds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        begin();
        check(renew(&ping_future));
        check(renew(&pong_future));
        int64_t begun = now_ns();
        struct rt_object *pong = start(&PONG, MILLION);
        struct rt_object *ping = start(&PING, MILLION);
        rounds[round] = time_loop(begun, MILLION);
        rt_decref(ping);
        rt_decref(pong);
        rt_clear(&ping_future);
        rt_clear(&pong_future);
        end();
    }
    report("e4 future ping-pong", "round trip", rounds);
}

// --- e5 --------------------------------------------------------------------

static struct rt_object *queue;

/* What does not have to wait needs no coroutine. */
static enum rt_sent
produce_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct spin *my = (struct spin *)frame;
    RT_BEGIN;
    for (; my->turns > 0; my->turns--) {
        if (!rt_async_queue_is_full(queue)) {
            if (rt_async_queue_put_nowait(queue, rt_none) != 0) {
                RT_FAIL;
            }
            continue;
        }
        RT_AWAIT(rt_async_queue_put(queue, rt_none));
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    RT_END;
}

static enum rt_sent
consume_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct spin *my = (struct spin *)frame;
    RT_BEGIN;
    for (; my->turns > 0; my->turns--) {
        if (rt_async_queue_size(queue) > 0) {
            rt_xdecref(rt_async_queue_get_nowait(queue));
            continue;
        }
        RT_AWAIT(rt_async_queue_get(queue));
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    rt_loop_stop(loop);
    RT_END;
}

static void
time_queue(const char *name, int most)
{
    static const struct rt_code PRODUCE =
        RT_COROUTINE("produce", struct spin, 0, produce_body);
    static const struct rt_code CONSUME =
        RT_COROUTINE("consume", struct spin, 0, consume_body);
    double rounds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        begin();
        queue = need(rt_async_queue_new(RT_QUEUE_FIFO, most));
        int64_t begun = now_ns();
        struct rt_object *producer = start(&PRODUCE, MILLION);
        struct rt_object *consumer = start(&CONSUME, MILLION);
        rounds[round] = time_loop(begun, MILLION);
        rt_decref(producer);
        rt_decref(consumer);
        rt_clear(&queue);
        end();
    }
    report(name, "item", rounds);
}

void
bench_queues(void)
{
    time_queue("e5 queue 64", 64);
    time_queue("e5 queue 1", 1);
}

// --- e7 --------------------------------------------------------------------

struct child {
    struct rt_coroutine frame;
    int index;
};

static enum rt_sent
child_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct child *my = (struct child *)frame;
    RT_BEGIN;
    RT_YIELD(rt_none);
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_RETURN(rt_int_new(my->index));
    RT_END;
}

static struct rt_object *
new_children(void)
{
    static const struct rt_code CHILD =
        RT_COROUTINE("child", struct child, 0, child_body);
    struct rt_object *children = need(rt_list_new());
    for (int i = 0; i < MANY; i++) {
        struct child *child = rt_coroutine_new(&CHILD);
        if (child == NULL) {
            need(NULL);
            return children;
        }
        child->index = i;
        check(rt_list_append(children, &child->frame.head));
        rt_decref(&child->frame.head);
    }
    return children;
}

void
bench_gather(void)
{
    double rounds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        begin();
        int64_t begun = now_ns();
        struct rt_object *children = new_children();
        struct rt_object *all = need(rt_gather(loop, children, false));
        rt_decref(children);
        struct rt_object *results =
            need(rt_loop_run_until_complete(loop, all));
        rounds[round] = (double)(now_ns() - begun) / MANY;
        rt_decref(results);
        rt_decref(all);
        end();
    }
    report("e7 gather 100k", "child", rounds);
}
