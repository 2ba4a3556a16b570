/* Labels: what a script's objects are called in its trace.
 *
 * An object gets its label when it is made: a letter for its kind and a
 * running number. The label is found by the object's address, and goes when
 * the address is taken by another object that gets one. */
#ifndef LABS_SCRIPT_LABELS_H
#define LABS_SCRIPT_LABELS_H

#include <stdbool.h>

struct action;
struct rt_object;

struct label {
    const struct rt_object *object; // borrowed; maybe dead
    char kind;                      // o f l d t i w z v s g
    int number;
    const struct action *action; // what its finalizer or callback does
};

/* Gives the object the next label of a kind. */
struct label *labels_give(const struct rt_object *object, char kind);

/* Its label, borrowed until the next is given; NULL if it has none. */
struct label *labels_find(const struct rt_object *object);

/* For an object without a label, at an address that may have had one. */
void labels_forget(const struct rt_object *object);

void labels_release(void);

#endif
