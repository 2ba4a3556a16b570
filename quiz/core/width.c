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

/* Whether a variation selector can make an emoji of a character: of a picture,
 * and of the characters that stand on keys. */
static bool
has_emoji_style(utf8proc_int32_t code)
{
    return utf8proc_get_property(code)->boundclass ==
               UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
           (code >= '0' && code <= '9') || code == '#' || code == '*';
}

/* The columns that a code point behind the first one gives to a cluster. */
static int
width_behind(utf8proc_int32_t first, utf8proc_int32_t code)
{
    enum {
        EMOJI_STYLE = 0xFE0F,
        FLAG_A = 0x1F1E6, // letters that make a flag, two by two
        FLAG_Z = 0x1F1FF
    };
    bool wide = (code == EMOJI_STYLE && has_emoji_style(first)) ||
                (code >= FLAG_A && code <= FLAG_Z);
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
    utf8proc_int32_t first = code_point(string, &length);
    utf8proc_int32_t before = first;
    *columns = before < 0 ? 1 : utf8proc_charwidth(before);
    utf8proc_int32_t state = 0;
    while (before >= 0 && string[length] != '\0') {
        size_t size = 0;
        utf8proc_int32_t code = code_point(string + length, &size);
        if (code < 0 ||
            utf8proc_grapheme_break_stateful(before, code, &state)) {
            break;
        }
        int own = width_behind(first, code);
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
