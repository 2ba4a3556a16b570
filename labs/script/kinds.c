#include "labs/script/kinds.h"

#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/last_call.h"
#include "labs/runtime/list.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/weak_kind.h"
#include "labs/runtime/weak_set.h"
#include "labs/runtime/weak_value_dict.h"
#include "labs/runtime/weakref.h"

const char *const kind_fields[KIND_FIELDS] = {"a", "b", "c", "d"};

struct rt_class kind_plain_class, kind_final_class;
struct rt_type kind_tuple_type, kind_dict_type;

void
kind_keep_for_ever(struct rt_object *object)
{
    (void)object;
}

static const struct rt_type none_type = {.name = "NoneType",
                                         .basicsize = sizeof(struct rt_object),
                                         .dealloc = kind_keep_for_ever};
struct rt_object kind_none = {RT_IMMORTAL_REFCNT, &none_type};

static void
atom_dealloc(struct rt_object *object)
{
    rt_free(object);
}

const struct rt_type kind_atom_type = {.name = "int",
                                       .basicsize = sizeof(struct rt_object),
                                       .dealloc = atom_dealloc};

/* A plain tuple is of a subclass: each copy is a new one, and deep copies do
 * not look whether the way to an item has led back here. */
static struct rt_object *
plain_tuple_copy(struct rt_object *object)
{
    const struct rt_tuple *tuple = (const struct rt_tuple *)object;
    return rt_tuple_new_of(&kind_tuple_type, tuple->items, tuple->size);
}

static struct rt_object *
plain_tuple_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    size_t size = rt_tuple_size(object);
    struct rt_object **items = calloc(size + 1, sizeof(*items));
    struct rt_object *copy = NULL;
    size_t done = 0;
    if (items == NULL) {
        return rt_error_no_memory();
    }
    while (done < size &&
           rt_copy_part(rt_tuple_at(object, done), memo, &items[done]) == 0) {
        done++;
    }
    if (done == size) {
        copy = rt_tuple_new_of(&kind_tuple_type, items, size);
    }
    if (copy != NULL && rt_copy_memo_add(memo, object, copy) != 0) {
        rt_clear(&copy);
    }
    while (done > 0) {
        rt_xdecref(items[--done]);
    }
    free(items);
    return copy;
}

static struct rt_object *
plain_dict_copy(struct rt_object *object)
{
    struct rt_object *copy = rt_dict_new_of(&kind_dict_type);
    struct rt_object *key = NULL;
    struct rt_object *item = NULL;
    size_t at = 0;
    while (copy != NULL && rt_dict_next(object, &at, &key, &item)) {
        if (rt_dict_set(copy, key, item) != 0) {
            rt_clear(&copy);
        }
    }
    return copy;
}

void
kinds_init(void (*finalizer)(struct rt_object *object))
{
    rt_class_init(&kind_plain_class, "Obj", kind_fields, KIND_FIELDS, NULL);
    rt_class_init(&kind_final_class, "Fin", kind_fields, KIND_FIELDS,
                  finalizer);
    kind_tuple_type = rt_tuple_type;
    kind_tuple_type.copy = plain_tuple_copy;
    kind_tuple_type.deepcopy = plain_tuple_deepcopy;
    kind_dict_type = rt_dict_type;
    kind_dict_type.copy = plain_dict_copy;
}

bool
kind_is_list(struct rt_object *object)
{
    return object != NULL && rt_list_check(object);
}

bool
kind_is_dict(struct rt_object *object)
{
    return object != NULL && rt_dict_check(object);
}

bool
kind_is_instance(struct rt_object *object)
{
    return object != NULL && rt_instance_check(object);
}

bool
kind_is_weakref(struct rt_object *object)
{
    return object != NULL && rt_weakref_check(object);
}

bool
kind_is_last_call(struct rt_object *object)
{
    return object != NULL && rt_last_call_check(object);
}

bool
kind_is_weak_dict(struct rt_object *object)
{
    return object != NULL && rt_weak_value_dict_check(object);
}

bool
kind_is_weak_set(struct rt_object *object)
{
    return object != NULL && rt_weak_set_check(object);
}

bool
kind_is_weak_table(struct rt_object *object)
{
    return kind_is_weak_dict(object) || kind_is_weak_set(object);
}

bool
kind_is_generator(struct rt_object *object)
{
    return object != NULL && rt_coroutine_check(object);
}

/* As a script makes it, and not a weak dict or set. */
static bool
is_plain_weakref(struct rt_object *object)
{
    const struct rt_type *plain = rt_weak_kind_base();
    return kind_is_weakref(object) &&
           (plain == NULL || object->ob_type == plain);
}

/* Of the kinds that a script makes and the collector knows. */
bool
kind_is_listed(struct rt_object *object)
{
    return kind_is_instance(object) || kind_is_list(object) ||
           kind_is_dict(object) || is_plain_weakref(object) ||
           rt_tuple_check(object) || kind_is_weak_table(object) ||
           kind_is_generator(object);
}

char
kind_letter(struct rt_object *object)
{
    return kind_is_instance(object)
               ? (rt_instance_class(object) == &kind_final_class ? 'f' : 'o')
           : kind_is_list(object)               ? 'l'
           : kind_is_dict(object)               ? 'd'
           : rt_tuple_check(object)             ? 't'
           : kind_is_weak_dict(object)          ? 'v'
           : kind_is_weak_set(object)           ? 's'
           : object->ob_type == &kind_atom_type ? 'i'
                                                : '\0';
}
