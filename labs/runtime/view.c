#include "labs/runtime/view.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/view_state.h"

/* --- the type ------------------------------------------------------------ */

static const struct rt_view *
structure_of(const struct rt_object *object)
{
    assert(rt_view_check(object));
    const struct rt_view *view = (const struct rt_view *)object;
    assert(view->managed != NULL && "the view is released");
    return view;
}

int
rt_view_check_released(const struct rt_view *view)
{
    if (view->managed == NULL) {
        return rt_error_set(RT_ERROR_VALUE, "operation forbidden on released "
                                            "memoryview object");
    }
    return 0;
}

static void
let_go(struct rt_view *view)
{
    struct rt_managed_buffer *managed = view->managed;
    if (managed == NULL) {
        return;
    }
    view->managed = NULL;
    managed->views--;
    if (managed->views == 0) {
        rt_buffer_release(&managed->buffer);
        rt_free(managed);
    }
}

static void
view_dealloc(struct rt_object *object)
{
    struct rt_view *view = rt_view_of(object);
    assert(view->exports == 0 && "a buffer holds a reference");
    let_go(view);
    rt_free(view);
}

/* Reading the hash of bytes that can change would be a promise that nobody
 * can keep (memory_hash). */
static int
view_hash(struct rt_object *object, int64_t *hash)
{
    struct rt_view *view = rt_view_of(object);
    if (rt_view_check_released(view) != 0) {
        return -1;
    }
    if (!view->managed->buffer.readonly) {
        return rt_error_set(RT_ERROR_VALUE,
                            "cannot hash writable memoryview object");
    }
    if (view->format->size != 1) {
        return rt_error_set(RT_ERROR_VALUE, "memoryview: hashing is "
                                            "restricted to formats 'B', 'b' "
                                            "or 'c'");
    }
    struct rt_object *bytes = rt_view_to_bytes(object);
    if (bytes == NULL) {
        return -1;
    }
    *hash = rt_hash_bytes(rt_bytes_data(bytes), rt_bytes_size(bytes));
    rt_decref(bytes);
    return 0;
}

/* A view lends its own bytes on, if they are in one piece. */
static int
view_get_buffer(struct rt_object *object, struct rt_buffer *buffer)
{
    struct rt_view *view = rt_view_of(object);
    if (rt_view_check_released(view) != 0) {
        return -1;
    }
    if (!rt_view_is_contiguous(object)) {
        return rt_error_set(RT_ERROR_BUFFER, "memoryview: underlying buffer "
                                             "is not C-contiguous");
    }
    buffer->bytes = view->first;
    buffer->size = rt_view_nbytes(object);
    buffer->readonly = view->managed->buffer.readonly;
    view->exports++;
    return 0;
}

static void
view_release_buffer(struct rt_object *object)
{
    rt_view_of(object)->exports--;
}

static const struct rt_type view_type = {
    .name = "memoryview",
    .basicsize = sizeof(struct rt_view),
    .dealloc = view_dealloc,
    .hash = view_hash,
    .equal = rt_view_equal,
    .get_buffer = view_get_buffer,
    .release_buffer = view_release_buffer,
};

bool
rt_view_check(const struct rt_object *object)
{
    return object->ob_type == &view_type;
}

/* --- making views -------------------------------------------------------- */

struct rt_view *
rt_view_add(struct rt_managed_buffer *managed,
            const struct rt_view_format *format, size_t dimensions)
{
    struct rt_view *view =
        rt_alloc(sizeof(*view) + 2 * dimensions * sizeof(int64_t));
    if (view == NULL) {
        return rt_error_no_memory();
    }
    rt_object_init(&view->base, &view_type);
    view->managed = managed;
    view->exports = 0;
    view->first = managed->buffer.bytes;
    view->format = format;
    view->dimensions = dimensions;
    managed->views++;
    return view;
}

struct rt_object *
rt_view_like(const struct rt_view *view)
{
    struct rt_view *other =
        rt_view_add(view->managed, view->format, view->dimensions);
    if (other == NULL) {
        return NULL;
    }
    other->first = view->first;
    memcpy(other->numbers, view->numbers,
           2 * view->dimensions * sizeof(int64_t));
    return &other->base;
}

/* The first view of an object's bytes (PyMemoryView_FromObject). */
static struct rt_object *
view_of_bytes(struct rt_object *object)
{
    struct rt_managed_buffer *managed = rt_alloc(sizeof(*managed));
    if (managed == NULL) {
        return rt_error_no_memory();
    }
    managed->views = 0;
    if (rt_buffer_get(object, &managed->buffer) != 0) {
        rt_free(managed);
        return NULL;
    }
    struct rt_view *view = rt_view_add(managed, rt_view_format_of('B'), 1);
    if (view == NULL) {
        rt_buffer_release(&managed->buffer);
        rt_free(managed);
        return NULL;
    }
    view->numbers[0] = (int64_t)managed->buffer.size;
    rt_view_strides(view)[0] = 1;
    return &view->base;
}

struct rt_object *
rt_view_new(struct rt_object *object)
{
    if (rt_view_check(object)) {
        const struct rt_view *view = rt_view_of(object);
        return rt_view_check_released(view) != 0 ? NULL : rt_view_like(view);
    }
    if (object->ob_type->get_buffer == NULL) {
        rt_error_set(RT_ERROR_TYPE,
                     "memoryview: a bytes-like object is required, not '%s'",
                     object->ob_type->name);
        return NULL;
    }
    return view_of_bytes(object);
}

int
rt_view_release(struct rt_object *view)
{
    struct rt_view *self = rt_view_of(view);
    if (self->exports > 0) {
        return rt_error_set(RT_ERROR_BUFFER,
                            "memoryview has %zu exported buffer%s",
                            self->exports, self->exports == 1 ? "" : "s");
    }
    let_go(self);
    return 0;
}

/* --- structure ----------------------------------------------------------- */

size_t
rt_view_item_size(const struct rt_object *view)
{
    return structure_of(view)->format->size;
}

int64_t
rt_view_shape(const struct rt_object *view, size_t dimension)
{
    assert(dimension < structure_of(view)->dimensions);
    return structure_of(view)->numbers[dimension];
}

int64_t
rt_view_stride(const struct rt_object *view, size_t dimension)
{
    assert(dimension < structure_of(view)->dimensions);
    return structure_of(view)
        ->numbers[structure_of(view)->dimensions + dimension];
}

bool
rt_view_readonly(const struct rt_object *view)
{
    return structure_of(view)->managed->buffer.readonly;
}

size_t
rt_view_nbytes(const struct rt_object *view)
{
    size_t bytes = rt_view_item_size(view);
    for (size_t i = 0; i < structure_of(view)->dimensions; i++) {
        bytes *= (size_t)rt_view_shape(view, i);
    }
    return bytes;
}

/* A dimension of one item has no next one to stride to, so its stride does
 * not matter (_IsCContiguous). */
bool
rt_view_is_contiguous(const struct rt_object *view)
{
    if (rt_view_nbytes(view) == 0) {
        return true;
    }
    int64_t expected = (int64_t)rt_view_item_size(view);
    for (size_t i = structure_of(view)->dimensions; i-- > 0;) {
        int64_t items = rt_view_shape(view, i);
        if (items > 1 && rt_view_stride(view, i) != expected) {
            return false;
        }
        expected *= items;
    }
    return true;
}
