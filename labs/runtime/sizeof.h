/* Sizeof: how many bytes CPython would say that an object takes.
 *
 * After CPython: sys.getsizeof(), and the __sizeof__() of each type. The
 * runtime's own objects are of another size in places; these are CPython's on
 * a 64-bit machine, by its version (see compat.h). What is not said here is
 * the same from 3.11 to 3.13; from 3.14 on it is taken to be as in 3.13.
 *
 *   None      16                              bool      28
 *   int       24 + 4 for each 30 bits, of which 0 has some, too
 *   str       by its widest character, of n   up to 3.11    from 3.12
 *               U+007F                        49 + n        41 + n
 *               U+00FF                        73 + n        57 + n
 *               U+FFFF                        74 + 2n       58 + 2n
 *               any                           76 + 4n       60 + 4n
 *             one character from U+0080 to U+00FF: 3 more from 3.12
 *   bytes     33 + n                          bytearray 56 + room
 *   tuple     40 + 8n                         list      56 + 8 * room
 *   dict      64, and with a table of s slots, of which two thirds can be
 * used: 32 + s * width of an index + 2s/3 * 24; 16 for 24 while all keys are
 * str ordered   as a dict, and 64 + 8s + 32 for each key set       216, and 16
 * * s for more than 8 slots instance  with fields in slots, and weak
 * references to it possible: 40 + 8n up to 3.11, 48 + 8n from 3.12
 *
 * Objects of other types: what the runtime takes for them. */
#ifndef LABS_RUNTIME_SIZEOF_H
#define LABS_RUNTIME_SIZEOF_H

#include <stddef.h>

struct rt_object;

/* The bytes of the object alone, without what it holds; NULL is None
 * (sys.getsizeof). */
size_t rt_sizeof(struct rt_object *object);

/* The same as CPython 3.minor says it. */
size_t rt_sizeof_in(struct rt_object *object, int minor);

/* The bytes of the object and of all that it leads to, in *bytes, each object
 * counted once however it is held; None in it does not count. Of any depth.
 * Returns 0, or -1 with a pending memory error. */
int rt_sizeof_deep(struct rt_object *object, size_t *bytes);

#endif
