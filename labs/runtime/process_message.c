#include "labs/runtime/process_message.h"

#include <string.h>

#include "labs/runtime/boolean.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/tuple.h"

/* A new tuple of new references, which are given back; NULL if the first is
 * missing. */
static struct rt_object *
pair(struct rt_object *first, struct rt_object *second)
{
    struct rt_object *items[] = {first, second};
    struct rt_object *made = first != NULL ? rt_tuple_new(items, 2) : NULL;
    rt_xdecref(first);
    rt_xdecref(second);
    return made;
}

// --- calls -----------------------------------------------------------------

struct rt_object *
rt_process_message_call(rt_executor_call *call, struct rt_object *argument)
{
    rt_xincref(argument);
    return pair(rt_int_new((int64_t)(intptr_t)call), argument);
}

rt_executor_call *
rt_process_message_function(struct rt_object *message)
{
    return (rt_executor_call *)(intptr_t)rt_int_value(rt_tuple_at(message, 0));
}

struct rt_object *
rt_process_message_argument(struct rt_object *message)
{
    return rt_tuple_at(message, 1);
}

// --- errors ----------------------------------------------------------------

static struct rt_object *pack(const struct rt_object *exception);

/* Packs each of the group's; NULL with a pending error. */
static struct rt_object *
pack_members(struct rt_object *members)
{
    struct rt_object *packed = rt_list_new();
    for (size_t i = 0; packed != NULL && i < rt_list_size(members); i++) {
        struct rt_object *member = pack(rt_list_at(members, i));
        if (member == NULL || rt_list_append(packed, member) != 0) {
            rt_clear(&packed);
        }
        rt_xdecref(member);
    }
    return packed;
}

static struct rt_object *
pack(const struct rt_object *exception)
{
    struct rt_object *members = rt_exception_members(exception);
    const char *text = rt_exception_text(exception);
    struct rt_object *items[] = {
        rt_int_new((int64_t)rt_exception_error(exception)),
        rt_bytes_new(text, strlen(text)),
        members != NULL ? pack_members(members) : NULL};
    struct rt_object *packed = NULL;
    if (items[0] != NULL && items[1] != NULL &&
        (items[2] != NULL || members == NULL)) {
        packed = rt_tuple_new(items, 3);
    }
    for (int i = 0; i < 3; i++) {
        rt_xdecref(items[i]);
    }
    return packed;
}

static struct rt_object *unpack(struct rt_object *packed);

static struct rt_object *
unpack_members(struct rt_object *packed)
{
    struct rt_object *members = rt_list_new();
    for (size_t i = 0; members != NULL && i < rt_list_size(packed); i++) {
        struct rt_object *member = unpack(rt_list_at(packed, i));
        if (member == NULL || rt_list_append(members, member) != 0) {
            rt_clear(&members);
        }
        rt_xdecref(member);
    }
    return members;
}

static struct rt_object *
unpack(struct rt_object *packed)
{
    const char *text = (const char *)rt_bytes_data(rt_tuple_at(packed, 1));
    if (rt_tuple_at(packed, 2) == NULL) {
        return rt_exception_new(
            (enum rt_error)rt_int_value(rt_tuple_at(packed, 0)), text);
    }
    struct rt_object *members = unpack_members(rt_tuple_at(packed, 2));
    if (members == NULL) {
        return NULL;
    }
    struct rt_object *group = rt_exception_new_group(text, members);
    rt_decref(members);
    return group;
}

// --- answers ---------------------------------------------------------------

struct rt_object *
rt_process_message_result(struct rt_object *result)
{
    rt_xincref(result);
    return pair(rt_bool_new(true), result);
}

struct rt_object *
rt_process_message_error(void)
{
    struct rt_object *exception = rt_exception_catch();
    struct rt_object *packed = pack(exception);
    rt_decref(exception);
    return packed != NULL ? pair(rt_bool_new(false), packed) : NULL;
}

int
rt_process_message_open(struct rt_object *message, struct rt_object **result)
{
    struct rt_object *content = rt_tuple_at(message, 1);
    if (rt_bool_value(rt_tuple_at(message, 0))) {
        rt_xincref(content);
        *result = content;
        return 0;
    }
    struct rt_object *exception = unpack(content);
    if (exception != NULL) {
        rt_exception_raise(exception);
        rt_decref(exception);
    }
    return -1;
}
