#include "quiz/core/width.h"

#include <stdbool.h>
#include <utf8proc.h>

/* The code point at string, or -1 for a byte that is none; its length. */
static utf8proc_int32_t
code_point(const char *string, size_t *length)
{
    utf8proc_int32_t code = -1;
    // At most four bytes are looked at, and the terminator is none of a
    // sequence, so that the end is never passed.
    utf8proc_ssize_t size =
        utf8proc_iterate((const utf8proc_uint8_t *)string, -1, &code);
    *length = size > 0 ? (size_t)size : 1;
    return size > 0 ? code : -1;
}

/* The columns that a code point gives to the cluster it goes on. */
static int
width_behind(utf8proc_int32_t code)
{
    enum {
        EMOJI_STYLE = 0xFE0F,
        FLAG_A = 0x1F1E6, // letters that make a flag, two by two
        FLAG_Z = 0x1F1FF
    };
    bool wide = code == EMOJI_STYLE || (code >= FLAG_A && code <= FLAG_Z);
    return wide ? 2 : utf8proc_charwidth(code);
}

size_t
width_cluster(const char *string, int *columns)
{
    *columns = 0;
    if (*string == '\0') {
        return 0;
    }
    size_t length = 0;
    utf8proc_int32_t before = code_point(string, &length);
    *columns = before < 0 ? 1 : utf8proc_charwidth(before);
    utf8proc_int32_t state = 0;
    while (before >= 0 && string[length] != '\0') {
        size_t size = 0;
        utf8proc_int32_t code = code_point(string + length, &size);
        if (code < 0 ||
            utf8proc_grapheme_break_stateful(before, code, &state)) {
            break;
        }
        int own = width_behind(code);
        *columns = own > *columns ? own : *columns;
        length += size;
        before = code;
    }
    return length;
}

size_t
width_of(const char *string)
{
    size_t width = 0;
    int columns = 0;
    for (size_t length = 0; (length = width_cluster(string, &columns)) > 0;) {
        width += (size_t)columns;
        string += length;
    }
    return width;
}
