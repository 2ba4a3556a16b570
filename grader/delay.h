/* Delay: how long a process was ready to run and no processor was free for
 * it. Time on the clock that is no delay is a process's own: it ran or slept.
 *
 * Read from the kernel's books on processes, which a box has as a descriptor
 * alone: the folder is nowhere in it. */
#ifndef GRADER_DELAY_H
#define GRADER_DELAY_H

#include <sys/types.h>

enum {
    DELAY_THREADS = 128 // of a process that are looked at
};

/* What was known of a process at the last look. */
struct delay {
    long begun_us, seen_us; // seen_us: up to when all delay is accounted for
    long looked_us;         // at the last look
    long total_us;
    struct delay_thread {
        pid_t id;
        long ran_us, waited_us; // in all
    } threads[DELAY_THREADS];
    int count;
};

/* Whether the books in this descriptor can be read. */
int delay_is_known(int books);

/* Begins with a process that starts now. */
void delay_start(struct delay *delay, long now_us);

/* Looks at the process again and adds up its delay, in microseconds, in
 * total_us. Of threads that wait at the same time one counts, so that
 * nobody makes delay by crowding its own processors. */
void delay_look(struct delay *delay, int books, pid_t process, long now_us);

#endif
