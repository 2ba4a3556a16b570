#include "tests/support/bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t
bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int
by_size(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* Sorts values and returns the middle one. */
static double
median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), by_size);
    return values[count / 2];
}

void
bench_compare(const char *title, const struct bench_row *rows, size_t count,
              int rounds)
{
    double *times = calloc(count * (size_t)rounds, sizeof(*times));
    double *ratios = calloc(count * (size_t)rounds, sizeof(*ratios));
    if (times == NULL || ratios == NULL) {
        abort();
    }
    for (int round = 0; round < rounds; round++) {
        double floor_ns = 0;
        for (size_t row = 0; row < count; row++) {
            double taken = (double)rows[row].run(rows[row].context);
            floor_ns = row == 0 ? taken : floor_ns;
            times[row * (size_t)rounds + (size_t)round] = taken;
            ratios[row * (size_t)rounds + (size_t)round] = taken / floor_ns;
        }
    }
    printf("%s (median of %d rounds)\n", title, rounds);
    for (size_t row = 0; row < count; row++) {
        double *mine = times + row * (size_t)rounds;
        double middle = median(mine, rounds);
        printf("  %-34s %9.3f ms  (%.3f..%.3f)  %6.2fx\n", rows[row].name,
               middle / 1e6, mine[0] / 1e6, mine[rounds - 1] / 1e6,
               median(ratios + row * (size_t)rounds, rounds));
    }
    free(times);
    free(ratios);
}

int64_t
bench_process(const char *const *arguments)
{
    int64_t start = bench_now_ns();
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        union {
            const char *const *given;
            char *const *wanted; // what exec was declared with before const
        } argv = {.given = arguments};
        execv(arguments[0], argv.wanted);
        _exit(127);
    }
    waitpid(child, NULL, 0);
    return bench_now_ns() - start;
}

char *
bench_empty_program(const char *folder)
{
    char *path = NULL;
    char *command = NULL;
    if (asprintf(&path, "%s/empty", folder) < 0 ||
        asprintf(&command,
                 "echo 'int main(void) { return 0; }' | cc -O2 -o '%s' -x c -",
                 path) < 0) {
        abort();
    }
    if (system(command) != 0) {
        free(path);
        path = NULL;
    }
    free(command);
    return path;
}
