/* Any bytes as what an HTTP server answers: a response whose parts fit
 * together, or an error that says why not; nothing is left, no descriptor
 * stays open, and no more is kept than was sent. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/http.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/object.h"
#include "labs/runtime/stream.h"

enum {
    MOST_BYTES = 64 * 1024 // so that the socket takes them at once
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int condition)
{
    if (!condition) {
        abort();
    }
}

static void
check_response(struct rt_object *response, size_t size)
{
    struct rt_object *field = rt_http_header(response, "Content-Length");
    check(rt_http_status(response) >= 200 && rt_http_status(response) < 600);
    check(rt_bytes_size(rt_http_body(response)) < size);
    rt_xdecref(field);
    rt_decref(response);
}

static void
check_refusal(void)
{
    enum rt_error error = rt_error_occurred();
    check(error == RT_ERROR_VALUE || error == RT_ERROR_EOF ||
          error == RT_ERROR_CONNECTION_RESET || error == RT_ERROR_RUNTIME);
    check(rt_error_text()[0] != '\0');
    rt_error_clear();
}

/* A stream in which the bytes are already, and its end; peer is the other side
 * of it. */
static struct rt_object *
stream_of(struct rt_loop *loop, const uint8_t *data, size_t size, int *peer)
{
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    check(send(ends[1], data, size, 0) == (ssize_t)size);
    check(shutdown(ends[1], SHUT_WR) == 0);
    struct rt_object *stream =
        rt_stream_new(loop, ends[0], RT_HTTP_HEAD_LIMIT);
    check(stream != NULL);
    *peer = ends[1];
    return stream;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rt_loop *loop = rt_loop_new();
    int peer = -1;
    size = size < MOST_BYTES ? size : MOST_BYTES;
    struct rt_object *stream = stream_of(loop, data, size, &peer);
    struct rt_object *connection = rt_http_connection_new(stream, "fuzz");
    rt_decref(stream);
    struct rt_object *response = NULL;
    do { // one answer after the other, as many as there are
        response =
            rt_loop_run_until_complete(loop, rt_http_get(connection, "/"));
        if (response != NULL) {
            check_response(response, size);
        }
        else {
            check_refusal();
        }
    } while (response != NULL);
    rt_decref(connection);
    rt_loop_close(loop);
    rt_gc_collect(2);
    rt_loop_free(loop);
    close(peer);
    rt_handle_clear_pool();
    check(rt_alloc_live_blocks() == 0);
    return 0;
}
