#include "labs/runtime/finalize.h"

#include <stddef.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gc_state.h"

void
rt_run_finalizer(struct rt_object *object)
{
    // What was pending stays so; what goes wrong here nobody can be told.
    struct rt_error_state pending = rt_error_fetch();
    object->ob_type->finalize(object);
    if (rt_error_occurred() != RT_ERROR_NONE) {
        rt_error_unraisable(object);
    }
    rt_error_restore(&pending);
}

void
rt_call_finalizer(struct rt_object *object)
{
    const struct rt_type *type = object->ob_type;
    bool is_gc = rt_type_is_gc(type);
    if (type->finalize == NULL || (is_gc && rt_gc_is_finalized(object))) {
        return;
    }
    rt_run_finalizer(object);
    if (is_gc) {
        rt_gc_set_finalized(object);
    }
}
