#include "labs/runtime/stream.h"

#include <assert.h>
#include <unistd.h>

#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_poll.h"
#include "labs/runtime/stream_server.h"
#include "labs/runtime/stream_state.h"

enum {
    HIGH_WATER = 64 * 1024,
    LOW_WATER = HIGH_WATER / 4
};

static struct rt_stream *
as_stream(struct rt_object *object)
{
    return (struct rt_stream *)object;
}

// --- as an object ----------------------------------------------------------

static int
stream_traverse(struct rt_object *object,
                int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct rt_stream *stream = as_stream(object);
    struct rt_object *const held[] = {stream->reader, stream->exception,
                                      stream->closed, stream->server};
    int result = rt_waiters_traverse(&stream->drainers, visit, data);
    for (size_t i = 0; i < sizeof(held) / sizeof(*held) && result == 0; i++) {
        result = held[i] != NULL ? visit(held[i], data) : 0;
    }
    return result;
}

static void
stream_clear(struct rt_object *object)
{
    struct rt_stream *stream = as_stream(object);
    rt_clear(&stream->reader);
    rt_clear(&stream->exception);
    rt_clear(&stream->closed);
    rt_clear(&stream->server);
    rt_waiters_clear(&stream->drainers);
}

/* The loop holds a stream as long as it watches the socket. */
static void
stream_dealloc(struct rt_object *object)
{
    struct rt_stream *stream = as_stream(object);
    rt_gc_untrack(object);
    if (stream->fd >= 0) {
        (void)rt_loop_remove_writer(stream->loop, stream->fd);
        (void)rt_loop_remove_reader(stream->loop, stream->fd);
        close(stream->fd);
    }
    stream_clear(object);
    rt_byte_queue_clear(&stream->received);
    rt_byte_queue_clear(&stream->unsent);
    rt_gc_free(object);
}

static const struct rt_type stream_type = {
    .name = "stream",
    .basicsize = sizeof(struct rt_stream),
    .dealloc = stream_dealloc,
    .traverse = stream_traverse,
    .clear = stream_clear,
};

struct rt_object *
rt_stream_new(struct rt_loop *loop, int fd, size_t limit)
{
    struct rt_object *object = rt_gc_new(&stream_type, 0);
    assert(limit > 0);
    if (object == NULL) {
        close(fd);
        return NULL;
    }
    *as_stream(object) = (struct rt_stream){
        .head = *object,
        .loop = loop,
        .fd = fd,
        .limit = limit,
        .high = HIGH_WATER,
        .low = LOW_WATER,
    };
    rt_gc_track(object);
    if (rt_stream_resume(as_stream(object)) != 0) {
        rt_decref(object);
        return NULL;
    }
    return object;
}

// --- the end ---------------------------------------------------------------

int
rt_stream_check(const struct rt_stream *stream)
{
    if (stream->is_lost && stream->exception != NULL) {
        rt_exception_raise(stream->exception);
        return -1;
    }
    return 0;
}

int
rt_stream_end_future(struct rt_object *future, struct rt_object *exception)
{
    if (future == NULL || rt_future_is_done(future)) {
        return 0;
    }
    return exception != NULL ? rt_future_set_exception(future, exception)
                             : rt_future_set_result(future, rt_none);
}

/* Drains wait no more. */
static int
end_drains(struct rt_stream *stream)
{
    int result = 0;
    for (size_t i = 0; i < stream->drainers.count && result == 0; i++) {
        result = rt_stream_end_future(rt_waiters_at(&stream->drainers, i),
                                      stream->exception);
    }
    return result;
}

int
rt_stream_lose(struct rt_stream *stream)
{
    struct rt_object *server = stream->server;
    rt_incref(&stream->head);
    stream->is_losing = stream->is_lost = true;
    stream->is_ended = stream->is_ended || stream->exception == NULL;
    (void)rt_loop_remove_writer(stream->loop, stream->fd);
    close(stream->fd);
    stream->fd = -1;
    stream->server = NULL;
    int result = rt_stream_end_future(stream->reader, stream->exception);
    if (result == 0) {
        result = rt_stream_end_future(stream->closed, stream->exception);
    }
    if (stream->closed != NULL) { // whoever waits has it
        ((struct rt_future *)stream->closed)->is_unseen = false;
    }
    if (result == 0) {
        result = end_drains(stream);
    }
    if (server != NULL) {
        result = rt_server_detach(server) == 0 ? result : -1;
        rt_decref(server);
    }
    rt_decref(&stream->head);
    return result;
}

static int
lose_soon(struct rt_object *object)
{
    return rt_stream_lose(as_stream(object));
}

static struct rt_static_function loser = RT_STATIC_FUNCTION(lose_soon);

/* It is closing, and the loop will lose it in its next turn. Without memory
 * for that it is lost right now. */
static int
plan_loss(struct rt_stream *stream)
{
    rt_stream_pause(stream);
    stream->is_closing = stream->is_losing = true;
    if (rt_loop_call_soon(stream->loop, &loser.head, &stream->head) == 0) {
        return 0;
    }
    (void)rt_stream_lose(stream);
    return -1;
}

int
rt_stream_fail(struct rt_stream *stream)
{
    struct rt_object *exception = rt_exception_catch();
    int result = 0;
    if (!stream->is_losing) {
        (void)rt_loop_remove_writer(stream->loop, stream->fd);
        rt_byte_queue_clear(&stream->unsent);
        rt_set_ref(&stream->exception, rt_new_ref(exception));
        result = plan_loss(stream);
    }
    rt_decref(exception);
    return result;
}

void
rt_stream_close(struct rt_object *object)
{
    struct rt_stream *stream = as_stream(object);
    if (stream->is_closing) {
        return;
    }
    rt_incref(object);
    rt_stream_pause(stream);
    stream->is_closing = true;
    if (stream->unsent.size == 0 && plan_loss(stream) != 0) {
        rt_error_unraisable(object); // it is closed all the same
    }
    rt_decref(object);
}

void
rt_stream_abort(struct rt_object *object)
{
    struct rt_stream *stream = as_stream(object);
    if (stream->is_losing) {
        return;
    }
    rt_incref(object);
    (void)rt_loop_remove_writer(stream->loop, stream->fd);
    rt_byte_queue_clear(&stream->unsent);
    if (plan_loss(stream) != 0) {
        rt_error_unraisable(object);
    }
    rt_decref(object);
}

bool
rt_stream_is_closing(const struct rt_object *object)
{
    return ((const struct rt_stream *)object)->is_closing;
}

// --- waiting for the end ---------------------------------------------------

struct closing {
    struct rt_coroutine frame;
    struct rt_object *object;
};

/* The future that all wait for: when one of them is cancelled, so is that. */
static struct rt_object *
closed_of(struct rt_stream *stream)
{
    if (stream->closed == NULL) {
        stream->closed = rt_future_new(stream->loop);
    }
    rt_xincref(stream->closed);
    return stream->closed;
}

static enum rt_sent
closing_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    const struct closing *my = (struct closing *)frame;
    struct rt_stream *stream = as_stream(my->object);
    RT_BEGIN;
    if (!stream->is_lost || stream->closed != NULL) {
        RT_AWAIT(closed_of(stream));
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    if (rt_stream_check(stream) != 0) {
        RT_FAIL;
    }
    RT_END;
}

struct rt_object *
rt_stream_wait_closed(struct rt_object *stream)
{
    static const struct rt_code CODE =
        RT_COROUTINE("wait_closed", struct closing, 1, closing_body);
    struct closing *my = rt_coroutine_new(&CODE);
    if (my == NULL) {
        return NULL;
    }
    my->object = rt_new_ref(stream);
    return &my->frame.head;
}
