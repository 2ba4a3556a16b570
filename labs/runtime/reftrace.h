/* Reftrace: which objects live that should be dead, and where they were made.
 *
 * After CPython: Py_TRACE_REFS with sys.getobjects() in Objects/object.c, and
 * Lib/test/libregrtest/refleak.py, but switched on while the program runs.
 * Started, it puts itself between rt_alloc() and the allocator at work (see
 * rt_alloc_set()), remembers every object that is made from now on, with the
 * place in the program (see trace.h), and forgets it when its memory is freed:
 *
 *     rt_reftrace_start();
 *     ... what must leave nothing behind ...
 *     rt_gc_collect(2);
 *     assert(rt_reftrace_report(stderr) == 0);
 *     rt_reftrace_stop();
 *
 * Its own memory comes from malloc, so it is no part of what it watches.
 * Guarded by the GIL. */
#ifndef LABS_RUNTIME_REFTRACE_H
#define LABS_RUNTIME_REFTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct rt_frame;
struct rt_object;

/* Watches from now on; already started, nothing happens. */
void rt_reftrace_start(void);

/* Stops and forgets everything. Allocators that were set after the start must
 * be out again. */
void rt_reftrace_stop(void);
bool rt_reftrace_is_on(void);

/* An object that was made since the start and lives. */
struct rt_reftrace {
    struct rt_object *object;    // borrowed
    const struct rt_frame *site; // where; "<unknown>" outside of all calls
    int64_t outside;             // its references that none of these
                                 // objects holds; they keep all this alive
};

/* How many there are; and calls visit with each of them, in no order. visit
 * must not make or release objects (sys.getobjects). */
size_t rt_reftrace_count(void);
void rt_reftrace_each(void (*visit)(const struct rt_reftrace *trace,
                                    void *data),
                      void *data);

/* Writes what lives: a line for each type and place, the most objects first,
 * with how many there are and how many references to them come from outside.
 *
 *     objects  outside  type  made at
 *           2        1  list  work.py:2
 *
 * Writes nothing if nothing lives. Returns how many objects do. An object
 * without references from outside lives on by another one of them, or in a
 * cycle that nobody has collected. */
size_t rt_reftrace_report(FILE *output);

/* Called by rt_object_init(); while it is off, nothing happens
 * (_Py_NewReference). */
void rt_reftrace_new_reference(struct rt_object *object);

#endif
