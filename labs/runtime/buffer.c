#include "labs/runtime/buffer.h"

#include "labs/runtime/error.h"

int
rt_buffer_get(struct rt_object *object, struct rt_buffer *buffer)
{
    if (object->ob_type->get_buffer == NULL) {
        return rt_error_set(RT_ERROR_TYPE,
                            "a bytes-like object is required, not '%s'",
                            object->ob_type->name);
    }
    if (object->ob_type->get_buffer(object, buffer) != 0) {
        return -1;
    }
    buffer->owner = rt_new_ref(object);
    return 0;
}

void
rt_buffer_release(struct rt_buffer *buffer)
{
    struct rt_object *owner = buffer->owner;
    if (owner->ob_type->release_buffer != NULL) {
        owner->ob_type->release_buffer(owner);
    }
    rt_clear(&buffer->owner);
}
