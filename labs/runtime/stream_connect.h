/* Stream connect: a stream to a server.
 *
 * After CPython 3.12: Lib/asyncio/base_events.py, create_connection(), and
 * selector_events.py, sock_connect(). Of several addresses each is tried in
 * turn, until one answers. */
#ifndef LABS_RUNTIME_STREAM_CONNECT_H
#define LABS_RUNTIME_STREAM_CONNECT_H

#include <stddef.h>

struct rt_object;

/* New coroutines whose result is a stream (stream.h): to the first of these
 * addresses (address.h, borrowed) that answers; to a host, a name or a number,
 * and its port; to a Unix socket. They fail with the error of the last address
 * if all fail alike, else with an OS error that names them all. NULL with a
 * pending error. */
struct rt_object *rt_connect(struct rt_object *addresses, size_t limit);
struct rt_object *rt_connect_host(const char *host, int port, size_t limit);
struct rt_object *rt_connect_path(const char *path, size_t limit);

#endif
