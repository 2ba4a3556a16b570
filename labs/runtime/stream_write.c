/* Streams: writing, and waiting until less is to be sent. */
#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/loop_poll.h"
#include "labs/runtime/os_error.h"
#include "labs/runtime/stream_state.h"

static struct rt_stream *
as_stream(struct rt_object *object)
{
    return (struct rt_stream *)object;
}

// --- sending ---------------------------------------------------------------

/* How many bytes went; 0: none can go now; -1 with a pending error. */
static ssize_t
send_some(const struct rt_stream *stream, const void *bytes, size_t size)
{
    ssize_t count = send(stream->fd, bytes, size, MSG_NOSIGNAL);
    if (count >= 0 || errno == EAGAIN || errno == EINTR) {
        return count < 0 ? 0 : count;
    }
    return rt_os_error_saying(errno, NULL);
}

/* All that was written is sent. */
static int
end_sending(struct rt_stream *stream)
{
    (void)rt_loop_remove_writer(stream->loop, stream->fd);
    if (stream->is_closing) {
        return stream->is_losing ? 0 : rt_stream_lose(stream);
    }
    if (stream->is_write_ended && shutdown(stream->fd, SHUT_WR) != 0) {
        rt_os_error_saying(errno, NULL);
        return rt_stream_fail(stream);
    }
    return 0;
}

/* What the loop calls when the socket takes bytes again. */
static int
send_ready(struct rt_object *object)
{
    struct rt_stream *stream = as_stream(object);
    rt_incref(object);
    ssize_t count = send_some(stream, rt_byte_queue_bytes(&stream->unsent),
                              stream->unsent.size);
    int result = 0;
    if (count < 0) {
        result = rt_stream_fail(stream);
    }
    else {
        rt_byte_queue_drop(&stream->unsent, (size_t)count);
        if (stream->is_write_paused && stream->unsent.size <= stream->low) {
            stream->is_write_paused = false;
            result = rt_waiters_wake_all(&stream->drainers);
        }
        if (result == 0 && stream->unsent.size == 0) {
            result = end_sending(stream);
        }
    }
    rt_decref(object);
    return result;
}

static struct rt_static_function sender = RT_STATIC_FUNCTION(send_ready);

/* The loop will send these. */
static int
send_later(struct rt_stream *stream, const unsigned char *bytes, size_t size)
{
    bool is_first = stream->unsent.size == 0;
    if (rt_byte_queue_put(&stream->unsent, bytes, size) != 0) {
        return -1;
    }
    if (is_first && rt_loop_add_writer(stream->loop, stream->fd, &sender.head,
                                       &stream->head) != 0) {
        rt_byte_queue_drop(&stream->unsent, size);
        return -1;
    }
    if (stream->unsent.size > stream->high) {
        stream->is_write_paused = true;
    }
    return 0;
}

int
rt_stream_write(struct rt_object *object, const void *bytes, size_t size)
{
    struct rt_stream *stream = as_stream(object);
    ssize_t sent = 0;
    if (stream->is_write_ended) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "Cannot call write() after write_eof()");
    }
    if (size == 0 || stream->is_losing) {
        return 0;
    }
    if (stream->unsent.size == 0) {
        sent = send_some(stream, bytes, size);
        if (sent < 0) {
            return rt_stream_fail(stream);
        }
    }
    return (size_t)sent == size
               ? 0
               : send_later(stream, (const unsigned char *)bytes + sent,
                            size - (size_t)sent);
}

int
rt_stream_write_end(struct rt_object *object)
{
    struct rt_stream *stream = as_stream(object);
    if (stream->is_closing || stream->is_write_ended) {
        return 0;
    }
    stream->is_write_ended = true;
    if (stream->unsent.size == 0 && shutdown(stream->fd, SHUT_WR) != 0) {
        return rt_os_error_saying(errno, NULL);
    }
    return 0;
}

void
rt_stream_set_limits(struct rt_object *object, size_t high, size_t low)
{
    struct rt_stream *stream = as_stream(object);
    assert(low <= high);
    stream->high = high;
    stream->low = low;
    if (stream->unsent.size > high) {
        stream->is_write_paused = true;
    }
}

size_t
rt_stream_unsent(const struct rt_object *object)
{
    return ((const struct rt_stream *)object)->unsent.size;
}

// --- waiting ---------------------------------------------------------------

struct drain {
    struct rt_coroutine frame;
    struct rt_object *object, *waiter;
};

/* What keeps a drain from waiting: RT_SENT_AWAIT if nothing does. */
static enum rt_sent
look(const struct rt_stream *stream, struct rt_object **result)
{
    if (stream->is_lost) {
        rt_error_set(RT_ERROR_CONNECTION_RESET, "Connection lost");
        return RT_SENT_ERROR;
    }
    *result = rt_none;
    return stream->is_write_paused ? RT_SENT_AWAIT : RT_SENT_RETURN;
}

static enum rt_sent
drain_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct drain *my = (struct drain *)frame;
    struct rt_stream *stream = as_stream(my->object);
    enum rt_sent how = RT_SENT_ERROR;
    RT_BEGIN;
    if (rt_stream_check(stream) != 0) {
        RT_FAIL;
    }
    if (stream->is_closing) { // so that the loop can lose it
        RT_YIELD(rt_none);
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    how = look(stream, result);
    if (how != RT_SENT_AWAIT) {
        return how;
    }
    my->waiter = rt_waiters_add(&stream->drainers);
    if (my->waiter == NULL) {
        RT_FAIL;
    }
    rt_incref(my->waiter);
    RT_AWAIT(rt_new_ref(my->waiter));
    rt_waiters_remove(&stream->drainers, my->waiter);
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_END;
}

struct rt_object *
rt_stream_drain(struct rt_object *stream)
{
    static const struct rt_code CODE =
        RT_COROUTINE("drain", struct drain, 2, drain_body);
    struct drain *my = rt_coroutine_new(&CODE);
    if (my == NULL) {
        return NULL;
    }
    my->object = rt_new_ref(stream);
    return &my->frame.head;
}
