#include "labs/runtime/serialize_input.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "labs/runtime/error.h"

int
rt_serialize_refuse(const struct rt_serialize_input *input, const char *format,
                    ...)
{
    char text[100];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    rt_error_set(RT_ERROR_VALUE, "byte %zu: %s", input->start, text);
    return -1;
}

int
rt_serialize_take_byte(struct rt_serialize_input *input, unsigned char *byte)
{
    input->start = input->at;
    if (rt_serialize_left(input) == 0) {
        return rt_serialize_refuse(input, "the data end too early");
    }
    *byte = input->bytes[input->at++];
    return 0;
}

int
rt_serialize_take_number(struct rt_serialize_input *input, uint64_t *number)
{
    size_t start = input->at;
    unsigned char byte = 0x80;
    *number = 0;
    for (unsigned shift = 0; byte >= 0x80; shift += 7) {
        if (rt_serialize_take_byte(input, &byte) != 0) {
            return -1;
        }
        uint64_t bits = byte & 0x7F;
        if (shift > 63 || bits << shift >> shift != bits) {
            input->start = start;
            return rt_serialize_refuse(input,
                                       "the number needs more than 64 bits");
        }
        *number |= bits << shift;
    }
    input->start = start;
    if (byte == 0 && input->at - start > 1) {
        return rt_serialize_refuse(input,
                                   "the number is longer than it must be");
    }
    return 0;
}

int
rt_serialize_take_count(struct rt_serialize_input *input, size_t item_bytes,
                        size_t *count)
{
    uint64_t number;
    if (rt_serialize_take_number(input, &number) != 0) {
        return -1;
    }
    if (number > rt_serialize_left(input) / item_bytes) {
        return rt_serialize_refuse(input,
                                   "%" PRIu64 " announced, bytes left: %zu",
                                   number, rt_serialize_left(input));
    }
    *count = (size_t)number;
    return 0;
}

int
rt_serialize_take_block(struct rt_serialize_input *input,
                        const unsigned char **bytes, size_t *size)
{
    if (rt_serialize_take_count(input, 1, size) != 0) {
        return -1;
    }
    *bytes = input->bytes + input->at;
    input->at += *size;
    return 0;
}
