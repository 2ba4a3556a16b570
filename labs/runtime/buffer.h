/* Buffer: the memory of an object, lent to others without a copy.
 *
 * After CPython 3.12: PEP 3118, Objects/abstract.c, PyObject_GetBuffer(). As
 * long as a buffer is out, the memory stays where it is: an object that could
 * move it, as a bytearray when it grows, counts its exports and refuses. */
#ifndef LABS_RUNTIME_BUFFER_H
#define LABS_RUNTIME_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "labs/runtime/object.h"

/* Bytes in one piece; whoever has it holds a reference to their owner. */
struct rt_buffer {
    struct rt_object *owner;
    unsigned char *bytes;
    size_t size; // in bytes
    bool readonly;
};

/* Asks the object for its memory. 0, or -1 with a pending error, a type error
 * if the object is not bytes-like. Give it back with rt_buffer_release(). */
int rt_buffer_get(struct rt_object *object, struct rt_buffer *buffer);
void rt_buffer_release(struct rt_buffer *buffer);

#endif
