#include "labs/bench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int
by_size(const void *a, const void *b)
{
    double first = *(const double *)a;
    double second = *(const double *)b;
    return (first > second) - (first < second);
}

void
report(const char *name, const char *unit, double *rounds)
{
    qsort(rounds, ROUNDS, sizeof(*rounds), by_size);
    printf("%-28s ns/%-8s %9.2f\n", name, unit, rounds[ROUNDS / 2]);
    fflush(stdout);
}

struct rt_object *
need(struct rt_object *object)
{
    if (object == NULL) {
        fputs("rt-bench: out of memory\n", stderr);
        exit(70);
    }
    return object;
}

uint64_t
roll(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}
