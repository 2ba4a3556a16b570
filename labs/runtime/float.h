/* Float: numbers with a fraction, as C's double.
 *
 * After CPython 3.12: Objects/floatobject.c, with its free list. Equal floats
 * are equal objects, 0.0 and -0.0 too, and a NaN is equal to nothing but, as
 * every object, itself. A float that is whole has the hash of that int; but in
 * this runtime objects of two types are never equal. */
#ifndef LABS_RUNTIME_FLOAT_H
#define LABS_RUNTIME_FLOAT_H

#include <stdbool.h>
#include <stddef.h>

struct rt_object;

enum {
    RT_FLOAT_FREE = 100,     // dead floats whose memory is kept
    RT_FLOAT_REPR_BYTES = 64 // enough for any float
};

/* A new float, in the memory of a dead one if there is any
 * (PyFloat_FromDouble). NULL with a pending memory error. */
struct rt_object *rt_float_new(double value);
bool rt_float_check(const struct rt_object *object); // whether it is one
double rt_float_value(const struct rt_object *number);

/* Writes the shortest decimal number that is this float again when it is read,
 * as Python's repr() does: "0.1", "1e+16", "-0.0", "nan". */
void rt_float_repr(const struct rt_object *number,
                   char text[RT_FLOAT_REPR_BYTES]);

/* Gives the memory that is kept to rt_free() (_PyFloat_ClearFreeList). */
void rt_float_clear_free_list(void);

#endif
