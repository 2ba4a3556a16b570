/* Stream server: a task for each connection that comes in.
 *
 * After CPython 3.12: asyncio.start_server(), Lib/asyncio/base_events.py,
 * Server, and selector_events.py, _accept_connection(). When there are no
 * descriptors left, connections wait for a second in the system's queue. */
#ifndef LABS_RUNTIME_STREAM_SERVER_H
#define LABS_RUNTIME_STREAM_SERVER_H

#include "labs/runtime/object.h"

struct rt_loop;

/* A new coroutine that serves a stream (stream.h), which is borrowed; NULL
 * with a pending error. When it ends with an error, the loop's handler hears
 * of it and the stream is closed. */
typedef struct rt_object *rt_serve(struct rt_object *stream, void *data);

/* A new server that listens already; addresses as in address.h, borrowed, the
 * first one counts. backlog: how many may wait to be accepted. The loop keeps
 * the server until it is closed. What an old server has left at the path of a
 * Unix socket is removed; its own stays there. NULL with a pending error. */
struct rt_object *rt_server_new(struct rt_loop *loop,
                                struct rt_object *addresses, int backlog,
                                rt_serve *serve, void *data);

/* The port that it listens at; 0 for a Unix socket. */
int rt_server_port(const struct rt_object *object);

/* Of the streams that it makes from now on (stream.h). */
void rt_server_set_limit(struct rt_object *object, size_t limit);

/* Accepts nobody any more. Connections that there are go on. */
void rt_server_close(struct rt_object *object);

/* A new coroutine that ends when it is closed and all its connections are.
 * NULL with a pending memory error. */
struct rt_object *rt_server_wait_closed(struct rt_object *server);

/* For a connection that ends. 0, or -1 with a pending error. */
int rt_server_detach(struct rt_object *object);

#endif
