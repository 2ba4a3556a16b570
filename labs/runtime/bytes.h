/* Bytes: bytes that never change.
 *
 * After CPython 3.12: Objects/bytesobject.c. They lie behind the head in the
 * same block, with a zero byte behind them, and the hash is computed once.
 * They hold no references, so the collector does not know them. */
#ifndef LABS_RUNTIME_BYTES_H
#define LABS_RUNTIME_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "labs/runtime/object.h"

struct rt_bytes {
    struct rt_object base;
    size_t size;
    int64_t hash; // -1: nobody has asked yet
    unsigned char bytes[];
};

/* New bytes, a copy of these; bytes may be NULL, and then the caller fills
 * rt_bytes_data() before anybody else sees the object. NULL with a pending
 * memory error (PyBytes_FromStringAndSize). */
struct rt_object *rt_bytes_new(const void *bytes, size_t size);

/* Borrowed until the object dies; only for bytes. */
unsigned char *rt_bytes_data(struct rt_object *bytes);
size_t rt_bytes_size(const struct rt_object *bytes);

bool rt_bytes_check(const struct rt_object *object); // whether it is bytes

#endif
