/* Serialize input: reads bytes, numbers and blocks, and says where something
 * is wrong (see serialize.h). */
#ifndef LABS_RUNTIME_SERIALIZE_INPUT_H
#define LABS_RUNTIME_SERIALIZE_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct rt_serialize_input {
    const unsigned char *bytes; // borrowed
    size_t size, at;
    size_t start; // of what was read last
};

/* Makes a value error pending that begins with the place of what was read
 * last. Returns -1. */
int rt_serialize_refuse(const struct rt_serialize_input *input,
                        const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How many bytes are still to be read. */
static inline size_t
rt_serialize_left(const struct rt_serialize_input *input)
{
    return input->size - input->at;
}

/* Each reads one thing: 0, or -1 with a pending value error. A count is of
 * things that take at least so many bytes each, and no more of them than there
 * is room for in what is left. A block is borrowed from the data. */
int rt_serialize_take_byte(struct rt_serialize_input *input,
                           unsigned char *byte);
int rt_serialize_take_number(struct rt_serialize_input *input,
                             uint64_t *number);
int rt_serialize_take_count(struct rt_serialize_input *input,
                            size_t item_bytes, size_t *count);
int rt_serialize_take_block(struct rt_serialize_input *input,
                            const unsigned char **bytes, size_t *size);

#endif
