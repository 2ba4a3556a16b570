/* Threads: what the GIL costs, the groups t1 and t2 of rt-bench. */
#ifndef LABS_BENCH_THREADS_H
#define LABS_BENCH_THREADS_H

/* t1: throughput and lateness; t2: a thread that answers beside threads that
 * compute. Both print a line for each figure, by both rules. */
void bench_gil_throughput(void);
void bench_gil_latency(void);

#endif
