#include "quiz/core/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/xalloc.h"

/* Makes room for more bytes and a terminator. */
static void
reserve(struct text *text, size_t more)
{
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity) {
        return;
    }
    size_t capacity = text->capacity < 64 ? 64 : text->capacity * 2;
    text->capacity = capacity < needed ? needed : capacity;
    text->bytes = xreallocarray(text->bytes, text->capacity, 1);
}

void
text_release(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

void
text_add_bytes(struct text *text, const char *bytes, size_t length)
{
    reserve(text, length);
    if (length > 0) {
        memcpy(text->bytes + text->length, bytes, length);
    }
    text->length += length;
    text->bytes[text->length] = '\0';
}

void
text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void
text_add_char(struct text *text, char byte)
{
    text_add_bytes(text, &byte, 1);
}

void
text_add_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    reserve(text, (size_t)length);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
    va_end(again);
    text->length += (size_t)length;
}

void
text_truncate(struct text *text, size_t length)
{
    assert(length <= text->length);
    text->length = length;
    if (text->bytes != NULL) {
        text->bytes[length] = '\0';
    }
}

const char *
text_string(const struct text *text)
{
    return text->bytes != NULL ? text->bytes : "";
}

char *
text_steal(struct text *text)
{
    char *bytes = text->bytes != NULL ? text->bytes : xstrdup("");
    *text = (struct text){0};
    return bytes;
}
