/* The memory of coroutines: how their frames are made, what they hold, and
 * what is said when one dies too early. */
#include <assert.h>
#include <stdio.h>

#include "labs/runtime/compat.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/trash.h"

static void (*never_awaited_hook)(const struct rt_code *code);

const struct rt_code *
rt_coroutine_code(const struct rt_object *object)
{
    assert(rt_coroutine_check(object));
    return (const struct rt_code *)object->ob_type; // its first member
}

bool
rt_coroutine_check(const struct rt_object *object)
{
    return object->ob_type->send == rt_coroutine_send;
}

void *
rt_coroutine_new(const struct rt_code *code)
{
    struct rt_object *object = rt_gc_new_tracked(&code->type);
    if (object != NULL) {
        rt_gc_poll();
    }
    return object;
}

_Static_assert(sizeof(struct rt_coroutine) ==
                   offsetof(struct rt_coroutine, awaiting) + sizeof(void *),
               "all references lie side by side");

/* What it awaits, and then the variables that hold references. */
static struct rt_object **
references_of(struct rt_coroutine *frame)
{
    return &frame->awaiting;
}

static size_t
reference_count(const struct rt_coroutine *frame)
{
    return frame->head.ob_type->field_count;
}

enum {
    NEVER_BEGUN = -1, // where it would go on
    MOST_AT_ONCE = 16 // references
};

/* Lets go of some. All are out of the frame before the first of them dies: a
 * collection meanwhile, which a last word may ask for, sees no more of them
 * than of what a frame of CPython holds that is being cleared. */
static void
let_go(struct rt_object **references, size_t count)
{
    struct rt_object *held[MOST_AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        held[i] = references[i];
        references[i] = NULL;
    }
    for (size_t i = 0; i < count; i++) {
        rt_xdecref(held[i]);
    }
}

void
rt_coroutine_finish(struct rt_coroutine *frame)
{
    struct rt_object **references = references_of(frame);
    size_t count = reference_count(frame);
    frame->state = RT_COROUTINE_CLOSED;
    for (; count > MOST_AT_ONCE; count -= MOST_AT_ONCE) {
        let_go(references, MOST_AT_ONCE);
        references += MOST_AT_ONCE;
    }
    let_go(references, count);
}

void
rt_coroutine_never_begin(struct rt_coroutine *frame)
{
    if (rt_compat_minor() < 12) {
        rt_coroutine_finish(frame);
        return;
    }
    frame->state = RT_COROUTINE_CLOSED;
    frame->resume = NEVER_BEGUN;
}

int
rt_coroutine_traverse(struct rt_object *object,
                      int (*visit)(struct rt_object *held, void *data),
                      void *data)
{
    struct rt_coroutine *frame = (struct rt_coroutine *)object;
    size_t count = reference_count(frame);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        struct rt_object *held = references_of(frame)[i];
        result = held != NULL ? visit(held, data) : 0;
    }
    return result;
}

void
rt_coroutine_clear(struct rt_object *object)
{
    rt_coroutine_finish((struct rt_coroutine *)object);
}

static void
report_never_awaited(const struct rt_code *code)
{
    if (never_awaited_hook != NULL) {
        never_awaited_hook(code);
    }
    else {
        fprintf(stderr, "RuntimeWarning: coroutine '%s' was never awaited\n",
                code->name);
    }
}

void
rt_coroutine_finalize(struct rt_object *object)
{
    const struct rt_coroutine *frame = (struct rt_coroutine *)object;
    const struct rt_code *code = rt_coroutine_code(object);
    if (frame->state == RT_COROUTINE_CREATED && !code->is_generator) {
        report_never_awaited(code);
    }
    else if (rt_coroutine_close(object) != 0) {
        rt_error_unraisable(object);
    }
}

/* One that is not closed. */
static __attribute__((noinline)) void
end_early(struct rt_object *object)
{
    // Last words that collect find it among the youngest.
    rt_gc_untrack(object);
    rt_gc_track(object);
    if (rt_call_finalizer_from_dealloc(object) != 0) {
        return;
    }
    rt_gc_untrack(object);
    if (rt_trash_begin(object)) {
        rt_coroutine_finish((struct rt_coroutine *)object);
        rt_gc_free(object);
        rt_trash_end();
    }
}

void
rt_coroutine_dealloc(struct rt_object *object)
{
    const struct rt_coroutine *frame = (struct rt_coroutine *)object;
    if (frame->state == RT_COROUTINE_CLOSED &&
        frame->resume != NEVER_BEGUN) { // it holds nothing
        rt_gc_untrack_and_free(object);
    }
    else {
        end_early(object);
    }
}

void
rt_coroutine_set_never_awaited_hook(void (*hook)(const struct rt_code *code))
{
    never_awaited_hook = hook;
}
