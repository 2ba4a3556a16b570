/* Memory machine: what a running script of the memory model is made of.
 *
 * A variable is a slot that owns a reference, or NULL. Whatever happens is
 * printed when it happens, behind the number of the line that is running. */
#ifndef LABS_SCRIPT_MEMORY_MACHINE_H
#define LABS_SCRIPT_MEMORY_MACHINE_H

#include <stddef.h>

#include "labs/runtime/object.h"
#include "labs/script/script.h"

/* Where a step runs: self is the object that an action is about, ours. */
struct frame {
    struct rt_object *self;
};

struct operation {
    const char *name;

    /* What the words must be, a letter each: v a variable, k a kind, c a kind
     * of chain, h a kind of nest, n a number, f a field, a an action, w any
     * word; "?" before what may be missing, "*" after what may repeat. */
    const char *words;
    bool observes;     // automatic collections wait
    bool is_automatic; // is about automatic collections

    /* 0, or -1 with a pending error. */
    int (*run)(struct frame *frame, char *const *words, int count);
};

/* All operations; each table ends with a row without a name. */
extern const struct operation memory_objects[], memory_weak[],
    memory_collector[], memory_copies[], memory_generators[];

/* --- for operations ------------------------------------------------------ */

const struct script *memory_script(void);

/* What a name stands for, borrowed, or NULL. */
struct rt_object *memory_value(struct frame *frame, const char *name);

/* Binds a name to a reference that is handed over. */
void memory_bind(struct frame *frame, const char *name,
                 struct rt_object *object);

/* The value of the next variable, borrowed, from the place on, which starts at
 * 0; false behind the last. */
bool memory_next_value(size_t *at, struct rt_object **found);

/* A new reference; NULL is fine. */
struct rt_object *memory_new_ref(struct rt_object *object);

/* The key of a dict that a word stands for; new. */
struct rt_object *memory_key(const char *text);

/* Prints a line of the trace. */
void memory_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the beginning of one; the caller ends it. */
void memory_begin(const char *what);

/* For an operation that does not fit what the variable holds: says so. 0. */
int memory_skip(void);

/* The label of an object, in text or for ever. */
const char *memory_label(struct rt_object *object, char *text, size_t room);

/* Gives a new object its label, if there is one. The object. */
struct rt_object *memory_name(struct rt_object *object, char kind);

/* What a new weak dict or set is made of has no labels. */
void memory_unname_parts(struct rt_object *object);

/* The object, unless there is none: then the program ends. */
struct rt_object *memory_made(struct rt_object *object);
void memory_die(const char *what) __attribute__((noreturn));

/* What is called when an object has died, and as its last call; immortal. */
extern struct rt_object memory_callback, memory_last_call;

/* Makes a container of the interpreter's own and drops it. */
void memory_waste_container(void);

/* Says that something happens to an object, and does what its action says; 0,
 * or -1 with the pending error that the action has ended with. */
int memory_act(const char *event, struct rt_object *object,
               struct rt_object *self);

/* Around a call to which an interpreter gives containers that are there until
 * its end, as many as that. Up to 3.11 a collection in the call finds them. */
void memory_begin_call(int containers);
void memory_end_call(int containers);

/* The three that an interpreter's own containers are in the way of: collects
 * and returns what was found, the count of the young, the threshold. */
long long memory_collect(int generation);
int memory_count(void);
void memory_set_threshold(int threshold);

/* Items of weak dicts (memory_weak.c). 0. */
int memory_put_weakly(struct rt_object *dict, const char *word,
                      struct rt_object *object);
int memory_unput_weakly(struct rt_object *dict, const char *word);

#endif
