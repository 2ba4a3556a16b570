/* A request is one coroutine that reads the answer in parts. What part comes
 * next depends on those before, so each knows how to read itself and what to
 * make of that:
 *
 *     head --+-- nothing more (204, 304)
 *            +-- so many bytes (Content-Length)
 *            +-- all to the end of the connection
 *            +-- size, chunk, line feed, size, chunk ... size 0, trailer */
#include "labs/runtime/http.h"

#include <stdio.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/bytearray.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/http_head.h"
#include "labs/runtime/stream.h"
#include "labs/runtime/stream_connect.h"
#include "labs/runtime/stream_state.h"

enum {
    HOST_BYTES = 256,
    MOST_AT_ONCE = 64 * 1024, // bytes of a body
    MOST_INTERIM = 8          // answers before the answer
};

struct connection {
    struct rt_object head;
    struct rt_object *stream; // ours
    size_t body_limit;
    bool is_busy, is_over;
    char host[HOST_BYTES];
};

struct response {
    struct rt_object head;
    struct rt_object *bytes; // ours: the head as it came
    struct rt_object *body;  // ours
    struct rt_http_head meaning;
};

static struct connection *
as_connection(struct rt_object *object)
{
    return (struct connection *)object;
}

/* Whether it can stand in a request without ending a word of it. */
static bool
is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte <= ' ' || byte == 0x7F) {
            return false;
        }
    }
    return true;
}

// --- connections -----------------------------------------------------------

static int
connection_traverse(struct rt_object *object,
                    int (*visit)(struct rt_object *held, void *data),
                    void *data)
{
    struct rt_object *stream = as_connection(object)->stream;
    return stream != NULL ? visit(stream, data) : 0;
}

static void
connection_clear(struct rt_object *object)
{
    rt_clear(&as_connection(object)->stream);
}

static void
connection_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    if (as_connection(object)->stream != NULL) {
        rt_http_close(object);
    }
    connection_clear(object);
    rt_gc_free(object);
}

static const struct rt_type connection_type = {
    .name = "HTTPConnection",
    .basicsize = sizeof(struct connection),
    .dealloc = connection_dealloc,
    .traverse = connection_traverse,
    .clear = connection_clear,
};

struct rt_object *
rt_http_connection_new(struct rt_object *stream, const char *host)
{
    if (strlen(host) >= HOST_BYTES || !is_plain(host)) {
        rt_error_set(RT_ERROR_VALUE, "not the name of a host");
        return NULL;
    }
    struct rt_object *object = rt_gc_new(&connection_type, 0);
    if (object == NULL) {
        return NULL;
    }
    struct connection *connection = as_connection(object);
    *connection = (struct connection){
        .head = *object,
        .stream = rt_new_ref(stream),
        .body_limit = RT_HTTP_BODY_LIMIT,
    };
    snprintf(connection->host, sizeof(connection->host), "%s", host);
    rt_gc_track(object);
    return object;
}

void
rt_http_set_body_limit(struct rt_object *connection, size_t limit)
{
    as_connection(connection)->body_limit = limit;
}

bool
rt_http_is_open(const struct rt_object *object)
{
    const struct connection *connection = (const struct connection *)object;
    return !connection->is_over && !connection->is_busy &&
           !rt_stream_at_end(connection->stream) &&
           !rt_stream_is_closing(connection->stream);
}

void
rt_http_close(struct rt_object *object)
{
    as_connection(object)->is_over = true;
    rt_stream_close(as_connection(object)->stream);
}

// --- responses -------------------------------------------------------------

static void
response_dealloc(struct rt_object *object)
{
    struct response *response = (struct response *)object;
    rt_clear(&response->bytes);
    rt_clear(&response->body);
    rt_free(object);
}

static const struct rt_type response_type = {
    .name = "HTTPResponse",
    .basicsize = sizeof(struct response),
    .dealloc = response_dealloc,
};

int
rt_http_status(const struct rt_object *response)
{
    return ((const struct response *)response)->meaning.status;
}

struct rt_object *
rt_http_body(const struct rt_object *response)
{
    return ((const struct response *)response)->body;
}

struct rt_object *
rt_http_header(const struct rt_object *response, const char *name)
{
    struct rt_slice value =
        rt_http_field(&((const struct response *)response)->meaning, name);
    return value.at != NULL ? rt_bytes_new(value.at, value.size) : NULL;
}

// --- parts of an answer ----------------------------------------------------

enum part {
    PART_HEAD,
    PART_COUNTED, // so many bytes
    PART_REST,    // to the end of the connection
    PART_SIZE,    // of a chunk
    PART_CHUNK,
    PART_CHUNK_END, // its line feed
    PART_TRAILER,
    PART_NONE // all is there
};

struct get {
    struct rt_coroutine frame;
    struct rt_object *object; // the connection
    struct rt_object *path;   // bytes
    struct rt_object *bytes;  // the head
    struct rt_object *body;   // a bytearray
    struct rt_http_head head;
    enum part part;
    int interim;    // answers before the answer
    size_t trailer; // bytes of it
    int64_t left;   // bytes of the body or the chunk
};

static struct rt_stream *
stream_of(const struct get *my)
{
    return (struct rt_stream *)as_connection(my->object)->stream;
}

static struct rt_object *
read_line(struct get *my, struct rt_object *stream)
{
    (void)my;
    return rt_stream_read_until(stream, "\r\n", 2);
}

static struct rt_object *
read_head(struct get *my, struct rt_object *stream)
{
    (void)my;
    return rt_stream_read_until(stream, "\r\n\r\n", 4);
}

static struct rt_object *
read_some(struct get *my, struct rt_object *stream)
{
    bool is_less = my->part != PART_REST && my->left < MOST_AT_ONCE;
    return rt_stream_read(stream, is_less ? my->left : MOST_AT_ONCE);
}

static struct rt_object *
read_chunk_end(struct get *my, struct rt_object *stream)
{
    (void)my;
    return rt_stream_read_exactly(stream, 2);
}

static int
expect(struct get *my, int64_t more)
{
    size_t size = rt_bytearray_size(my->body);
    size_t limit = as_connection(my->object)->body_limit;
    my->left = more;
    return size > limit || (uint64_t)more > limit - size
               ? rt_error_set(RT_ERROR_VALUE,
                              "the HTTP body is larger than %zu bytes", limit)
               : 0;
}

/* What the head says about the body. */
static int
choose_body(struct get *my)
{
    if (my->head.status == 204 || my->head.status == 304) {
        my->part = PART_NONE;
    }
    else if (my->head.is_chunked) {
        my->part = PART_SIZE;
    }
    else if (my->head.length >= 0) {
        my->part = my->head.length > 0 ? PART_COUNTED : PART_NONE;
        return expect(my, my->head.length);
    }
    else {
        my->part = PART_REST;
        my->head.is_last = true;
    }
    return 0;
}

static int
take_head(struct get *my, struct rt_object *bytes)
{
    struct rt_slice text = {(const char *)rt_bytes_data(bytes),
                            rt_bytes_size(bytes)};
    if (rt_http_read_response(text, &my->head) != 0) {
        return -1;
    }
    if (my->head.status >= 200) {
        rt_set_ref(&my->bytes, rt_new_ref(bytes));
        return choose_body(my);
    }
    // "Continue" and the like; but nobody asked for another protocol.
    return my->head.status == 101 || ++my->interim > MOST_INTERIM
               ? rt_error_set(RT_ERROR_VALUE,
                              "an HTTP response that was not asked for")
               : 0;
}

/* A part of the body itself; no bytes: the connection has ended. */
static int
take_bytes(struct get *my, struct rt_object *bytes)
{
    size_t size = rt_bytes_size(bytes);
    if (size == 0) {
        if (my->part == PART_REST) {
            my->part = PART_NONE;
            return 0;
        }
        return rt_error_set(RT_ERROR_EOF,
                            "the connection ended %lld bytes before the end "
                            "of the HTTP body",
                            (long long)my->left);
    }
    if (my->part == PART_REST && expect(my, (int64_t)size) != 0) {
        return -1;
    }
    my->left -= (int64_t)size;
    if (my->part != PART_REST && my->left == 0) {
        my->part = my->part == PART_CHUNK ? PART_CHUNK_END : PART_NONE;
    }
    return rt_bytearray_extend(my->body, rt_bytes_data(bytes), size);
}

static int
take_size(struct get *my, struct rt_object *line)
{
    int64_t size = rt_http_chunk_size((struct rt_slice){
        (const char *)rt_bytes_data(line), rt_bytes_size(line)});
    my->part = size > 0 ? PART_CHUNK : PART_TRAILER;
    return size < 0 ? -1 : expect(my, size);
}

static int
take_chunk_end(struct get *my, struct rt_object *bytes)
{
    my->part = PART_SIZE;
    return memcmp(rt_bytes_data(bytes), "\r\n", 2) == 0
               ? 0
               : rt_error_set(RT_ERROR_VALUE,
                              "an HTTP chunk is longer than its size");
}

/* Fields behind the body, which nobody needs, and an empty line. */
static int
take_trailer(struct get *my, struct rt_object *line)
{
    my->trailer += rt_bytes_size(line);
    if (rt_bytes_size(line) == 2) {
        my->part = PART_NONE;
    }
    return my->trailer <= RT_HTTP_HEAD_LIMIT
               ? 0
               : rt_error_set(RT_ERROR_VALUE,
                              "the HTTP trailer is larger than %d bytes",
                              RT_HTTP_HEAD_LIMIT);
}

static const struct {
    const char *name;
    struct rt_object *(*read)(struct get *my, struct rt_object *stream);
    int (*take)(struct get *my, struct rt_object *bytes);
} PARTS[] = {
    [PART_HEAD] = {"head", read_head, take_head},
    [PART_COUNTED] = {"body", read_some, take_bytes},
    [PART_REST] = {"body", read_some, take_bytes},
    [PART_SIZE] = {"size of a chunk", read_line, take_size},
    [PART_CHUNK] = {"chunk", read_some, take_bytes},
    [PART_CHUNK_END] = {"end of a chunk", read_chunk_end, take_chunk_end},
    [PART_TRAILER] = {"trailer", read_line, take_trailer},
};

// --- a request -------------------------------------------------------------

static int
check_free(struct connection *connection)
{
    const struct rt_stream *stream = (struct rt_stream *)connection->stream;
    if (connection->is_busy) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "another HTTP request is going on");
    }
    if (connection->is_over) {
        return rt_error_set(RT_ERROR_RUNTIME, "the HTTP connection is over");
    }
    if (stream->received.size > 0) {
        return rt_error_set(RT_ERROR_VALUE,
                            "an HTTP response that was not asked for");
    }
    return 0;
}

static int
send_request(const struct get *my)
{
    static const char FORMAT[] =
        "GET %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: identity\r\n\r\n";
    const struct connection *connection = as_connection(my->object);
    const char *path = (const char *)rt_bytes_data(my->path);
    char text[RT_HTTP_HEAD_LIMIT];
    if (path[0] != '/' || !is_plain(path)) {
        return rt_error_set(RT_ERROR_VALUE, "not an HTTP path");
    }
    int size = snprintf(text, sizeof(text), FORMAT, path, connection->host);
    return size < 0 || (size_t)size >= sizeof(text)
               ? rt_error_set(RT_ERROR_VALUE, "the HTTP path is too long")
               : rt_stream_write(connection->stream, text, (size_t)size);
}

/* The connection has ended; before the first byte that is another thing. */
static int
explain_end(const struct get *my)
{
    struct rt_object *exception = rt_exception_catch();
    size_t came = rt_bytes_size(rt_exception_carried(exception));
    rt_decref(exception);
    return my->part == PART_HEAD && came == 0
               ? rt_error_set(RT_ERROR_CONNECTION_RESET,
                              "Remote end closed connection without response")
               : rt_error_set(RT_ERROR_EOF,
                              "the connection ended within the HTTP %s",
                              PARTS[my->part].name);
}

/* The stream's error in words of HTTP. */
static void
explain(const struct get *my)
{
    if (rt_error_occurred() == RT_ERROR_LIMIT_OVERRUN) {
        rt_error_set(RT_ERROR_VALUE, "the HTTP %s is larger than %zu bytes",
                     PARTS[my->part].name, stream_of(my)->limit);
    }
    else if (rt_error_occurred() == RT_ERROR_INCOMPLETE_READ) {
        (void)explain_end(my);
    }
}

/* It has failed: nothing that comes now can be told from the next answer. */
static enum rt_sent
give_up(struct get *my)
{
    struct connection *connection = as_connection(my->object);
    explain(my);
    struct rt_error_state pending = rt_error_fetch();
    connection->is_busy = false;
    connection->is_over = true;
    rt_stream_abort(connection->stream);
    rt_error_restore(&pending);
    return RT_SENT_ERROR;
}

static enum rt_sent
make_response(struct get *my, struct rt_object **result)
{
    struct connection *connection = as_connection(my->object);
    struct rt_object *body =
        rt_bytes_new(rt_bytearray_data(my->body), rt_bytearray_size(my->body));
    struct response *response =
        body != NULL ? (struct response *)rt_object_new(&response_type) : NULL;
    if (response == NULL) {
        rt_xdecref(body);
        return give_up(my);
    }
    response->bytes = rt_new_ref(my->bytes);
    response->body = body;
    response->meaning = my->head;
    connection->is_busy = false;
    if (my->head.is_last) {
        rt_http_close(my->object);
    }
    *result = &response->head;
    return RT_SENT_RETURN;
}

static enum rt_sent
get_body(struct rt_coroutine *frame, struct rt_object *sent,
         struct rt_object **result)
{
    struct get *my = (struct get *)frame;
    RT_BEGIN;
    if (check_free(as_connection(my->object)) != 0) {
        RT_FAIL;
    }
    as_connection(my->object)->is_busy = true;
    my->body = rt_bytearray_new("", 0);
    if (my->body == NULL || send_request(my) != 0) {
        return give_up(my);
    }
    while (my->part != PART_NONE) {
        RT_AWAIT(PARTS[my->part].read(my, &stream_of(my)->head));
        if (sent == NULL || PARTS[my->part].take(my, sent) != 0) {
            return give_up(my);
        }
    }
    return make_response(my, result);
    RT_END;
}

struct rt_object *
rt_http_get(struct rt_object *connection, const char *path)
{
    static const struct rt_code CODE =
        RT_COROUTINE("get", struct get, 4, get_body);
    struct rt_object *copy = rt_bytes_new(path, strlen(path) + 1);
    struct get *my = copy != NULL ? rt_coroutine_new(&CODE) : NULL;
    if (my == NULL) {
        rt_xdecref(copy);
        return NULL;
    }
    my->object = rt_new_ref(connection);
    my->path = copy;
    return &my->frame.head;
}

// --- making a connection ---------------------------------------------------

struct making {
    struct rt_coroutine frame;
    struct rt_object *connecting; // a coroutine, until it is awaited
    struct rt_object *connection;
    struct rt_object *path; // bytes; NULL: only connect
    int port;
    char host[HOST_BYTES];
};

static struct rt_object *
take(struct rt_object **object)
{
    struct rt_object *taken = *object;
    *object = NULL;
    return taken;
}

/* The number of a host of the new kind has colons of its own. */
static struct rt_object *
connection_of(const struct making *my, struct rt_object *stream)
{
    char host[HOST_BYTES + 16];
    bool is_six = strchr(my->host, ':') != NULL;
    snprintf(host, sizeof(host), "%s%s%s:%d", is_six ? "[" : "", my->host,
             is_six ? "]" : "", my->port);
    return rt_http_connection_new(stream, host);
}

static enum rt_sent
making_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct making *my = (struct making *)frame;
    RT_BEGIN;
    RT_AWAIT(take(&my->connecting));
    if (sent == NULL) {
        RT_FAIL;
    }
    my->connection = connection_of(my, sent);
    if (my->connection == NULL) {
        rt_stream_abort(sent);
        RT_FAIL;
    }
    if (my->path == NULL) {
        RT_RETURN(take(&my->connection));
    }
    RT_AWAIT(
        rt_http_get(my->connection, (const char *)rt_bytes_data(my->path)));
    if (sent == NULL) {
        RT_FAIL;
    }
    rt_http_close(my->connection);
    RT_RETURN(rt_new_ref(sent));
    RT_END;
}

static struct rt_object *
make(const struct rt_code *code, const char *host, int port,
     struct rt_object *path)
{
    struct rt_object *connecting =
        rt_connect_host(host, port, RT_HTTP_HEAD_LIMIT);
    struct making *my = connecting != NULL ? rt_coroutine_new(code) : NULL;
    if (my == NULL) {
        rt_xdecref(path);
        if (connecting != NULL) {
            (void)rt_coroutine_close(connecting);
            rt_decref(connecting);
        }
        return NULL;
    }
    my->connecting = connecting;
    my->path = path;
    my->port = port;
    snprintf(my->host, sizeof(my->host), "%s", host);
    return &my->frame.head;
}

struct rt_object *
rt_http_connect(const char *host, int port)
{
    static const struct rt_code CODE =
        RT_COROUTINE("connect", struct making, 3, making_body);
    return make(&CODE, host, port, NULL);
}

struct rt_object *
rt_http_fetch(const char *host, int port, const char *path)
{
    static const struct rt_code CODE =
        RT_COROUTINE("fetch", struct making, 3, making_body);
    struct rt_object *copy = rt_bytes_new(path, strlen(path) + 1);
    return copy != NULL ? make(&CODE, host, port, copy) : NULL;
}
