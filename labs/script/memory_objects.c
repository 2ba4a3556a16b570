/* Operations that make objects, and that change what they hold. */
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/compat.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/list.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/weak_set.h"
#include "labs/runtime/weak_value_dict.h"
#include "labs/script/kinds.h"
#include "labs/script/labels.h"
#include "labs/script/memory_machine.h"

static struct rt_object *
new_final(const char *action)
{
    struct rt_object *object = memory_made(rt_instance_new(&kind_final_class));
    labels_give(object, 'f')->action =
        action != NULL ? script_action(memory_script(), action) : NULL;
    return object;
}

static bool
holds_only_atoms(struct rt_object *const *items, size_t count)
{
    size_t atoms = 0;
    while (atoms < count &&
           (items[atoms] == NULL || !rt_type_is_gc(items[atoms]->ob_type))) {
        atoms++;
    }
    return atoms == count;
}

/* A subclass is called with a tuple, in a tuple of arguments. */
static struct rt_object *
tuple_of(struct rt_object *const *items, size_t count)
{
    if (memory_script()->exact) {
        return rt_tuple_new(items, count);
    }
    int arguments = holds_only_atoms(items, count) ? 0 : 2;
    memory_begin_call(arguments);
    struct rt_object *tuple = rt_tuple_new_of(&kind_tuple_type, items, count);
    memory_end_call(arguments);
    return tuple;
}

static struct rt_object *
new_tuple(struct frame *frame, char *const *names, int count)
{
    struct rt_object **items = calloc((size_t)count + 1, sizeof(*items));
    if (items == NULL) {
        memory_die("out of memory");
    }
    for (int i = 0; i < count; i++) {
        items[i] = memory_new_ref(memory_value(frame, names[i]));
    }
    struct rt_object *tuple = tuple_of(items, (size_t)count);
    for (int i = 0; i < count; i++) {
        rt_xdecref(items[i]);
    }
    free(items);
    return tuple;
}

static struct rt_object *
named_table(struct rt_object *table, char kind)
{
    memory_name(table, kind);
    memory_unname_parts(table);
    return table;
}

/* NULL: not a weak dict or set. */
static struct rt_object *
new_table(const char *kind)
{
    return strcmp(kind, "wvdict") == 0
               ? named_table(rt_weak_value_dict_new(), 'v')
           : strcmp(kind, "wset") == 0 ? named_table(rt_weak_set_new(), 's')
                                       : NULL;
}

static struct rt_object *
new_dict(void)
{
    const struct rt_type *type =
        memory_script()->exact ? &rt_dict_type : &kind_dict_type;
    return memory_name(rt_dict_new_of(type), 'd');
}

static struct rt_object *
new_container(struct frame *frame, const char *kind, char *const *words,
              int count)
{
    if (strcmp(kind, "list") == 0) {
        return memory_name(rt_list_new(), 'l');
    }
    if (strcmp(kind, "dict") == 0) {
        return new_dict();
    }
    struct rt_object *table = new_table(kind);
    return table != NULL
               ? table
               : memory_name(new_tuple(frame, words + 2, count - 2), 't');
}

static int
op_new(struct frame *frame, char *const *words, int count)
{
    const char *kind = words[1];
    struct rt_object *object =
        strcmp(kind, "obj") == 0
            ? memory_name(rt_instance_new(&kind_plain_class), 'o')
        : strcmp(kind, "fin") == 0 ? new_final(count > 2 ? words[2] : NULL)
        : strcmp(kind, "atom") == 0
            ? memory_name(rt_object_new(&kind_atom_type), 'i')
            : new_container(frame, kind, words, count);
    memory_bind(frame, words[0], object);
    return 0;
}

/* One link of a chain: holds the one before it, which is handed over. */
static struct rt_object *
new_link(const char *kind, struct rt_object *before)
{
    if (strcmp(kind, "list") == 0) {
        struct rt_object *list = memory_name(rt_list_new(), 'l');
        if (before != NULL && rt_list_append(list, before) != 0) {
            memory_die("cannot append");
        }
        rt_xdecref(before);
        return list;
    }
    struct rt_object *object =
        strcmp(kind, "obj") == 0
            ? memory_name(rt_instance_new(&kind_plain_class), 'o')
            : new_final(NULL);
    rt_instance_set(object, 0, before);
    rt_xdecref(before);
    return object;
}

static void
make_chain(struct frame *frame, char *const *words, int count, bool is_ring)
{
    const char *kind = count > 2 ? words[2] : "obj";
    struct rt_object *head = NULL;
    struct rt_object *first = NULL; // a collection must see that it is held
    for (long i = strtol(words[1], NULL, 10); i > 0; i--) {
        head = new_link(kind, head);
        first = first == NULL ? rt_new_ref(head) : first;
    }
    if (is_ring && kind_is_list(first)) {
        if (rt_list_append(first, head) != 0) {
            memory_die("cannot append");
        }
    }
    else if (is_ring && first != NULL) {
        rt_instance_set(first, 0, head);
    }
    rt_xdecref(first);
    memory_bind(frame, words[0], head);
}

static int
op_chain(struct frame *frame, char *const *words, int count)
{
    make_chain(frame, words, count, false);
    return 0;
}

static int
op_ring(struct frame *frame, char *const *words, int count)
{
    make_chain(frame, words, count, true);
    return 0;
}

static struct rt_object *
new_pair(const char *kind, struct rt_object *first, struct rt_object *second)
{
    struct rt_object *const items[] = {first, second};
    if (strcmp(kind, "tuple") == 0) {
        return memory_name(tuple_of(items, 2), 't');
    }
    if (strcmp(kind, "obj") == 0) {
        struct rt_object *object =
            memory_name(rt_instance_new(&kind_plain_class), 'o');
        rt_instance_set(object, 0, first);
        rt_instance_set(object, 1, second);
        return object;
    }
    bool is_list = strcmp(kind, "list") == 0;
    struct rt_object *object =
        is_list ? memory_name(rt_list_new(), 'l') : new_dict();
    for (int i = 0; i < 2; i++) {
        struct rt_object *key = memory_key(i == 0 ? "a" : "b");
        int failed = is_list ? rt_list_append(object, items[i])
                             : rt_dict_set(object, key, items[i]);
        rt_decref(key);
        if (failed != 0) {
            memory_die("cannot fill a nest");
        }
    }
    return object;
}

/* Each holds a new object with a finalizer, where it is released last, and the
 * one before. */
static int
op_nest(struct frame *frame, char *const *words, int count)
{
    const char *kind = count > 2 ? words[2] : "obj";
    bool from_the_end =
        strcmp(kind, "list") == 0 || strcmp(kind, "tuple") == 0;
    struct rt_object *nest = rt_new_ref(&kind_none);
    for (long i = strtol(words[1], NULL, 10); i > 0; i--) {
        struct rt_object *final = new_final(NULL);
        struct rt_object *pair = from_the_end ? new_pair(kind, final, nest)
                                              : new_pair(kind, nest, final);
        rt_decref(nest);
        rt_decref(final);
        nest = pair;
    }
    if (nest == &kind_none) {
        nest = NULL;
    }
    memory_bind(frame, words[0], nest);
    return 0;
}

static int
op_let(struct frame *frame, char *const *words, int count)
{
    (void)count;
    memory_bind(frame, words[0],
                memory_new_ref(memory_value(frame, words[1])));
    return 0;
}

static int
op_drop(struct frame *frame, char *const *words, int count)
{
    (void)count;
    memory_bind(frame, words[0], NULL);
    return 0;
}

static int
field_of(const char *name)
{
    return rt_class_field(&kind_plain_class, name);
}

// --- changing --------------------------------------------------------------

static int
op_attr(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = memory_value(frame, words[0]);
    if (!kind_is_instance(object)) {
        return memory_skip();
    }
    // A field that is set to None is set.
    struct rt_object *held = memory_new_ref(memory_value(frame, words[2]));
    rt_incref(object);
    rt_instance_set(object, field_of(words[1]),
                    held != NULL ? held : &kind_none);
    rt_xdecref(held);
    rt_decref(object);
    return 0;
}

static int
op_unattr(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = memory_value(frame, words[0]);
    int field = field_of(words[1]);
    if (!kind_is_instance(object) || rt_instance_get(object, field) == NULL) {
        if (kind_is_instance(object) && rt_compat_minor() >= 12) {
            // Finding no attribute makes an AttributeError, a container.
            memory_waste_container();
            rt_gc_poll();
        }
        return memory_skip();
    }
    rt_incref(object);
    rt_instance_set(object, field, NULL);
    rt_decref(object);
    return 0;
}

static int
op_append(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *list = memory_value(frame, words[0]);
    if (!kind_is_list(list)) {
        return memory_skip();
    }
    if (rt_list_append(list, memory_value(frame, words[1])) != 0) {
        memory_die("cannot append");
    }
    return 0;
}

static int
op_pop(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *list = memory_value(frame, words[0]);
    struct rt_object *item = NULL;
    if (!kind_is_list(list) || rt_list_size(list) == 0) {
        return memory_skip();
    }
    if (rt_list_pop(list, &item) != 0) {
        memory_die("cannot pop");
    }
    rt_xdecref(item);
    return 0;
}

static int
op_setitem(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *list = memory_value(frame, words[0]);
    long index = strtol(words[1], NULL, 10);
    if (!kind_is_list(list) || index >= (long)rt_list_size(list)) {
        return memory_skip();
    }
    if (index < 0) {
        index += (long)rt_list_size(list);
    }
    struct rt_object *held = memory_new_ref(memory_value(frame, words[2]));
    rt_incref(list);
    if (rt_list_set(list, (size_t)index, held) != 0) {
        memory_die("cannot set an item");
    }
    rt_xdecref(held);
    rt_decref(list);
    return 0;
}

static int
op_put(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *dict = memory_value(frame, words[0]);
    if (!kind_is_dict(dict)) {
        return memory_put_weakly(dict, words[1],
                                 memory_value(frame, words[2]));
    }
    struct rt_object *key = memory_key(words[1]);
    struct rt_object *held = memory_new_ref(memory_value(frame, words[2]));
    rt_incref(dict);
    if (rt_dict_set(dict, key, held != NULL ? held : &kind_none) != 0) {
        memory_die("cannot set an item");
    }
    rt_xdecref(held);
    rt_decref(dict);
    rt_decref(key);
    return 0;
}

static int
op_unput(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *dict = memory_value(frame, words[0]);
    if (!kind_is_dict(dict)) {
        return memory_unput_weakly(dict, words[1]);
    }
    struct rt_object *key = memory_key(words[1]);
    if (rt_dict_get(dict, key) == NULL) {
        rt_decref(key);
        return memory_skip();
    }
    rt_incref(dict);
    if (rt_dict_remove(dict, key) < 0) {
        memory_die("cannot remove an item");
    }
    rt_decref(dict);
    rt_decref(key);
    return 0;
}

static int
op_clear(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = memory_value(frame, words[0]);
    if (!kind_is_list(object) && !kind_is_dict(object)) {
        return memory_skip();
    }
    rt_incref(object);
    if (kind_is_list(object)) {
        rt_list_clear(object);
    }
    else {
        rt_dict_clear(object);
    }
    rt_decref(object);
    return 0;
}

const struct operation memory_objects[] = {
    {"append", "vv", false, false, op_append},
    {"attr", "vfv", false, false, op_attr},
    {"chain", "vn?c", false, false, op_chain},
    {"clear", "v", false, false, op_clear},
    {"drop", "v", false, false, op_drop},
    {"let", "vv", false, false, op_let},
    {"nest", "vn?h", false, false, op_nest},
    {"new", "vk", false, false, op_new},
    {"pop", "v", false, false, op_pop},
    {"put", "vwv", false, false, op_put},
    {"ring", "vn?c", false, false, op_ring},
    {"setitem", "vnv", false, false, op_setitem},
    {"unattr", "vf", false, false, op_unattr},
    {"unput", "vw", false, false, op_unput},
    {0},
};
