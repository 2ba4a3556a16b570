/* Operations on weak references, last calls, weak dicts and weak sets. */
#include <stdint.h>
#include <stdio.h>

#include "labs/runtime/dict.h"
#include "labs/runtime/last_call.h"
#include "labs/runtime/list.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/weak_set.h"
#include "labs/runtime/weak_value_dict.h"
#include "labs/runtime/weakref.h"
#include "labs/script/kinds.h"
#include "labs/script/labels.h"
#include "labs/script/memory_machine.h"

/* For an object that takes no weak references. */
static int
refuse_weakref(struct rt_object *object)
{
    memory_say(object == NULL ? "skip" : "no weakref");
    return 0;
}

int
memory_put_weakly(struct rt_object *dict, const char *word,
                  struct rt_object *object)
{
    if (!kind_is_weak_dict(dict)) {
        return memory_skip();
    }
    if (!kind_is_instance(object)) {
        return refuse_weakref(object);
    }
    struct rt_object *key = memory_key(word);
    if (rt_weak_value_dict_set(dict, key, object) != 0) {
        memory_die("cannot set an item");
    }
    rt_decref(key);
    return 0;
}

int
memory_unput_weakly(struct rt_object *dict, const char *word)
{
    if (!kind_is_weak_dict(dict)) {
        return memory_skip();
    }
    struct rt_object *key = memory_key(word);
    if (rt_weak_value_dict_contains(dict, key) != 1) {
        memory_skip();
    }
    else if (rt_weak_value_dict_remove(dict, key) != 1) {
        memory_die("cannot remove an item");
    }
    rt_decref(key);
    return 0;
}

static int
op_wref(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = memory_value(frame, words[1]);
    if (!kind_is_instance(object)) {
        return refuse_weakref(object);
    }
    rt_incref(object); // a collection may start here, and bind the name anew
    size_t before = rt_weakref_count(object);
    memory_begin_call(1);
    struct rt_object *reference = memory_made(rt_weakref_new(object, NULL));
    memory_end_call(1);
    if (rt_weakref_count(object) != before) {
        labels_give(reference, 'w');
    }
    rt_decref(object);
    memory_bind(frame, words[0], reference);
    return 0;
}

static int
op_wcb(struct frame *frame, char *const *words, int count)
{
    struct rt_object *object = memory_value(frame, words[1]);
    if (!kind_is_instance(object)) {
        return refuse_weakref(object);
    }
    rt_incref(object);
    memory_begin_call(1);
    struct rt_object *reference =
        memory_made(rt_weakref_new(object, &memory_callback));
    memory_end_call(1);
    labels_give(reference, 'w')->action =
        count > 2 ? script_action(memory_script(), words[2]) : NULL;
    rt_decref(object);
    memory_bind(frame, words[0], reference);
    return 0;
}

static int
op_deref(struct frame *frame, char *const *words, int count)
{
    (void)count;
    char text[32];
    struct rt_object *reference = memory_value(frame, words[0]);
    if (!kind_is_weakref(reference)) {
        return memory_skip();
    }
    struct rt_object *object = rt_weakref_get(reference);
    memory_say("deref -> %s", memory_label(object, text, sizeof(text)));
    rt_xdecref(object);
    return 0;
}

static int
op_get(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *reference = memory_value(frame, words[1]);
    if (!kind_is_weakref(reference)) {
        return memory_skip();
    }
    memory_bind(frame, words[0], rt_weakref_get(reference));
    return 0;
}

static int
op_nwrefs(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = memory_value(frame, words[0]);
    if (object == NULL) {
        return memory_skip();
    }
    memory_say("nwrefs -> %zu", rt_weakref_count(object));
    return 0;
}

static int
op_final(struct frame *frame, char *const *words, int count)
{
    struct rt_object *object = memory_value(frame, words[1]);
    if (!kind_is_instance(object)) {
        return memory_skip();
    }
    rt_incref(object);
    struct rt_object *one =
        memory_made(rt_last_call_new(object, &memory_last_call));
    labels_give(one, 'z')->action =
        count > 2 ? script_action(memory_script(), words[2]) : NULL;
    // Its own weak reference has no name.
    for (struct rt_weakref *at = rt_weakref_first(object); at != NULL;
         at = at->next) {
        if (at->callback == one) {
            labels_forget(&at->head);
        }
    }
    rt_decref(object);
    memory_bind(frame, words[0], one);
    return 0;
}

static int
op_callf(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *one = memory_value(frame, words[0]);
    if (!kind_is_last_call(one)) {
        return memory_skip();
    }
    rt_incref(one);
    int result = rt_last_call_now(one);
    rt_decref(one);
    return result;
}

static int
op_detach(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *one = memory_value(frame, words[0]);
    if (!kind_is_last_call(one)) {
        return memory_skip();
    }
    rt_incref(one);
    memory_say("detach -> %s", rt_last_call_detach(one) ? "True" : "False");
    rt_decref(one);
    return 0;
}

static int
op_alive(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *one = memory_value(frame, words[0]);
    if (!kind_is_last_call(one)) {
        return memory_skip();
    }
    memory_say("alive -> %s", rt_last_call_is_alive(one) ? "True" : "False");
    return 0;
}

// --- weak dicts and sets ---------------------------------------------------

static int
op_item(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *dict = memory_value(frame, words[1]);
    if (!kind_is_weak_dict(dict)) {
        return memory_skip();
    }
    struct rt_object *key = memory_key(words[2]);
    memory_bind(frame, words[0], rt_weak_value_dict_get(dict, key));
    rt_decref(key);
    return 0;
}

static int
op_add(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *set = memory_value(frame, words[0]);
    struct rt_object *object = memory_value(frame, words[1]);
    if (!kind_is_weak_set(set)) {
        return memory_skip();
    }
    if (!kind_is_instance(object)) {
        return refuse_weakref(object);
    }
    if (rt_weak_set_add(set, object) < 0) {
        memory_die("cannot add");
    }
    return 0;
}

static int
op_discard(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *set = memory_value(frame, words[0]);
    struct rt_object *object = memory_value(frame, words[1]);
    if (!kind_is_weak_set(set) || !kind_is_instance(object)) {
        return memory_skip();
    }
    if (rt_weak_set_remove(set, object) < 0) {
        memory_die("cannot discard");
    }
    return 0;
}

static int
op_has(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *set = memory_value(frame, words[0]);
    struct rt_object *object = memory_value(frame, words[1]);
    if (!kind_is_weak_set(set)) {
        return memory_skip();
    }
    bool has =
        kind_is_instance(object) && rt_weak_set_contains(set, object) == 1;
    memory_say("has -> %s", has ? "True" : "False");
    return 0;
}

static int
op_len(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = memory_value(frame, words[0]);
    if (object == NULL) {
        return memory_skip();
    }
    int64_t length =
        kind_is_list(object)        ? (int64_t)rt_list_size(object)
        : kind_is_dict(object)      ? (int64_t)rt_dict_size(object)
        : rt_tuple_check(object)    ? (int64_t)rt_tuple_size(object)
        : kind_is_weak_dict(object) ? rt_weak_value_dict_size(object)
        : kind_is_weak_set(object)  ? (int64_t)rt_weak_set_size(object)
                                    : -1;
    if (length < 0) {
        return memory_skip();
    }
    memory_say("len -> %lld", (long long)length);
    return 0;
}

static void
begin_walk(struct rt_weak_walk *walk, struct rt_object *table)
{
    if (rt_weak_walk_begin(walk, table) != 0) {
        memory_die("cannot walk");
    }
}

/* Of the labels in a weak set the lowest above a number, or NULL. */
static const struct label *
next_label(struct rt_object *set, int number)
{
    struct rt_weak_walk walk;
    const struct label *next = NULL;
    begin_walk(&walk, set);
    while (rt_weak_walk_next(&walk) == 1) {
        const struct label *label = labels_find(walk.key);
        if (label != NULL && label->number > number &&
            (next == NULL || label->number < next->number)) {
            next = label;
        }
    }
    return next;
}

/* How many. */
static int
print_living_of_set(struct rt_object *set)
{
    int count = 0;
    const struct label *label = next_label(set, 0);
    for (; label != NULL; label = next_label(set, label->number)) {
        printf(" %c%d", label->kind, label->number);
        count++;
    }
    return count;
}

static int
print_living_of_dict(struct rt_object *dict)
{
    int count = 0;
    char text[32];
    struct rt_weak_walk walk;
    begin_walk(&walk, dict);
    while (rt_weak_walk_next(&walk) == 1) {
        printf(" %s:%s", rt_str_text(walk.key),
               memory_label(walk.value, text, sizeof(text)));
        count++;
    }
    return count;
}

static int
op_living(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *table = memory_value(frame, words[0]);
    if (!kind_is_weak_table(table)) {
        return memory_skip();
    }
    memory_begin("living ->");
    int living = kind_is_weak_dict(table) ? print_living_of_dict(table)
                                          : print_living_of_set(table);
    puts(living == 0 ? " -" : "");
    return 0;
}

const struct operation memory_weak[] = {
    {"add", "vv", false, false, op_add},
    {"alive", "v", true, false, op_alive},
    {"callf", "v", false, false, op_callf},
    {"deref", "v", true, false, op_deref},
    {"detach", "v", false, false, op_detach},
    {"discard", "vv", false, false, op_discard},
    {"final", "vv?a", false, false, op_final},
    {"get", "vv", false, false, op_get},
    {"has", "vv", true, false, op_has},
    {"item", "vvw", false, false, op_item},
    {"len", "v", true, false, op_len},
    {"living", "v", true, false, op_living},
    {"nwrefs", "v", true, false, op_nwrefs},
    {"wcb", "vv?a", false, false, op_wcb},
    {"wref", "vv", false, false, op_wref},
    {0},
};
