#include "labs/runtime/exception.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/list.h"

static void
exception_dealloc(struct rt_object *object)
{
    rt_clear(&((struct rt_exception *)object)->carried);
    rt_free(object);
}

static const struct rt_type exception_type = {
    .name = "exception",
    .basicsize = sizeof(struct rt_exception),
    .dealloc = exception_dealloc,
};

/* What is there when there is no memory for another. */
static struct rt_exception no_memory = {
    .head = {RT_IMMORTAL_REFCNT, &exception_type},
    .error = RT_ERROR_MEMORY,
};

static const struct rt_exception *
as_exception(const struct rt_object *object)
{
    assert(rt_exception_check(object));
    return (const struct rt_exception *)object;
}

struct rt_object *
rt_exception_new(enum rt_error error, const char *text)
{
    struct rt_object *object = rt_object_new(&exception_type);
    if (object != NULL) {
        struct rt_exception *exception = (struct rt_exception *)object;
        size_t length = strnlen(text, sizeof(exception->text) - 1);
        exception->error = error;
        exception->carried = NULL;
        memcpy(exception->text, text, length);
        exception->text[length] = '\0';
    }
    return object;
}

struct rt_object *
rt_exception_new_carrying(enum rt_error error, const char *text,
                          struct rt_object *carried)
{
    struct rt_object *exception = rt_exception_new(error, text);
    if (exception != NULL) {
        ((struct rt_exception *)exception)->carried = rt_new_ref(carried);
    }
    return exception;
}

struct rt_object *
rt_exception_new_group(const char *text, struct rt_object *members)
{
    enum rt_error error = RT_ERROR_GROUP;
    for (size_t i = 0; i < rt_list_size(members); i++) {
        if (!rt_error_is_ordinary(
                rt_exception_error(rt_list_at(members, i)))) {
            error = RT_ERROR_BASE_GROUP;
        }
    }
    return rt_exception_new_carrying(error, text, members);
}

bool
rt_exception_check(const struct rt_object *object)
{
    return object->ob_type == &exception_type;
}

enum rt_error
rt_exception_error(const struct rt_object *exception)
{
    return as_exception(exception)->error;
}

const char *
rt_exception_text(const struct rt_object *exception)
{
    return as_exception(exception)->text;
}

struct rt_object *
rt_exception_carried(const struct rt_object *exception)
{
    return as_exception(exception)->carried;
}

struct rt_object *
rt_exception_members(const struct rt_object *exception)
{
    return rt_error_is_group(rt_exception_error(exception))
               ? rt_exception_carried(exception)
               : NULL;
}

void *
rt_exception_raise(struct rt_object *exception)
{
    struct rt_error_state state = {
        .error = as_exception(exception)->error,
        .exception = rt_new_ref(exception),
    };
    memcpy(state.text, as_exception(exception)->text, sizeof(state.text));
    rt_error_restore(&state);
    return NULL;
}

struct rt_object *
rt_exception_catch(void)
{
    struct rt_error_state state = rt_error_fetch();
    assert(state.error != RT_ERROR_NONE);
    if (state.exception == NULL) {
        state.exception = rt_exception_new(state.error, state.text);
    }
    if (state.exception == NULL) {
        rt_error_clear();
        state.exception = &no_memory.head;
    }
    return state.exception;
}
