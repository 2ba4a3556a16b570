/* Int: whole numbers that never change.
 *
 * After CPython 3.12: Objects/longobject.c, where a number has as many digits
 * as it needs. Here it has 64 bits, and what does not fit is an overflow
 * error, never a wrong number. The small ones exist only once, see
 * intern.h. */
#ifndef LABS_RUNTIME_INTEGER_H
#define LABS_RUNTIME_INTEGER_H

#include <stdbool.h>
#include <stdint.h>

#include "labs/runtime/object.h"

struct rt_int {
    struct rt_object base;
    int64_t value;
};

/* A new reference to an int of this value: always the same object from -5 to
 * 256, another one each time beyond (PyLong_FromLongLong). NULL with a pending
 * memory error. */
struct rt_object *rt_int_new(int64_t value);

/* Makes an int out of raw memory, with one reference. */
void rt_int_init(struct rt_int *number, int64_t value);

int64_t rt_int_value(const struct rt_object *number); // only of ints
bool rt_int_check(const struct rt_object *object);    // whether it is one

/* --- arithmetic (integer_math.c) ----------------------------------------- */

/* Each gives a new reference; or NULL with a pending error: a type error
 * unless all are ints, an overflow error when the result needs more than 64
 * bits, or no memory. */

/* a + b, a - b, a * b, -a. */
struct rt_object *rt_int_add(struct rt_object *a, struct rt_object *b);
struct rt_object *rt_int_subtract(struct rt_object *a, struct rt_object *b);
struct rt_object *rt_int_multiply(struct rt_object *a, struct rt_object *b);
struct rt_object *rt_int_negate(struct rt_object *a);

/* a // b and a % b: the quotient is rounded down, so the remainder has the
 * sign of b. A zero division error for a b of 0. */
struct rt_object *rt_int_floor_divide(struct rt_object *a,
                                      struct rt_object *b);
struct rt_object *rt_int_modulo(struct rt_object *a, struct rt_object *b);

/* Both at once, new references. 0, or -1 with a pending error (divmod). */
int rt_int_divmod(struct rt_object *a, struct rt_object *b,
                  struct rt_object **quotient, struct rt_object **remainder);

/* a & b, a | b, a ^ b, ~a. */
struct rt_object *rt_int_and(struct rt_object *a, struct rt_object *b);
struct rt_object *rt_int_or(struct rt_object *a, struct rt_object *b);
struct rt_object *rt_int_xor(struct rt_object *a, struct rt_object *b);
struct rt_object *rt_int_invert(struct rt_object *a);

/* a << b, a >> b. A value error for a b below 0. */
struct rt_object *rt_int_shift_left(struct rt_object *a, struct rt_object *b);
struct rt_object *rt_int_shift_right(struct rt_object *a, struct rt_object *b);

#endif
