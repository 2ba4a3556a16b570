/* Stream: a connection that tasks read from and write to.
 *
 * After CPython 3.12: Lib/asyncio/streams.py and selector_events.py. One
 * object is what a StreamReader, a StreamWriter, their protocol and their
 * transport are together:
 *
 *     socket --> received --> read, read_until, read_exactly    tasks wait
 *     socket <-- to send <-- write                              never waits
 *
 * What is received piles up to twice the limit; then the socket is left alone
 * until somebody reads. What is to be sent piles up without end, because
 * writing does not wait; so whoever writes much drains now and then, and waits
 * there while more than high bytes are left, until it is low or less.
 *
 *     rt_stream_write(my->stream, "hello\n", 6);
 *     RT_AWAIT(rt_stream_drain(my->stream));
 *     RT_AWAIT(rt_stream_read_line(my->stream)); */
#ifndef LABS_RUNTIME_STREAM_H
#define LABS_RUNTIME_STREAM_H

#include "labs/runtime/object.h"

struct rt_loop;

enum {
    RT_STREAM_LIMIT = 64 * 1024 // bytes, the usual one
};

/* A new stream of a connected socket, which is stolen, also on failure; it
 * must not block. limit: of a line and the like, in bytes, more than 0. NULL
 * with a pending error: no memory, a closed loop. */
struct rt_object *rt_stream_new(struct rt_loop *loop, int fd, size_t limit);

/* --- reading ------------------------------------------------------------- */

/* New coroutines, whose result is bytes. Only one of them at a time may wait.
 * All fail with what the connection has failed with. NULL with a pending
 * memory error.
 *
 * read: at most so many bytes, as soon as there are any; no bytes at the end
 * of the stream. Less than 0: all that is to come. */
struct rt_object *rt_stream_read(struct rt_object *stream, int64_t most);

/* read_exactly: so many bytes. When the stream ends before that, an incomplete
 * read, which carries the bytes that came (rt_exception_carried). */
struct rt_object *rt_stream_read_exactly(struct rt_object *stream,
                                         size_t size);

/* read_until: up to a separator and with it; it is copied, and not empty. When
 * the stream ends before, an incomplete read as above. When more than the
 * limit stands before the separator, a limit overrun, which carries how many
 * bytes were looked at; they can be read still. */
struct rt_object *rt_stream_read_until(struct rt_object *stream,
                                       const void *separator, size_t size);

/* read_line: up to a line feed and with it, or to the end of the stream. A
 * value error when the line is longer than the limit; it is thrown away. */
struct rt_object *rt_stream_read_line(struct rt_object *stream);

/* Whether all has been read (at_eof). */
bool rt_stream_at_end(const struct rt_object *object);

/* --- writing ------------------------------------------------------------- */

/* Sends a copy of the bytes, as soon as they can be sent; nothing happens when
 * the connection is lost. 0, or -1 with a pending error: no memory, or a
 * runtime error after rt_stream_write_end(). */
int rt_stream_write(struct rt_object *object, const void *bytes, size_t size);

/* A new coroutine that waits while too much is waiting to be sent. It fails
 * with what the connection has failed with, or a connection reset when that is
 * closed. NULL with a pending memory error. */
struct rt_object *rt_stream_drain(struct rt_object *stream);

/* The other side will see the end of the stream behind all that was written;
 * reading goes on (write_eof). 0, or -1 with a pending OS error. */
int rt_stream_write_end(struct rt_object *object);

/* When a drain waits, and until when, in bytes; at first 64 KiB and 16 KiB.
 * low must not be more than high. */
void rt_stream_set_limits(struct rt_object *object, size_t high, size_t low);

/* How many bytes are waiting to be sent. */
size_t rt_stream_unsent(const struct rt_object *object);

/* --- the end ------------------------------------------------------------- */

/* Ends the connection: reading at once, writing when all is sent. abort: all
 * at once, what is not sent is lost. */
void rt_stream_close(struct rt_object *object);
void rt_stream_abort(struct rt_object *object);
bool rt_stream_is_closing(const struct rt_object *object);

/* A new coroutine that ends when the connection is closed, with the error it
 * has failed with. NULL with a pending memory error. */
struct rt_object *rt_stream_wait_closed(struct rt_object *stream);

#endif
