/* Sweeper: a process that outlives its caller for a moment.
 *
 * A box without namespaces has a folder of the machine and processes that
 * nothing holds together. When who made it is killed (ctrl-C), somebody must
 * still clear them away. */
#ifndef GRADER_SWEEPER_H
#define GRADER_SWEEPER_H

#include <sys/types.h>

struct sweeper {
    pid_t process; // 0: there is none
    int pipe;      // its end tells that the caller has ended
};

/* Starts one for a folder. 0, or -1 with errno and without one. */
int sweeper_start(struct sweeper *sweeper, const char *folder);

/* Tells it of the group of processes that has to end, too. */
void sweeper_watch(const struct sweeper *sweeper, pid_t group);

/* The processes have ended. The folder goes, and the sweeper. */
void sweeper_end(struct sweeper *sweeper);

#endif
