/* Loop: what the event loop costs, the groups e1 to e5 and e7 of rt-bench. */
#ifndef LABS_BENCH_LOOP_H
#define LABS_BENCH_LOOP_H

void bench_callbacks(void); // e1
void bench_switches(void);  // e2
void bench_timers(void);    // e3
void bench_futures(void);   // e4
void bench_queues(void);    // e5
void bench_gather(void);    // e7

#endif
