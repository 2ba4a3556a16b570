#include "labs/runtime/callbacks.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/context.h"
#include "labs/runtime/error.h"

enum {
    IS_LIST = 1 // in bits
};

struct callback_list {
    size_t count, room;
    struct rt_object *items[]; // our references
};

static struct callback_list *
list_of(const struct rt_callbacks *callbacks)
{
    return (callbacks->bits & IS_LIST) != 0
               ? (struct callback_list *)(callbacks->bits &
                                          ~(uintptr_t)IS_LIST)
               : NULL;
}

/* A list with room for so many, and with what the old one has. */
static struct callback_list *
resized(struct callback_list *list, size_t room)
{
    struct callback_list *larger =
        rt_realloc(list, sizeof(*larger) + room * sizeof(*larger->items));
    if (larger == NULL) {
        return rt_error_no_memory();
    }
    larger->room = room;
    return larger;
}

/* Steals the callback, also on failure. */
static int
add(struct rt_callbacks *callbacks, struct rt_object *callback)
{
    struct callback_list *list = list_of(callbacks);
    if (callbacks->bits == 0) {
        callbacks->bits = (uintptr_t)callback;
        return 0;
    }
    if (list == NULL) {
        list = resized(NULL, 4);
        if (list == NULL) {
            rt_decref(callback);
            return -1;
        }
        list->count = 1;
        list->items[0] = (struct rt_object *)callbacks->bits;
    }
    else if (list->count == list->room) {
        list = resized(list, 2 * list->room);
        if (list == NULL) {
            rt_decref(callback);
            return -1;
        }
    }
    list->items[list->count++] = callback;
    callbacks->bits = (uintptr_t)list | IS_LIST;
    return 0;
}

int
rt_callbacks_add(struct rt_callbacks *callbacks, struct rt_object *callback)
{
    if (callback->ob_type->send != NULL || !rt_context_is_used()) {
        return add(callbacks, rt_new_ref(callback));
    }
    struct rt_object *bound = rt_context_bind(callback);
    return bound != NULL ? add(callbacks, bound) : -1;
}

size_t
rt_callbacks_remove(struct rt_callbacks *callbacks,
                    const struct rt_object *callback)
{
    struct callback_list *list = list_of(callbacks);
    size_t removed = 0;
    if (list == NULL) {
        if (callbacks->bits == 0 ||
            rt_context_unbound(rt_callbacks_at(callbacks, 0)) != callback) {
            return 0;
        }
        rt_callbacks_clear(callbacks);
        return 1;
    }
    size_t i = 0;
    while (list != NULL && i < list->count) {
        struct rt_object *item = list->items[i];
        if (rt_context_unbound(item) != callback) {
            i++;
            continue;
        }
        list->count--;
        memmove(&list->items[i], &list->items[i + 1],
                (list->count - i) * sizeof(*list->items));
        removed++;
        rt_decref(item);
        list = list_of(callbacks); // whatever ran may have added some
    }
    return removed;
}

size_t
rt_callbacks_count(const struct rt_callbacks *callbacks)
{
    const struct callback_list *list = list_of(callbacks);
    return list != NULL ? list->count : callbacks->bits != 0;
}

struct rt_object *
rt_callbacks_at(const struct rt_callbacks *callbacks, size_t index)
{
    const struct callback_list *list = list_of(callbacks);
    assert(index < rt_callbacks_count(callbacks));
    return list != NULL ? list->items[index]
                        : (struct rt_object *)callbacks->bits;
}

void
rt_callbacks_clear(struct rt_callbacks *callbacks)
{
    struct rt_callbacks old = *callbacks;
    struct callback_list *list = list_of(&old);
    callbacks->bits = 0;
    if (list == NULL) {
        rt_xdecref((struct rt_object *)old.bits);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        rt_decref(list->items[i]);
    }
    rt_free(list);
}
