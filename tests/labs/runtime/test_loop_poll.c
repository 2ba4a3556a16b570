#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_poll.h"
#include "labs/runtime/none.h"
#include "labs/testing.h"

static struct rt_loop *loop;
static int ends[2]; // of a socket pair; the loop watches the first
static char heard[64];
static int writable; // how often it was

static int
read_some(struct rt_object *argument)
{
    (void)argument;
    size_t length = strlen(heard);
    assert_true(length + 5 < sizeof(heard));
    ssize_t count = read(ends[0], heard + length, 3);
    assert_true(count >= 0);
    heard[length + (size_t)count] = '.';
    heard[length + (size_t)count + 1] = '\0';
    rt_loop_stop(loop);
    return 0;
}
static struct rt_static_function reader = RT_STATIC_FUNCTION(read_some);

static int
count_writable(struct rt_object *argument)
{
    (void)argument;
    writable++;
    rt_loop_stop(loop);
    return 0;
}
static struct rt_static_function writer = RT_STATIC_FUNCTION(count_writable);

static int
stop(struct rt_object *argument)
{
    (void)argument;
    rt_loop_stop(loop);
    return 0;
}
static struct rt_static_function stopper = RT_STATIC_FUNCTION(stop);

static void
say(const char *text)
{
    assert_number(write(ends[1], text, strlen(text)), strlen(text));
}

static void
run(void)
{
    assert_number(rt_loop_run_forever(loop), 0);
}

/* One turn that does not wait. */
static void
turn(void)
{
    rt_loop_stop(loop);
    run();
}

/* row: EL13 test_events.EventLoopTestsMixin.test_reader_callback */
static void
a_readable_descriptor_calls_its_reader_until_it_is_removed(void **state)
{
    (void)state;
    assert_number(rt_loop_add_reader(loop, ends[0], &reader.head, NULL), 0);
    turn();
    assert_text(heard, "");
    say("abcdef");
    run();
    assert_text(heard, "abc.");
    run(); // there is still something to read
    assert_text(heard, "abc.def.");
    assert_true(rt_loop_remove_reader(loop, ends[0]));
    say("x");
    turn();
    assert_text(heard, "abc.def.");
    assert_false(rt_loop_remove_reader(loop, ends[0]));
}

static void
a_writer_is_called_beside_the_reader(void **state)
{
    (void)state;
    assert_number(rt_loop_add_reader(loop, ends[0], &reader.head, NULL), 0);
    assert_number(rt_loop_add_writer(loop, ends[0], &writer.head, NULL), 0);
    say("abc");
    run();
    assert_text(heard, "abc.");
    assert_number(writable, 1);
    assert_true(rt_loop_remove_writer(loop, ends[0]));
    say("def");
    run();
    assert_text(heard, "abc.def.");
    assert_number(writable, 1);
}

static int
remove_reader(struct rt_object *argument)
{
    (void)argument;
    assert_true(rt_loop_remove_reader(loop, ends[0]));
    return 0;
}

static void
a_reader_that_is_removed_is_not_called_any_more(void **state)
{
    (void)state;
    static struct rt_static_function remover =
        RT_STATIC_FUNCTION(remove_reader);
    assert_number(rt_loop_add_reader(loop, ends[0], &reader.head, NULL), 0);
    say("abc");
    // It comes before the reader, in the same turn.
    assert_number(rt_loop_call_soon(loop, &remover.head, NULL), 0);
    turn();
    assert_text(heard, "");
}

static void
a_new_reader_takes_the_place_of_the_old_one(void **state)
{
    (void)state;
    assert_number(rt_loop_add_reader(loop, ends[0], &writer.head, NULL), 0);
    assert_number(rt_loop_add_reader(loop, ends[0], &reader.head, NULL), 0);
    say("abc");
    run();
    assert_text(heard, "abc.");
    assert_number(writable, 0);
}

static void
a_hang_up_calls_the_reader(void **state)
{
    (void)state;
    assert_number(rt_loop_add_reader(loop, ends[0], &reader.head, NULL), 0);
    close(ends[1]);
    run();
    assert_text(heard, ".");
    ends[1] = -1;
}

static void
a_descriptor_that_cannot_be_watched_is_refused(void **state)
{
    (void)state;
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_number(rt_loop_add_reader(loop, -1, &reader.head, NULL), -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    assert_text(rt_error_text(), "Invalid file descriptor: -1");
    assert_number(rt_loop_add_reader(loop, 999, &reader.head, NULL), -1);
    assert_number(rt_error_occurred(), RT_ERROR_OS);
    assert_number(rt_loop_add_reader(loop, file, &reader.head, NULL), -1);
    assert_number(rt_error_occurred(), RT_ERROR_OS);
    assert_contains(rt_error_text(), "Operation not permitted");
    rt_error_clear();
    assert_false(rt_loop_remove_reader(loop, 999));
    close(file);
}

static void *
call_from_outside(void *unused)
{
    (void)unused;
    assert_number(rt_loop_call_soon_threadsafe(loop, &stopper.head), 0);
    return NULL;
}

/* row: EL14 test_events.EventLoopTestsMixin.test_call_soon_threadsafe */
static void
a_call_from_another_thread_wakes_the_loop(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        pthread_t thread;
        assert_number(pthread_create(&thread, NULL, call_from_outside, NULL),
                      0);
        run(); // there is nothing else that could end it
        pthread_join(thread, NULL);
    }
}

static void
calls_from_other_threads_join_the_end_of_the_queue(void **state)
{
    (void)state;
    assert_number(rt_loop_call_soon_threadsafe(loop, &writer.head), 0);
    assert_number(rt_loop_call_soon_threadsafe(loop, &stopper.head), 0);
    run();
    assert_number(writable, 1);
}

// --- all of them -----------------------------------------------------------

static int
begin(void **state)
{
    (void)state;
    heard[0] = '\0';
    writable = 0;
    rt_gc_disable();
    loop = rt_loop_new();
    assert_non_null(loop);
    assert_number(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_loop_free(loop);
    close(ends[0]);
    if (ends[1] >= 0) {
        close(ends[1]);
    }
    rt_handle_clear_pool();
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_alloc_live_blocks(), 0);
    return 0;
}

#define POLL_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        POLL_TEST(a_readable_descriptor_calls_its_reader_until_it_is_removed),
        POLL_TEST(a_writer_is_called_beside_the_reader),
        POLL_TEST(a_reader_that_is_removed_is_not_called_any_more),
        POLL_TEST(a_new_reader_takes_the_place_of_the_old_one),
        POLL_TEST(a_hang_up_calls_the_reader),
        POLL_TEST(a_descriptor_that_cannot_be_watched_is_refused),
        POLL_TEST(a_call_from_another_thread_wakes_the_loop),
        POLL_TEST(calls_from_other_threads_join_the_end_of_the_queue),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
