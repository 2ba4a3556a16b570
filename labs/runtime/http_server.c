#include "labs/runtime/http_server.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "labs/runtime/bytes.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/http_head.h"
#include "labs/runtime/sleep.h"
#include "labs/runtime/stream.h"
#include "labs/runtime/stream_state.h"

struct serving {
    struct rt_coroutine frame;
    struct rt_object *stream;
    struct rt_http_site *site;           // borrowed
    const struct rt_http_answer *answer; // borrowed
    bool is_last;                        // the client wants no more
};

// --- finding the answer ----------------------------------------------------

static const struct rt_http_answer NOT_FOUND = {.status = 404};
static const struct rt_http_answer NOT_ALLOWED = {.status = 405};
static const struct rt_http_answer BAD_REQUEST = {.status = 400,
                                                  .is_last = true};

static bool
is_text(struct rt_slice slice, const char *text)
{
    return slice.size == strlen(text) &&
           memcmp(slice.at, text, slice.size) == 0;
}

static const struct rt_http_answer *
answer_of(const struct rt_http_site *site, const struct rt_http_head *head)
{
    for (size_t i = 0; i < site->count; i++) {
        if (is_text(head->target, site->answers[i].path)) {
            return is_text(head->method, "GET") ? &site->answers[i]
                                                : &NOT_ALLOWED;
        }
    }
    return &NOT_FOUND;
}

static void
choose(struct serving *my, struct rt_object *bytes)
{
    struct rt_http_head head;
    struct rt_slice text = {(const char *)rt_bytes_data(bytes),
                            rt_bytes_size(bytes)};
    if (rt_http_read_request(text, &head) != 0) {
        rt_error_clear();
        my->answer = &BAD_REQUEST;
    }
    else if (head.length > 0 || head.is_chunked) {
        my->answer = &BAD_REQUEST; // nobody here reads bodies
    }
    else {
        my->answer = answer_of(my->site, &head);
        my->is_last = head.is_last;
    }
}

// --- sending it ------------------------------------------------------------

static int
send_text(const struct serving *my, const char *text)
{
    return rt_stream_write(my->stream, text, strlen(text));
}

static int
send_chunks(const struct serving *my, const char *body, size_t size)
{
    char line[32];
    for (size_t i = 0; i < size; i += my->answer->chunk_bytes) {
        size_t chunk = size - i < my->answer->chunk_bytes
                           ? size - i
                           : my->answer->chunk_bytes;
        snprintf(line, sizeof(line), "%zx\r\n", chunk);
        if (send_text(my, line) != 0 ||
            rt_stream_write(my->stream, body + i, chunk) != 0 ||
            send_text(my, "\r\n") != 0) {
            return -1;
        }
    }
    return my->answer->fault == RT_HTTP_CUT ? 0 : send_text(my, "0\r\n\r\n");
}

static int
send_head(const struct serving *my, size_t size)
{
    const struct rt_http_answer *answer = my->answer;
    char line[64];
    char text[128];
    if (answer->chunk_bytes > 0) {
        snprintf(line, sizeof(line), "Transfer-Encoding: chunked\r\n");
    }
    else {
        snprintf(line, sizeof(line), "Content-Length: %zu\r\n", size);
    }
    snprintf(text, sizeof(text), "HTTP/1.1 %d As-Scripted\r\n%s%s",
             answer->status != 0 ? answer->status : 200, line,
             answer->is_last || my->is_last ? "Connection: close\r\n" : "");
    return send_text(my, text) != 0 ||
                   send_text(my,
                             answer->fields != NULL ? answer->fields : "") != 0
               ? -1
               : send_text(my, "\r\n");
}

static int
send_answer(const struct serving *my)
{
    const struct rt_http_answer *answer = my->answer;
    const char *body = answer->body != NULL ? answer->body : "";
    size_t size = strlen(body);
    if (answer->fault == RT_HTTP_RAW) {
        return send_text(my, body);
    }
    if (send_head(my, size) != 0) {
        return -1;
    }
    size_t sent = answer->fault == RT_HTTP_CUT ? size / 2 : size;
    return answer->chunk_bytes > 0 ? send_chunks(my, body, sent)
                                   : rt_stream_write(my->stream, body, sent);
}

static void
reset(const struct serving *my)
{
    struct linger at_once = {.l_onoff = 1};
    int fd = ((const struct rt_stream *)my->stream)->fd;
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    rt_stream_abort(my->stream);
}

/* Answers, or does not. Whether another request may come; -1 with a pending
 * error. */
static int
answer(const struct serving *my)
{
    switch (my->answer->fault) {
    case RT_HTTP_SILENT:
        return 0;
    case RT_HTTP_RESET:
        reset(my);
        return 0;
    case RT_HTTP_NO_FAULT:
        return send_answer(my) != 0 ? -1
                                    : !my->is_last && !my->answer->is_last;
    case RT_HTTP_CUT:
    case RT_HTTP_RAW:
        break;
    }
    return send_answer(my);
}

// --- a connection ----------------------------------------------------------

static void
begin_request(struct rt_http_site *site)
{
    site->requests++;
    site->active++;
    if (site->active > site->most_active) {
        site->most_active = site->active;
    }
}

/* Clients that go away are no trouble of the server's. */
static enum rt_sent
end_connection(const struct serving *my, struct rt_object **result)
{
    if (!rt_error_is_ordinary(rt_error_occurred())) {
        return RT_SENT_ERROR;
    }
    rt_error_clear();
    rt_stream_close(my->stream);
    *result = rt_none;
    return RT_SENT_RETURN;
}

static enum rt_sent
serving_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct serving *my = (struct serving *)frame;
    int goes_on = 0;
    RT_BEGIN;
    my->site->connections++;
    for (;;) {
        RT_AWAIT(rt_stream_read_until(my->stream, "\r\n\r\n", 4));
        if (sent == NULL) {
            break;
        }
        choose(my, sent);
        begin_request(my->site);
        if (my->answer->delay_s > 0) {
            RT_AWAIT(rt_sleep(my->answer->delay_s));
        }
        my->site->active--;
        goes_on = sent != NULL ? answer(my) : 0;
        if (goes_on != 1) {
            break;
        }
        RT_AWAIT(rt_stream_drain(my->stream));
        if (sent == NULL) {
            break;
        }
    }
    return end_connection(my, result);
    RT_END;
}

struct rt_object *
rt_http_serve(struct rt_object *stream, void *site)
{
    static const struct rt_code CODE =
        RT_COROUTINE("serve", struct serving, 1, serving_body);
    struct serving *my = rt_coroutine_new(&CODE);
    if (my == NULL) {
        return NULL;
    }
    my->stream = rt_new_ref(stream);
    my->site = site;
    return &my->frame.head;
}
