/* HTTP server: answers as they are written down, for tests and labs.
 *
 * A site is a table of answers; what each does, slow, wrong or not at all, is
 * in it, so that a test knows beforehand what a client will meet. Served with
 * a server of streams:
 *
 *     static const struct rt_http_answer ANSWERS[] = {
 *         {.path = "/", .status = 200, .body = "hello"},
 *         {.path = "/slow", .status = 200, .body = "late", .delay_s = 0.1},
 *         {.path = "/gone", .fault = RT_HTTP_SILENT},
 *     };
 *     struct rt_http_site site = {ANSWERS, 3};
 *     server = rt_server_new(loop, addresses, 100, rt_http_serve, &site); */
#ifndef LABS_RUNTIME_HTTP_SERVER_H
#define LABS_RUNTIME_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct rt_object;

enum rt_http_fault {
    RT_HTTP_NO_FAULT,
    RT_HTTP_SILENT, // closes the connection instead of answering
    RT_HTTP_RESET,  // the same, with a reset
    RT_HTTP_CUT,    // closes it in the middle of the body
    RT_HTTP_RAW     // sends the body and nothing else, and closes
};

struct rt_http_answer {
    const char *path;
    int status;         // 0: 200
    const char *fields; // more of them, each with "\r\n"; or NULL
    const char *body;   // or NULL
    size_t chunk_bytes; // the body goes in chunks of these; 0: in one piece
    double delay_s;     // before the answer
    enum rt_http_fault fault;
    bool is_last; // the server closes the connection behind it
};

struct rt_http_site {
    const struct rt_http_answer *answers; // borrowed
    size_t count;

    // What has happened.
    size_t connections, requests;
    size_t active, most_active; // requests at a time
};

/* An rt_serve (stream_server.h) whose data is the site, borrowed. Other paths
 * are answered with 404, other methods with 405, what is no request with 400.
 */
struct rt_object *rt_http_serve(struct rt_object *stream, void *site);

#endif
