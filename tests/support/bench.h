/* Bench: timings as medians, and as ratios to a floor of the same run.
 *
 * Rounds of what is compared alternate, so that a noisy neighbour hits all
 * alike; the ratio is formed inside a round, then the median is taken. */
#ifndef TESTS_SUPPORT_BENCH_H
#define TESTS_SUPPORT_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* One thing to time: run does it once and returns what it took in
 * nanoseconds (bench_now_ns() around the part that counts). */
struct bench_row {
    const char *name;
    int64_t (*run)(void *context);
    void *context;
};

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t bench_now_ns(void);

/* Runs every row once per round and prints, for each, the median, the range,
 * and the median ratio to the first row, which is the floor. */
void bench_compare(const char *title, const struct bench_row *rows,
                   size_t count, int rounds);

/* What starting a process takes from fork to its end: arguments are those of
 * execv, NULL-terminated; output goes to /dev/null. */
int64_t bench_process(const char *const *arguments);

/* The path of an empty C program, compiled now into folder with cc; new, or
 * NULL without a compiler. */
char *bench_empty_program(const char *folder);

#endif
