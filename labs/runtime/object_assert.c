#include "labs/runtime/object_assert.h"

#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/gc_state.h"
#include "labs/runtime/trace.h"

/* What is least likely to crash comes first (_PyObject_Dump). */
static void
dump(struct rt_object *object)
{
    const struct rt_type *type = object->ob_type;
    fprintf(stderr,
            "object address  : %p\n"
            "object refcount : %lld\n"
            "object type     : %p\n",
            (void *)object, (long long)object->ob_refcnt, (const void *)type);
    fprintf(stderr,
            "object type name: %s\n"
            "object repr     : <%s object at %p>\n\n",
            type->name, type->name, (void *)object);
}

void
rt_object_assert_failed(struct rt_object *object, const char *condition,
                        const char *message, const char *file, int line,
                        const char *function)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: %s: Assertion \"%s\" failed: %s\n", file, line,
            function, condition, message);
    void *block = rt_type_is_gc(object->ob_type) ? rt_gc_block_of(object)
                                                 : (void *)object;
    rt_trace_dump(block, stderr);
    dump(object);
    abort();
}
