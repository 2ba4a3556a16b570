#include <string.h>

#include "labs/runtime/error.h"
#include "labs/runtime/view.h"
#include "labs/runtime/view_state.h"

/* --- items --------------------------------------------------------------- */

/* Where the item at these indices is, or NULL with a pending error
 * (ptr_from_tuple). */
static unsigned char *
find_item(struct rt_view *view, const int64_t *indices, size_t count)
{
    if (rt_view_check_released(view) != 0) {
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
        item += index * rt_view_strides(view)[i];
    }
    return item;
}

int
rt_view_get(struct rt_object *view, const int64_t *indices, size_t count,
            int64_t *value)
{
    struct rt_view *self = rt_view_of(view);
    const unsigned char *item = find_item(self, indices, count);
    if (item == NULL) {
        return -1;
    }
    *value = rt_view_unpack(self->format, item);
    return 0;
}

int
rt_view_set(struct rt_object *view, const int64_t *indices, size_t count,
            int64_t value)
{
    struct rt_view *self = rt_view_of(view);
    if (rt_view_check_released(self) != 0) {
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
    struct rt_view *self = rt_view_of(view);
    if (rt_view_check_released(self) != 0) {
        return NULL;
    }
    step = step == RT_SLICE_NONE ? 1 : step;
    if (step == 0) {
        rt_error_set(RT_ERROR_VALUE, "slice step cannot be zero");
        return NULL;
    }
    int64_t items = slice_length(self->numbers[0], &start, stop, step);
    struct rt_object *sliced = rt_view_like(self);
    if (sliced != NULL) {
        struct rt_view *other = rt_view_of(sliced);
        other->numbers[0] = items;
        if (items > 0) {
            other->first += start * rt_view_strides(self)[0];
        }
        /* Of one item or none the stride means nothing, however far it is. */
        rt_view_strides(other)[0] =
            (int64_t)((uint64_t)rt_view_strides(self)[0] * (uint64_t)step);
    }
    return sliced;
}
