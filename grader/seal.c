#include "grader/seal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "grader/keep.h"
#include "grader/sha256.h"

enum {
    SHA_BYTES = 64 // in hexadecimal
};

bool
seal_write(const char *folder, const char *name, const char *suffix,
           const char *text, size_t length)
{
    struct buffer file = {0};
    char hex[SHA_BYTES + 1];
    char reason[1024];
    sha256_hex(text, length, hex);
    buffer_format(&file, "%s\n", hex);
    buffer_add(&file, text, length);
    bool written = keep_open(folder, reason, sizeof(reason)) == 0 &&
                   chmod(folder, 0700) == 0 &&
                   keep_write(folder, name, suffix, buffer_string(&file),
                              file.length, reason, sizeof(reason)) == 0;
    buffer_release(&file);
    return written;
}

bool
seal_read(struct buffer *text, const char *folder, const char *name,
          const char *suffix, size_t limit)
{
    char path[PATH_MAX];
    char hex[SHA_BYTES + 1];
    struct buffer file = {0};
    bool whole = false;
    snprintf(path, sizeof(path), "%s/%s%s", folder, name, suffix);
    if (buffer_read_file(&file, path, limit) == 0 && file.length > SHA_BYTES &&
        file.bytes[SHA_BYTES] == '\n') {
        const char *rest = file.bytes + SHA_BYTES + 1;
        size_t length = file.length - SHA_BYTES - 1;
        sha256_hex(rest, length, hex);
        whole = memcmp(hex, file.bytes, SHA_BYTES) == 0;
        if (whole) {
            buffer_add(text, rest, length);
        }
    }
    buffer_release(&file);
    return whole;
}
