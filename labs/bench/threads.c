#include "labs/bench/threads.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "labs/runtime/deadline.h"
#include "labs/runtime/gil_release.h"
#include "labs/runtime/safe_point.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"

enum {
    ROUNDS = 5,
    CHUNKS = 8 * 1000 * 1000, // of 64 additions, with a safe point between
    PAIRS = 2 * 1000 * 1000,
    TAKES = 60,
    ECHOES_MOST = 3000,
    CONVOY_ECHOES = 200 // each takes an interval or more
};

static const struct rule {
    enum rt_gil_rule rule;
    const char *name;
} RULES[] = {{RT_GIL_CPYTHON, "cpython"}, {RT_GIL_IO_FIRST, "io first"}};

static const int64_t INTERVALS_US[] = {5000, 500, 50};

static void
die(const char *problem)
{
    fprintf(stderr, "rt-bench: %s\n", problem);
    exit(70);
}

// --- figures ---------------------------------------------------------------

static int
by_size(const void *a, const void *b)
{
    double first = *(const double *)a;
    double second = *(const double *)b;
    return (first > second) - (first < second);
}

static double
percentile(double *values, int count, int percent)
{
    qsort(values, (size_t)count, sizeof(*values), by_size);
    return values[count * percent / 100];
}

static void
report(const char *name, const char *unit, double value)
{
    printf("%-28s %-11s %9.2f\n", name, unit, value);
    fflush(stdout);
}

// --- threads that compute --------------------------------------------------

static atomic_bool stop;

static void
compute_chunk(void)
{
    long x = 1;
    for (int i = 0; i < 64; i++) {
        x += x >> 3;
        __asm__ volatile("" : "+r"(x)); // each addition needs the one before
    }
}

static int
compute(void *data)
{
    for (int64_t left = *(int64_t *)data; left > 0; left--) {
        compute_chunk();
        rt_safe_point();
    }
    return 0;
}

static int
compute_until_stopped(void *data)
{
    (void)data;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        compute_chunk();
        rt_safe_point();
    }
    return 0;
}

static void
start(struct rt_thread **threads, int count, int (*body)(void *data),
      void *data)
{
    for (int i = 0; i < count; i++) {
        threads[i] = rt_thread_new(NULL, body, data);
        if (threads[i] == NULL || rt_thread_start(threads[i]) != 0) {
            die("cannot start a thread");
        }
    }
}

static void
finish(struct rt_thread **threads, int count)
{
    for (int i = 0; i < count; i++) {
        rt_thread_join(threads[i], RT_NO_TIMEOUT);
        rt_thread_free(threads[i]);
    }
}

// --- t1 --------------------------------------------------------------------

/* The same work by so many threads, in milliseconds. */
static double
compute_with(int count)
{
    struct rt_thread *threads[2];
    int64_t chunks = CHUNKS / count;
    int64_t begin = rt_monotonic_ns();
    start(threads, count, compute, &chunks);
    finish(threads, count);
    return (double)(rt_monotonic_ns() - begin) / 1e6;
}

static void
throughput(const char *rule, int64_t interval_us)
{
    double ratios[ROUNDS];
    char name[64];
    rt_set_switch_interval_us(interval_us);
    for (int round = 0; round < ROUNDS; round++) {
        double alone = compute_with(1);
        ratios[round] = compute_with(2) / alone;
    }
    snprintf(name, sizeof(name), "t1 %s 2/1 %g ms", rule,
             (double)interval_us / 1000);
    report(name, "x", percentile(ratios, ROUNDS, 50));
}

static void
uncontended(const char *rule)
{
    double rounds[ROUNDS];
    char name[64];
    for (int round = 0; round < ROUNDS; round++) {
        int64_t begin = rt_monotonic_ns();
        for (int i = 0; i < PAIRS; i++) {
            rt_gil_release_end(rt_gil_release_begin());
        }
        rounds[round] = (double)(rt_monotonic_ns() - begin) / PAIRS;
    }
    snprintf(name, sizeof(name), "t1 %s pair", rule);
    report(name, "ns/pair", percentile(rounds, ROUNDS, 50));
}

static void
contended(const char *rule, int64_t interval_us)
{
    double takes_us[TAKES];
    struct rt_thread *thread = NULL;
    char name[64];
    rt_set_switch_interval_us(interval_us);
    atomic_store(&stop, false);
    start(&thread, 1, compute_until_stopped, NULL);
    for (int i = 0; i < TAKES; i++) {
        bool held = rt_gil_release_begin();
        usleep(3000);
        int64_t begin = rt_monotonic_ns();
        rt_gil_release_end(held);
        takes_us[i] = (double)(rt_monotonic_ns() - begin) / 1e3;
    }
    atomic_store(&stop, true);
    finish(&thread, 1);
    for (int percent = 50; percent <= 90; percent += 40) {
        snprintf(name, sizeof(name), "t1 %s take %g ms p%d", rule,
                 (double)interval_us / 1000, percent);
        report(name, "us", percentile(takes_us, TAKES, percent));
    }
}

void
bench_gil_throughput(void)
{
    for (size_t i = 0; i < sizeof(RULES) / sizeof(*RULES); i++) {
        rt_gil_set_rule(RULES[i].rule);
        for (int k = 0; k < 3; k++) {
            throughput(RULES[i].name, INTERVALS_US[k]);
        }
        uncontended(RULES[i].name);
        contended(RULES[i].name, 5000);
        contended(RULES[i].name, 50);
    }
    rt_gil_set_rule(RT_GIL_CPYTHON);
    rt_set_switch_interval_us(RT_GIL_INTERVAL_US);
}

// --- t2 --------------------------------------------------------------------

/* The other process: sends a byte, waits for it to come back, rests, and says
 * in the end how long each took. */
static void
be_the_client(int line, int results, int count)
{
    static double echoes_us[ECHOES_MOST];
    char byte = 'x';
    for (int i = 0; i < count; i++) {
        int64_t begin = rt_monotonic_ns();
        if (write(line, &byte, 1) != 1 || read(line, &byte, 1) != 1) {
            _exit(1);
        }
        echoes_us[i] = (double)(rt_monotonic_ns() - begin) / 1e3;
        usleep(500);
    }
    size_t size = (size_t)count * sizeof(*echoes_us);
    _exit(write(results, echoes_us, size) == (ssize_t)size ? 0 : 1);
}

static void
answer(int line, int count)
{
    char byte = '-';
    for (int i = 0; i < count; i++) {
        if (rt_blocking_read(line, &byte, 1) != 1 ||
            rt_blocking_write(line, &byte, 1) != 1) {
            die("the echo broke off");
        }
    }
}

static void
read_all(int file, void *buffer, size_t size)
{
    char *at = buffer;
    while (size > 0) {
        ssize_t got = rt_blocking_read(file, at, size);
        if (got <= 0) {
            die("the client is gone");
        }
        at += got;
        size -= (size_t)got;
    }
}

static void
echo(const char *rule, int computing, int count)
{
    static double echoes_us[ECHOES_MOST];
    int line[2];
    int results[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, line) != 0 || pipe(results) != 0) {
        die("no socket");
    }
    // Before there are threads, so that the child has what it needs.
    pid_t client = fork();
    if (client == 0) {
        be_the_client(line[1], results[1], count);
    }
    struct rt_thread *threads[2];
    atomic_store(&stop, false);
    start(threads, computing, compute_until_stopped, NULL);
    answer(line[0], count);
    atomic_store(&stop, true);
    finish(threads, computing);
    read_all(results[0], echoes_us, (size_t)count * sizeof(*echoes_us));
    waitpid(client, NULL, 0);
    for (int i = 0; i < 2; i++) {
        close(line[i]);
        close(results[i]);
    }
    for (int percent = 50; percent <= 99; percent += 49) {
        char name[64];
        snprintf(name, sizeof(name), "t2 %s echo, %d cpu p%d", rule, computing,
                 percent);
        report(name, "us", percentile(echoes_us, count, percent));
    }
}

void
bench_gil_latency(void)
{
    rt_thread_detach();
    echo("no lock", 0, ECHOES_MOST);
    rt_thread_attach();
    for (size_t i = 0; i < sizeof(RULES) / sizeof(*RULES); i++) {
        bool convoy = RULES[i].rule == RT_GIL_CPYTHON;
        rt_gil_set_rule(RULES[i].rule);
        echo(RULES[i].name, 0, ECHOES_MOST);
        echo(RULES[i].name, 1, convoy ? CONVOY_ECHOES : ECHOES_MOST);
        echo(RULES[i].name, 2, convoy ? CONVOY_ECHOES : ECHOES_MOST);
    }
    rt_gil_set_rule(RT_GIL_CPYTHON);
}
