/* Two walks in one: `numbering` numbers objects in the order in which they are
 * written, and the fills go through it from its beginning. Tuples, which are
 * written whole, wait in `open` until their items are written. */
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/boolean.h"
#include "labs/runtime/bytearray.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/numbering.h"
#include "labs/runtime/odict.h"
#include "labs/runtime/serialize.h"
#include "labs/runtime/serialize_format.h"
#include "labs/runtime/set.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"

struct open_tuple {
    struct rt_object *tuple; // borrowed
    size_t next;             // item to write
};

struct writer {
    unsigned char *bytes;
    size_t size, room;
    struct rt_numbering numbering;
    struct open_tuple *open;
    size_t depth, open_room;
    const struct rt_class **classes; // by their numbers
    size_t class_count, class_room;
    uint64_t work; // to hash all keys
};

// --- bytes -----------------------------------------------------------------

static int
put(struct writer *writer, const void *bytes, size_t size)
{
    unsigned char *room = rt_serialize_room(writer->bytes, &writer->room,
                                            writer->size + size, 1);
    if (room == NULL) {
        return -1;
    }
    writer->bytes = room;
    if (size > 0) {
        memcpy(room + writer->size, bytes, size);
    }
    writer->size += size;
    return 0;
}

static int
put_code(struct writer *writer, enum rt_serialize_code code)
{
    unsigned char byte = (unsigned char)code;
    return put(writer, &byte, 1);
}

static int
put_number(struct writer *writer, uint64_t number)
{
    unsigned char bytes[RT_SERIALIZE_NUMBER_BYTES];
    size_t size = 0;
    for (; number >= 0x80; number >>= 7) {
        bytes[size++] = (unsigned char)(number | 0x80);
    }
    bytes[size++] = (unsigned char)number;
    return put(writer, bytes, size);
}

static int
put_block(struct writer *writer, const void *bytes, size_t size)
{
    return put_number(writer, size) != 0 ? -1 : put(writer, bytes, size);
}

static int
put_text(struct writer *writer, const char *text)
{
    return put_block(writer, text, strlen(text));
}

// --- values ----------------------------------------------------------------

static int
put_int(struct writer *writer, int64_t value)
{
    uint64_t twice = (uint64_t)value << 1;
    return put_number(writer, value < 0 ? ~twice : twice);
}

static int
define_class(struct writer *writer, const struct rt_class *class)
{
    const struct rt_class **classes =
        rt_serialize_room(writer->classes, &writer->class_room,
                          writer->class_count + 1, sizeof(*classes));
    if (classes == NULL) {
        return -1;
    }
    writer->classes = classes;
    classes[writer->class_count++] = class;
    if (put_text(writer, class->type.name) != 0 ||
        put_number(writer, class->field_count) != 0) {
        return -1;
    }
    int result = 0;
    for (size_t i = 0; result == 0 && i < class->field_count; i++) {
        result = put_text(writer, class->fields[i]);
    }
    return result;
}

static int
put_class(struct writer *writer, const struct rt_class *class)
{
    size_t number = 0;
    while (number < writer->class_count && writer->classes[number] != class) {
        number++;
    }
    if (put_number(writer, number) != 0) {
        return -1;
    }
    return number < writer->class_count ? 0 : define_class(writer, class);
}

/* What a value of this type begins with; 0: it cannot be written. */
static int
code_of(const struct rt_object *object)
{
    static const struct {
        bool (*check)(const struct rt_object *object);
        enum rt_serialize_code code;
    } CODES[] = {
        {rt_int_check, RT_SERIALIZE_INT},
        {rt_str_check, RT_SERIALIZE_STR},
        {rt_list_check, RT_SERIALIZE_LIST},
        {rt_instance_check, RT_SERIALIZE_INSTANCE},
        {rt_dict_check, RT_SERIALIZE_DICT},
        {rt_set_check, RT_SERIALIZE_SET},
        {rt_odict_check, RT_SERIALIZE_ODICT},
        {rt_bytes_check, RT_SERIALIZE_BYTES},
        {rt_bytearray_check, RT_SERIALIZE_BYTEARRAY},
    };
    if (rt_bool_check(object)) {
        return rt_bool_value(object) ? RT_SERIALIZE_TRUE : RT_SERIALIZE_FALSE;
    }
    for (size_t i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
        if (CODES[i].check(object)) {
            return (int)CODES[i].code;
        }
    }
    return object->ob_type == &rt_tuple_type ? RT_SERIALIZE_TUPLE : 0;
}

/* What follows the code of an object. */
static int
put_content(struct writer *writer, struct rt_object *object, int code)
{
    switch (code) {
    case RT_SERIALIZE_INT:
        return put_int(writer, rt_int_value(object));
    case RT_SERIALIZE_STR:
        return put_block(writer, rt_str_text(object), rt_str_length(object));
    case RT_SERIALIZE_BYTES:
        return put_block(writer, rt_bytes_data(object), rt_bytes_size(object));
    case RT_SERIALIZE_BYTEARRAY:
        return put_block(writer, rt_bytearray_data(object),
                         rt_bytearray_size(object));
    case RT_SERIALIZE_INSTANCE:
        return put_class(writer, rt_instance_class(object));
    default:
        return 0;
    }
}

/* From now on its items are written, and then it gets its number. */
static int
open_tuple(struct writer *writer, struct rt_object *tuple)
{
    struct open_tuple *open = rt_serialize_room(
        writer->open, &writer->open_room, writer->depth + 1, sizeof(*open));
    if (open == NULL) {
        return -1;
    }
    writer->open = open;
    open[writer->depth++] = (struct open_tuple){tuple, 0};
    return put_number(writer, rt_tuple_size(tuple));
}

/* A value; but of a tuple only its beginning. */
static int
begin_value(struct writer *writer, struct rt_object *object)
{
    if (object == NULL) {
        return put_code(writer, RT_SERIALIZE_NONE);
    }
    size_t number = rt_numbering_find(&writer->numbering, object);
    if (number > 0) {
        return put_code(writer, RT_SERIALIZE_OBJECT) != 0
                   ? -1
                   : put_number(writer, number - 1);
    }
    int code = code_of(object);
    if (code == 0) {
        return rt_error_set(RT_ERROR_TYPE, "cannot serialize '%s' object",
                            object->ob_type->name);
    }
    if (put_code(writer, (enum rt_serialize_code)code) != 0) {
        return -1;
    }
    switch (code) {
    case RT_SERIALIZE_TRUE:
    case RT_SERIALIZE_FALSE:
        return 0;
    case RT_SERIALIZE_INT:
        return put_content(writer, object, code);
    case RT_SERIALIZE_TUPLE:
        return open_tuple(writer, object);
    default:
        return put_content(writer, object, code) != 0
                   ? -1
                   : rt_numbering_add(&writer->numbering, object);
    }
}

static int
put_value(struct writer *writer, struct rt_object *object)
{
    int result = begin_value(writer, object);
    while (result == 0 && writer->depth > 0) {
        struct open_tuple *top = &writer->open[writer->depth - 1];
        if (top->next < rt_tuple_size(top->tuple)) {
            result = begin_value(writer, rt_tuple_at(top->tuple, top->next++));
        }
        else {
            writer->depth--;
            result = rt_numbering_add(&writer->numbering, top->tuple);
        }
    }
    return result;
}

// --- fills -----------------------------------------------------------------

static int
put_key(struct writer *writer, struct rt_object *key)
{
    const char *fault = rt_serialize_key_fault(key, &writer->work, UINT64_MAX);
    if (fault != NULL) {
        return rt_error_set(RT_ERROR_VALUE, "%s", fault);
    }
    return put_value(writer, key);
}

static int
fill_list(struct writer *writer, struct rt_object *list)
{
    int result = put_number(writer, rt_list_size(list));
    for (size_t i = 0; result == 0 && i < rt_list_size(list); i++) {
        result = put_value(writer, rt_list_at(list, i));
    }
    return result;
}

static int
fill_dict(struct writer *writer, struct rt_object *dict)
{
    int result = put_number(writer, rt_dict_size(dict));
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    while (result == 0 && rt_dict_next(dict, &position, &key, &value)) {
        result = put_key(writer, key) != 0 ? -1 : put_value(writer, value);
    }
    return result;
}

static int
fill_odict(struct writer *writer, struct rt_object *odict)
{
    int result = put_number(writer, rt_odict_size(odict));
    struct rt_object *key = NULL;
    struct rt_object *value;
    int more = 1;
    while (result == 0 && (more = rt_odict_next(odict, &key, &value)) > 0) {
        result = put_key(writer, key) != 0 ? -1 : put_value(writer, value);
    }
    return more < 0 ? -1 : result;
}

static int
fill_set(struct writer *writer, struct rt_object *set)
{
    int result = put_number(writer, rt_set_size(set));
    size_t position = 0;
    struct rt_object *key;
    while (result == 0 && rt_set_next(set, &position, &key)) {
        result = put_key(writer, key);
    }
    return result;
}

static int
fill_instance(struct writer *writer, struct rt_object *instance)
{
    size_t count = rt_instance_class(instance)->field_count;
    int result = 0;
    for (size_t i = 0; result == 0 && i < count; i++) {
        result = put_value(writer, rt_instance_get(instance, (int)i));
    }
    return result;
}

static int
fill(struct writer *writer, struct rt_object *object)
{
    switch (code_of(object)) {
    case RT_SERIALIZE_LIST:
        return fill_list(writer, object);
    case RT_SERIALIZE_DICT:
        return fill_dict(writer, object);
    case RT_SERIALIZE_ODICT:
        return fill_odict(writer, object);
    case RT_SERIALIZE_SET:
        return fill_set(writer, object);
    case RT_SERIALIZE_INSTANCE:
        return fill_instance(writer, object);
    default:
        return 0;
    }
}

// --- all -------------------------------------------------------------------

static int
put_all(struct writer *writer, struct rt_object *object)
{
    int result =
        put(writer, rt_serialize_header, RT_SERIALIZE_HEADER_BYTES) != 0
            ? -1
            : put_value(writer, object);
    for (size_t i = 0; result == 0 && i < writer->numbering.count; i++) {
        result = fill(writer, writer->numbering.objects[i]);
    }
    if (result == 0 &&
        writer->work > (uint64_t)writer->size * RT_SERIALIZE_WORK) {
        return rt_error_set(RT_ERROR_VALUE, "keys take too long to hash");
    }
    return result;
}

struct rt_object *
rt_serialize(struct rt_object *object)
{
    struct writer writer = {0};
    struct rt_object *bytes = NULL;
    if (put_all(&writer, object) == 0) {
        bytes = rt_bytes_new(writer.bytes, writer.size);
    }
    rt_free(writer.bytes);
    rt_free(writer.open);
    rt_free(writer.classes);
    rt_numbering_release(&writer.numbering);
    return bytes;
}
