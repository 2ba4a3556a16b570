/* Bool: true and false, of which there is one object each.
 *
 * After CPython 3.12: Objects/boolobject.c. Both are immortal. In CPython a
 * bool is an int as well, so that True == 1; here objects of two types are
 * never equal (see hash.h), and True and 1 are two keys. */
#ifndef LABS_RUNTIME_BOOLEAN_H
#define LABS_RUNTIME_BOOLEAN_H

#include <stdbool.h>

#include "labs/runtime/object.h"

/* A new reference to the object for this value (PyBool_FromLong). Never
 * fails. */
struct rt_object *rt_bool_new(bool value);

bool rt_bool_value(const struct rt_object *object); // only of bools
bool rt_bool_check(const struct rt_object *object); // whether it is one

#endif
