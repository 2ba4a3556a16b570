#include <assert.h>
#include <string.h>

#include "labs/runtime/error.h"
#include "labs/runtime/view.h"
#include "labs/runtime/view_state.h"

/* --- formats ------------------------------------------------------------- */

static const struct rt_view_format FORMATS[] = {
    {'B', 1, 0, UINT8_MAX},         {'b', 1, INT8_MIN, INT8_MAX},
    {'H', 2, 0, UINT16_MAX},        {'h', 2, INT16_MIN, INT16_MAX},
    {'I', 4, 0, UINT32_MAX},        {'i', 4, INT32_MIN, INT32_MAX},
    {'q', 8, INT64_MIN, INT64_MAX},
};

const struct rt_view_format *
rt_view_format_of(char letter)
{
    for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++) {
        if (FORMATS[i].letter == letter) {
            return &FORMATS[i];
        }
    }
    return NULL;
}

/* The bytes of a number are in this machine's order, the lowest first. */
int64_t
rt_view_unpack(const struct rt_view_format *format, const unsigned char *item)
{
    uint64_t bits = 0;
    memcpy(&bits, item, format->size);
    if (format->least == 0 || format->size == 8) {
        return (int64_t)bits;
    }
    uint64_t sign = (uint64_t)1 << (8 * format->size - 1);
    return (int64_t)((bits ^ sign) - sign);
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
    struct rt_view *self = rt_view_of(view);
    const struct rt_view_format *format = rt_view_format_of(letter);
    assert(dimensions <= RT_VIEW_MAX_DIMENSIONS);
    if (rt_view_check_released(self) != 0 ||
        check_cast(self, format, shape, dimensions) != 0) {
        return NULL;
    }
    size_t count = dimensions == 0 ? 1 : dimensions;
    struct rt_view *cast = rt_view_add(self->managed, format, count);
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
        rt_view_strides(cast)[i] = stride;
        stride *= cast->numbers[i];
    }
    return &cast->base;
}
