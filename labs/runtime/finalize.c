#include "labs/runtime/finalize.h"

#include <stddef.h>

#include "labs/runtime/object.h"

void
rt_call_finalizer(struct rt_object *object)
{
    if (object->ob_type->finalize != NULL) {
        object->ob_type->finalize(object);
    }
}
