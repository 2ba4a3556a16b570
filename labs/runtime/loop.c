#include "labs/runtime/loop.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop_executor.h"
#include "labs/runtime/loop_signal.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/safe_point.h"
#include "labs/runtime/task.h"
#include "labs/runtime/task_extra.h"
#include "labs/runtime/thread_state.h"

static const double SLOW_CALLBACK_S = 0.1;

static _Thread_local struct rt_loop *running;

struct rt_loop *rt_loops[RT_LOOP_MOST];

// --- its life --------------------------------------------------------------

int
rt_loop_take_number(struct rt_loop *loop)
{
    unsigned number = 0;
    while (number < RT_LOOP_MOST && rt_loops[number] != NULL) {
        number++;
    }
    if (number == RT_LOOP_MOST) {
        return rt_error_set(RT_ERROR_RUNTIME, "more than %d event loops",
                            RT_LOOP_MOST);
    }
    loop->number = number;
    rt_loops[number] = loop;
    return 0;
}

struct rt_loop *
rt_loop_new(void)
{
    struct rt_loop *loop = rt_alloc(sizeof(*loop));
    if (loop == NULL) {
        return rt_error_no_memory();
    }
    memset(loop, 0, sizeof(*loop));
    if (rt_poller_open(&loop->poller) != 0) {
        rt_free(loop);
        return NULL;
    }
    if (rt_loop_take_number(loop) != 0) {
        rt_poller_close(&loop->poller);
        rt_free(loop);
        return NULL;
    }
    pthread_mutex_init(&loop->lock, NULL);
    atomic_init(&loop->has_letters, false);
    loop->slow_s = SLOW_CALLBACK_S;
    return loop;
}

void
rt_loop_free(struct rt_loop *loop)
{
    if (loop != NULL) {
        assert(!loop->is_running);
        (void)rt_loop_close(loop);
        rt_task_forget_extras(loop);
        rt_loops[loop->number] = NULL;
        pthread_mutex_destroy(&loop->lock);
        rt_free(loop);
    }
}

void
rt_loop_use_virtual_clock(struct rt_loop *loop)
{
    loop->is_virtual = true;
}

double
rt_loop_time(const struct rt_loop *loop)
{
    struct timespec now;
    if (loop->is_virtual) {
        return loop->now_s;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int64_t
rt_loop_turns(const struct rt_loop *loop)
{
    return loop->turns;
}

void
rt_loop_set_eager(struct rt_loop *loop, bool is_eager)
{
    loop->is_eager = is_eager;
}

// --- letters from other threads --------------------------------------------

/* With the lock held. */
static int
add_letter(struct rt_loop *loop, struct rt_object *callback)
{
    if (loop->is_closed) {
        return rt_error_set(RT_ERROR_RUNTIME, "Event loop is closed");
    }
    if (loop->letter_count == loop->letter_room) {
        size_t room = loop->letter_room > 0 ? 2 * loop->letter_room : 8;
        struct rt_object **letters =
            rt_realloc(loop->letters, room * sizeof(*letters));
        if (letters == NULL) {
            rt_error_no_memory();
            return -1;
        }
        loop->letters = letters;
        loop->letter_room = room;
    }
    loop->letters[loop->letter_count++] = callback;
    return 0;
}

int
rt_loop_call_soon_threadsafe(struct rt_loop *loop, struct rt_object *callback)
{
    pthread_mutex_lock(&loop->lock);
    int result = add_letter(loop, callback);
    if (result == 0 && !atomic_exchange(&loop->has_letters, true)) {
        rt_poller_wake(&loop->poller); // it is open as long as the loop is
    }
    pthread_mutex_unlock(&loop->lock);
    if (result != 0) {
        rt_decref(callback);
    }
    return result;
}

/* They join the end of the queue. */
static int
take_letters(struct rt_loop *loop)
{
    int result = 0;
    pthread_mutex_lock(&loop->lock);
    for (size_t i = 0; i < loop->letter_count; i++) {
        if (result == 0) {
            result = rt_ready_push(&loop->ready, loop->letters[i]);
        }
        else {
            rt_decref(loop->letters[i]);
        }
    }
    loop->letter_count = 0;
    atomic_store(&loop->has_letters, false);
    pthread_mutex_unlock(&loop->lock);
    return result;
}

// --- waiting ---------------------------------------------------------------

/* By as much as is to be waited, so that a wait of the wrong length shows. The
 * deadline itself is the sum without the rounding. */
static int
move_clock(struct rt_loop *loop, double timeout_s)
{
    const struct rt_timer_heap *heap = &loop->timers;
    if (timeout_s < 0) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "nothing is ready and no timer is set");
    }
    if (timeout_s == 0) {
        return 0; // a deadline of -0.0 has passed at 0.0 and stays behind
    }
    if (heap->count > 0 && timeout_s == heap->timers[0].when_s - loop->now_s) {
        loop->now_s = heap->timers[0].when_s;
    }
    else {
        loop->now_s += timeout_s;
    }
    return 0;
}

/* Of what comes from outside. */
static bool
has_messages(const struct rt_loop *loop)
{
    return atomic_load_explicit(&loop->has_letters, memory_order_relaxed) ||
           (loop->signals != NULL && rt_loop_has_signals(loop));
}

static __attribute__((noinline)) int
take_messages(struct rt_loop *loop)
{
    if (take_letters(loop) != 0) {
        return -1;
    }
    return loop->signals != NULL ? rt_loop_take_signals(loop) : 0;
}

/* For descriptors, or till the time has come. */
static int
wait_for_them(struct rt_loop *loop, double timeout_s)
{
    if (has_messages(loop)) {
        timeout_s = 0;
    }
    return loop->is_virtual
               ? move_clock(loop, timeout_s)
               : rt_poller_wait(&loop->poller, timeout_s, &loop->ready);
}

int
rt_loop_wait(struct rt_loop *loop, double timeout_s)
{
    bool waits = timeout_s != 0 || loop->poller.watched > 0;
    if (rt_safe_point() != 0 ||
        (waits && wait_for_them(loop, timeout_s) != 0) ||
        (has_messages(loop) && take_messages(loop) != 0)) {
        return -1;
    }
    return loop->is_debug ? rt_loop_make_handles(loop) : 0;
}

// --- running ---------------------------------------------------------------

struct rt_loop *
rt_loop_running(void)
{
    return running;
}

struct rt_loop *
rt_loop_get_running(void)
{
    if (running == NULL) {
        rt_error_set(RT_ERROR_RUNTIME, "no running event loop");
    }
    return running;
}

bool
rt_loop_is_running(const struct rt_loop *loop)
{
    return loop->is_running;
}

bool
rt_loop_is_closed(const struct rt_loop *loop)
{
    return loop->is_closed;
}

void
rt_loop_stop(struct rt_loop *loop)
{
    loop->is_stopping = true;
}

static int
check_runnable(const struct rt_loop *loop)
{
    if (loop->is_closed) {
        return rt_error_set(RT_ERROR_RUNTIME, "Event loop is closed");
    }
    if (loop->is_running) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "This event loop is already running");
    }
    if (running != NULL) {
        return rt_error_set(
            RT_ERROR_RUNTIME,
            "Cannot run the event loop while another loop is running");
    }
    return 0;
}

int
rt_loop_run_forever(struct rt_loop *loop)
{
    if (check_runnable(loop) != 0) {
        return -1;
    }
    running = loop;
    loop->is_running = true;
    loop->thread = rt_thread_state();
    int result = 0;
    do {
        result = rt_loop_turn(loop);
    } while (result == 0 && !loop->is_stopping);
    loop->is_stopping = loop->is_running = false;
    running = NULL;
    return result;
}

/* The callback of the future that a run is for. What ends the program has
 * ended the run already. */
static int
stop_when_done(struct rt_object *future)
{
    if (!rt_error_is_exit(rt_future_error(future))) {
        rt_loop_stop(rt_future_loop(future));
    }
    return 0;
}

static struct rt_static_function stopper = RT_STATIC_FUNCTION(stop_when_done);

static struct rt_object *
run_until_done(struct rt_loop *loop, struct rt_object *future)
{
    if (rt_future_add_done_callback(future, &stopper.head) != 0) {
        return NULL;
    }
    int result = rt_loop_run_forever(loop);
    rt_future_remove_done_callback(future, &stopper.head);
    if (result != 0) {
        return NULL;
    }
    if (!rt_future_is_done(future)) {
        rt_error_set(RT_ERROR_RUNTIME,
                     "Event loop stopped before Future completed.");
        return NULL;
    }
    return rt_future_result(future);
}

struct rt_object *
rt_loop_run_until_complete(struct rt_loop *loop, struct rt_object *awaitable)
{
    if (awaitable == NULL) {
        return NULL;
    }
    if (check_runnable(loop) != 0) {
        if (!rt_future_check(awaitable)) {
            rt_decref(awaitable);
        }
        return NULL;
    }
    bool is_new = !rt_future_check(awaitable);
    struct rt_object *future =
        is_new ? rt_task_new(loop, awaitable) : rt_new_ref(awaitable);
    if (future == NULL) {
        return NULL;
    }
    if (is_new) {
        ((struct rt_future *)future)->is_quiet = true;
    }
    struct rt_object *result = run_until_done(loop, future);
    struct rt_error_state pending = rt_error_fetch();
    rt_decref(future);
    rt_error_restore(&pending);
    return result;
}

int
rt_loop_close(struct rt_loop *loop)
{
    if (loop->is_running) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "Cannot close a running event loop");
    }
    if (loop->is_closed) {
        return 0;
    }
    pthread_mutex_lock(&loop->lock);
    loop->is_closed = true;
    pthread_mutex_unlock(&loop->lock);
    rt_loop_end_executor(loop);
    if (loop->signals != NULL) {
        rt_loop_end_signals(loop);
    }
    rt_ready_clear(&loop->ready);
    for (size_t i = 0; i < loop->timers.count; i++) {
        rt_handle_cancel(loop->timers.timers[i].object);
    }
    rt_timer_heap_clear(&loop->timers);
    for (size_t i = 0; i < loop->letter_count; i++) {
        rt_decref(loop->letters[i]);
    }
    rt_free(loop->letters);
    loop->letters = NULL;
    loop->letter_count = loop->letter_room = 0;
    rt_poller_close(&loop->poller);
    return 0;
}

// --- what goes wrong -------------------------------------------------------

void
rt_loop_set_exception_handler(struct rt_loop *loop, rt_loop_handler *handler,
                              void *data)
{
    loop->handler = handler;
    loop->handler_data = data;
}

static void
default_handler(const struct rt_loop_trouble *trouble)
{
    fprintf(stderr, "%s\n", trouble->message);
    if (trouble->exception != NULL) {
        fprintf(stderr, "%s: %s\n",
                rt_error_name(rt_exception_error(trouble->exception)),
                rt_exception_text(trouble->exception));
    }
}

void
rt_loop_call_exception_handler(struct rt_loop *loop,
                               const struct rt_loop_trouble *trouble)
{
    if (loop->handler == NULL) {
        default_handler(trouble);
        return;
    }
    loop->handler(loop, trouble, loop->handler_data);
    if (rt_error_occurred() != RT_ERROR_NONE) {
        rt_error_unraisable(trouble->source);
    }
}

int
rt_loop_report(struct rt_loop *loop, const char *message,
               struct rt_object *source)
{
    if (rt_error_is_exit(rt_error_occurred())) {
        return -1;
    }
    struct rt_object *exception = rt_exception_catch();
    rt_loop_call_exception_handler(
        loop, &(struct rt_loop_trouble){.message = message,
                                        .exception = exception,
                                        .source = source});
    rt_decref(exception);
    return 0;
}
