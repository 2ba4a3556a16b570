#include "labs/runtime/view.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"

/* --- formats ------------------------------------------------------------- */

static const struct rt_view_format {
    char letter;
    size_t size; // in bytes
    int64_t least, most;
} FORMATS[] = {
    {'B', 1, 0, UINT8_MAX},         {'b', 1, INT8_MIN, INT8_MAX},
    {'H', 2, 0, UINT16_MAX},        {'h', 2, INT16_MIN, INT16_MAX},
    {'I', 4, 0, UINT32_MAX},        {'i', 4, INT32_MIN, INT32_MAX},
    {'q', 8, INT64_MIN, INT64_MAX},
};

static const struct rt_view_format *
format_of(char letter)
{
    for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++) {
        if (FORMATS[i].letter == letter) {
            return &FORMATS[i];
        }
    }
    return NULL;
}

/* The bytes of a number are in this machine's order, the lowest first. */
static int64_t
unpack(const struct rt_view_format *format, const unsigned char *item)
{
    uint64_t bits = 0;
    memcpy(&bits, item, format->size);
    if (format->least == 0 || format->size == 8) {
        return (int64_t)bits;
    }
    uint64_t sign = (uint64_t)1 << (8 * format->size - 1);
    return (int64_t)((bits ^ sign) - sign);
}

/* --- the type ------------------------------------------------------------ */

static struct rt_view *
as_view(struct rt_object *object)
{
    assert(rt_view_check(object));
    return (struct rt_view *)object;
}

static const struct rt_view *
structure_of(const struct rt_object *object)
{
    assert(rt_view_check(object));
    const struct rt_view *view = (const struct rt_view *)object;
    assert(view->managed != NULL && "the view is released");
    return view;
}

/* 0, or -1 with a pending error for a released view (CHECK_RELEASED). */
static int
check_released(const struct rt_view *view)
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
    struct rt_view *view = as_view(object);
    assert(view->exports == 0 && "a buffer holds a reference");
    let_go(view);
    rt_free(view);
}

/* Reading the hash of bytes that can change would be a promise that nobody
 * can keep (memory_hash). */
static int
view_hash(struct rt_object *object, int64_t *hash)
{
    struct rt_view *view = as_view(object);
    if (check_released(view) != 0) {
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
    struct rt_view *view = as_view(object);
    if (check_released(view) != 0) {
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
    as_view(object)->exports--;
}

static int view_equal(struct rt_object *left, struct rt_object *right);

static const struct rt_type view_type = {
    .name = "memoryview",
    .basicsize = sizeof(struct rt_view),
    .dealloc = view_dealloc,
    .hash = view_hash,
    .equal = view_equal,
    .get_buffer = view_get_buffer,
    .release_buffer = view_release_buffer,
};

bool
rt_view_check(const struct rt_object *object)
{
    return object->ob_type == &view_type;
}

/* --- making views -------------------------------------------------------- */

/* A view of managed, or NULL with a pending error; shape and strides are the
 * caller's to fill in (mbuf_add_view). */
static struct rt_view *
add_view(struct rt_managed_buffer *managed,
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

static int64_t *
strides_of(struct rt_view *view)
{
    return view->numbers + view->dimensions;
}

static struct rt_object *
view_like(const struct rt_view *view)
{
    struct rt_view *other =
        add_view(view->managed, view->format, view->dimensions);
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
    struct rt_view *view = add_view(managed, &FORMATS[0], 1);
    if (view == NULL) {
        rt_buffer_release(&managed->buffer);
        rt_free(managed);
        return NULL;
    }
    view->numbers[0] = (int64_t)managed->buffer.size;
    strides_of(view)[0] = 1;
    return &view->base;
}

struct rt_object *
rt_view_new(struct rt_object *object)
{
    if (rt_view_check(object)) {
        const struct rt_view *view = as_view(object);
        return check_released(view) != 0 ? NULL : view_like(view);
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
    struct rt_view *self = as_view(view);
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

/* --- items --------------------------------------------------------------- */

/* Where the item at these indices is, or NULL with a pending error
 * (ptr_from_tuple). */
static unsigned char *
find_item(struct rt_view *view, const int64_t *indices, size_t count)
{
    if (check_released(view) != 0) {
        return NULL;
    }
    if (count != view->dimensions) {
        rt_error_set(RT_ERROR_TYPE,
                     "cannot index %zu-dimension view with %zu-element tuple",
                     view->dimensions, count);
        return NULL;
    }
    unsigned char *item = view->first;
    for (size_t i = 0; i < count; i++) {
        int64_t items = view->numbers[i];
        int64_t index = indices[i] < 0 ? indices[i] + items : indices[i];
        if (index < 0 || index >= items) {
            rt_error_set(RT_ERROR_INDEX,
                         "index out of bounds on dimension %zu", i + 1);
            return NULL;
        }
        item += index * strides_of(view)[i];
    }
    return item;
}

int
rt_view_get(struct rt_object *view, const int64_t *indices, size_t count,
            int64_t *value)
{
    struct rt_view *self = as_view(view);
    const unsigned char *item = find_item(self, indices, count);
    if (item == NULL) {
        return -1;
    }
    *value = unpack(self->format, item);
    return 0;
}

int
rt_view_set(struct rt_object *view, const int64_t *indices, size_t count,
            int64_t value)
{
    struct rt_view *self = as_view(view);
    if (check_released(self) != 0) {
        return -1;
    }
    if (rt_view_readonly(view)) {
        return rt_error_set(RT_ERROR_TYPE, "cannot modify read-only memory");
    }
    unsigned char *item = find_item(self, indices, count);
    if (item == NULL) {
        return -1;
    }
    const struct rt_view_format *format = self->format;
    if (value < format->least || value > format->most) {
        return rt_error_set(RT_ERROR_VALUE,
                            "memoryview: invalid value for format '%c'",
                            format->letter);
    }
    memcpy(item, &value, format->size);
    return 0;
}

/* --- slices -------------------------------------------------------------- */

/* Brings a bound into what there is to walk over: from low to high, which is
 * one item lower for steps back, so that -1 means "before the first". */
static int64_t
clamp(int64_t bound, int64_t items, bool back)
{
    int64_t low = back ? -1 : 0;
    int64_t high = back ? items - 1 : items;
    if (bound < 0) {
        bound += items;
    }
    return bound < low ? low : bound > high ? high : bound;
}

/* Computes where a slice of so many items starts, and how many items it has
 * (PySlice_AdjustIndices). */
static int64_t
slice_length(int64_t items, int64_t *start, int64_t stop, int64_t step)
{
    bool back = step < 0;
    int64_t first = back ? items - 1 : 0;
    int64_t end = back ? -1 : items;
    *start = *start == RT_SLICE_NONE ? first : clamp(*start, items, back);
    stop = stop == RT_SLICE_NONE ? end : clamp(stop, items, back);
    if (back) {
        return stop < *start ? (*start - stop - 1) / -step + 1 : 0;
    }
    return *start < stop ? (stop - *start - 1) / step + 1 : 0;
}

struct rt_object *
rt_view_slice(struct rt_object *view, int64_t start, int64_t stop,
              int64_t step)
{
    struct rt_view *self = as_view(view);
    if (check_released(self) != 0) {
        return NULL;
    }
    step = step == RT_SLICE_NONE ? 1 : step;
    if (step == 0) {
        rt_error_set(RT_ERROR_VALUE, "slice step cannot be zero");
        return NULL;
    }
    int64_t items = slice_length(self->numbers[0], &start, stop, step);
    struct rt_object *sliced = view_like(self);
    if (sliced != NULL) {
        struct rt_view *other = as_view(sliced);
        other->numbers[0] = items;
        if (items > 0) {
            other->first += start * strides_of(self)[0];
        }
        /* Of one item or none the stride means nothing, however far it is. */
        strides_of(other)[0] =
            (int64_t)((uint64_t)strides_of(self)[0] * (uint64_t)step);
    }
    return sliced;
}

/* --- casts --------------------------------------------------------------- */

/* 0, or -1 with a pending error that says why the bytes of view cannot be
 * read in this way (cast_to_1D, cast_to_ND). */
static int
check_cast(const struct rt_view *view, const struct rt_view_format *format,
           const int64_t *shape, size_t dimensions)
{
    size_t nbytes = rt_view_nbytes(&view->base);
    if (!rt_view_is_contiguous(&view->base)) {
        return rt_error_set(RT_ERROR_TYPE, "memoryview: casts are restricted "
                                           "to C-contiguous views");
    }
    if ((dimensions > 0 || view->dimensions != 1) && nbytes == 0) {
        return rt_error_set(RT_ERROR_TYPE, "memoryview: cannot cast view with "
                                           "zeros in shape or strides");
    }
    if (view->dimensions != 1 && dimensions > 1) {
        return rt_error_set(RT_ERROR_TYPE, "memoryview: cast must be 1D -> ND "
                                           "or ND -> 1D");
    }
    if (format == NULL) {
        return rt_error_set(RT_ERROR_VALUE,
                            "memoryview: destination format must be a native "
                            "single character format prefixed with an "
                            "optional '@'");
    }
    if (view->format->size != 1 && format->size != 1) {
        return rt_error_set(RT_ERROR_TYPE, "memoryview: cannot cast between "
                                           "two non-byte formats");
    }
    if (nbytes % format->size != 0) {
        return rt_error_set(RT_ERROR_TYPE, "memoryview: length is not a "
                                           "multiple of itemsize");
    }
    /* The product is taken from the bytes, so that it cannot overflow. */
    size_t left = nbytes / format->size;
    for (size_t i = 0; i < dimensions; i++) {
        if (shape[i] <= 0) {
            return rt_error_set(RT_ERROR_VALUE,
                                "memoryview.cast(): elements of shape must be "
                                "integers > 0");
        }
        left = left % (size_t)shape[i] == 0 ? left / (size_t)shape[i] : 0;
    }
    if (dimensions > 0 && left != 1) {
        return rt_error_set(RT_ERROR_TYPE, "memoryview: product(shape) * "
                                           "itemsize != buffer size");
    }
    return 0;
}

struct rt_object *
rt_view_cast(struct rt_object *view, char letter, const int64_t *shape,
             size_t dimensions)
{
    struct rt_view *self = as_view(view);
    const struct rt_view_format *format = format_of(letter);
    assert(dimensions <= RT_VIEW_MAX_DIMENSIONS);
    if (check_released(self) != 0 ||
        check_cast(self, format, shape, dimensions) != 0) {
        return NULL;
    }
    size_t count = dimensions == 0 ? 1 : dimensions;
    struct rt_view *cast = add_view(self->managed, format, count);
    if (cast == NULL) {
        return NULL;
    }
    cast->first = self->first;
    cast->numbers[0] = (int64_t)(rt_view_nbytes(view) / format->size);
    int64_t stride = (int64_t)format->size;
    for (size_t i = count; i-- > 0;) {
        if (dimensions > 0) {
            cast->numbers[i] = shape[i];
        }
        strides_of(cast)[i] = stride;
        stride *= cast->numbers[i];
    }
    return &cast->base;
}

/* --- copies -------------------------------------------------------------- */

/* Copies the items of the dimensions from this one on, the first of which is
 * at item. Returns behind what was written (copy_rec). */
static unsigned char *
copy_items(const struct rt_view *view, size_t dimension,
           const unsigned char *item, unsigned char *output)
{
    size_t size = rt_view_item_size(&view->base);
    if (dimension == view->dimensions) {
        memcpy(output, item, size);
        return output + size;
    }
    int64_t stride = rt_view_stride(&view->base, dimension);
    for (int64_t i = 0; i < view->numbers[dimension]; i++) {
        output = copy_items(view, dimension + 1, item + i * stride, output);
    }
    return output;
}

struct rt_object *
rt_view_to_bytes(struct rt_object *view)
{
    const struct rt_view *self = as_view(view);
    if (check_released(self) != 0) {
        return NULL;
    }
    struct rt_object *bytes = rt_bytes_new(NULL, rt_view_nbytes(view));
    if (bytes != NULL) {
        copy_items(self, 0, self->first, rt_bytes_data(bytes));
    }
    return bytes;
}

static int
assign_items(struct rt_view *view, struct rt_view *source)
{
    if (view->dimensions != 1 || source->dimensions != 1 ||
        view->format != source->format ||
        view->numbers[0] != source->numbers[0]) {
        return rt_error_set(RT_ERROR_VALUE,
                            "memoryview assignment: lvalue and rvalue have "
                            "different structures");
    }
    /* By way of a copy, as the two may overlap in any way. */
    struct rt_object *bytes = rt_view_to_bytes(&source->base);
    if (bytes == NULL) {
        return -1;
    }
    size_t size = rt_view_item_size(&view->base);
    for (int64_t i = 0; i < view->numbers[0]; i++) {
        memcpy(view->first + i * strides_of(view)[0],
               rt_bytes_data(bytes) + (size_t)i * size, size);
    }
    rt_decref(bytes);
    return 0;
}

int
rt_view_assign(struct rt_object *view, struct rt_object *source)
{
    if (check_released(as_view(view)) != 0) {
        return -1;
    }
    if (rt_view_readonly(view)) {
        return rt_error_set(RT_ERROR_TYPE, "cannot modify read-only memory");
    }
    struct rt_object *from = rt_view_new(source);
    if (from == NULL) {
        return -1;
    }
    int result = assign_items(as_view(view), as_view(from));
    rt_decref(from);
    return result;
}

/* --- equality ------------------------------------------------------------ */

/* Whether the items of the dimensions from this one on have equal values,
 * which may be of different formats (cmp_rec). */
static bool
equal_items(const struct rt_view *a, const struct rt_view *b, size_t dimension,
            const unsigned char *a_item, const unsigned char *b_item)
{
    if (dimension == a->dimensions) {
        return unpack(a->format, a_item) == unpack(b->format, b_item);
    }
    if (a->numbers[dimension] != b->numbers[dimension]) {
        return false;
    }
    int64_t a_stride = rt_view_stride(&a->base, dimension);
    int64_t b_stride = rt_view_stride(&b->base, dimension);
    for (int64_t i = 0; i < a->numbers[dimension]; i++) {
        if (!equal_items(a, b, dimension + 1, a_item + i * a_stride,
                         b_item + i * b_stride)) {
            return false;
        }
    }
    return true;
}

/* A released view is equal to itself only (memory_richcompare). */
static int
view_equal(struct rt_object *left, struct rt_object *right)
{
    const struct rt_view *a = as_view(left);
    const struct rt_view *b = as_view(right);
    if (a->managed == NULL || b->managed == NULL) {
        return a == b;
    }
    return a->dimensions == b->dimensions &&
           equal_items(a, b, 0, a->first, b->first);
}
