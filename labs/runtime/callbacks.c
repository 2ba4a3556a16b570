#include "labs/runtime/callbacks.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/context.h"
#include "labs/runtime/list.h"
#include "labs/runtime/none.h"

/* A list cannot be called, so it is never a callback itself. */
bool
rt_callbacks_have_list(const struct rt_callbacks *callbacks)
{
    return callbacks->held != NULL && rt_list_check(callbacks->held);
}

bool
rt_callbacks_need_list(const struct rt_callbacks *callbacks)
{
    return callbacks->held != NULL && !rt_callbacks_have_list(callbacks);
}

bool
rt_callbacks_need_context(const struct rt_object *callback)
{
    return callback->ob_type->send == NULL && rt_context_is_used();
}

/* Behind the one, or those, that there are. */
static __attribute__((noinline)) int
add_to_others(struct rt_callbacks *callbacks, struct rt_object *callback,
              struct rt_object *list)
{
    if (!rt_callbacks_have_list(callbacks)) {
        if (rt_list_append(list, callbacks->held) != 0) {
            return -1;
        }
        rt_set_ref(&callbacks->held, rt_new_ref(list));
    }
    return rt_list_append(callbacks->held, callback);
}

int
rt_callbacks_add(struct rt_callbacks *callbacks, struct rt_object *callback,
                 struct rt_object *list)
{
    if (callbacks->held != NULL) {
        return add_to_others(callbacks, callback, list);
    }
    callbacks->held = rt_new_ref(callback);
    return 0;
}

static struct rt_object *
take_out(struct rt_object *object, size_t index)
{
    struct rt_list *list = (struct rt_list *)object;
    struct rt_object *taken = list->items[index];
    list->size--;
    memmove(&list->items[index], &list->items[index + 1],
            (list->size - index) * sizeof(*list->items));
    return taken;
}

/* What runs when one is released may add some, or take the list away; then
 * something else may stand in its place. */
size_t
rt_callbacks_remove(struct rt_callbacks *callbacks,
                    const struct rt_object *callback)
{
    struct rt_object *list = callbacks->held;
    size_t removed = 0;
    size_t i = 0;
    if (!rt_callbacks_have_list(callbacks)) {
        if (list == NULL || rt_context_unbound(list) != callback) {
            return 0;
        }
        rt_clear(&callbacks->held);
        return 1;
    }
    rt_incref(list);
    while (callbacks->held == list && i < rt_list_size(list)) {
        if (rt_context_unbound(rt_list_at(list, i)) == callback) {
            removed++;
            rt_decref(take_out(list, i));
        }
        else {
            i++;
        }
    }
    rt_decref(list);
    return removed;
}

size_t
rt_callbacks_count(const struct rt_callbacks *callbacks)
{
    return rt_callbacks_have_list(callbacks)
               ? rt_list_size(callbacks->held)
               : (size_t)(callbacks->held != NULL);
}

struct rt_object *
rt_callbacks_at(const struct rt_callbacks *callbacks, size_t index)
{
    assert(index < rt_callbacks_count(callbacks));
    return rt_callbacks_have_list(callbacks)
               ? rt_list_at(callbacks->held, index)
               : callbacks->held;
}

/* The first of several goes first, although lists go from the last to the
 * first: to CPython it is not in the list. */
void
rt_callbacks_clear(struct rt_callbacks *callbacks)
{
    struct rt_object *held = callbacks->held;
    callbacks->held = NULL;
    if (held != NULL && rt_list_check(held) && rt_list_size(held) > 0) {
        (void)rt_list_set(held, 0, rt_none);
    }
    rt_xdecref(held);
}
