/* HTTP: fetching from a server, HTTP/1.1 over a stream.
 *
 * After Lib/http/client.py, made of coroutines. A connection asks for one
 * thing after the other, as long as the server keeps it open:
 *
 *     RT_AWAIT(rt_http_connect("127.0.0.1", my->port));
 *     ...
 *     RT_AWAIT(rt_http_get(my->connection, "/index.html"));
 *     ...
 *     printf("%d, %zu bytes\n", rt_http_status(sent),
 *            rt_bytes_size(rt_http_body(sent)));
 *
 * A request that fails or is cancelled ends its connection: what is left of
 * the answer must not be taken for that of the next one. Limits in time are
 * rt_wait_for()'s work. */
#ifndef LABS_RUNTIME_HTTP_H
#define LABS_RUNTIME_HTTP_H

#include "labs/runtime/object.h"

enum {
    RT_HTTP_HEAD_LIMIT = 16 * 1024,       // bytes, of a head or a chunk's line
    RT_HTTP_BODY_LIMIT = 16 * 1024 * 1024 // bytes, the usual one
};

/* --- connections --------------------------------------------------------- */

/* A new coroutine whose result is a connection; it fails as rt_connect_host()
 * does. NULL with a pending error. */
struct rt_object *rt_http_connect(const char *host, int port);

/* A new connection over a stream, which is borrowed; its limit should be that
 * of heads. host: what servers are told, at most 255 bytes without control
 * characters and spaces. NULL with a pending error: a value error, no memory.
 */
struct rt_object *rt_http_connection_new(struct rt_object *stream,
                                         const char *host);

/* Of the bodies to come, in bytes. */
void rt_http_set_body_limit(struct rt_object *connection, size_t limit);

/* Whether another request can go out. */
bool rt_http_is_open(const struct rt_object *object);

/* Ends the connection. Once is enough, but twice is fine. */
void rt_http_close(struct rt_object *object);

/* A new coroutine whose result is the response. path: begins with "/", without
 * control characters and spaces. Errors: a connection reset when the server
 * closes without an answer; an EOF error when it closes within one; a value
 * error for a path or an answer that is wrong or larger than the limits; a
 * runtime error while another request is going on, or after the end; whatever
 * the stream fails with. NULL with a pending memory error. */
struct rt_object *rt_http_get(struct rt_object *connection, const char *path);

/* A new coroutine with the response from a connection for this one request.
 * NULL with a pending error. */
struct rt_object *rt_http_fetch(const char *host, int port, const char *path);

/* --- responses ----------------------------------------------------------- */

int rt_http_status(const struct rt_object *response);

/* The body, bytes, borrowed. */
struct rt_object *rt_http_body(const struct rt_object *response);

/* The value of the first field of that name, in any case: new bytes. NULL
 * without a pending error if there is none; else a memory error. */
struct rt_object *rt_http_header(const struct rt_object *response,
                                 const char *name);

#endif
