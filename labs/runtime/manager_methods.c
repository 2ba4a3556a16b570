#include "labs/runtime/manager_methods.h"

#include <string.h>

#include "labs/runtime/boolean.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/list_ops.h"
#include "labs/runtime/tuple.h"

/* The object, its arguments, and where the result goes. */
struct call {
    struct rt_object **slot;
    struct rt_object *self, *first, *second;
    struct rt_object **result;
};

static int
give(const struct call *call, struct rt_object *result)
{
    *call->result = result;
    return result != NULL ? 0 : -1;
}

static int
no_key(void)
{
    return rt_error_occurred() != RT_ERROR_NONE
               ? -1
               : rt_error_set(RT_ERROR_KEY, "%s", "");
}

// --- dict ------------------------------------------------------------------

static int
dict_get(const struct call *call)
{
    struct rt_object *value = rt_dict_get(call->self, call->first);
    rt_xincref(value);
    *call->result = value;
    return rt_error_occurred() != RT_ERROR_NONE ? -1 : 0;
}

static int
dict_getitem(const struct call *call)
{
    int has = rt_dict_get(call->self, call->first) != NULL;
    return has ? dict_get(call) : no_key();
}

static int
dict_setitem(const struct call *call)
{
    return rt_dict_set(call->self, call->first, call->second);
}

static int
dict_delitem(const struct call *call)
{
    return rt_dict_remove(call->self, call->first) == 1 ? 0 : no_key();
}

static int
dict_pop(const struct call *call)
{
    return rt_dict_pop(call->self, call->first, call->result) == 1 ? 0
                                                                   : no_key();
}

static int
dict_contains(const struct call *call)
{
    int has = rt_dict_get(call->self, call->first) != NULL;
    return rt_error_occurred() != RT_ERROR_NONE ? -1
                                                : give(call, rt_bool_new(has));
}

static int
dict_len(const struct call *call)
{
    return give(call, rt_int_new((int64_t)rt_dict_size(call->self)));
}

static int
dict_clear(const struct call *call)
{
    rt_dict_clear(call->self);
    return 0;
}

/* The answer is a copy anyway. */
static int
get_all(const struct call *call)
{
    rt_xincref(call->self);
    *call->result = call->self;
    return 0;
}

// --- list ------------------------------------------------------------------

/* The index that the first argument means; -1 with a pending error. */
static int64_t
index_of(const struct call *call)
{
    int64_t size = (int64_t)rt_list_size(call->self);
    if (call->first == NULL || !rt_int_check(call->first)) {
        return rt_error_set(RT_ERROR_TYPE,
                            "list indices must be integers or slices");
    }
    int64_t index = rt_int_value(call->first);
    index += index < 0 ? size : 0;
    return index >= 0 && index < size
               ? index
               : rt_error_set(RT_ERROR_INDEX, "list index out of range");
}

static int
list_getitem(const struct call *call)
{
    int64_t index = index_of(call);
    if (index < 0) {
        return -1;
    }
    *call->result = rt_list_at(call->self, (size_t)index);
    rt_xincref(*call->result);
    return 0;
}

static int
list_setitem(const struct call *call)
{
    int64_t index = index_of(call);
    return index < 0 ? -1
                     : rt_list_set(call->self, (size_t)index, call->second);
}

static int
list_len(const struct call *call)
{
    return give(call, rt_int_new((int64_t)rt_list_size(call->self)));
}

static int
list_append(const struct call *call)
{
    return rt_list_append(call->self, call->first);
}

static int
list_extend(const struct call *call)
{
    if (call->first == NULL || !rt_list_check(call->first)) {
        return rt_error_set(RT_ERROR_TYPE, "a list is needed");
    }
    return rt_list_extend(call->self, call->first);
}

static int
list_pop(const struct call *call)
{
    return rt_list_pop(call->self, call->result);
}

static int
list_clear(const struct call *call)
{
    rt_list_clear(call->self);
    return 0;
}

// --- value -----------------------------------------------------------------

static int
value_set(const struct call *call)
{
    struct rt_object *old = *call->slot;
    rt_xincref(call->first);
    *call->slot = call->first;
    rt_xdecref(old);
    return 0;
}

// --- the tables ------------------------------------------------------------

struct method {
    const char *name;
    size_t arguments;
    int (*call)(const struct call *call);
};

static const struct method DICT_METHODS[] = {
    {"__getitem__", 1, dict_getitem},
    {"__setitem__", 2, dict_setitem},
    {"__delitem__", 1, dict_delitem},
    {"__contains__", 1, dict_contains},
    {"__len__", 0, dict_len},
    {"get", 1, dict_get},
    {"pop", 1, dict_pop},
    {"clear", 0, dict_clear},
    {"copy", 0, get_all},
    {NULL, 0, NULL}};

static const struct method LIST_METHODS[] = {{"__getitem__", 1, list_getitem},
                                             {"__setitem__", 2, list_setitem},
                                             {"__len__", 0, list_len},
                                             {"append", 1, list_append},
                                             {"extend", 1, list_extend},
                                             {"pop", 0, list_pop},
                                             {"clear", 0, list_clear},
                                             {"copy", 0, get_all},
                                             {NULL, 0, NULL}};

static const struct method VALUE_METHODS[] = {
    {"get", 0, get_all}, {"set", 1, value_set}, {NULL, 0, NULL}};

static const struct method *
methods_of(const struct rt_object *object)
{
    if (object != NULL && rt_dict_check(object)) {
        return DICT_METHODS;
    }
    return object != NULL && rt_list_check(object) ? LIST_METHODS
                                                   : VALUE_METHODS;
}

int
rt_manager_method(struct rt_object **slot, const char *name,
                  struct rt_object *arguments, struct rt_object **result)
{
    size_t count = rt_tuple_size(arguments);
    const struct method *method = methods_of(*slot);
    while (method->name != NULL && strcmp(method->name, name) != 0) {
        method++;
    }
    if (method->name == NULL) {
        return rt_error_set(RT_ERROR_ATTRIBUTE, "no method '%.64s'", name);
    }
    if (method->arguments != count) {
        return rt_error_set(RT_ERROR_TYPE,
                            "%s() takes %zu arguments (%zu given)", name,
                            method->arguments, count);
    }
    const struct call call = {
        .slot = slot,
        .self = *slot,
        .first = count > 0 ? rt_tuple_at(arguments, 0) : NULL,
        .second = count > 1 ? rt_tuple_at(arguments, 1) : NULL,
        .result = result};
    *result = NULL;
    return method->call(&call);
}
