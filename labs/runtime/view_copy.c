#include <string.h>

#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"
#include "labs/runtime/view.h"
#include "labs/runtime/view_state.h"

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
    const struct rt_view *self = rt_view_of(view);
    if (rt_view_check_released(self) != 0) {
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
        memcpy(view->first + i * rt_view_strides(view)[0],
               rt_bytes_data(bytes) + (size_t)i * size, size);
    }
    rt_decref(bytes);
    return 0;
}

int
rt_view_assign(struct rt_object *view, struct rt_object *source)
{
    if (rt_view_check_released(rt_view_of(view)) != 0) {
        return -1;
    }
    if (rt_view_readonly(view)) {
        return rt_error_set(RT_ERROR_TYPE, "cannot modify read-only memory");
    }
    struct rt_object *from = rt_view_new(source);
    if (from == NULL) {
        return -1;
    }
    int result = assign_items(rt_view_of(view), rt_view_of(from));
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
        return rt_view_unpack(a->format, a_item) ==
               rt_view_unpack(b->format, b_item);
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

int
rt_view_equal(struct rt_object *left, struct rt_object *right)
{
    const struct rt_view *a = rt_view_of(left);
    const struct rt_view *b = rt_view_of(right);
    if (a->managed == NULL || b->managed == NULL) {
        return a == b;
    }
    return a->dimensions == b->dimensions &&
           equal_items(a, b, 0, a->first, b->first);
}
