/* Brood: processes of the runtime that run the same function, for tests.
 *
 * A child says by its exit code whether it is content: body returns 0, or -1
 * with a pending error, which goes to stderr. */
#ifndef TESTS_SUPPORT_BROOD_H
#define TESTS_SUPPORT_BROOD_H

struct rt_process;

enum {
    BROOD_MOST = 16
};

struct brood {
    struct rt_process *processes[BROOD_MOST];
    int count;
};

/* Starts count processes, each of which runs body(data). */
void brood_start(struct brood *brood, int count, int (*body)(void *data),
                 void *data);

/* Waits until all have ended, each of them with this exit code. */
void brood_finish(struct brood *brood, int code);

/* Kills the one with this index, and waits for its end. */
void brood_kill(struct brood *brood, int index);

/* What a child returns: 0 if it holds, else -1 with an error that says so. */
int brood_expect(int holds, const char *what);

/* How many descriptors this process has open. */
int brood_open_files(void);

#endif
