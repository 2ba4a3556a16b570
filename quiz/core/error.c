#include "quiz/core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct error *err, enum exit_status status,
                 const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Takes the beginning of a character away that has no room for its end. */
static void
cut_between_characters(char *message)
{
    size_t length = strlen(message);
    size_t start = length;
    while (start > 0 && length - start < 4 &&
           ((unsigned char)message[start - 1] & 0xC0) == 0x80) {
        start--;
    }
    if (start == 0 || (unsigned char)message[start - 1] < 0xC0) {
        return; // ASCII, or no UTF-8 at all
    }
    unsigned char lead = (unsigned char)message[start - 1];
    size_t needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (length - (start - 1) < needed) {
        message[start - 1] = '\0';
    }
}

static void
fill(struct error *err, enum exit_status status, const char *format,
     va_list arguments)
{
    if (err == NULL) {
        return;
    }
    err->status = status;
    int length =
        vsnprintf(err->message, sizeof(err->message), format, arguments);
    if (length >= (int)sizeof(err->message)) {
        cut_between_characters(err->message);
    }
}

int
error_set(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, EXIT_STATUS_CONTENT, format, arguments);
    va_end(arguments);
    return -1;
}

int
error_set_status(struct error *err, enum exit_status status,
                 const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, status, format, arguments);
    va_end(arguments);
    return -1;
}
