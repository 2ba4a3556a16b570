#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labs/runtime/address.h"
#include "labs/runtime/alloc.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/stream.h"
#include "labs/runtime/stream_connect.h"
#include "labs/runtime/stream_server.h"
#include "labs/runtime/task.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"
#include "tests/support/tempdir.h"

static struct rt_loop *loop;
static struct rt_object *server;
static int port;
static char heard[256]; // by the loop's handler
static size_t blocks_before;

// --- an echo ---------------------------------------------------------------

struct echo {
    struct rt_coroutine frame;
    struct rt_object *stream;
};

/* Sends lines back; "fail" ends it with an error. */
static enum rt_sent
echo_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    const struct echo *my = (struct echo *)frame;
    RT_BEGIN;
    for (;;) {
        RT_AWAIT(rt_stream_read_line(my->stream));
        if (sent == NULL) {
            RT_FAIL;
        }
        if (rt_bytes_size(sent) == 0) {
            break;
        }
        if (strncmp((const char *)rt_bytes_data(sent), "fail", 4) == 0) {
            rt_error_set(RT_ERROR_VALUE, "as you wish");
            RT_FAIL;
        }
        if (rt_stream_write(my->stream, rt_bytes_data(sent),
                            rt_bytes_size(sent)) != 0) {
            RT_FAIL;
        }
        RT_AWAIT(rt_stream_drain(my->stream));
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    rt_stream_close(my->stream);
    RT_END;
}

static struct rt_object *
echo(struct rt_object *stream, void *data)
{
    static const struct rt_code CODE =
        RT_COROUTINE("echo", struct echo, 1, echo_body);
    struct echo *my = rt_coroutine_new(&CODE);
    (void)data;
    if (my == NULL) {
        return NULL;
    }
    my->stream = rt_new_ref(stream);
    return &my->frame.head;
}

static void
serve(struct rt_object *addresses)
{
    assert_non_null(addresses);
    server = rt_server_new(loop, addresses, 100, echo, NULL);
    assert_non_null(server);
    port = rt_server_port(server);
    rt_decref(addresses);
}

// --- a client --------------------------------------------------------------

static struct rt_object *
complete(struct rt_object *coroutine)
{
    assert_non_null(coroutine);
    return rt_loop_run_until_complete(loop, coroutine);
}

static struct rt_object *
connect_to(struct rt_object *coroutine)
{
    struct rt_object *stream = complete(coroutine);
    if (stream == NULL) {
        print_error("%s\n", rt_error_text());
    }
    assert_non_null(stream);
    return stream;
}

static void
expect_echo(struct rt_object *stream, const char *text)
{
    assert_number(rt_stream_write(stream, text, strlen(text)), 0);
    struct rt_object *line = complete(rt_stream_read_line(stream));
    assert_non_null(line);
    assert_text((const char *)rt_bytes_data(line), text);
    rt_decref(line);
}

static void
end_stream(struct rt_object *stream)
{
    rt_stream_close(stream);
    assert_ptr_equal(complete(rt_stream_wait_closed(stream)), rt_none);
    rt_decref(stream);
}

static void
end_server(void)
{
    rt_server_close(server);
    assert_ptr_equal(complete(rt_server_wait_closed(server)), rt_none);
    rt_clear(&server);
}

static void
expect_error(struct rt_object *coroutine, enum rt_error error,
             const char *text)
{
    assert_null(complete(coroutine));
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_contains(rt_error_text(), text);
    rt_error_clear();
}

// --- talking ---------------------------------------------------------------

static void
lines_come_back_over_tcp(void **state)
{
    (void)state;
    serve(rt_address_of_number("127.0.0.1", 0));
    struct rt_object *stream =
        connect_to(rt_connect_host("127.0.0.1", port, RT_STREAM_LIMIT));
    expect_echo(stream, "one\n");
    expect_echo(stream, "two\n");
    end_stream(stream);
    end_server();
}

static void
lines_come_back_over_a_unix_socket(void **state)
{
    (void)state;
    char path[512];
    char *folder = tempdir_make();
    snprintf(path, sizeof(path), "%s/socket", folder);
    serve(rt_address_of_path(path));
    assert_number(port, 0);
    struct rt_object *stream =
        connect_to(rt_connect_path(path, RT_STREAM_LIMIT));
    expect_echo(stream, "hello\n");
    end_stream(stream);
    end_server();
    tempdir_remove(folder);
}

/* The path of a Unix socket in a new folder; both are to be given back. */
static char *
socket_path(char **folder)
{
    char *path = NULL;
    *folder = tempdir_make();
    assert_true(asprintf(&path, "%s/socket", *folder) > 0);
    return path;
}

static void
a_socket_that_an_old_server_left_is_replaced(void **state)
{
    (void)state;
    char *folder = NULL;
    char *path = socket_path(&folder);
    serve(rt_address_of_path(path));
    end_server(); // the socket is still there
    assert_number(access(path, F_OK), 0);
    serve(rt_address_of_path(path));
    end_server();
    free(path);
    tempdir_remove(folder);
}

static void
a_file_at_the_path_of_a_socket_stays(void **state)
{
    (void)state;
    char *folder = NULL;
    char *path = socket_path(&folder);
    fclose(fopen(path, "w"));
    struct rt_object *addresses = rt_address_of_path(path);
    assert_null(rt_server_new(loop, addresses, 1, echo, NULL));
    assert_contains(rt_error_text(), "address already in use");
    rt_error_clear();
    rt_decref(addresses);
    assert_number(access(path, F_OK), 0);
    free(path);
    tempdir_remove(folder);
}

/* As asyncio's, which opens a socket for each of both kinds. */
static void
a_server_of_all_addresses_listens_to_its_own_kind(void **state)
{
    (void)state;
    serve(rt_address_of_number("::", 0));
    struct rt_object *stream =
        connect_to(rt_connect_host("::1", port, RT_STREAM_LIMIT));
    expect_echo(stream, "six\n");
    end_stream(stream);
    expect_error(rt_connect_host("127.0.0.1", port, RT_STREAM_LIMIT),
                 RT_ERROR_CONNECTION_REFUSED, "Connect call failed");
    end_server();
}

static void
a_name_is_asked_for_in_a_thread(void **state)
{
    (void)state;
    struct addrinfo *found = NULL;
    if (getaddrinfo("localhost", NULL, NULL, &found) != 0) {
        skip(); // a machine without /etc/hosts
    }
    freeaddrinfo(found);
    serve(rt_address_of_number("127.0.0.1", 0));
    struct rt_object *stream =
        connect_to(rt_connect_host("localhost", port, RT_STREAM_LIMIT));
    expect_echo(stream, "hello\n");
    end_stream(stream);
    end_server();
}

/* 100 at the same time, each with lines of its own. */
static enum rt_sent
talk_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct echo *my = (struct echo *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_connect_host("127.0.0.1", port, RT_STREAM_LIMIT));
    if (sent == NULL) {
        RT_FAIL;
    }
    my->stream = rt_new_ref(sent);
    rt_stream_write(my->stream, "hi\n", 3);
    RT_AWAIT(rt_stream_read_exactly(my->stream, 3));
    if (sent == NULL) {
        RT_FAIL;
    }
    rt_stream_close(my->stream);
    RT_AWAIT(rt_stream_wait_closed(my->stream));
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_END;
}

static void
many_talk_at_once_and_the_server_waits_for_all(void **state)
{
    (void)state;
    static const struct rt_code CODE =
        RT_COROUTINE("talk", struct echo, 1, talk_body);
    serve(rt_address_of_number("127.0.0.1", 0));
    struct rt_object *all = rt_list_new();
    for (int i = 0; i < 100; i++) {
        struct rt_object *talk = rt_coroutine_new(&CODE);
        assert_number(rt_list_append(all, talk), 0);
        rt_decref(talk);
    }
    struct rt_object *future = rt_gather(loop, all, false);
    rt_decref(all);
    struct rt_object *results = rt_loop_run_until_complete(loop, future);
    assert_non_null(results);
    rt_decref(results);
    rt_decref(future);
    end_server();
    assert_text(heard, "");
}

static void
a_line_longer_than_the_servers_limit_ends_the_connection(void **state)
{
    (void)state;
    serve(rt_address_of_number("::1", 0));
    rt_server_set_limit(server, 4);
    struct rt_object *stream =
        connect_to(rt_connect_host("::1", port, RT_STREAM_LIMIT));
    rt_stream_write(stream, "longer\n", 7);
    struct rt_object *bytes =
        rt_loop_run_until_complete(loop, rt_stream_read(stream, -1));
    if (bytes != NULL) {
        assert_number(rt_bytes_size(bytes), 0);
        rt_decref(bytes);
        end_stream(stream);
    }
    else { // part of the line was not read when the server closed its end
        assert_number(rt_error_occurred(), RT_ERROR_CONNECTION_RESET);
        rt_error_clear();
        rt_decref(stream);
    }
    assert_contains(heard, "Unhandled exception in client_connected_cb: "
                           "Separator is "); // found or not yet, but too late
    end_server();
}

static void
an_error_of_one_task_ends_one_connection(void **state)
{
    (void)state;
    serve(rt_address_of_number("127.0.0.1", 0));
    struct rt_object *bad =
        connect_to(rt_connect_host("127.0.0.1", port, RT_STREAM_LIMIT));
    struct rt_object *good =
        connect_to(rt_connect_host("127.0.0.1", port, RT_STREAM_LIMIT));
    rt_stream_write(bad, "fail\n", 5);
    struct rt_object *bytes = complete(rt_stream_read(bad, -1));
    assert_number(rt_bytes_size(bytes), 0);
    rt_decref(bytes);
    assert_text(heard,
                "Unhandled exception in client_connected_cb: as you wish");
    expect_echo(good, "still there\n");
    end_stream(bad);
    end_stream(good);
    end_server();
}

// --- connecting ------------------------------------------------------------

/* The addresses of two lists, one behind the other. */
static struct rt_object *
both(struct rt_object *first, struct rt_object *second)
{
    struct rt_address addresses[2] = {*rt_address_at(first, 0),
                                      *rt_address_at(second, 0)};
    rt_decref(first);
    rt_decref(second);
    return rt_bytes_new(addresses, sizeof(addresses));
}

/* A port where nobody listens. */
static int
dead_port(void)
{
    struct rt_object *addresses = rt_address_of_number("127.0.0.1", 0);
    struct rt_object *other = rt_server_new(loop, addresses, 1, echo, NULL);
    int number = rt_server_port(other);
    rt_server_close(other);
    rt_decref(other);
    rt_decref(addresses);
    return number;
}

static void
nobody_there_is_a_refused_connection(void **state)
{
    (void)state;
    expect_error(rt_connect_host("127.0.0.1", dead_port(), RT_STREAM_LIMIT),
                 RT_ERROR_CONNECTION_REFUSED,
                 "[Errno 111] Connect call failed ('127.0.0.1', ");
    expect_error(rt_connect_path("/nonexistent/socket", RT_STREAM_LIMIT),
                 RT_ERROR_OS, "[Errno 2] No such file or directory");
}

static void
the_next_address_is_tried_when_one_refuses(void **state)
{
    (void)state;
    int dead = dead_port();
    serve(rt_address_of_number("127.0.0.1", 0));
    struct rt_object *addresses =
        both(rt_address_of_number("127.0.0.1", dead),
             rt_address_of_number("127.0.0.1", port));
    assert_number(rt_address_count(addresses), 2);
    struct rt_object *stream =
        connect_to(rt_connect(addresses, RT_STREAM_LIMIT));
    expect_echo(stream, "second\n");
    end_stream(stream);
    rt_decref(addresses);
    end_server();
}

static void
all_errors_are_named_when_they_differ(void **state)
{
    (void)state;
    int dead = dead_port();
    struct rt_object *addresses =
        both(rt_address_of_number("127.0.0.1", dead),
             rt_address_of_path("/nonexistent/socket"));
    char text[128];
    snprintf(text, sizeof(text),
             "Multiple exceptions: [Errno 111] Connect call failed "
             "('127.0.0.1', %d), [Errno 2] No such file or directory",
             dead);
    expect_error(rt_connect(addresses, RT_STREAM_LIMIT), RT_ERROR_OS, text);
    rt_decref(addresses);
    addresses = rt_bytes_new("", 0);
    expect_error(rt_connect(addresses, RT_STREAM_LIMIT), RT_ERROR_OS,
                 "getaddrinfo() returned empty list");
    rt_decref(addresses);
}

static void
what_is_no_address_is_refused(void **state)
{
    (void)state;
    char path[200];
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_null(rt_address_of_number("localhost", 1));
    assert_text(rt_error_text(), "'localhost' is not the number of a host");
    assert_null(rt_address_of_number("127.0.0.1", 65536));
    assert_text(rt_error_text(), "port must be 0-65535.");
    assert_null(rt_connect_path(path, RT_STREAM_LIMIT));
    assert_text(rt_error_text(), "AF_UNIX path is empty or too long");
    rt_error_clear();
    expect_error(rt_connect_host("127.0.0.1", -1, RT_STREAM_LIMIT),
                 RT_ERROR_VALUE, "port must be 0-65535.");
    char host[300];
    memset(host, 'x', sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    assert_null(rt_connect_host(host, 80, RT_STREAM_LIMIT));
    assert_text(rt_error_text(), "the name of a host is too long");
    rt_error_clear();
}

static void
a_cancelled_attempt_leaves_no_socket(void **state)
{
    (void)state;
    serve(rt_address_of_number("127.0.0.1", 0));
    struct rt_object *task =
        rt_task_new(loop, rt_connect_host("127.0.0.1", port, RT_STREAM_LIMIT));
    rt_loop_stop(loop);
    assert_number(rt_loop_run_forever(loop), 0);
    rt_future_cancel(task, NULL);
    assert_null(rt_loop_run_until_complete(loop, task));
    assert_number(rt_error_occurred(), RT_ERROR_CANCELLED);
    rt_error_clear();
    rt_decref(task);
    end_server();
}

// --- hard times ------------------------------------------------------------

/* A socket that is connected, without a loop; the system accepts it. */
static int
connect_plainly(void)
{
    struct rt_object *addresses = rt_address_of_number("127.0.0.1", port);
    const struct rt_address *address = rt_address_at(addresses, 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_number(
        connect(fd, (const struct sockaddr *)&address->name, address->size),
        0);
    rt_decref(addresses);
    return fd;
}

static void
set_most_descriptors(rlim_t most)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = most;
    assert_number(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void
without_descriptors_it_waits_and_tries_again(void **state)
{
    (void)state;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    serve(rt_address_of_number("127.0.0.1", 0));
    int fd = connect_plainly();
    set_most_descriptors((rlim_t)fd + 1); // this one was the last
    while (heard[0] == '\0') {
        rt_loop_stop(loop);
        assert_number(rt_loop_run_forever(loop), 0);
    }
    assert_contains(heard, "socket.accept() out of system resource: [Errno "
                           "24] Too many open files");
    assert_number(loop->timers.count, 1);
    heard[0] = '\0';
    rt_loop_stop(loop);
    assert_number(rt_loop_run_forever(loop), 0);
    assert_text(heard, ""); // it does not go round in circles
    set_most_descriptors(limit.rlim_cur);
    loop->timers.timers[0].when_s = rt_loop_time(loop); // a second later
    assert_number(write(fd, "hello\n", 6), 6);
    char text[8] = "";
    for (size_t got = 0; got < 6;) {
        ssize_t more = recv(fd, text + got, 6 - got, MSG_DONTWAIT);
        got += more > 0 ? (size_t)more : 0;
        rt_loop_stop(loop);
        assert_number(rt_loop_run_forever(loop), 0);
    }
    assert_text(text, "hello\n");
    close(fd);
    end_server();
}

static void
a_peer_that_resets_fails_its_connection_alone(void **state)
{
    (void)state;
    struct linger at_once = {.l_onoff = 1};
    serve(rt_address_of_number("127.0.0.1", 0));
    struct rt_object *stream =
        connect_to(rt_connect_host("127.0.0.1", port, RT_STREAM_LIMIT));
    int fd = connect_plainly();
    assert_number(write(fd, "half a line", 11), 11);
    expect_echo(stream, "one\n");
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd); // sends a reset
    while (heard[0] == '\0') {
        expect_echo(stream, "two\n");
    }
    assert_text(heard, "Unhandled exception in client_connected_cb: [Errno "
                       "104] Connection reset by peer");
    end_stream(stream);
    end_server();
}

static void
an_address_that_is_taken_is_an_error(void **state)
{
    (void)state;
    serve(rt_address_of_number("127.0.0.1", 0));
    struct rt_object *addresses = rt_address_of_number("127.0.0.1", port);
    assert_null(rt_server_new(loop, addresses, 1, echo, NULL));
    char text[128];
    snprintf(text, sizeof(text),
             "[Errno 98] error while attempting to bind on address "
             "('127.0.0.1', %d): address already in use",
             port);
    assert_text(rt_error_text(), text);
    rt_error_clear();
    rt_decref(addresses);
    end_server();
}

static void
a_loop_may_be_closed_with_open_connections(void **state)
{
    (void)state;
    serve(rt_address_of_number("127.0.0.1", 0));
    struct rt_object *stream =
        connect_to(rt_connect_host("127.0.0.1", port, RT_STREAM_LIMIT));
    expect_echo(stream, "one\n");
    rt_decref(stream);
    rt_clear(&server);
    rt_loop_close(loop);
    rt_gc_collect(2);
    assert_text(heard, "Task was destroyed but it is pending!");
}

/* Connects, talks, ends; with an error wherever memory runs out. */
static int
try_all(void)
{
    struct rt_object *coroutine =
        rt_connect_host("127.0.0.1", port, RT_STREAM_LIMIT);
    struct rt_object *stream = rt_loop_run_until_complete(loop, coroutine);
    if (stream == NULL) {
        return -1;
    }
    int result = rt_stream_write(stream, "x\n", 2);
    struct rt_object *line = NULL;
    if (result == 0) {
        line = rt_loop_run_until_complete(loop, rt_stream_read_line(stream));
    }
    if (line == NULL || rt_bytes_size(line) != 2) {
        result = -1; // or the server was the one who failed
    }
    rt_xdecref(line);
    rt_stream_abort(stream);
    rt_decref(stream);
    return result;
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    int result = -1;
    serve(rt_address_of_number("127.0.0.1", 0));
    for (size_t nth = 1; result != 0; nth++) {
        assert_true(nth < 500);
        rt_alloc_fail_nth(nth);
        result = try_all();
        rt_alloc_fail_nth(0);
        rt_error_clear();
    }
    end_server();
}

// --- all of them -----------------------------------------------------------

static void
hear(struct rt_loop *where, const struct rt_loop_trouble *trouble, void *data)
{
    (void)where;
    (void)data;
    snprintf(heard, sizeof(heard), "%s%s%s", trouble->message,
             trouble->exception != NULL ? ": " : "",
             trouble->exception != NULL ? rt_exception_text(trouble->exception)
                                        : "");
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
    server = NULL;
    rt_gc_disable();
    rt_coroutine_set_never_awaited_hook(ignore_never_awaited);
    rt_thread_attach();
    blocks_before = rt_alloc_live_blocks();
    loop = rt_loop_new();
    assert_non_null(loop);
    rt_loop_set_exception_handler(loop, hear, NULL);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_loop_close(loop);
    rt_gc_collect(2);
    rt_loop_free(loop);
    rt_thread_shutdown();
    rt_handle_clear_pool();
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    bunch_await(rt_alloc_live_blocks() == blocks_before);
    return 0;
}

#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        SERVER_TEST(lines_come_back_over_tcp),
        SERVER_TEST(lines_come_back_over_a_unix_socket),
        SERVER_TEST(a_socket_that_an_old_server_left_is_replaced),
        SERVER_TEST(a_file_at_the_path_of_a_socket_stays),
        SERVER_TEST(a_server_of_all_addresses_listens_to_its_own_kind),
        SERVER_TEST(a_name_is_asked_for_in_a_thread),
        SERVER_TEST(many_talk_at_once_and_the_server_waits_for_all),
        SERVER_TEST(a_line_longer_than_the_servers_limit_ends_the_connection),
        SERVER_TEST(an_error_of_one_task_ends_one_connection),
        SERVER_TEST(nobody_there_is_a_refused_connection),
        SERVER_TEST(the_next_address_is_tried_when_one_refuses),
        SERVER_TEST(all_errors_are_named_when_they_differ),
        SERVER_TEST(what_is_no_address_is_refused),
        SERVER_TEST(a_cancelled_attempt_leaves_no_socket),
        SERVER_TEST(without_descriptors_it_waits_and_tries_again),
        SERVER_TEST(a_peer_that_resets_fails_its_connection_alone),
        SERVER_TEST(an_address_that_is_taken_is_an_error),
        SERVER_TEST(a_loop_may_be_closed_with_open_connections),
        SERVER_TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
