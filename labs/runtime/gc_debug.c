/* What a collection says of itself on stderr, in CPython's words. */
#include <stdio.h>
#include <time.h>

#include "labs/runtime/gc_state.h"

static double
now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double
rt_gc_say_start(const struct rt_gc_state *gc, int generation)
{
    if ((gc->debug & RT_GC_STATS) != 0) {
        fprintf(stderr,
                "gc: collecting generation %d...\n"
                "gc: objects in each generation:",
                generation);
        for (int i = 0; i < RT_GC_GENERATIONS; i++) {
            fprintf(stderr, " %zu", rt_gc_size(i));
        }
        fprintf(stderr, "\ngc: objects in permanent generation: %zu\n",
                rt_gc_size(RT_GC_PERMANENT));
    }
    return now_s();
}

void
rt_gc_say_found(const struct rt_gc_state *gc, unsigned flag,
                const struct rt_gc_head *list)
{
    if ((gc->debug & flag) == 0) {
        return;
    }
    for (struct rt_gc_head *head = rt_gc_next(list); head != list;
         head = rt_gc_next(head)) {
        struct rt_object *object = rt_gc_object_of(head);
        fprintf(stderr, "gc: %s <%s %p>\n",
                flag == RT_GC_COLLECTABLE ? "collectable" : "uncollectable",
                object->ob_type->name, (void *)object);
    }
}

double
rt_gc_say_end(const struct rt_gc_state *gc, double start_s, int64_t collected,
              int64_t uncollectable)
{
    double duration_s = now_s() - start_s;
    if ((gc->debug & RT_GC_STATS) != 0) {
        int64_t unreachable = collected + uncollectable;
        fprintf(stderr,
                "gc: done, %lld unreachable, %lld uncollectable, "
                "%.4fs elapsed\n",
                (long long)unreachable, (long long)uncollectable, duration_s);
    }
    return duration_s;
}

void
rt_gc_say_uncollectable_at_exit(unsigned debug)
{
    size_t count = rt_gc_garbage_count();
    if ((debug & RT_GC_SAVE_ALL) != 0 || (debug & RT_GC_UNCOLLECTABLE) == 0 ||
        count == 0) {
        return;
    }
    fprintf(stderr,
            "gc:0: ResourceWarning: gc: %zu uncollectable objects at "
            "shutdown\n      [",
            count);
    for (size_t i = 0; i < count; i++) {
        struct rt_object *object = rt_gc_garbage_at(i);
        fprintf(stderr, "%s<%s object at %p>", i > 0 ? ", " : "",
                object->ob_type->name, (void *)object);
    }
    fprintf(stderr, "]\n");
}
