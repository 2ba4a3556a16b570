/* `made` is what the writer's numbering was: the objects by their numbers, and
 * the queue of those that are to be filled. Every reference in it is the
 * reader's own, so nothing dies before the end, whatever the data say. The
 * items of tuples that are not whole yet are in `items`, and each of those
 * tuples, in `open`, knows where its own begin. */
#include <inttypes.h>
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
#include "labs/runtime/odict.h"
#include "labs/runtime/serialize.h"
#include "labs/runtime/serialize_format.h"
#include "labs/runtime/serialize_input.h"
#include "labs/runtime/set.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"

struct open_tuple {
    size_t first;   // of its items
    size_t missing; // items
};

struct reader {
    struct rt_serialize_input input;
    const struct rt_class *const *classes; // the caller's
    size_t class_count;
    const struct rt_class **known; // by their numbers in the data
    size_t known_count, known_room;
    struct rt_object **made; // ours
    size_t made_count, made_room;
    struct rt_object **items; // ours
    size_t item_count, item_room;
    struct open_tuple *open;
    size_t depth, open_room;
    uint64_t work; // to hash all keys so far
};

// --- classes ---------------------------------------------------------------

static bool
is_text(const char *text, const unsigned char *bytes, size_t size)
{
    return strlen(text) == size && memcmp(text, bytes, size) == 0;
}

/* The caller's class of the name that comes next; NULL with a pending error.
 */
static const struct rt_class *
find_class(struct reader *reader)
{
    const unsigned char *name;
    size_t size;
    if (rt_serialize_take_block(&reader->input, &name, &size) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < reader->class_count; i++) {
        if (is_text(reader->classes[i]->type.name, name, size)) {
            return reader->classes[i];
        }
    }
    rt_serialize_refuse(&reader->input, "there is no class of this name");
    return NULL;
}

/* The fields that the data name must be those of the class. */
static int
check_fields(struct reader *reader, const struct rt_class *class)
{
    uint64_t count;
    if (rt_serialize_take_number(&reader->input, &count) != 0) {
        return -1;
    }
    if (count != class->field_count) {
        return rt_serialize_refuse(
            &reader->input, "class '%.32s' has %zu fields, not %" PRIu64,
            class->type.name, class->field_count, count);
    }
    for (size_t i = 0; i < class->field_count; i++) {
        const unsigned char *name;
        size_t size;
        if (rt_serialize_take_block(&reader->input, &name, &size) != 0) {
            return -1;
        }
        if (!is_text(class->fields[i], name, size)) {
            return rt_serialize_refuse(&reader->input,
                                       "class '%.32s' has another field here",
                                       class->type.name);
        }
    }
    return 0;
}

static int
define_class(struct reader *reader)
{
    const struct rt_class **known =
        rt_serialize_room(reader->known, &reader->known_room,
                          reader->known_count + 1, sizeof(*known));
    if (known == NULL) {
        return -1;
    }
    reader->known = known;
    const struct rt_class *class = find_class(reader);
    if (class == NULL || check_fields(reader, class) != 0) {
        return -1;
    }
    known[reader->known_count++] = class;
    return 0;
}

static struct rt_object *
new_instance(struct reader *reader)
{
    uint64_t number;
    if (rt_serialize_take_number(&reader->input, &number) != 0) {
        return NULL;
    }
    if (number > reader->known_count) {
        rt_serialize_refuse(&reader->input, "class %" PRIu64 " is not defined",
                            number);
        return NULL;
    }
    if (number == reader->known_count && define_class(reader) != 0) {
        return NULL;
    }
    return rt_instance_new(reader->known[number]);
}

// --- values ----------------------------------------------------------------

static struct rt_object *
new_int(struct reader *reader)
{
    uint64_t number;
    if (rt_serialize_take_number(&reader->input, &number) != 0) {
        return NULL;
    }
    uint64_t half = number >> 1;
    return rt_int_new((int64_t)(number % 2 == 0 ? half : ~half));
}

static struct rt_object *
new_str(struct reader *reader, const unsigned char *bytes, size_t size)
{
    struct rt_object *string = rt_str_from((const char *)bytes, size);
    if (string == NULL && rt_error_occurred() == RT_ERROR_VALUE) {
        struct rt_error_state why = rt_error_fetch();
        rt_serialize_refuse(&reader->input, "%s", why.text);
    }
    return string;
}

static struct rt_object *
new_block(struct reader *reader, int code)
{
    const unsigned char *bytes;
    size_t size;
    if (rt_serialize_take_block(&reader->input, &bytes, &size) != 0) {
        return NULL;
    }
    switch (code) {
    case RT_SERIALIZE_STR:
        return new_str(reader, bytes, size);
    case RT_SERIALIZE_BYTES:
        return rt_bytes_new(bytes, size);
    default:
        return rt_bytearray_new(bytes, size);
    }
}

static struct rt_object *
known_object(struct reader *reader)
{
    uint64_t number;
    if (rt_serialize_take_number(&reader->input, &number) != 0) {
        return NULL;
    }
    if (number >= reader->made_count) {
        rt_serialize_refuse(&reader->input,
                            "there is no object %" PRIu64
                            " among the first %zu",
                            number, reader->made_count);
        return NULL;
    }
    return rt_new_ref(reader->made[number]);
}

/* Whatever is neither None nor a tuple: a new reference, or NULL with a
 * pending error. */
static struct rt_object *
new_object(struct reader *reader, int code)
{
    switch (code) {
    case RT_SERIALIZE_TRUE:
    case RT_SERIALIZE_FALSE:
        return rt_bool_new(code == RT_SERIALIZE_TRUE);
    case RT_SERIALIZE_INT:
        return new_int(reader);
    case RT_SERIALIZE_STR:
    case RT_SERIALIZE_BYTES:
    case RT_SERIALIZE_BYTEARRAY:
        return new_block(reader, code);
    case RT_SERIALIZE_LIST:
        return rt_list_new();
    case RT_SERIALIZE_DICT:
        return rt_dict_new();
    case RT_SERIALIZE_ODICT:
        return rt_odict_new();
    case RT_SERIALIZE_SET:
        return rt_set_new();
    case RT_SERIALIZE_INSTANCE:
        return new_instance(reader);
    case RT_SERIALIZE_OBJECT:
        return known_object(reader);
    default:
        rt_serialize_refuse(&reader->input, "no value begins with 0x%02x",
                            (unsigned)code);
        return NULL;
    }
}

static bool
has_number(int code)
{
    return code != RT_SERIALIZE_TRUE && code != RT_SERIALIZE_FALSE &&
           code != RT_SERIALIZE_INT && code != RT_SERIALIZE_OBJECT;
}

/* Gives the object its number. */
static int
add_made(struct reader *reader, struct rt_object *object)
{
    struct rt_object **made =
        rt_serialize_room(reader->made, &reader->made_room,
                          reader->made_count + 1, sizeof(struct rt_object *));
    if (made == NULL) {
        return -1;
    }
    reader->made = made;
    made[reader->made_count++] = rt_new_ref(object);
    return 0;
}

static int
begin_tuple(struct reader *reader)
{
    struct open_tuple tuple = {.first = reader->item_count};
    struct open_tuple *open = rt_serialize_room(
        reader->open, &reader->open_room, reader->depth + 1, sizeof(*open));
    if (open == NULL) {
        return -1;
    }
    reader->open = open;
    if (rt_serialize_take_count(&reader->input, 1, &tuple.missing) != 0) {
        return -1;
    }
    open[reader->depth++] = tuple;
    return 0;
}

/* Makes the innermost open tuple, whose items are all there. */
static struct rt_object *
end_tuple(struct reader *reader)
{
    size_t first = reader->open[--reader->depth].first;
    size_t count = reader->item_count - first;
    struct rt_object *tuple =
        rt_tuple_new(count > 0 ? reader->items + first : NULL, count);
    while (reader->item_count > first) {
        rt_xdecref(reader->items[--reader->item_count]);
    }
    if (tuple != NULL && add_made(reader, tuple) != 0) {
        rt_clear(&tuple);
    }
    return tuple;
}

/* Steals item, also on failure. */
static int
add_item(struct reader *reader, struct rt_object *item)
{
    struct rt_object **items =
        rt_serialize_room(reader->items, &reader->item_room,
                          reader->item_count + 1, sizeof(struct rt_object *));
    if (items == NULL) {
        rt_xdecref(item);
        return -1;
    }
    reader->items = items;
    items[reader->item_count++] = item;
    reader->open[reader->depth - 1].missing--;
    return 0;
}

/* One value, or of a tuple with items only its beginning. 1 for a value, 0 for
 * a beginning, or -1. */
static int
take_part(struct reader *reader, struct rt_object **value)
{
    unsigned char code = 0;
    *value = NULL;
    if (rt_serialize_take_byte(&reader->input, &code) != 0) {
        return -1;
    }
    if (code == RT_SERIALIZE_NONE) {
        return 1;
    }
    if (code == RT_SERIALIZE_TUPLE) {
        if (begin_tuple(reader) != 0) {
            return -1;
        }
        if (reader->open[reader->depth - 1].missing > 0) {
            return 0;
        }
        *value = end_tuple(reader);
        return *value == NULL ? -1 : 1;
    }
    *value = new_object(reader, code);
    if (*value != NULL && has_number(code) && add_made(reader, *value) != 0) {
        rt_clear(value);
    }
    return *value == NULL ? -1 : 1;
}

/* Puts a value into the innermost open tuple, and the tuple, if it is whole
 * now, into the one around it. Steals *value, also on failure; with no tuple
 * left open it is the caller's, who gets the outermost one. */
static int
place(struct reader *reader, struct rt_object **value)
{
    while (reader->depth > 0) {
        if (add_item(reader, *value) != 0) {
            return -1;
        }
        if (reader->open[reader->depth - 1].missing > 0) {
            return 0;
        }
        *value = end_tuple(reader);
        if (*value == NULL) {
            return -1;
        }
    }
    return 0;
}

/* One value: a new reference, or NULL for None, in *value; NULL on failure,
 * too. */
static int
take_value(struct reader *reader, struct rt_object **value)
{
    int part;
    do {
        part = take_part(reader, value);
        if (part > 0) {
            part = place(reader, value);
        }
    } while (part >= 0 && reader->depth > 0);
    if (part < 0) {
        *value = NULL;
    }
    return part;
}

// --- fills -----------------------------------------------------------------

static int
fill_list(struct reader *reader, struct rt_object *list)
{
    size_t count;
    int result = rt_serialize_take_count(&reader->input, 1, &count);
    for (size_t i = 0; result == 0 && i < count; i++) {
        struct rt_object *item;
        result = take_value(reader, &item);
        if (result == 0) {
            result = rt_list_append(list, item);
            rt_xdecref(item);
        }
    }
    return result;
}

/* A value that can be a key: a new reference. */
static int
take_key(struct reader *reader, struct rt_object **key)
{
    size_t start = reader->input.at;
    if (take_value(reader, key) != 0) {
        return -1;
    }
    const char *fault = rt_serialize_key_fault(
        *key, &reader->work, (uint64_t)reader->input.size * RT_SERIALIZE_WORK);
    reader->input.start = start;
    if (fault != NULL) {
        rt_xdecref(*key);
        return rt_serialize_refuse(&reader->input, "%s", fault);
    }
    return 0;
}

static int
fill_set(struct reader *reader, struct rt_object *set)
{
    size_t count;
    int result = rt_serialize_take_count(&reader->input, 1, &count);
    for (size_t i = 0; result == 0 && i < count; i++) {
        struct rt_object *key;
        if (take_key(reader, &key) != 0) {
            return -1;
        }
        int added = rt_set_add(set, key);
        rt_decref(key);
        result = added > 0    ? 0
                 : added == 0 ? rt_serialize_refuse(&reader->input,
                                                    "the key comes twice")
                              : -1;
    }
    return result;
}

struct mapping {
    int (*set)(struct rt_object *object, struct rt_object *key,
               struct rt_object *value);
    size_t (*size)(const struct rt_object *object);
};

static int
take_pair(struct reader *reader, struct rt_object *dict,
          const struct mapping *mapping)
{
    struct rt_object *key;
    struct rt_object *value = NULL;
    if (take_key(reader, &key) != 0) {
        return -1;
    }
    size_t start = reader->input.start;
    size_t before = mapping->size(dict);
    int result = take_value(reader, &value);
    if (result == 0 && value == NULL) {
        result = rt_serialize_refuse(&reader->input,
                                     "None cannot be a value of a dict");
    }
    if (result == 0) {
        result = mapping->set(dict, key, value);
    }
    if (result == 0 && mapping->size(dict) == before) {
        reader->input.start = start;
        result = rt_serialize_refuse(&reader->input, "the key comes twice");
    }
    rt_decref(key);
    rt_xdecref(value);
    return result;
}

static int
fill_mapping(struct reader *reader, struct rt_object *dict,
             const struct mapping *mapping)
{
    size_t count;
    int result = rt_serialize_take_count(&reader->input, 2, &count);
    for (size_t i = 0; result == 0 && i < count; i++) {
        result = take_pair(reader, dict, mapping);
    }
    return result;
}

static int
fill_instance(struct reader *reader, struct rt_object *instance)
{
    size_t count = rt_instance_class(instance)->field_count;
    int result = 0;
    for (size_t i = 0; result == 0 && i < count; i++) {
        struct rt_object *value;
        result = take_value(reader, &value);
        if (result == 0) {
            rt_instance_set(instance, (int)i, value);
            rt_xdecref(value);
        }
    }
    return result;
}

static int
fill(struct reader *reader, struct rt_object *object)
{
    static const struct mapping DICT = {rt_dict_set, rt_dict_size};
    static const struct mapping ODICT = {rt_odict_set, rt_odict_size};
    if (rt_list_check(object)) {
        return fill_list(reader, object);
    }
    if (rt_instance_check(object)) {
        return fill_instance(reader, object);
    }
    if (rt_dict_check(object)) {
        return fill_mapping(reader, object, &DICT);
    }
    if (rt_odict_check(object)) {
        return fill_mapping(reader, object, &ODICT);
    }
    return rt_set_check(object) ? fill_set(reader, object) : 0;
}

// --- all -------------------------------------------------------------------

static int
take_header(struct reader *reader)
{
    for (size_t i = 0; i < RT_SERIALIZE_HEADER_BYTES; i++) {
        unsigned char byte = 0;
        if (rt_serialize_take_byte(&reader->input, &byte) != 0) {
            return -1;
        }
        if (byte != rt_serialize_header[i]) {
            return i < RT_SERIALIZE_HEADER_BYTES - 1
                       ? rt_serialize_refuse(&reader->input,
                                             "no serialized data begin so")
                       : rt_serialize_refuse(&reader->input,
                                             "version %d is not known", byte);
        }
    }
    return 0;
}

static int
take_all(struct reader *reader, struct rt_object **value)
{
    int result = take_header(reader) != 0 ? -1 : take_value(reader, value);
    for (size_t i = 0; result == 0 && i < reader->made_count; i++) {
        result = fill(reader, reader->made[i]);
    }
    reader->input.start = reader->input.at;
    if (result == 0 && rt_serialize_left(&reader->input) > 0) {
        return rt_serialize_refuse(&reader->input, "bytes behind the end: %zu",
                                   rt_serialize_left(&reader->input));
    }
    return result;
}

static void
release_all(struct rt_object **objects, size_t count)
{
    while (count > 0) {
        rt_xdecref(objects[--count]);
    }
    rt_free(objects);
}

int
rt_deserialize(const void *bytes, size_t size,
               const struct rt_class *const *classes, size_t class_count,
               struct rt_object **object)
{
    struct reader reader = {.input = {.bytes = bytes, .size = size},
                            .classes = classes,
                            .class_count = class_count};
    struct rt_object *value = NULL;
    int result = take_all(&reader, &value);
    release_all(reader.items, reader.item_count);
    release_all(reader.made, reader.made_count);
    rt_free(reader.open);
    rt_free(reader.known);
    if (result == 0) {
        *object = value;
    }
    else {
        rt_xdecref(value);
    }
    return result;
}
