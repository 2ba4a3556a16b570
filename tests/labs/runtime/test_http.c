#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/address.h"
#include "labs/runtime/alloc.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/http.h"
#include "labs/runtime/http_server.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_poll.h"
#include "labs/runtime/stream.h"
#include "labs/runtime/stream_server.h"
#include "labs/runtime/task.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/runtime/wait_for.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_loop *loop;
static struct rt_object *server;
static int port;
static char heard[256]; // by the loop's handler
static size_t blocks_before;

// --- a site ----------------------------------------------------------------

#define RAW(name, text)                                                       \
    {                                                                         \
        .path = (name), .body = (text), .fault = RT_HTTP_RAW                  \
    }

static const struct rt_http_answer ANSWERS[] = {
    {.path = "/", .body = "hello", .fields = "X-Color: red\r\n"},
    {.path = "/empty"},
    {.path = "/chunks", .body = "one two three four", .chunk_bytes = 4},
    {.path = "/last", .body = "bye", .is_last = true},
    {.path = "/error", .status = 500, .body = "broken"},
    {.path = "/nothing", .status = 204},
    {.path = "/late", .body = "late", .delay_s = 0.02},
    {.path = "/never", .body = "never", .delay_s = 1000},
    {.path = "/silent", .fault = RT_HTTP_SILENT},
    {.path = "/reset", .fault = RT_HTTP_RESET},
    {.path = "/cut", .body = "0123456789", .fault = RT_HTTP_CUT},
    {.path = "/cut-chunks",
     .body = "0123456789",
     .chunk_bytes = 3,
     .fault = RT_HTTP_CUT},
    RAW("/old", "HTTP/1.0 200 OK\r\n\r\nall to the end"),
    RAW("/interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\n"
                    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    RAW("/trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "2;x=y\r\nok\r\n0\r\nA: b\r\nC: d\r\n\r\n"),
    RAW("/garbage", "this is no HTTP\r\n\r\n"),
    RAW("/half-head", "HTTP/1.1 200 OK\r\nContent-Le"),
    RAW("/switch", "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    RAW("/bad-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "2\r\nlonger\r\n0\r\n\r\n"),
    RAW("/bad-size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "-2\r\nok\r\n0\r\n\r\n"),
    RAW("/large-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "4\r\n1234\r\nfffffff\r\n"),
    RAW("/large", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
    RAW("/both", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    RAW("/extra", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 "),
};

static struct rt_http_site site;

static void
serve_site(void)
{
    struct rt_object *addresses = rt_address_of_number("127.0.0.1", 0);
    site = (struct rt_http_site){.answers = ANSWERS,
                                 .count = sizeof(ANSWERS) / sizeof(*ANSWERS)};
    server = rt_server_new(loop, addresses, 100, rt_http_serve, &site);
    assert_non_null(server);
    rt_decref(addresses);
    port = rt_server_port(server);
}

static struct rt_object *
complete(struct rt_object *coroutine)
{
    assert_non_null(coroutine);
    return rt_loop_run_until_complete(loop, coroutine);
}

static struct rt_object *
connect_client(void)
{
    struct rt_object *connection =
        complete(rt_http_connect("127.0.0.1", port));
    assert_non_null(connection);
    return connection;
}

static void
expect_body(struct rt_object *coroutine, int status, const char *body)
{
    struct rt_object *response = complete(coroutine);
    if (response == NULL) {
        print_error("%s\n", rt_error_text());
    }
    assert_non_null(response);
    assert_number(rt_http_status(response), status);
    assert_text((const char *)rt_bytes_data(rt_http_body(response)), body);
    rt_decref(response);
}

static struct rt_object *
fetch(const char *path)
{
    return rt_http_fetch("127.0.0.1", port, path);
}

static void
expect_error(struct rt_object *coroutine, enum rt_error error,
             const char *text)
{
    assert_null(complete(coroutine));
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

// --- round trips -----------------------------------------------------------

static void
an_answer_has_a_status_fields_and_a_body(void **state)
{
    (void)state;
    struct rt_object *response = complete(fetch("/"));
    assert_non_null(response);
    assert_number(rt_http_status(response), 200);
    struct rt_object *color = rt_http_header(response, "x-color");
    assert_text((const char *)rt_bytes_data(color), "red");
    assert_null(rt_http_header(response, "X-Size"));
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_text((const char *)rt_bytes_data(rt_http_body(response)), "hello");
    rt_decref(color);
    rt_decref(response);
}

static void
bodies_come_in_all_forms(void **state)
{
    (void)state;
    expect_body(fetch("/empty"), 200, "");
    expect_body(fetch("/chunks"), 200, "one two three four");
    expect_body(fetch("/nothing"), 204, "");
    expect_body(fetch("/old"), 200, "all to the end");
    expect_body(fetch("/interim"), 200, "ok");
    expect_body(fetch("/trailer"), 200, "ok");
    expect_body(fetch("/error"), 500, "broken");
    expect_body(fetch("/nowhere"), 404, "");
}

static void
one_connection_serves_many_requests(void **state)
{
    (void)state;
    struct rt_object *connection = connect_client();
    for (int i = 0; i < 3; i++) {
        expect_body(rt_http_get(connection, "/"), 200, "hello");
        expect_body(rt_http_get(connection, "/chunks"), 200,
                    "one two three four");
        assert_true(rt_http_is_open(connection));
    }
    expect_body(rt_http_get(connection, "/last"), 200, "bye");
    assert_false(rt_http_is_open(connection));
    expect_error(rt_http_get(connection, "/"), RT_ERROR_RUNTIME,
                 "the HTTP connection is over");
    assert_number(site.connections, 1);
    assert_number(site.requests, 7);
    rt_decref(connection);
}

static void
a_connection_goes_one_request_at_a_time(void **state)
{
    (void)state;
    struct rt_object *connection = connect_client();
    struct rt_object *slow =
        rt_task_new(loop, rt_http_get(connection, "/late"));
    rt_loop_stop(loop);
    rt_loop_run_forever(loop);
    expect_error(rt_http_get(connection, "/"), RT_ERROR_RUNTIME,
                 "another HTTP request is going on");
    struct rt_object *response = rt_loop_run_until_complete(loop, slow);
    assert_non_null(response);
    rt_decref(response);
    rt_decref(slow);
    expect_body(rt_http_get(connection, "/"), 200, "hello");
    rt_decref(connection);
}

static void
many_are_fetched_at_once(void **state)
{
    (void)state;
    struct rt_object *all = rt_list_new();
    for (int i = 0; i < 50; i++) {
        struct rt_object *one = fetch("/late");
        assert_number(rt_list_append(all, one), 0);
        rt_decref(one);
    }
    struct rt_object *future = rt_gather(loop, all, false);
    rt_decref(all);
    struct rt_object *results = rt_loop_run_until_complete(loop, future);
    assert_non_null(results);
    assert_number(site.requests, 50);
    assert_true(site.most_active > 1);
    assert_number(site.active, 0);
    rt_decref(results);
    rt_decref(future);
}

// --- damage ----------------------------------------------------------------

static void
servers_that_stop_are_told_apart(void **state)
{
    (void)state;
    expect_error(fetch("/silent"), RT_ERROR_CONNECTION_RESET,
                 "Remote end closed connection without response");
    expect_error(fetch("/reset"), RT_ERROR_CONNECTION_RESET,
                 "[Errno 104] Connection reset by peer");
    expect_error(
        fetch("/cut"), RT_ERROR_EOF,
        "the connection ended 5 bytes before the end of the HTTP body");
    expect_error(fetch("/cut-chunks"), RT_ERROR_EOF,
                 "the connection ended within the HTTP size of a chunk");
    expect_error(fetch("/half-head"), RT_ERROR_EOF,
                 "the connection ended within the HTTP head");
}

static void
what_is_wrong_in_an_answer_is_said(void **state)
{
    static const char *const CASES[][2] = {
        {"/garbage", "line 1 of the HTTP head: not the status of a response"},
        {"/switch", "an HTTP response that was not asked for"},
        {"/bad-chunk", "an HTTP chunk is longer than its size"},
        {"/bad-size", "not the size of an HTTP chunk"},
        {"/large-chunk", "the HTTP body is larger than 16777216 bytes"},
        {"/large", "the HTTP body is larger than 16777216 bytes"},
        {"/both", "line 4 of the HTTP head: both chunks and a Content-Length"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        expect_error(fetch(CASES[i][0]), RT_ERROR_VALUE, CASES[i][1]);
    }
}

/* What is left of one answer would be taken for the next one. */
static void
more_than_was_asked_for_ends_the_connection(void **state)
{
    (void)state;
    struct rt_object *connection = connect_client();
    expect_body(rt_http_get(connection, "/extra"), 200, "ok");
    expect_error(rt_http_get(connection, "/"), RT_ERROR_VALUE,
                 "an HTTP response that was not asked for");
    rt_decref(connection);
}

static void
a_body_larger_than_the_limit_is_refused(void **state)
{
    (void)state;
    struct rt_object *connection = connect_client();
    rt_http_set_body_limit(connection, 5);
    expect_body(rt_http_get(connection, "/"), 200, "hello");
    rt_http_set_body_limit(connection, 4);
    expect_error(rt_http_get(connection, "/"), RT_ERROR_VALUE,
                 "the HTTP body is larger than 4 bytes");
    assert_false(rt_http_is_open(connection));
    rt_decref(connection);
    connection = connect_client();
    rt_http_set_body_limit(connection, 13);
    expect_error(rt_http_get(connection, "/old"), RT_ERROR_VALUE,
                 "the HTTP body is larger than 13 bytes");
    rt_decref(connection);
}

struct babble {
    struct rt_coroutine frame;
    struct rt_object *stream;
};

/* A server without end: its head never stops. */
static enum rt_sent
babble_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    const struct babble *my = (struct babble *)frame;
    RT_BEGIN;
    rt_stream_write(my->stream, "HTTP/1.1 200 OK\r\n", 17);
    while (!rt_stream_is_closing(my->stream)) {
        rt_stream_write(my->stream, "A: b\r\n", 6);
        RT_AWAIT(rt_stream_drain(my->stream));
        if (sent == NULL) {
            break;
        }
    }
    rt_error_clear();
    rt_stream_close(my->stream);
    RT_END;
}

static struct rt_object *
babble(struct rt_object *stream, void *data)
{
    static const struct rt_code CODE =
        RT_COROUTINE("babble", struct babble, 1, babble_body);
    struct babble *my = rt_coroutine_new(&CODE);
    (void)data;
    my->stream = rt_new_ref(stream);
    return &my->frame.head;
}

static void
a_head_without_end_is_refused(void **state)
{
    (void)state;
    struct rt_object *addresses = rt_address_of_number("127.0.0.1", 0);
    struct rt_object *babbler =
        rt_server_new(loop, addresses, 1, babble, NULL);
    rt_decref(addresses);
    expect_error(rt_http_fetch("127.0.0.1", rt_server_port(babbler), "/"),
                 RT_ERROR_VALUE, "the HTTP head is larger than 16384 bytes");
    rt_server_close(babbler);
    rt_decref(babbler);
}

static void
a_path_cannot_smuggle_a_request_in(void **state)
{
    static const char *const PATHS[] = {"", "index", "/a b", "/a\r\nX: y",
                                        "/\177"};
    (void)state;
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(*PATHS); i++) {
        expect_error(fetch(PATHS[i]), RT_ERROR_VALUE, "not an HTTP path");
    }
    struct rt_object *connection = connect_client();
    struct rt_object *stream = NULL;
    char path[RT_HTTP_HEAD_LIMIT];
    memset(path, '/', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    expect_error(rt_http_get(connection, path), RT_ERROR_VALUE,
                 "the HTTP path is too long");
    rt_decref(connection);
    connection = rt_http_connection_new(stream, "two words");
    assert_null(connection);
    assert_text(rt_error_text(), "not the name of a host");
    rt_error_clear();
}

static void
what_is_no_request_gets_an_answer_all_the_same(void **state)
{
    static const char *const CASES[][2] = {
        {"GET / HTTP/1.1\r\nA\r\n\r\n", "HTTP/1.1 400 "},
        {"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 400 "},
        {"PUT / HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 405 "},
        {"GET /x HTTP/1.0\r\n\r\n", "HTTP/1.1 404 "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        struct rt_object *addresses = rt_address_of_number("127.0.0.1", port);
        const struct rt_address *address = rt_address_at(addresses, 0);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_number(connect(fd, (const struct sockaddr *)&address->name,
                              address->size),
                      0);
        rt_decref(addresses);
        assert_true(write(fd, CASES[i][0], strlen(CASES[i][0])) > 0);
        struct rt_object *stream = NULL;
        fcntl(fd, F_SETFL, O_NONBLOCK);
        stream = rt_stream_new(loop, fd, RT_STREAM_LIMIT);
        struct rt_object *bytes = complete(rt_stream_read(stream, -1));
        assert_number(strncmp((const char *)rt_bytes_data(bytes), CASES[i][1],
                              strlen(CASES[i][1])),
                      0);
        rt_decref(bytes);
        rt_stream_close(stream);
        rt_decref(stream);
    }
    assert_text(heard, "");
}

// --- time ------------------------------------------------------------------

static void
a_limit_in_time_ends_the_request_and_its_connection(void **state)
{
    (void)state;
    struct rt_object *connection = connect_client();
    assert_null(
        complete(rt_wait_for(rt_http_get(connection, "/never"), 0.01)));
    assert_number(rt_error_occurred(), RT_ERROR_TIMEOUT);
    rt_error_clear();
    assert_false(rt_http_is_open(connection));
    expect_error(rt_http_get(connection, "/"), RT_ERROR_RUNTIME,
                 "the HTTP connection is over");
    rt_decref(connection);
    expect_body(fetch("/"), 200, "hello"); // the server is as it was
}

static void
a_request_can_be_cancelled_wherever_it_is(void **state)
{
    (void)state;
    for (int turns = 0; turns < 12; turns++) {
        struct rt_object *task = rt_task_new(loop, fetch("/never"));
        for (int i = 0; i < turns; i++) {
            rt_loop_stop(loop);
            rt_loop_run_forever(loop);
        }
        assert_true(rt_future_cancel(task, NULL));
        assert_null(rt_loop_run_until_complete(loop, task));
        assert_number(rt_error_occurred(), RT_ERROR_CANCELLED);
        rt_error_clear();
        rt_decref(task);
    }
    expect_body(fetch("/"), 200, "hello");
    assert_text(heard, "");
}

// --- memory ----------------------------------------------------------------

static int
try_to_fetch(void)
{
    static const char *const PATHS[] = {"/chunks", "/", "/last"};
    struct rt_object *connection =
        rt_loop_run_until_complete(loop, rt_http_connect("127.0.0.1", port));
    int result = connection != NULL ? 0 : -1;
    for (int i = 0; i < 3 && result == 0; i++) {
        struct rt_object *response = rt_loop_run_until_complete(
            loop, rt_http_get(connection, PATHS[i]));
        struct rt_object *field =
            response != NULL ? rt_http_header(response, "Connection") : NULL;
        result = response != NULL && rt_http_status(response) == 200 &&
                         (field != NULL) == (i == 2)
                     ? 0
                     : -1;
        rt_xdecref(field);
        rt_xdecref(response);
    }
    rt_xdecref(connection);
    return result;
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    int result = -1;
    for (size_t nth = 1; result != 0; nth++) {
        assert_true(nth < 1000);
        rt_alloc_fail_nth(nth);
        result = try_to_fetch();
        rt_alloc_fail_nth(0);
        rt_error_clear();
    }
}

// --- beside Python ---------------------------------------------------------

static const char PYTHON_SIDE[] = "tests/labs/runtime/http_beside_python.py";

/* Paths whose answers both clients see the same way. */
static const char *const SHARED[] = {
    "/",           "/empty", "/chunks",  "/last",    "/error",
    "/nothing",    "/late",  "/silent",  "/reset",   "/cut",
    "/cut-chunks", "/old",   "/garbage", "/nowhere", "/trailer",
};

enum {
    SHARED_COUNT = sizeof(SHARED) / sizeof(*SHARED)
};

static int
stop_loop(struct rt_object *unused)
{
    (void)unused;
    rt_loop_stop(loop);
    return 0;
}

static struct rt_static_function stopper = RT_STATIC_FUNCTION(stop_loop);

/* The next line of a pipe; the loop serves until it is there. */
static void
read_line(int fd, char *line, size_t size)
{
    size_t length = 0;
    assert_number(rt_loop_add_reader(loop, fd, &stopper.head, NULL), 0);
    while (length == 0 || line[length - 1] != '\n') {
        rt_loop_run_forever(loop);
        assert_true(length + 1 < size);
        assert_number(read(fd, line + length, 1), 1);
        length++;
    }
    line[length - 1] = '\0';
    rt_loop_remove_reader(loop, fd);
}

/* What http_beside_python.py would say. */
static void
describe(const char *path, char *line, size_t size)
{
    struct rt_object *response = complete(fetch(path));
    enum rt_error error = rt_error_occurred();
    if (response != NULL) {
        snprintf(line, size, "%s %d %s", path, rt_http_status(response),
                 (const char *)rt_bytes_data(rt_http_body(response)));
        rt_decref(response);
    }
    else if (error == RT_ERROR_CONNECTION_RESET) {
        snprintf(line, size, "%s no answer: %s", path, rt_error_text());
    }
    else {
        snprintf(line, size, "%s %s", path,
                 error == RT_ERROR_EOF ? "half an answer" : "no HTTP");
    }
    rt_error_clear();
}

static pid_t
start_python(int *input, int *output)
{
    int to[2];
    int from[2];
    char number[16];
    const char *arguments[SHARED_COUNT + 4] = {"python3", PYTHON_SIDE, number};
    for (int i = 0; i < SHARED_COUNT; i++) {
        arguments[3 + i] = SHARED[i];
    }
    snprintf(number, sizeof(number), "%d", port);
    assert_number(pipe2(to, O_CLOEXEC) + pipe2(from, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        alarm(120);
        execvp("python3", (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    *input = to[1];
    *output = from[0];
    return pid;
}

static void
both_clients_and_both_servers_understand_each_other(void **state)
{
    (void)state;
    if (system("python3 -c 'import http.client' 2> /dev/null") != 0) {
        print_message("skipped: there is no python3\n");
        skip();
    }
    int input = -1;
    int output = -1;
    char line[512];
    char ours[512];
    pid_t python = start_python(&input, &output);
    read_line(output, line, sizeof(line));
    expect_body(rt_http_fetch("127.0.0.1", atoi(line), "/some/where?x=1"), 200,
                "you asked for /some/where?x=1");
    for (int i = 0; i < SHARED_COUNT; i++) {
        read_line(output, line, sizeof(line));
        describe(SHARED[i], ours, sizeof(ours));
        assert_text(ours, line);
    }
    close(input);
    close(output);
    waitpid(python, NULL, 0);
}

// --- all of them -----------------------------------------------------------

static void
hear(struct rt_loop *where, const struct rt_loop_trouble *trouble, void *data)
{
    (void)where;
    (void)data;
    snprintf(heard, sizeof(heard), "%s", trouble->message);
}

static void
ignore_never_awaited(const struct rt_code *code)
{
    (void)code;
}

static int
begin(void **state)
{
    (void)state;
    heard[0] = '\0';
    rt_gc_disable();
    rt_coroutine_set_never_awaited_hook(ignore_never_awaited);
    rt_thread_attach();
    blocks_before = rt_alloc_live_blocks();
    loop = rt_loop_new();
    assert_non_null(loop);
    rt_loop_set_exception_handler(loop, hear, NULL);
    serve_site();
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_server_close(server);
    rt_clear(&server);
    rt_loop_close(loop);
    rt_gc_collect(2);
    rt_loop_free(loop);
    rt_thread_shutdown();
    rt_handle_clear_pool();
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    bunch_await(rt_alloc_live_blocks() == blocks_before);
    return 0;
}

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        HTTP_TEST(an_answer_has_a_status_fields_and_a_body),
        HTTP_TEST(bodies_come_in_all_forms),
        HTTP_TEST(one_connection_serves_many_requests),
        HTTP_TEST(a_connection_goes_one_request_at_a_time),
        HTTP_TEST(many_are_fetched_at_once),
        HTTP_TEST(servers_that_stop_are_told_apart),
        HTTP_TEST(what_is_wrong_in_an_answer_is_said),
        HTTP_TEST(more_than_was_asked_for_ends_the_connection),
        HTTP_TEST(a_body_larger_than_the_limit_is_refused),
        HTTP_TEST(a_head_without_end_is_refused),
        HTTP_TEST(a_path_cannot_smuggle_a_request_in),
        HTTP_TEST(what_is_no_request_gets_an_answer_all_the_same),
        HTTP_TEST(a_limit_in_time_ends_the_request_and_its_connection),
        HTTP_TEST(a_request_can_be_cancelled_wherever_it_is),
        HTTP_TEST(every_allocation_may_fail),
        HTTP_TEST(both_clients_and_both_servers_understand_each_other),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
