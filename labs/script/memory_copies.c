/* Operations that walk over a graph: copies and what it looks like. */
#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/copy.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/list.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"
#include "labs/script/kinds.h"
#include "labs/script/labels.h"
#include "labs/script/memory_machine.h"

/* One reference of an object to another. */
struct held {
    const char *name; // of the field or the key; NULL in lists and tuples
    struct rt_object *object; // borrowed; NULL: None
};

/* The references of an object in the order of construction. Returns whether
 * there is one more at the place, which starts at 0. */
static bool
next_held(struct rt_object *object, size_t *at, struct held *held)
{
    *held = (struct held){0};
    if (kind_is_list(object) && *at < rt_list_size(object)) {
        held->object = rt_list_at(object, (*at)++);
        return true;
    }
    if (rt_tuple_check(object) && *at < rt_tuple_size(object)) {
        held->object = rt_tuple_at(object, (*at)++);
        return true;
    }
    struct rt_object *key = NULL;
    if (kind_is_dict(object) &&
        rt_dict_next(object, at, &key, &held->object)) {
        held->name = rt_str_text(key);
    }
    while (kind_is_instance(object) && held->object == NULL &&
           *at < KIND_FIELDS) {
        held->name = kind_fields[*at];
        held->object = rt_instance_get(object, (int)(*at)++);
    }
    bool found = held->object != NULL;
    held->object = held->object == &kind_none ? NULL : held->object;
    return found;
}

/* A set of objects with their numbers, borrowed. */
struct seen {
    struct rt_object **objects;
    size_t count, room;
};

static size_t
seen_find(const struct seen *seen, const struct rt_object *object)
{
    size_t at = 0;
    while (at < seen->count && seen->objects[at] != object) {
        at++;
    }
    return at;
}

/* Whether it is new. */
static bool
seen_add(struct seen *seen, struct rt_object *object)
{
    if (seen_find(seen, object) < seen->count) {
        return false;
    }
    if (seen->count == seen->room) {
        seen->room = seen->room > 0 ? 2 * seen->room : 64;
        seen->objects =
            realloc(seen->objects, seen->room * sizeof(*seen->objects));
        if (seen->objects == NULL) {
            memory_die("out of memory");
        }
    }
    seen->objects[seen->count++] = object;
    return true;
}

static void
reach(struct seen *seen, struct rt_object *object)
{
    if (object == NULL || object == &kind_none || !seen_add(seen, object)) {
        return;
    }
    struct held held;
    for (size_t at = 0; next_held(object, &at, &held);) {
        reach(seen, held.object);
    }
}

/* Labels for what a copy made, in preorder. */
static void
label_copies(struct rt_object *object, const struct seen *before,
             struct seen *seen)
{
    if (object == NULL || !seen_add(seen, object)) {
        return;
    }
    if (seen_find(before, object) == before->count &&
        kind_letter(object) != '\0') {
        memory_name(object, kind_letter(object));
        memory_unname_parts(object);
    }
    struct held held;
    for (size_t at = 0; next_held(object, &at, &held);) {
        label_copies(held.object, before, seen);
    }
}

static int
copy_to(struct frame *frame, char *const *words,
        struct rt_object *(*copy)(struct rt_object *object))
{
    struct rt_object *object = memory_value(frame, words[1]);
    if (object == NULL) {
        return memory_skip();
    }
    struct seen before = {0};
    struct seen seen = {0};
    struct rt_object *known = NULL;
    for (size_t at = 0; memory_next_value(&at, &known);) {
        reach(&before, known);
    }
    struct rt_object *result = memory_made(copy(object));
    label_copies(result, &before, &seen);
    free(before.objects);
    free(seen.objects);
    memory_bind(frame, words[0], result);
    return 0;
}

static int
op_copy(struct frame *frame, char *const *words, int count)
{
    (void)count;
    return copy_to(frame, words, rt_copy);
}

static int
op_deepcopy(struct frame *frame, char *const *words, int count)
{
    (void)count;
    return copy_to(frame, words, rt_deepcopy);
}

static void show(struct rt_object *object, struct seen *seen);

static void
show_held(struct rt_object *object, struct seen *seen)
{
    struct held held;
    bool first = true;
    for (size_t at = 0; next_held(object, &at, &held); first = false) {
        fputs(first ? "" : ",", stdout);
        if (held.name != NULL) {
            printf("%s%c", held.name, kind_is_dict(object) ? ':' : '=');
        }
        show(held.object, seen);
    }
}

static void
show(struct rt_object *object, struct seen *seen)
{
    char text[32];
    if (object == NULL) {
        fputs("-", stdout);
        return;
    }
    if (object->ob_type == &kind_atom_type) {
        fputs(memory_label(object, text, sizeof(text)), stdout);
        return;
    }
    size_t number = seen_find(seen, object);
    if (!seen_add(seen, object)) {
        printf("^%zu", number);
        return;
    }
    const char *brackets = kind_is_list(object)       ? "[]"
                           : rt_tuple_check(object)   ? "()"
                           : kind_is_dict(object)     ? "{}"
                           : kind_is_instance(object) ? "<>"
                                                      : NULL;
    printf("%zu", number);
    if (brackets == NULL) {
        putchar('&');
        return;
    }
    putchar(brackets[0]);
    show_held(object, seen);
    putchar(brackets[1]);
}

static int
op_shape(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = memory_value(frame, words[0]);
    if (object == NULL) {
        return memory_skip();
    }
    struct seen seen = {0};
    memory_begin("shape -> ");
    show(object, &seen);
    putchar('\n');
    free(seen.objects);
    return 0;
}

const struct operation memory_copies[] = {
    {"copy", "vv", false, false, op_copy},
    {"deepcopy", "vv", false, false, op_deepcopy},
    {"shape", "v", true, false, op_shape},
    {0},
};
