/* How long a process was kept from running. The books are this machine's own
 * /proc; the processes are bound to one processor, so that they are in each
 * other's way. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "grader/delay.h"
#include "labs/testing.h"

static int books;

static int
open_books(void **state)
{
    (void)state;
    books = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return books < 0;
}

static int
close_books(void **state)
{
    (void)state;
    return close(books);
}

static long
now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A process that is busy, or asleep, on the first processor. */
static pid_t
start(bool busy)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(0, &one);
        sched_setaffinity(0, sizeof(one), &one);
        for (;;) {
            if (!busy) {
                pause();
            }
        }
    }
    return child;
}

static void
end(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* The delay of a process in so many milliseconds, as a watcher sees it. */
static long
watch(pid_t process, long ms)
{
    const struct timespec tick = {.tv_nsec = 10000000};
    struct delay delay;
    delay_start(&delay, now_us());
    while (now_us() - delay.begun_us < ms * 1000) {
        nanosleep(&tick, NULL);
        delay_look(&delay, books, process, now_us());
    }
    return delay.total_us;
}

static void
who_sleeps_is_not_delayed(void **state)
{
    (void)state;
    if (!delay_is_known(books)) {
        skip();
    }
    pid_t sleeper = start(false);
    pid_t rival = start(true);
    watch(sleeper, 50); // until it sleeps
    assert_true(watch(sleeper, 100) < 50000);
    end(sleeper);
    end(rival);
}

static void
who_shares_a_processor_is_delayed(void **state)
{
    (void)state;
    if (!delay_is_known(books)) {
        skip();
    }
    pid_t busy = start(true);
    pid_t rivals[3];
    for (int i = 0; i < 3; i++) {
        rivals[i] = start(true);
    }
    watch(busy, 50);
    long delay = watch(busy, 300);
    assert_true(delay > 100000);
    assert_true(delay <= 400000);
    for (int i = 0; i < 3; i++) {
        end(rivals[i]);
    }
    end(busy);
}

static void
who_is_gone_is_no_trouble(void **state)
{
    (void)state;
    struct delay delay;
    pid_t gone = start(false);
    end(gone);
    delay_start(&delay, now_us());
    delay_look(&delay, books, gone, now_us());
    assert_number(delay.total_us, 0);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(who_sleeps_is_not_delayed),
        cmocka_unit_test(who_shares_a_processor_is_delayed),
        cmocka_unit_test(who_is_gone_is_no_trouble),
    };
    return cmocka_run_group_tests(cases, open_books, close_books);
}
