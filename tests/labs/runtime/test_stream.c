#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/stream.h"
#include "labs/runtime/stream_state.h"
#include "labs/runtime/task.h"
#include "labs/testing.h"

enum {
    LIMIT = 8
};

static struct rt_loop *loop;
static struct rt_object *stream;
static int peer; // the other end, a socket without a loop

static void
make_pair(void)
{
    int ends[2];
    assert_number(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    peer = ends[1];
    stream = rt_stream_new(loop, ends[0], LIMIT);
    assert_non_null(stream);
}

static void
say(const char *text)
{
    assert_number(write(peer, text, strlen(text)), strlen(text));
}

static void
hang_up(void)
{
    close(peer);
    peer = -1;
}

static struct rt_object *
complete(struct rt_object *coroutine)
{
    assert_non_null(coroutine);
    return rt_loop_run_until_complete(loop, coroutine);
}

/* What a coroutine reads. */
static void
expect_bytes(struct rt_object *coroutine, const char *text)
{
    struct rt_object *bytes = complete(coroutine);
    if (bytes == NULL) {
        print_error("%s: %s\n", rt_error_name(rt_error_occurred()),
                    rt_error_text());
    }
    assert_non_null(bytes);
    assert_text((const char *)rt_bytes_data(bytes), text);
    assert_number(rt_bytes_size(bytes), strlen(text));
    rt_decref(bytes);
}

/* How a coroutine fails, and what the error carries. */
static struct rt_object *
expect_error(struct rt_object *coroutine, enum rt_error error,
             const char *text)
{
    assert_null(complete(coroutine));
    struct rt_object *exception = rt_exception_catch();
    assert_text(rt_error_name(rt_exception_error(exception)),
                rt_error_name(error));
    assert_text(rt_exception_text(exception), text);
    struct rt_object *carried = rt_exception_carried(exception);
    rt_xincref(carried);
    rt_decref(exception);
    return carried;
}

static void
expect_carried_bytes(struct rt_object *carried, const char *text)
{
    assert_text((const char *)rt_bytes_data(carried), text);
    rt_decref(carried);
}

static struct rt_object *
until(const char *separator)
{
    return rt_stream_read_until(stream, separator, strlen(separator));
}

static void
turns(int count)
{
    for (int i = 0; i < count; i++) {
        rt_loop_stop(loop);
        assert_number(rt_loop_run_forever(loop), 0);
    }
}

// --- reading ---------------------------------------------------------------

static void
a_read_gives_what_is_there_up_to_its_size(void **state)
{
    (void)state;
    say("abcdef");
    expect_bytes(rt_stream_read(stream, 4), "abcd");
    expect_bytes(rt_stream_read(stream, 4), "ef");
    expect_bytes(rt_stream_read(stream, 0), "");
    hang_up();
    expect_bytes(rt_stream_read(stream, 4), "");
    assert_true(rt_stream_at_end(stream));
}

static void
a_read_of_all_waits_for_the_end(void **state)
{
    (void)state;
    struct rt_object *task = rt_task_new(loop, rt_stream_read(stream, -1));
    say("more than twice the limit");
    turns(3);
    assert_false(rt_future_is_done(task));
    say(" and then some");
    hang_up();
    struct rt_object *bytes = rt_loop_run_until_complete(loop, task);
    assert_text((const char *)rt_bytes_data(bytes),
                "more than twice the limit and then some");
    rt_decref(bytes);
    rt_decref(task);
}

static void
exactly_so_many_bytes_or_an_error_with_what_came(void **state)
{
    (void)state;
    say("abcdef");
    expect_bytes(rt_stream_read_exactly(stream, 4), "abcd");
    hang_up();
    expect_carried_bytes(
        expect_error(rt_stream_read_exactly(stream, 4),
                     RT_ERROR_INCOMPLETE_READ,
                     "2 bytes read on a total of 4 expected bytes"),
        "ef");
    expect_bytes(rt_stream_read(stream, -1), "");
}

/* More than the limit comes in parts, with the socket left alone between. */
static void
exactly_more_than_the_limit_is_read(void **state)
{
    (void)state;
    say("0123456789012345678901234567890123456789");
    expect_bytes(rt_stream_read_exactly(stream, 40),
                 "0123456789012345678901234567890123456789");
}

static void
a_separator_may_come_in_parts(void **state)
{
    (void)state;
    struct rt_object *task = rt_task_new(loop, until("--"));
    say("ab-");
    turns(3);
    say("-cd");
    struct rt_object *bytes = rt_loop_run_until_complete(loop, task);
    assert_text((const char *)rt_bytes_data(bytes), "ab--");
    rt_decref(bytes);
    rt_decref(task);
    hang_up();
    expect_carried_bytes(
        expect_error(until("--"), RT_ERROR_INCOMPLETE_READ,
                     "2 bytes read on a total of undefined expected bytes"),
        "cd");
}

static void
too_much_before_a_separator_is_an_error_and_stays_there(void **state)
{
    (void)state;
    say("0123456789+");
    struct rt_object *consumed =
        expect_error(until("+"), RT_ERROR_LIMIT_OVERRUN,
                     "Separator is found, but chunk is longer than limit");
    assert_number(rt_int_value(consumed), 10);
    rt_decref(consumed);
    consumed =
        expect_error(until("!!"), RT_ERROR_LIMIT_OVERRUN,
                     "Separator is not found, and chunk exceed the limit");
    assert_number(rt_int_value(consumed), 10);
    rt_decref(consumed);
    expect_bytes(rt_stream_read(stream, 100), "0123456789+");
}

static void
a_chunk_of_exactly_the_limit_is_fine(void **state)
{
    (void)state;
    say("01234567+");
    expect_bytes(until("+"), "01234567+");
}

static void
a_line_that_is_too_long_is_thrown_away(void **state)
{
    (void)state;
    say("short\n0123456789\nnext\nrest");
    expect_bytes(rt_stream_read_line(stream), "short\n");
    assert_null(
        expect_error(rt_stream_read_line(stream), RT_ERROR_VALUE,
                     "Separator is found, but chunk is longer than limit"));
    expect_bytes(rt_stream_read_line(stream), "next\n");
    hang_up();
    expect_bytes(rt_stream_read_line(stream), "rest");
    expect_bytes(rt_stream_read_line(stream), "");
}

static void
only_one_may_wait(void **state)
{
    (void)state;
    struct rt_object *task = rt_task_new(loop, rt_stream_read(stream, 1));
    turns(1);
    assert_null(expect_error(rt_stream_read_line(stream), RT_ERROR_RUNTIME,
                             "readuntil() called while another coroutine is "
                             "already waiting for incoming data"));
    assert_true(rt_future_cancel(task, NULL));
    assert_null(rt_loop_run_until_complete(loop, task));
    rt_error_clear();
    rt_decref(task);
    say("x");
    expect_bytes(rt_stream_read(stream, 1), "x");
}

static void
a_socket_that_sends_too_much_is_left_alone(void **state)
{
    (void)state;
    say("0123456789abcdef"); // twice the limit
    turns(1);
    say("x");
    turns(1);
    say("y"); // one too many: it stays in the socket
    turns(2);
    assert_number(((struct rt_stream *)stream)->received.size, 17);
    expect_bytes(rt_stream_read(stream, 9), "012345678");
    turns(1);
    assert_number(((struct rt_stream *)stream)->received.size, 9);
    expect_bytes(rt_stream_read(stream, 99), "9abcdefxy");
}

static void
a_queue_that_was_large_gives_its_memory_back(void **state)
{
    (void)state;
    static char large[100 * 1000];
    struct rt_byte_queue queue = {0};
    assert_number(rt_byte_queue_put(&queue, large, sizeof(large)), 0);
    rt_byte_queue_drop(&queue, sizeof(large));
    assert_number(queue.room, 0);
    assert_number(rt_byte_queue_put(&queue, large, 100), 0);
    rt_byte_queue_drop(&queue, 100);
    assert_true(queue.room > 0); // a little one is kept
    rt_byte_queue_clear(&queue);
}

// --- writing ---------------------------------------------------------------

static char block[64 * 1024];

/* Writes until the socket takes no more. */
static size_t
fill(void)
{
    size_t written = 0;
    while (rt_stream_unsent(stream) == 0) {
        assert_number(rt_stream_write(stream, block, sizeof(block)), 0);
        written += sizeof(block);
    }
    return written;
}

static size_t
swallow(size_t most)
{
    static char rest[64 * 1024];
    size_t total = 0;
    ssize_t count = 1;
    while (count > 0 && total < most) {
        count = read(peer, rest, sizeof(rest));
        total += count > 0 ? (size_t)count : 0;
    }
    return total;
}

static void
what_is_written_arrives(void **state)
{
    (void)state;
    char text[8] = "";
    assert_number(rt_stream_write(stream, "hello", 5), 0);
    assert_number(rt_stream_unsent(stream), 0);
    assert_number(read(peer, text, sizeof(text)), 5);
    assert_text(text, "hello");
    assert_ptr_equal(complete(rt_stream_drain(stream)), rt_none);
}

static void
a_drain_waits_until_little_is_left(void **state)
{
    (void)state;
    rt_stream_set_limits(stream, 1000, 100);
    size_t written = fill();
    written += sizeof(block);
    assert_number(rt_stream_write(stream, block, sizeof(block)), 0);
    assert_true(rt_stream_unsent(stream) > 1000);
    struct rt_object *first = rt_task_new(loop, rt_stream_drain(stream));
    struct rt_object *second = rt_task_new(loop, rt_stream_drain(stream));
    turns(3);
    assert_false(rt_future_is_done(first));
    size_t got = 0;
    while (!rt_future_is_done(first)) {
        got += swallow(SIZE_MAX);
        turns(1);
    }
    assert_true(rt_stream_unsent(stream) <= 100);
    assert_ptr_equal(rt_loop_run_until_complete(loop, second), rt_none);
    while (got < written) {
        got += swallow(SIZE_MAX);
        turns(1);
    }
    assert_number(got, written);
    assert_number(rt_stream_unsent(stream), 0);
    rt_decref(first);
    rt_decref(second);
}

static void
one_direction_can_end_before_the_other(void **state)
{
    (void)state;
    char text[8] = "";
    assert_number(rt_stream_write(stream, "bye", 3), 0);
    assert_number(rt_stream_write_end(stream), 0);
    assert_number(rt_stream_write_end(stream), 0);
    assert_number(rt_stream_write(stream, "x", 1), -1);
    assert_text(rt_error_text(), "Cannot call write() after write_eof()");
    rt_error_clear();
    assert_number(read(peer, text, sizeof(text)), 3);
    assert_number(read(peer, text, sizeof(text)), 0);
    say("still here");
    expect_bytes(rt_stream_read(stream, 99), "still here");
}

static void
the_end_comes_after_what_was_written(void **state)
{
    (void)state;
    size_t written = fill();
    assert_number(rt_stream_write_end(stream), 0);
    size_t got = 0;
    while (got < written) {
        got += swallow(SIZE_MAX);
        turns(1);
    }
    char text[8];
    assert_number(got, written);
    assert_number(read(peer, text, sizeof(text)), 0);
}

// --- the end ---------------------------------------------------------------

static void
a_close_sends_what_is_left_first(void **state)
{
    (void)state;
    size_t written = fill();
    rt_stream_close(stream);
    rt_stream_close(stream);
    assert_true(rt_stream_is_closing(stream));
    struct rt_object *closed =
        rt_task_new(loop, rt_stream_wait_closed(stream));
    turns(2);
    assert_false(rt_future_is_done(closed));
    size_t got = 0;
    while (!rt_future_is_done(closed)) {
        got += swallow(SIZE_MAX);
        turns(1);
    }
    got += swallow(SIZE_MAX);
    assert_number(got, written);
    assert_ptr_equal(complete(rt_stream_wait_closed(stream)), rt_none);
    assert_null(expect_error(rt_stream_drain(stream),
                             RT_ERROR_CONNECTION_RESET, "Connection lost"));
    assert_number(rt_stream_write(stream, "x", 1), 0); // nobody hears it
    rt_decref(closed);
}

static void
an_abort_throws_away_what_is_left(void **state)
{
    (void)state;
    rt_stream_set_limits(stream, 1000, 100);
    size_t written = fill();
    struct rt_object *drain = rt_task_new(loop, rt_stream_drain(stream));
    turns(1);
    rt_stream_abort(stream);
    rt_stream_abort(stream);
    assert_number(rt_stream_unsent(stream), 0);
    assert_ptr_equal(complete(rt_stream_wait_closed(stream)), rt_none);
    assert_ptr_equal(rt_loop_run_until_complete(loop, drain), rt_none);
    assert_true(swallow(SIZE_MAX) < written);
    rt_decref(drain);
}

static void
a_reader_that_waits_sees_the_end_of_a_close(void **state)
{
    (void)state;
    struct rt_object *task = rt_task_new(loop, rt_stream_read(stream, 5));
    turns(1);
    rt_stream_close(stream);
    struct rt_object *bytes = rt_loop_run_until_complete(loop, task);
    assert_number(rt_bytes_size(bytes), 0);
    rt_decref(bytes);
    rt_decref(task);
}

static void
writing_to_one_who_is_gone_fails_the_connection(void **state)
{
    (void)state;
    struct rt_object *task = rt_task_new(loop, rt_stream_read(stream, 5));
    hang_up();
    assert_number(rt_stream_write(stream, "x", 1), 0);
    assert_null(expect_error(rt_stream_wait_closed(stream),
                             RT_ERROR_BROKEN_PIPE, "[Errno 32] Broken pipe"));
    assert_null(expect_error(rt_stream_drain(stream), RT_ERROR_BROKEN_PIPE,
                             "[Errno 32] Broken pipe"));
    assert_null(expect_error(rt_stream_read_line(stream), RT_ERROR_BROKEN_PIPE,
                             "[Errno 32] Broken pipe"));
    assert_null(rt_loop_run_until_complete(loop, task));
    assert_number(rt_error_occurred(), RT_ERROR_BROKEN_PIPE);
    rt_error_clear();
    assert_false(rt_stream_at_end(stream)); // nobody has seen an end
    rt_decref(task);
}

/* As in asyncio, where one future is for all. */
static void
who_is_cancelled_takes_the_others_along(void **state)
{
    (void)state;
    struct rt_object *first = rt_task_new(loop, rt_stream_wait_closed(stream));
    struct rt_object *other = rt_task_new(loop, rt_stream_wait_closed(stream));
    turns(1);
    rt_future_cancel(first, NULL);
    assert_null(rt_loop_run_until_complete(loop, other));
    assert_number(rt_error_occurred(), RT_ERROR_CANCELLED);
    rt_error_clear();
    rt_decref(first);
    rt_decref(other);
}

static void
a_drain_hears_of_a_failure(void **state)
{
    (void)state;
    rt_stream_set_limits(stream, 1000, 100);
    fill();
    struct rt_object *drain = rt_task_new(loop, rt_stream_drain(stream));
    turns(1);
    hang_up();
    assert_null(rt_loop_run_until_complete(loop, drain));
    assert_true(rt_error_occurred() == RT_ERROR_BROKEN_PIPE ||
                rt_error_occurred() == RT_ERROR_CONNECTION_RESET);
    rt_error_clear();
    rt_decref(drain);
}

// --- without memory --------------------------------------------------------

/* A conversation; 0, or -1 with a pending error. */
static int
converse(void)
{
    static struct rt_object *(*const READS[])(struct rt_object *) = {
        rt_stream_read_line, rt_stream_wait_closed};
    struct rt_object *bytes =
        rt_loop_run_until_complete(loop, READS[0](stream));
    if (bytes == NULL) {
        return -1;
    }
    rt_decref(bytes);
    struct rt_object *none =
        rt_loop_run_until_complete(loop, rt_stream_drain(stream));
    if (none == NULL || rt_stream_write(stream, block, 100) != 0) {
        return -1;
    }
    bytes =
        rt_loop_run_until_complete(loop, rt_stream_read_exactly(stream, 2));
    if (bytes == NULL) {
        return -1;
    }
    rt_decref(bytes);
    bytes = rt_loop_run_until_complete(loop, rt_stream_read(stream, -1));
    if (bytes == NULL) {
        return -1;
    }
    rt_decref(bytes);
    rt_stream_close(stream);
    return rt_loop_run_until_complete(loop, READS[1](stream)) != NULL ? 0 : -1;
}

static void
ignore(struct rt_loop *where, const struct rt_loop_trouble *trouble,
       void *data)
{
    (void)where;
    (void)trouble;
    (void)data;
}

static void
ignore_never_awaited(const struct rt_code *code)
{
    (void)code;
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    int result = -1;
    size_t nth = 0;
    rt_loop_set_exception_handler(loop, ignore, NULL);
    while (result != 0) {
        rt_clear(&stream);
        if (peer >= 0) {
            hang_up();
        }
        make_pair();
        say("line\nabrest");
        shutdown(peer, SHUT_WR);
        rt_alloc_fail_nth(++nth);
        result = converse();
        rt_alloc_fail_nth(0);
        if (result != 0) {
            assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
            rt_error_clear();
        }
        rt_stream_abort(stream);
        turns(3);
    }
    assert_true(nth > 15);
}

// --- all of them -----------------------------------------------------------

static int
begin(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_coroutine_set_never_awaited_hook(ignore_never_awaited);
    loop = rt_loop_new();
    assert_non_null(loop);
    make_pair();
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_clear(&stream);
    rt_loop_free(loop);
    if (peer >= 0) {
        hang_up();
    }
    rt_gc_collect(2);
    rt_handle_clear_pool();
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_alloc_live_blocks(), 0);
    return 0;
}

#define STREAM_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        STREAM_TEST(a_read_gives_what_is_there_up_to_its_size),
        STREAM_TEST(a_read_of_all_waits_for_the_end),
        STREAM_TEST(exactly_so_many_bytes_or_an_error_with_what_came),
        STREAM_TEST(exactly_more_than_the_limit_is_read),
        STREAM_TEST(a_separator_may_come_in_parts),
        STREAM_TEST(too_much_before_a_separator_is_an_error_and_stays_there),
        STREAM_TEST(a_chunk_of_exactly_the_limit_is_fine),
        STREAM_TEST(a_line_that_is_too_long_is_thrown_away),
        STREAM_TEST(only_one_may_wait),
        STREAM_TEST(a_socket_that_sends_too_much_is_left_alone),
        STREAM_TEST(a_queue_that_was_large_gives_its_memory_back),
        STREAM_TEST(what_is_written_arrives),
        STREAM_TEST(a_drain_waits_until_little_is_left),
        STREAM_TEST(one_direction_can_end_before_the_other),
        STREAM_TEST(the_end_comes_after_what_was_written),
        STREAM_TEST(a_close_sends_what_is_left_first),
        STREAM_TEST(an_abort_throws_away_what_is_left),
        STREAM_TEST(a_reader_that_waits_sees_the_end_of_a_close),
        STREAM_TEST(writing_to_one_who_is_gone_fails_the_connection),
        STREAM_TEST(who_is_cancelled_takes_the_others_along),
        STREAM_TEST(a_drain_hears_of_a_failure),
        STREAM_TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
