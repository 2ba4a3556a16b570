/* Process: a function that runs in a process of its own.
 *
 * After CPython 3.12: Lib/multiprocessing/process.py and popen_fork.py, start
 * method fork. The child begins as a copy of the parent, objects included, and
 * shares none of them; what comes back is its exit code, or what it sends
 * (connection.h). It never returns into the parent's code.
 *
 * For the thread that holds the GIL. */
#ifndef LABS_RUNTIME_PROCESS_H
#define LABS_RUNTIME_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "labs/runtime/deadline.h"

struct rt_process;

/* A new process that will run body(argument). name is copied, cut to 63 bytes;
 * NULL: "Process-1" and so on. NULL with a pending memory error. Give it back
 * with rt_process_free(), at any time: it goes on running, and is still waited
 * for when it is over. */
struct rt_process *rt_process_new(const char *name,
                                  int (*body)(void *argument), void *argument);
void rt_process_free(struct rt_process *process); // NULL is fine

/* Forks. In the child: no other threads, no exit functions of the parent's;
 * body returns 0, or -1 with a pending error, which is printed to stderr. Exit
 * code: 0; 1 after an error; of a SystemExit error the number that is its text
 * (none: 0; no number: 1). Before it is over it waits for its own threads and
 * runs the exit functions that it has registered. 0, or -1 with a pending
 * error: a second time; a daemon must not have children; the system cannot. */
int rt_process_start(struct rt_process *process);

/* Waits until it is over, or until the time is. Which of them,
 * rt_process_is_alive() says. 0, or -1 with a pending error: it has not been
 * started, or not by this process. */
int rt_process_join(struct rt_process *process, int64_t timeout_us);

bool rt_process_is_alive(struct rt_process *process);

/* Its exit code, below 0: less the number of the signal that ended it. Returns
 * whether it is over. */
bool rt_process_exit_code(struct rt_process *process, int *code);

/* Ends it with SIGTERM, or SIGKILL; of one that is over nothing happens. 0, or
 * -1 with a pending error. */
int rt_process_terminate(struct rt_process *process);
int rt_process_kill(struct rt_process *process);

/* The number by which the system knows it, 0 before it is started; and a
 * descriptor that becomes readable when it is over, ours, or -1. */
pid_t rt_process_pid(const struct rt_process *process);
int rt_process_sentinel(const struct rt_process *process);

const char *rt_process_name(const struct rt_process *process);

/* A daemon is ended when its parent ends; others are waited for. 0, or -1 with
 * a pending error once it has been started. */
bool rt_process_is_daemon(const struct rt_process *process);
int rt_process_set_daemon(struct rt_process *process, bool daemon);

/* The process that this one was started as; NULL: by no rt_process_start(). */
struct rt_process *rt_process_current(void);

/* How many children are alive (active_children). */
int rt_process_active_count(void);

/* The end of a program that has children: ends the daemons, waits for all. An
 * exit function (see shutdown.h) from the first start on
 * (multiprocessing.util._exit_function). */
int rt_process_shutdown(void *unused);

#endif
