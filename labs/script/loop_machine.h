/* Loop machine: what a running script of the event loop is made of. */
#ifndef LABS_SCRIPT_LOOP_MACHINE_H
#define LABS_SCRIPT_LOOP_MACHINE_H

#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/script/loop_script.h"

struct rt_loop;
struct act;

/* A task of the script. */
struct actor {
    char label[64];                  // "worker", "worker#2"
    const char *name;                // of its definition
    const struct loop_node *program; // its definition
    struct rt_object *task;          // ours; NULL: it is not made yet
    const char *value;               // what `return` said
    struct act *group, *limit; // the innermost blocks of these that it is in
    struct act *caught;        // the innermost try that deals with an error
};

/* How an operation is run: at once, or by awaiting. */
struct loop_operation {
    const char *name;

    /* A letter for each word that follows: f a future, x a lock, semaphore or
     * condition, l a lock, s a semaphore, e an event, n a condition, b a
     * barrier, q a queue, t a task, k a future or task, v a variable, a an
     * action, r an error, d a number of seconds, o one or "none", i a whole
     * number, w any word, * any number of words, + any number of k and the
     * operation's own words. */
    const char *arguments;

    /* 0, or -1 with a pending error. */
    int (*run)(struct actor *me, const struct loop_node *node);

    /* Its coroutine. */
    const struct rt_code *code;
};

/* The frame of all coroutines of the machine. */
struct act {
    struct rt_coroutine frame;
    struct rt_object *first, *second; // whatever the body wants to keep
    struct act *outer;                // block of the same kind
    struct actor *me;
    const struct loop_node *node;
    const char *value; // of a return that a finally block has put off
    int count;
    bool flag;
};

/* By its name, or NULL (loop_operations.c). */
const struct loop_operation *loop_operation_find(const char *name);

/* --- for operations ------------------------------------------------------ */

struct rt_loop *machine_loop(void);

/* The memory, or the end of the program when there is none. */
void *machine_take(void *memory);

/* Prints a line of the trace; NULL as the actor: the loop. */
void machine_say(const struct actor *who, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The list of what the words from..to are called, but for one: futures and new
 * tasks. A new reference, or NULL with a pending error. */
struct rt_object *machine_targets(const struct loop_node *node, int from,
                                  int to, const char *but);

/* Whether the pending error is what `return` does. */
bool machine_is_returning(void);

/* What the script calls so, borrowed. */
struct rt_object *machine_thing(const char *name);
void machine_set_thing(const char *name, struct rt_object *stolen);

/* What it locks with, borrowed; NULL: it is a semaphore. */
struct rt_object *machine_lock(const char *name);

/* The callback that does what the action of this name says, borrowed, always
 * the same one. NULL with a pending error. */
struct rt_object *machine_action(const char *name);

/* Who a task is, borrowed. */
const struct actor *machine_actor(const struct rt_object *task);

/* The timer of this name, borrowed, or NULL; names of timers are their own. */
struct rt_object *machine_timer(const char *name);
void machine_set_timer(const char *name, struct rt_object *stolen);

/* The token of the last `cset` of this variable, borrowed, or NULL. */
struct rt_object *machine_token(const char *name);
void machine_set_token(const char *name, struct rt_object *stolen);

/* What a script gives names to while it runs. */
enum loop_named {
    LOOP_GROUP,
    LOOP_LIMIT,
    LOOP_RESULTS // of as_completed_of
};

/* What has this name now, borrowed; NULL: nothing, or another kind. */
struct rt_object *machine_named(enum loop_named kind, const char *name);
void machine_set_named(enum loop_named kind, const char *name,
                       struct rt_object *stolen);

/* Makes a task of this definition, in a task group if that is not NULL. The
 * task, borrowed, or NULL with a pending error. */
struct rt_object *machine_spawn(const char *name, struct rt_object *group);

/* The task made last from this definition, borrowed, or NULL. */
struct rt_object *machine_latest(const char *name);

/* A future by its name, or else a new task. A new reference, or NULL with a
 * pending error. */
struct rt_object *machine_target(const char *name);

/* A new callback that prints "loop: text". */
struct rt_object *machine_callback(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* A coroutine that runs a block, or one operation: a new reference. */
struct rt_object *machine_block(struct actor *me,
                                const struct loop_node *first);
struct rt_object *machine_act(const struct rt_code *code, struct actor *me,
                              const struct loop_node *node);

#endif
