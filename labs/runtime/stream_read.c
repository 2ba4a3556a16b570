/* Streams: reading, and waiting for what is to be read. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "labs/runtime/bytearray.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop_poll.h"
#include "labs/runtime/os_error.h"
#include "labs/runtime/stream_state.h"

enum {
    MOST_AT_ONCE = 64 * 1024 // bytes of one turn
};

static struct rt_stream *
as_stream(struct rt_object *object)
{
    return (struct rt_stream *)object;
}

// --- receiving -------------------------------------------------------------

int
rt_stream_wake_reader(struct rt_stream *stream)
{
    struct rt_object *reader = stream->reader;
    stream->reader = NULL;
    int result = rt_stream_end_future(reader, NULL);
    rt_xdecref(reader);
    return result;
}

static int
take_in(struct rt_stream *stream, const unsigned char *bytes, size_t size)
{
    if (size == 0) {
        stream->is_ended = true;
        rt_stream_pause(stream);
    }
    else if (rt_byte_queue_put(&stream->received, bytes, size) != 0) {
        return rt_stream_fail(stream); // bytes are lost
    }
    else if (stream->received.size > 2 * stream->limit) {
        rt_stream_pause(stream);
    }
    return rt_stream_wake_reader(stream);
}

/* What the loop calls when there are bytes, the end, or an error. */
static int
receive(struct rt_object *object)
{
    struct rt_stream *stream = as_stream(object);
    unsigned char bytes[MOST_AT_ONCE];
    ssize_t count = recv(stream->fd, bytes, sizeof(bytes), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    rt_incref(object);
    int result = 0;
    if (count < 0) {
        rt_os_error_saying(errno, NULL);
        result = rt_stream_fail(stream);
    }
    else {
        result = take_in(stream, bytes, (size_t)count);
    }
    rt_decref(object);
    return result;
}

static struct rt_static_function receiver = RT_STATIC_FUNCTION(receive);

void
rt_stream_pause(struct rt_stream *stream)
{
    if (stream->is_reading) {
        stream->is_reading = false;
        (void)rt_loop_remove_reader(stream->loop, stream->fd);
    }
}

int
rt_stream_resume(struct rt_stream *stream)
{
    if (stream->is_reading || stream->is_closing || stream->is_ended) {
        return 0;
    }
    if (rt_loop_add_reader(stream->loop, stream->fd, &receiver.head,
                           &stream->head) != 0) {
        return -1;
    }
    stream->is_reading = true;
    return 0;
}

bool
rt_stream_at_end(const struct rt_object *object)
{
    const struct rt_stream *stream = (const struct rt_stream *)object;
    return stream->is_ended && stream->received.size == 0;
}

// --- what all ways to read share -------------------------------------------

struct reading {
    struct rt_coroutine frame;
    struct rt_object *object; // the stream
    struct rt_object *waiter;
    struct rt_object *separator; // bytes
    struct rt_object *collected; // a bytearray
    int64_t size;
    size_t looked_at; // bytes that no separator begins in
    bool is_line;
};

static const char *
name_of(const struct reading *my)
{
    return rt_coroutine_code(&my->frame.head)->name;
}

/* A new future, which ends when there is something to look at. */
static struct rt_object *
data_of(struct reading *my)
{
    struct rt_stream *stream = as_stream(my->object);
    if (stream->reader != NULL) {
        rt_error_set(RT_ERROR_RUNTIME,
                     "%s() called while another coroutine is already waiting "
                     "for incoming data",
                     my->is_line ? "readuntil" : name_of(my));
        return NULL;
    }
    if (rt_stream_resume(stream) != 0) {
        return NULL;
    }
    struct rt_object *waiter = rt_future_new(stream->loop);
    if (waiter != NULL) {
        stream->reader = rt_new_ref(waiter);
        rt_set_ref(&my->waiter, rt_new_ref(waiter));
    }
    return waiter;
}

/* The waiting is over, one way or another. */
static void
end_waiting(struct reading *my)
{
    struct rt_stream *stream = as_stream(my->object);
    if (my->waiter != NULL && stream->reader == my->waiter) {
        rt_clear(&stream->reader);
    }
}

/* Something was read, so that there is room again. */
static int
resume_if_low(struct rt_stream *stream)
{
    return stream->received.size <= stream->limit ? rt_stream_resume(stream)
                                                  : 0;
}

/* So many of the bytes, as the result. */
static enum rt_sent
hand_out(struct rt_stream *stream, size_t size, struct rt_object **result)
{
    *result = rt_byte_queue_take(&stream->received, size);
    if (*result != NULL && resume_if_low(stream) != 0) {
        rt_clear(result);
    }
    return *result != NULL ? RT_SENT_RETURN : RT_SENT_ERROR;
}

/* Raises an error that carries an object, stolen; NULL is an error already. */
static enum rt_sent
raise_carrying(enum rt_error error, const char *text,
               struct rt_object *carried)
{
    struct rt_object *exception =
        carried != NULL ? rt_exception_new_carrying(error, text, carried)
                        : NULL;
    rt_xdecref(carried);
    if (exception != NULL) {
        rt_exception_raise(exception);
        rt_decref(exception);
    }
    return RT_SENT_ERROR;
}

/* The stream has ended too early. expected: how many bytes were, or -1. */
static enum rt_sent
raise_incomplete(struct rt_stream *stream, int64_t expected)
{
    char text[96];
    char number[24] = "undefined";
    if (expected >= 0) {
        snprintf(number, sizeof(number), "%lld", (long long)expected);
    }
    snprintf(text, sizeof(text),
             "%zu bytes read on a total of %s expected bytes",
             stream->received.size, number);
    return raise_carrying(
        RT_ERROR_INCOMPLETE_READ, text,
        rt_byte_queue_take(&stream->received, stream->received.size));
}

static struct rt_object *
make(const struct rt_code *code, struct rt_object *stream, int64_t size)
{
    struct reading *my = rt_coroutine_new(code);
    if (my == NULL) {
        return NULL;
    }
    my->object = rt_new_ref(stream);
    my->size = size;
    return &my->frame.head;
}

// --- some ------------------------------------------------------------------

static enum rt_sent
read_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct reading *my = (struct reading *)frame;
    struct rt_stream *stream = as_stream(my->object);
    RT_BEGIN;
    if (rt_stream_check(stream) != 0) {
        RT_FAIL;
    }
    if (my->size > 0 && stream->received.size == 0 && !stream->is_ended) {
        RT_AWAIT(data_of(my));
        end_waiting(my);
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    return hand_out(stream,
                    (size_t)my->size < stream->received.size
                        ? (size_t)my->size
                        : stream->received.size,
                    result);
    RT_END;
}

// --- all -------------------------------------------------------------------

/* What is there joins what was collected. */
static int
collect(struct reading *my)
{
    struct rt_stream *stream = as_stream(my->object);
    if (rt_bytearray_extend(my->collected,
                            rt_byte_queue_bytes(&stream->received),
                            stream->received.size) != 0) {
        return -1;
    }
    rt_byte_queue_drop(&stream->received, stream->received.size);
    return resume_if_low(stream);
}

static enum rt_sent
read_all_body(struct rt_coroutine *frame, struct rt_object *sent,
              struct rt_object **result)
{
    struct reading *my = (struct reading *)frame;
    struct rt_stream *stream = as_stream(my->object);
    RT_BEGIN;
    my->collected = rt_bytearray_new("", 0);
    if (my->collected == NULL) {
        RT_FAIL;
    }
    for (;;) {
        if (rt_stream_check(stream) != 0) {
            RT_FAIL;
        }
        if (stream->received.size > 0 && collect(my) != 0) {
            RT_FAIL;
        }
        if (stream->is_ended) {
            break;
        }
        RT_AWAIT(data_of(my));
        end_waiting(my);
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    *result = rt_bytes_new(rt_bytearray_data(my->collected),
                           rt_bytearray_size(my->collected));
    return *result != NULL ? RT_SENT_RETURN : RT_SENT_ERROR;
    RT_END;
}

struct rt_object *
rt_stream_read(struct rt_object *stream, int64_t most)
{
    static const struct rt_code SOME =
        RT_COROUTINE("read", struct reading, 4, read_body);
    static const struct rt_code ALL =
        RT_COROUTINE("read", struct reading, 4, read_all_body);
    return make(most < 0 ? &ALL : &SOME, stream, most);
}

// --- exactly so many -------------------------------------------------------

static enum rt_sent
exactly_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct reading *my = (struct reading *)frame;
    struct rt_stream *stream = as_stream(my->object);
    RT_BEGIN;
    if (rt_stream_check(stream) != 0) {
        RT_FAIL;
    }
    while (stream->received.size < (size_t)my->size) {
        if (stream->is_ended) {
            return raise_incomplete(stream, my->size);
        }
        RT_AWAIT(data_of(my));
        end_waiting(my);
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    return hand_out(stream, (size_t)my->size, result);
    RT_END;
}

struct rt_object *
rt_stream_read_exactly(struct rt_object *stream, size_t size)
{
    static const struct rt_code CODE =
        RT_COROUTINE("readexactly", struct reading, 4, exactly_body);
    return make(&CODE, stream, (int64_t)size);
}

// --- up to a separator -----------------------------------------------------

/* Where it begins, or -1; what was looked at is not looked at again. */
static int64_t
find_separator(struct reading *my)
{
    const struct rt_byte_queue *queue = &as_stream(my->object)->received;
    size_t size = rt_bytes_size(my->separator);
    if (queue->size < my->looked_at + size) {
        return -1;
    }
    const unsigned char *bytes = rt_byte_queue_bytes(queue);
    const unsigned char *found =
        memmem(bytes + my->looked_at, queue->size - my->looked_at,
               rt_bytes_data(my->separator), size);
    if (found == NULL) {
        my->looked_at = queue->size + 1 - size;
        return -1;
    }
    return found - bytes;
}

/* More than the limit: what a line loses, others can still read. */
static enum rt_sent
raise_overrun(struct reading *my, const char *text, size_t consumed,
              bool is_found)
{
    struct rt_stream *stream = as_stream(my->object);
    if (!my->is_line) {
        return raise_carrying(RT_ERROR_LIMIT_OVERRUN, text,
                              rt_int_new((int64_t)consumed));
    }
    rt_byte_queue_drop(&stream->received,
                       is_found ? consumed + 1 : stream->received.size);
    if (resume_if_low(stream) == 0) {
        rt_error_set(RT_ERROR_VALUE, "%s", text);
    }
    return RT_SENT_ERROR;
}

static enum rt_sent
found_at(struct reading *my, size_t place, struct rt_object **result)
{
    struct rt_stream *stream = as_stream(my->object);
    if (place > stream->limit) {
        return raise_overrun(
            my, "Separator is found, but chunk is longer than limit", place,
            true);
    }
    return hand_out(stream, place + rt_bytes_size(my->separator), result);
}

/* There is no separator in what is there. RT_SENT_AWAIT: it may come yet. */
static enum rt_sent
not_found(struct reading *my, struct rt_object **result)
{
    struct rt_stream *stream = as_stream(my->object);
    if (my->looked_at > stream->limit) {
        return raise_overrun(
            my, "Separator is not found, and chunk exceed the limit",
            my->looked_at, false);
    }
    if (!stream->is_ended) {
        return RT_SENT_AWAIT;
    }
    return my->is_line ? hand_out(stream, stream->received.size, result)
                       : raise_incomplete(stream, -1);
}

static enum rt_sent
until_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct reading *my = (struct reading *)frame;
    struct rt_stream *stream = as_stream(my->object);
    int64_t place = 0;
    enum rt_sent how = RT_SENT_ERROR;
    RT_BEGIN;
    if (rt_stream_check(stream) != 0) {
        RT_FAIL;
    }
    for (;;) {
        place = find_separator(my);
        how = place >= 0 ? found_at(my, (size_t)place, result)
                         : not_found(my, result);
        if (how != RT_SENT_AWAIT) {
            return how;
        }
        RT_AWAIT(data_of(my));
        end_waiting(my);
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    RT_END;
}

static struct rt_object *
read_until(const struct rt_code *code, struct rt_object *stream,
           const void *separator, size_t size)
{
    struct rt_object *bytes = rt_bytes_new(separator, size);
    struct rt_object *object = bytes != NULL ? make(code, stream, 0) : NULL;
    if (object == NULL) {
        rt_xdecref(bytes);
        return NULL;
    }
    ((struct reading *)object)->separator = bytes;
    return object;
}

struct rt_object *
rt_stream_read_until(struct rt_object *stream, const void *separator,
                     size_t size)
{
    static const struct rt_code CODE =
        RT_COROUTINE("readuntil", struct reading, 4, until_body);
    assert(size > 0);
    return read_until(&CODE, stream, separator, size);
}

struct rt_object *
rt_stream_read_line(struct rt_object *stream)
{
    static const struct rt_code CODE =
        RT_COROUTINE("readline", struct reading, 4, until_body);
    struct rt_object *object = read_until(&CODE, stream, "\n", 1);
    if (object != NULL) {
        ((struct reading *)object)->is_line = true;
    }
    return object;
}
