/* Stress: for cases that count what the collector does by itself. A build that
 * collects all the time (make stress) has nothing to say about them. */
#ifndef TESTS_SUPPORT_STRESS_H
#define TESTS_SUPPORT_STRESS_H

#include "labs/runtime/gc.h"
#include "labs/testing.h"

static inline void
skip_when_stressed(void)
{
    if (RT_GC_IS_STRESSED) {
        skip();
    }
}

#endif
