#include "quiz/core/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/error.h"

static void *
must(void *memory)
{
    if (memory == NULL) {
        fputs("ouro: out of memory\n", stderr);
        exit(EXIT_STATUS_INTERNAL);
    }
    return memory;
}

void *
xmalloc(size_t size_bytes)
{
    return must(malloc(size_bytes > 0 ? size_bytes : 1));
}

void *
xcalloc(size_t count, size_t size_bytes)
{
    return must(
        calloc(count > 0 ? count : 1, size_bytes > 0 ? size_bytes : 1));
}

void *
xreallocarray(void *memory, size_t count, size_t size_bytes)
{
    // Asked for no bytes, realloc() would free the memory and return NULL.
    return must(reallocarray(memory, count > 0 ? count : 1,
                             size_bytes > 0 ? size_bytes : 1));
}

char *
xstrdup(const char *string)
{
    return must(strdup(string));
}

char *
xstrndup(const char *string, size_t length)
{
    return must(strndup(string, length));
}

char *
xasprintf(const char *format, ...)
{
    char *result = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&result, format, arguments);
    va_end(arguments);
    return must(length < 0 ? NULL : result);
}
