#include "quiz/core/error.h"

#include <stdarg.h>
#include <stdio.h>

static void fill(struct error *err, enum exit_status status,
                 const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void
fill(struct error *err, enum exit_status status, const char *format,
     va_list arguments)
{
    if (err == NULL) {
        return;
    }
    err->status = status;
    vsnprintf(err->message, sizeof(err->message), format, arguments);
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
