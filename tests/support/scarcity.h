/* Scarcity: memory that runs out at the first allocation, at the second, and
 * so on. */
#ifndef TESTS_SUPPORT_SCARCITY_H
#define TESTS_SUPPORT_SCARCITY_H

#include <stddef.h>

#include "labs/runtime/object.h"

/* Lets each allocation of make() fail in turn until there is none left to
 * fail. Each time it must return NULL with a pending memory error, which is
 * cleared, and leave no block behind that a full collection does not find.
 * Returns what it makes in the end, and in *failures how often it failed. */
struct rt_object *scarcity_make(struct rt_object *(*make)(void),
                                size_t *failures);

#endif
