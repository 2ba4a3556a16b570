/* Hash: numbers by which tables find objects, and when two objects are equal.
 *
 * After CPython 3.12: Python/pyhash.c, and PyObject_Hash and
 * PyObject_RichCompareBool in Objects/object.c. Equal objects have equal
 * hashes; unequal ones may have, too. A hash is never -1, which callers are
 * free to keep for "not known yet". */
#ifndef LABS_RUNTIME_HASH_H
#define LABS_RUNTIME_HASH_H

#include <stddef.h>
#include <stdint.h>

struct rt_object;

enum {
    RT_EQUAL_DEPTH = 1000 // as sys.getrecursionlimit()
};

/* The hash of an object: its type's hash slot decides, without one the
 * object's identity. Returns 0, or -1 with a pending error (PyObject_Hash). */
int rt_hash(struct rt_object *object, int64_t *hash);

/* The hash slot of types whose objects change, and so cannot be keys. Returns
 * -1 with a pending type error (PyObject_HashNotImplemented). */
int rt_hash_refused(struct rt_object *object, int64_t *hash);

/* Whether the two are equal: 1 or 0, or -1 with a pending error. An object is
 * equal to itself without being asked; objects of two types are not equal,
 * but for a proxy, which is what it stands for (see proxy.h).
 * It may run any code, so hold references to both. Containers that hold
 * themselves are a runtime error after RT_EQUAL_DEPTH levels
 * (PyObject_RichCompareBool with Py_EQ). */
int rt_equal(struct rt_object *a, struct rt_object *b);

/* The hash of an address. The lowest bits, which are always 0, become the
 * highest (_Py_HashPointer). */
int64_t rt_hash_pointer(const void *pointer);

/* -1 means failure to some and "not known yet" to others, so no hash is -1. */
static inline int64_t
rt_hash_usable(uint64_t bits)
{
    return (int64_t)bits == -1 ? -2 : (int64_t)bits;
}

/* --- of bytes (hash_bytes.c) --------------------------------------------- */

/* The hash of bytes under the key: SipHash-1-3, in which nobody who does not
 * know the key can prepare texts that collide (_Py_HashBytes). No bytes have
 * the hash 0. The programs built for speed have another function, which makes
 * the same promises but that one (fast/hash_bytes.c). */
int64_t rt_hash_bytes(const void *bytes, size_t size);

/* Chooses the key; 0, 0 at first, as with PYTHONHASHSEED=0, so that a program
 * runs the same way twice. Only while no hash of bytes is in use. */
void rt_hash_set_key(uint64_t first, uint64_t second);

#endif
