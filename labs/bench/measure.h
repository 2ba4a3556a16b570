/* Measure: what the groups of rt-bench share. */
#ifndef LABS_BENCH_MEASURE_H
#define LABS_BENCH_MEASURE_H

#include <stdint.h>

#include "labs/runtime/object.h"

enum {
    ROUNDS = 3,
    MILLION = 1000 * 1000
};

/* Processor time of this thread, in nanoseconds. */
int64_t now_ns(void);

/* Prints the median of ROUNDS figures, each in nanoseconds per unit. */
void report(const char *name, const char *unit, double *rounds);

/* Without what a workload needs there is no result: ends the program if it is
 * NULL, else gives it back. */
struct rt_object *need(struct rt_object *object);

/* xorshift64*, so that every run does the same. */
uint64_t roll(uint64_t *state);

#endif
