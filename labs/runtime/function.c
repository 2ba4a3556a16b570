#include "labs/runtime/function.h"

#include <assert.h>

#include "labs/runtime/gc.h"
#include "labs/runtime/weakref.h"

static void
function_clear(struct rt_object *object)
{
    rt_clear(&((struct rt_function *)object)->globals);
}

static void
function_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    rt_weakref_clear_all(object);
    function_clear(object);
    rt_gc_free(object);
}

static int
function_traverse(struct rt_object *object,
                  int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *globals = ((struct rt_function *)object)->globals;
    return globals != NULL ? visit(globals, data) : 0;
}

static int
function_call(struct rt_object *object, struct rt_object *argument)
{
    return ((struct rt_function *)object)->code(NULL, argument);
}

static const struct rt_type function_type = {
    .name = "function",
    .basicsize = sizeof(struct rt_function),
    .dealloc = function_dealloc,
    .traverse = function_traverse,
    .clear = function_clear,
    .weaklist_offset = offsetof(struct rt_function, weakrefs),
    .call = function_call,
};

struct rt_object *
rt_function_new_in(struct rt_object *globals,
                   int (*code)(struct rt_object *self,
                               struct rt_object *argument))
{
    struct rt_object *made = rt_gc_new(&function_type, 0);
    if (made != NULL) {
        struct rt_function *function = (struct rt_function *)made;
        function->weakrefs = NULL;
        function->globals = globals;
        rt_xincref(globals);
        function->code = code;
        rt_gc_track(made);
    }
    return made;
}

struct rt_object *
rt_function_new(int (*code)(struct rt_object *self,
                            struct rt_object *argument))
{
    return rt_function_new_in(NULL, code);
}

bool
rt_function_check(const struct rt_object *object)
{
    return object->ob_type == &function_type;
}

struct rt_object *
rt_function_globals(const struct rt_object *function)
{
    assert(rt_function_check(function));
    return ((const struct rt_function *)function)->globals;
}
