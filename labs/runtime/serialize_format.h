/* Serialize format: what the writer and the reader share (see serialize.h). */
#ifndef LABS_RUNTIME_SERIALIZE_FORMAT_H
#define LABS_RUNTIME_SERIALIZE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

struct rt_object;

enum {
    RT_SERIALIZE_HEADER_BYTES = 3,
    RT_SERIALIZE_NUMBER_BYTES = 10 // the longest number
};

enum rt_serialize_code {
    RT_SERIALIZE_NONE = 'N',
    RT_SERIALIZE_TRUE = 'T',
    RT_SERIALIZE_FALSE = 'F',
    RT_SERIALIZE_INT = 'i',
    RT_SERIALIZE_STR = 's',
    RT_SERIALIZE_BYTES = 'b',
    RT_SERIALIZE_BYTEARRAY = 'a',
    RT_SERIALIZE_TUPLE = 't',
    RT_SERIALIZE_LIST = 'l',
    RT_SERIALIZE_DICT = 'd',
    RT_SERIALIZE_ODICT = 'o',
    RT_SERIALIZE_SET = 'S',
    RT_SERIALIZE_INSTANCE = 'c',
    RT_SERIALIZE_OBJECT = '@'
};

/* How all data begin; the last byte is the version. */
extern const unsigned char rt_serialize_header[RT_SERIALIZE_HEADER_BYTES];

/* The array with room for so many items at least, at another place perhaps;
 * it grows by doubling. NULL with a pending memory error, and then the array
 * is as it was. */
void *rt_serialize_room(void *items, size_t *room, size_t needed,
                        size_t item_bytes);

/* Why the object, which may be NULL, cannot be a key; NULL: it can. Adds to
 * *work how many objects its hash visits, and stops when that is more than
 * most. */
const char *rt_serialize_key_fault(struct rt_object *key, uint64_t *work,
                                   uint64_t most);

#endif
