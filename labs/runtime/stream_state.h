/* Stream state: what the files about streams share. */
#ifndef LABS_RUNTIME_STREAM_STATE_H
#define LABS_RUNTIME_STREAM_STATE_H

#include "labs/runtime/byte_queue.h"
#include "labs/runtime/stream.h"
#include "labs/runtime/waiters.h"

struct rt_stream {
    struct rt_object head;
    struct rt_loop *loop; // borrowed
    int fd;               // ours; -1: it is lost

    struct rt_byte_queue received, unsent;
    size_t limit;     // of received, see stream.h
    size_t high, low; // of unsent

    struct rt_object *reader;    // ours: the future of who waits for bytes
    struct rt_object *exception; // ours: what the connection failed with
    struct rt_object *closed;    // ours: one future for all who ask; or NULL
    struct rt_waiters drainers;
    struct rt_object *server; // ours: it counts its connections; or NULL

    bool is_ended;        // the other side sends no more
    bool is_reading;      // the loop watches for bytes
    bool is_write_ended;  // we send no more
    bool is_write_paused; // drains wait
    bool is_closing;      // see rt_stream_close()
    bool is_losing;       // rt_stream_lose() will be called, or was
    bool is_lost;
};

/* Begins to read the socket, unless it should not be read. 0, or -1 with a
 * pending error (stream_read.c). */
int rt_stream_resume(struct rt_stream *stream);
void rt_stream_pause(struct rt_stream *stream);

/* Who waits for bytes looks again. 0, or -1 with a pending error. */
int rt_stream_wake_reader(struct rt_stream *stream);

/* The connection has failed, with the pending error (stream.c). It is lost in
 * the next turn. 0, or -1 with a pending error. */
int rt_stream_fail(struct rt_stream *stream);

/* 0, or -1 with what the connection has failed with pending; nobody hears of
 * that before it is lost. */
int rt_stream_check(const struct rt_stream *stream);

/* The connection is no more: everybody hears of it, the socket is closed. 0,
 * or -1 with a pending error. */
int rt_stream_lose(struct rt_stream *stream);

/* Ends a future with None, or with the exception if there is one. 0, or -1
 * with a pending error. */
int rt_stream_end_future(struct rt_object *future,
                         struct rt_object *exception);

#endif
