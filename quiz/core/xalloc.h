/* Allocation that cannot fail: out of memory ends the quiz with a message
 * and exit code 70. What these return is given back with free(). */
#ifndef QUIZ_CORE_XALLOC_H
#define QUIZ_CORE_XALLOC_H

#include <stddef.h>

void *xmalloc(size_t size_bytes) __attribute__((malloc, returns_nonnull));

/* count elements of size_bytes each, zeroed. */
void *xcalloc(size_t count, size_t size_bytes)
    __attribute__((malloc, returns_nonnull));

/* An array of count elements in place of memory (NULL is fine); the product
 * is checked. Never returns NULL, not even for count 0. */
void *xreallocarray(void *memory, size_t count, size_t size_bytes)
    __attribute__((returns_nonnull));

char *xstrdup(const char *string) __attribute__((malloc, returns_nonnull));

/* A terminated copy of the first length bytes. */
char *xstrndup(const char *string, size_t length)
    __attribute__((malloc, returns_nonnull));

/* Like asprintf. */
char *xasprintf(const char *format, ...)
    __attribute__((format(printf, 1, 2), malloc, returns_nonnull));

#endif
