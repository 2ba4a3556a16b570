#include "grader/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
buffer_release(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}

void
buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
    if (length >= SIZE_MAX / 2 - buffer->length) {
        buffer->failed = true;
        return;
    }
    if (buffer->length + length + 1 > buffer->capacity) {
        size_t capacity = (buffer->length + length + 1) * 2;
        char *grown = realloc(buffer->bytes, capacity);
        if (grown == NULL) {
            buffer->failed = true;
            return;
        }
        buffer->bytes = grown;
        buffer->capacity = capacity;
    }
    if (length > 0) {
        memcpy(buffer->bytes + buffer->length, bytes, length);
    }
    buffer->length += length;
    buffer->bytes[buffer->length] = '\0';
}

void
buffer_format(struct buffer *buffer, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        buffer->failed = true;
        return;
    }
    buffer_add(buffer, text, (size_t)length);
    free(text);
}

const char *
buffer_string(const struct buffer *buffer)
{
    return buffer->bytes != NULL ? buffer->bytes : "";
}

/* The length of the UTF-8 sequence at bytes, 0 if it is none (RFC 3629). */
static size_t
sequence_length(const unsigned char *bytes, size_t left)
{
    unsigned char first = bytes[0];
    size_t length = first < 0x80   ? 1
                    : first < 0xC2 ? 0
                    : first < 0xE0 ? 2
                    : first < 0xF0 ? 3
                    : first < 0xF5 ? 4
                                   : 0;
    if (length == 0 || length > left) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (first == 0xE0 && bytes[1] < 0xA0) ||
                    (first == 0xF0 && bytes[1] < 0x90) ||
                    (first == 0xED && bytes[1] > 0x9F) ||
                    (first == 0xF4 && bytes[1] > 0x8F);
    return overlong ? 0 : length;
}

void
buffer_add_clean(struct buffer *buffer, const char *bytes, size_t length,
                 size_t limit)
{
    const unsigned char *at = (const unsigned char *)bytes;
    size_t start = buffer->length;
    for (size_t i = 0; i < length;) {
        if (buffer->length - start + 16 > limit) {
            buffer_add(buffer, " [...]", limit < 6 ? 0 : 6);
            return;
        }
        size_t size = sequence_length(at + i, length - i);
        bool control =
            size == 1 && ((at[i] < 0x20 && at[i] != '\n') || at[i] == 0x7F);
        bool c1 = size == 2 && at[i] == 0xC2 && at[i + 1] < 0xA0;
        // Marks that turn the direction of text round (U+202A-E, U+2066-9).
        bool turns =
            size == 3 && at[i] == 0xE2 &&
            ((at[i + 1] == 0x80 && at[i + 2] >= 0xAA && at[i + 2] <= 0xAE) ||
             (at[i + 1] == 0x81 && at[i + 2] >= 0xA6 && at[i + 2] <= 0xA9));
        if (size == 1 && at[i] == '\t') {
            buffer_add(buffer, "    ", 4);
        }
        else if (size == 0 || control) {
            buffer_format(buffer, "\\x%02x", (unsigned)at[i]);
        }
        else if (!c1 && !turns) {
            buffer_add(buffer, bytes + i, size);
        }
        i += size > 0 ? size : 1;
    }
}

int
buffer_read_whole(struct buffer *buffer, int descriptor, size_t limit)
{
    char block[16384];
    off_t place = 0;
    for (;;) {
        ssize_t got = pread(descriptor, block, sizeof(block), place);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? -1 : 0;
        }
        buffer_add(buffer, block, (size_t)got);
        place += got;
        if (buffer->length > limit) {
            errno = EFBIG;
            return -1;
        }
    }
}

int
buffer_read_file(struct buffer *buffer, const char *path, size_t limit)
{
    // Nobody waits for who would write to a pipe.
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return -1;
    }
    int result = buffer_read_whole(buffer, file, limit);
    int number = errno;
    close(file);
    errno = number;
    return result;
}
