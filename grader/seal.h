/* Seal: files that hold their own checksum, in a folder of one user.
 *
 * The SHA-256 of the rest in hexadecimal, a line end, the rest. What was
 * damaged, or is being written, is as if it were not there. */
#ifndef GRADER_SEAL_H
#define GRADER_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "grader/buffer.h"

/* Writes folder/NAMESUFFIX, and makes the folder, whole or not at all. False
 * when it cannot. */
bool seal_write(const char *folder, const char *name, const char *suffix,
                const char *text, size_t length);

/* Adds the text of the file, of at most limit bytes, to an empty buffer. False
 * when it is not there as it was written. */
bool seal_read(struct buffer *text, const char *folder, const char *name,
               const char *suffix, size_t limit);

#endif
