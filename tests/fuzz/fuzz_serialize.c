/* Any bytes as serialized objects: objects whose own bytes come back, or a
 * value error with a place; nothing is left, and no more memory is taken than
 * the input can stand for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/object.h"
#include "labs/runtime/serialize.h"

enum {
    // A new set takes the most for its one byte.
    MOST_BYTES_FOR_ONE = 512,
    MOST_BYTES_FOR_ANY = 4096
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int condition)
{
    if (!condition) {
        abort();
    }
}

/* What was read can be written, and that can be read and written again, as
 * many bytes: a set's keys may have another order. With more than 128 objects
 * that may make their numbers longer or shorter. */
static void
check_again(struct rt_object *object, const struct rt_class *const *classes)
{
    struct rt_object *bytes = rt_serialize(object);
    check(bytes != NULL);
    struct rt_object *back;
    check(rt_deserialize(rt_bytes_data(bytes), rt_bytes_size(bytes), classes,
                         1, &back) == 0);
    struct rt_object *again = rt_serialize(back);
    check(again != NULL);
    check(rt_bytes_size(again) == rt_bytes_size(bytes) ||
          rt_bytes_size(bytes) > 128);
    rt_xdecref(back);
    rt_decref(bytes);
    rt_decref(again);
}

static void
check_refusal(void)
{
    check(rt_error_occurred() == RT_ERROR_VALUE);
    check(strncmp(rt_error_text(), "byte ", 5) == 0);
    rt_error_clear();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const FIELDS[] = {"a", "b"};
    static struct rt_class class;
    if (class.field_count == 0) {
        rt_class_init(&class, "n", FIELDS, 2, NULL);
        rt_gc_disable();
    }
    const struct rt_class *const classes[] = {&class};
    struct rt_object *object = NULL;
    if (rt_deserialize(data, size, classes, 1, &object) == 0) {
        check(rt_alloc_live_bytes() <=
              size * MOST_BYTES_FOR_ONE + MOST_BYTES_FOR_ANY);
        check_again(object, classes);
        rt_xdecref(object);
    }
    else {
        check_refusal();
    }
    rt_gc_collect(2);
    check(rt_alloc_live_blocks() == 0);
    return 0;
}
