/* Loop state: what the loop's files share. People use loop.h. */
#ifndef LABS_RUNTIME_LOOP_STATE_H
#define LABS_RUNTIME_LOOP_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "labs/runtime/hashtable.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_debug.h"
#include "labs/runtime/loop_poll.h"
#include "labs/runtime/object.h"
#include "labs/runtime/timer_heap.h"

/* A ring of objects that are to be called, the oldest first. Places are
 * numbered without end; number n is at items[n & mask]. Empty when zeroed;
 * only loop_ready.c looks inside. */
struct rt_ready {
    struct rt_object **items; // our references
    size_t mask;              // there are mask + 1 places, a power of two
    size_t first, end;        // number of the oldest, and of the next to come
};

struct rt_executor;
struct rt_signals;
struct rt_thread_state;

struct rt_loop {
    struct rt_ready ready;
    struct rt_timer_heap timers;
    size_t cancelled_timers; // how many of the heap's are
    bool is_stopping, is_running, is_closed, is_eager;
    unsigned number; // its place in rt_loops
    int64_t turns;
    struct rt_object *current_task; // borrowed, while it runs
    rt_loop_handler *handler;       // of errors; NULL: the default one
    void *handler_data;

    bool is_virtual; // the clock is moved by waiting
    double now_s;    // of a virtual clock
    struct rt_poller poller;

    // What other threads ask for.
    pthread_mutex_t lock;
    struct rt_object **letters; // guarded by lock; our references
    size_t letter_count, letter_room;
    atomic_bool has_letters;

    // Of one file each: loop_signal.c, task_extra.c, loop_executor.c.
    struct rt_signals *signals;   // ours; NULL: it handles none
    struct rt_hashtable extras;   // what only few tasks have
    struct rt_executor *executor; // ours; NULL: it has none yet
    bool is_executor_shut;

    bool is_debug;                  // see loop_debug.h, as what follows
    struct rt_thread_state *thread; // that runs it, borrowed
    double slow_s;
    rt_loop_slow_handler *slow_handler; // NULL: the default one
    void *slow_data;
};

/* All loops, by their numbers, so that a future need not hold an address to
 * know its own. */
enum {
    RT_LOOP_MOST = 1 << 12
};
extern struct rt_loop *rt_loops[RT_LOOP_MOST];

/* loop.c: enters a new loop there. 0, or -1 with a pending runtime error when
 * there are too many. */
int rt_loop_take_number(struct rt_loop *loop);

/* loop_ready.c: one turn of the loop, see loop.h. A callback that fails is
 * reported, with what was in the queue as the source. 0, or -1 with the
 * pending error that ends the run; what has not been called by then stays in
 * the queue. */
int rt_loop_turn(struct rt_loop *loop);

/* The item becomes the newest. It is stolen, also on failure. 0, or -1 with a
 * pending memory error. */
int rt_ready_push(struct rt_ready *ready, struct rt_object *item);

/* Cancels the handles among the items, releases all, and leaves the queue as
 * it was at first. */
void rt_ready_clear(struct rt_ready *ready);

/* loop.c: waits for descriptors, at most timeout_s, for ever if it is
 * negative, and makes the callbacks of those that are ready the newest; then
 * those that other threads have asked for. 0, or -1 with a pending error. */
int rt_loop_wait(struct rt_loop *loop, double timeout_s);

/* Tells the handler of the pending error, and forgets it. 0; -1 if it is one
 * that ends the program, and then it stays pending. */
int rt_loop_report(struct rt_loop *loop, const char *message,
                   struct rt_object *source) __attribute__((cold));

#endif
