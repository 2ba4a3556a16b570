/* Buffer: bytes that grow, up to a cap. The one string builder of the grader.
 *
 * Running out of memory sets `failed`; the grader turns that into an internal
 * error instead of ending the program that called it. */
#ifndef GRADER_BUFFER_H
#define GRADER_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *bytes;   // terminated once something was added; NULL before
    size_t length; // without the terminator
    size_t capacity;
    bool failed;
};

void buffer_release(struct buffer *buffer); // a zeroed one is fine
void buffer_add(struct buffer *buffer, const void *bytes, size_t length);
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *buffer_string(const struct buffer *buffer); // "" if empty

/* Adds text that came from outside so that it can be shown: valid UTF-8
 * without control characters but newlines (an escape becomes "\x1b"), cut to
 * limit bytes. */
void buffer_add_clean(struct buffer *buffer, const char *bytes, size_t length,
                      size_t limit);

/* The whole file, at most limit bytes. 0, or -1 with errno (EFBIG). */
int buffer_read_file(struct buffer *buffer, const char *path, size_t limit);
/* All of a descriptor from its beginning, at most limit bytes. */
int buffer_read_whole(struct buffer *buffer, int descriptor, size_t limit);

#endif
