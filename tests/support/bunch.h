/* Bunch: threads of the runtime that run the same function, for tests.
 *
 * Tests with threads must not hang and must not depend on who is faster. So
 * they wait for what must come (bunch_await()), which fails after a minute,
 * and look afterwards at what must hold by then. Asserting is the main
 * thread's: the others write down what they see. */
#ifndef TESTS_SUPPORT_BUNCH_H
#define TESTS_SUPPORT_BUNCH_H

#include <stdatomic.h>
#include <stdbool.h>

struct rt_thread;

enum {
    BUNCH_MOST = 16
};

struct bunch {
    struct rt_thread *threads[BUNCH_MOST];
    int count;
};

/* Starts count threads, each of which runs body(data). */
void bunch_start(struct bunch *bunch, int count, int (*body)(void *data),
                 void *data);

/* Waits until all have ended, and gives them back. */
void bunch_finish(struct bunch *bunch);

/* Lets the others run until the condition holds. */
#define bunch_await(condition)                                                \
    for (int bunch_turn = 0; !(condition); bunch_turn++) {                    \
        bunch_pause(bunch_turn, #condition, __FILE__, __LINE__);              \
    }
void bunch_pause(int turn, const char *condition, const char *file, int line);

#endif
