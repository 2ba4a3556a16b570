#include "labs/runtime/dict_view.h"

#include <assert.h>

#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/tuple.h"

struct view { // _PyDictViewObject
    struct rt_object base;
    struct rt_object *dict; // ours
    enum rt_dict_part part;
};

static const struct rt_type view_types[RT_DICT_ITEMS + 1];

static struct view *
as_view(struct rt_object *object)
{
    struct view *view = (struct view *)object;
    assert(object->ob_type == &view_types[view->part]);
    return view;
}

/* --- members ------------------------------------------------------------- */

static int
contains_key(struct rt_object *dict, struct rt_object *key)
{
    struct rt_object *found = rt_dict_get(dict, key);
    return found != NULL || rt_error_occurred() == RT_ERROR_NONE
               ? found != NULL
               : -1;
}

/* dictitems_contains */
static int
contains_item(struct rt_object *dict, struct rt_object *item)
{
    if (!rt_tuple_check(item) || rt_tuple_size(item) != 2) {
        return 0;
    }
    struct rt_object *key = rt_tuple_at(item, 0);
    struct rt_object *value = rt_tuple_at(item, 1);
    if (key == NULL || value == NULL) {
        return 0; // a dict has neither
    }
    struct rt_object *found = rt_dict_get(dict, key);
    if (found == NULL) {
        return rt_error_occurred() == RT_ERROR_NONE ? 0 : -1;
    }
    rt_incref(found);
    int result = rt_equal(found, value);
    rt_decref(found);
    return result;
}

/* Whether the iterator, which is stolen and may be NULL with a pending error,
 * comes to a member of which has() says something else than goes_on; what it
 * says then, or goes_on. */
static int
search(struct rt_object *iterator, int goes_on,
       int (*has)(struct rt_object *member, struct rt_object *data),
       struct rt_object *data)
{
    if (iterator == NULL) {
        return -1;
    }
    int result = goes_on;
    while (result == goes_on) {
        struct rt_object *member;
        int step = rt_dict_iter_next(iterator, &member);
        if (step <= 0) {
            result = step < 0 ? -1 : result;
            break;
        }
        result = has(member, data);
        rt_decref(member);
    }
    rt_decref(iterator);
    return result;
}

int
rt_dict_view_contains(struct rt_object *object, struct rt_object *member)
{
    struct view *view = as_view(object);
    switch (view->part) {
    case RT_DICT_KEYS:
        return contains_key(view->dict, member);
    case RT_DICT_ITEMS:
        return contains_item(view->dict, member);
    case RT_DICT_VALUES:
    default:
        return search(rt_dict_view_iter(object, false), 0, rt_equal, member);
    }
}

static int
is_in_view(struct rt_object *member, struct rt_object *view)
{
    return rt_dict_view_contains(view, member);
}

/* dictview_richcompare */
static int
view_equal(struct rt_object *a, struct rt_object *b)
{
    if (as_view(a)->part == RT_DICT_VALUES ||
        rt_dict_view_size(a) != rt_dict_view_size(b)) {
        return 0;
    }
    return search(rt_dict_view_iter(a, false), 1, is_in_view, b);
}

/* --- the types ----------------------------------------------------------- */

static void
view_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    rt_decref(((struct view *)object)->dict);
    rt_gc_free(object);
}

static int
view_traverse(struct rt_object *object,
              int (*visit)(struct rt_object *held, void *data), void *data)
{
    return visit(((struct view *)object)->dict, data);
}

#define VIEW_TYPE(NAME, HASH)                                                 \
    {                                                                         \
        .name = (NAME), .basicsize = sizeof(struct view),                     \
        .dealloc = view_dealloc, .traverse = view_traverse, .hash = (HASH),   \
        .equal = view_equal,                                                  \
    }

static const struct rt_type view_types[RT_DICT_ITEMS + 1] = {
    [RT_DICT_KEYS] = VIEW_TYPE("dict_keys", rt_hash_refused),
    [RT_DICT_VALUES] = VIEW_TYPE("dict_values", NULL),
    [RT_DICT_ITEMS] = VIEW_TYPE("dict_items", rt_hash_refused),
};

struct rt_object *
rt_dict_view_new(struct rt_object *dict, enum rt_dict_part part)
{
    assert(rt_dict_check(dict));
    struct rt_object *object = rt_gc_new(&view_types[part], 0);
    if (object != NULL) {
        struct view *view = (struct view *)object;
        view->dict = rt_new_ref(dict);
        view->part = part;
        rt_gc_track(object);
    }
    return object;
}

size_t
rt_dict_view_size(struct rt_object *object)
{
    return rt_dict_size(as_view(object)->dict);
}

struct rt_object *
rt_dict_view_iter(struct rt_object *object, bool reversed)
{
    const struct view *view = as_view(object);
    return rt_dict_iter_new(view->dict, view->part, reversed);
}
