/* Serialize: objects as bytes, and bytes as objects.
 *
 * After CPython 3.12: Modules/_pickle.c, but with a format of its own, which
 * can only make the types below and runs no code. What comes back has the same
 * shape: an object that is held twice is one object again, and cycles are
 * closed, also through tuples, keys and instances.
 *
 *   data      "rt", version 1, a value, the fills
 *
 *   value     'N'                        None, or a field that is not set
 *             'T', 'F'                   True, False
 *             'i' zigzag                 int
 *             's' size bytes             str, as UTF-8        numbered
 *             'b' size bytes             bytes                numbered
 *             'a' size bytes             bytearray            numbered
 *             't' count value...         tuple                numbered last
 *             'l' 'd' 'o' 'S'            a new list, dict, ordered dict or
 *                                        set, still empty     numbered
 *             'c' class                  a new instance       numbered
 *             '@' number                 the object of this number
 *
 *   class     a number from 0 on; the next one, never used yet, is followed by
 *             its definition: size and bytes of the name, the count of fields,
 *             size and bytes of each field's name
 *
 *   fill      of a list, a set         count value...
 *             of a dict, ordered dict  count (key value)...
 *             of an instance           value of each field
 *
 * Numbers begin with 0; a tuple gets its own behind those of its items. Sizes,
 * counts and numbers are whole numbers, seven bits a byte, the lowest first,
 * each byte but the last with its highest bit set; a zigzag is such a number
 * that stands for 0, -1, 1, -2, 2 and so on.
 *
 * Nothing is nested but tuples in tuples. A value makes a container, and the
 * fills say later what it holds, in the order of the numbers; filling one may
 * make others, which are filled in their turn, until none is left. So a chain
 * of any length needs no deep stack, and a tuple or a key is always whole
 * before anybody looks at its hash.
 *
 * Keys are what can be hashed, and tuples in them go at most RT_EQUAL_DEPTH
 * levels deep. To compute all their hashes, at most RT_SERIALIZE_WORK objects
 * may be visited for each byte of data: shared items would otherwise make a
 * hundred bytes that take for ever. Neither direction gives or takes more.
 *
 * The same objects give the same bytes. A set is written in the order of its
 * table. */
#ifndef LABS_RUNTIME_SERIALIZE_H
#define LABS_RUNTIME_SERIALIZE_H

#include <stddef.h>

struct rt_class;
struct rt_object;

enum {
    RT_SERIALIZE_VERSION = 1,
    RT_SERIALIZE_WORK = 1000
};

/* New bytes that say what the object and all that it leads to are; NULL is
 * None. NULL with a pending error: a type error for an object of another type,
 * a value error for keys beyond the limits, no memory (pickle.dumps). */
struct rt_object *rt_serialize(struct rt_object *object);

/* Makes the object again: a new reference, or NULL for None, in *object.
 * Instances are of the class of the same name among these, which must have the
 * same fields; finalizers that a class has may run. Returns 0, or -1 with a
 * pending error: a value error for anything that rt_serialize() would not
 * write, which says at which byte, counted from 0, and what is wrong there; or
 * no memory. Takes no more memory than a fixed multiple of size. After a
 * failure what was made already may be a cycle, and so the collector's
 * (pickle.loads). */
int rt_deserialize(const void *bytes, size_t size,
                   const struct rt_class *const *classes, size_t class_count,
                   struct rt_object **object);

#endif
