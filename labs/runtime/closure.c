#include "labs/runtime/closure.h"

#include "labs/runtime/gc.h"

struct closure {
    struct rt_object head;
    int (*work)(struct rt_object *self, struct rt_object *argument);
    struct rt_object *self; // ours, or NULL
};

static int
closure_call(struct rt_object *object, struct rt_object *argument)
{
    struct closure *closure = (struct closure *)object;
    return closure->work(closure->self, argument);
}

static void
closure_clear(struct rt_object *object)
{
    rt_clear(&((struct closure *)object)->self);
}

static void
closure_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    closure_clear(object);
    rt_gc_free(object);
}

static int
closure_traverse(struct rt_object *object,
                 int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *self = ((struct closure *)object)->self;
    return self != NULL ? visit(self, data) : 0;
}

static const struct rt_type closure_type = {
    .name = "builtin_function_or_method",
    .basicsize = sizeof(struct closure),
    .dealloc = closure_dealloc,
    .traverse = closure_traverse,
    .clear = closure_clear,
    .call = closure_call,
};

struct rt_object *
rt_closure_new(int (*work)(struct rt_object *self, struct rt_object *argument),
               struct rt_object *self)
{
    struct rt_object *object = rt_gc_new(&closure_type, 0);
    if (object != NULL) {
        struct closure *closure = (struct closure *)object;
        closure->work = work;
        closure->self = self;
        rt_xincref(self);
        rt_gc_track(object);
    }
    return object;
}

// --- without an object -----------------------------------------------------

static int
static_call(struct rt_object *object, struct rt_object *argument)
{
    return ((struct rt_static_function *)object)->work(argument);
}

/* Nobody counts references to an immortal object. */
static void
static_dealloc(struct rt_object *object)
{
    (void)object;
}

const struct rt_type rt_static_function_type = {
    .name = "builtin_function_or_method",
    .basicsize = sizeof(struct rt_static_function),
    .dealloc = static_dealloc,
    .call = static_call,
};
