/* The operations of the memory model, and how a script runs on the runtime.
 *
 * A variable is a slot that owns a reference, or NULL. Whatever happens is
 * printed when it happens, behind the number of the line that is running. */
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/last_call.h"
#include "labs/runtime/list.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/weak_kind.h"
#include "labs/runtime/weak_set.h"
#include "labs/runtime/weak_value_dict.h"
#include "labs/runtime/weakref.h"
#include "labs/script/labels.h"
#include "labs/script/script.h"

enum {
    MOST_FIELDS = 4
};

static const char *const FIELDS[MOST_FIELDS] = {"a", "b", "c", "d"};

struct variable {
    const char *name; // the script's
    struct rt_object *value;
};

static const struct script *script;
static struct variable *variables;
static size_t variable_count;
static int line;         // that is running
static bool is_explicit; // a collection that the script asked for
static bool is_over;     // nothing is printed any more, no action runs
static struct rt_class plain_class, final_class;
static struct rt_type plain_tuple_type; // a subclass: copies are new ones
static struct rt_type plain_dict_type;  // another one

// --- what an interpreter would hold ----------------------------------------

/* A Python that runs a script has containers of its own: a full collection
 * empties its free lists, and refilling them counts as allocations, of which
 * nothing stays alive. The script's own counter is what stands above them, and
 * may fall below 0 as long as there are any. The figures are those of CPython
 * 3.11 to 3.13 with tests/conformance/memory_oracle.py. */
enum {
    OWN_AFTER_FULL = 18,
    OWN_AFTER_FIRST = 1, // of the first automatic one after a full one
};

static struct {
    bool is_automatic; // the script asks for automatic collections somewhere
    bool is_cold;      // nothing automatic since the last full collection
    int own;           // containers of its own
    int threshold;     // of the youngest generation, as the script says it
    struct rt_object *kept;
} interpreter;

struct own_container {
    struct rt_object head;
    struct rt_object *next; // made before it
};

static int
visit_nothing(struct rt_object *object,
              int (*visit)(struct rt_object *held, void *data), void *data)
{
    (void)object;
    (void)visit;
    (void)data;
    return 0;
}

static void
own_dealloc(struct rt_object *object)
{
    rt_gc_free(object);
}

static const struct rt_type own_type = {
    .name = "own",
    .basicsize = sizeof(struct own_container),
    .dealloc = own_dealloc,
    .traverse = visit_nothing,
};

static void
set_threshold(void)
{
    int own = interpreter.threshold > 0 ? interpreter.own : 0;
    rt_gc_set_threshold(0, interpreter.threshold + own);
}

static void die(const char *what) __attribute__((noreturn));

/* After a collection: so many are the interpreter's own from now on. */
static void
settle(int own)
{
    bool was_enabled = rt_gc_is_enabled();
    rt_gc_disable();
    for (int i = 0; i < own; i++) {
        struct rt_object *object = rt_gc_new(&own_type, 0);
        if (object == NULL) {
            die("cannot make an object");
        }
        ((struct own_container *)object)->next = interpreter.kept;
        interpreter.kept = object;
    }
    interpreter.own = own;
    set_threshold();
    if (was_enabled) {
        rt_gc_enable();
    }
}

static void
settle_after(int generation, bool asked_for)
{
    int after_full = OWN_AFTER_FULL + !asked_for;
    int after_young = interpreter.is_cold && !asked_for ? OWN_AFTER_FIRST : 0;
    settle(generation == 2 ? after_full : after_young);
    interpreter.is_cold =
        asked_for ? generation == 2 || interpreter.is_cold : false;
}

// --- what is printed -------------------------------------------------------

__attribute__((format(printf, 1, 2))) static void
emit(const char *format, ...)
{
    va_list arguments;
    if (is_over) {
        return;
    }
    va_start(arguments, format);
    printf("%d: ", line);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

static void
die(const char *what)
{
    fflush(stdout);
    fprintf(stderr, "rt-script: line %d: %s: %s %s\n", line, what,
            rt_error_name(rt_error_occurred()), rt_error_text());
    exit(70);
}

static struct rt_object *
made(struct rt_object *object)
{
    if (object == NULL) {
        die("cannot make an object");
    }
    return object;
}

static const char *
label_of(struct rt_object *object, char *text, size_t room)
{
    const struct label *label = object != NULL ? labels_find(object) : NULL;
    if (label == NULL) {
        return object == NULL ? "None" : "?";
    }
    snprintf(text, room, "%c%d", label->kind, label->number);
    return text;
}

// --- values ----------------------------------------------------------------

/* None, where a NULL will not do: in a dict. */
static void
keep_for_ever(struct rt_object *object)
{
    (void)object;
}

static const struct rt_type none_type = {.name = "NoneType",
                                         .basicsize = sizeof(struct rt_object),
                                         .dealloc = keep_for_ever};
static struct rt_object none = {RT_IMMORTAL_REFCNT, &none_type};

static void
atom_dealloc(struct rt_object *object)
{
    rt_free(object);
}

static const struct rt_type atom_type = {.name = "int",
                                         .basicsize = sizeof(struct rt_object),
                                         .dealloc = atom_dealloc};

static bool
is_list(struct rt_object *object)
{
    return object != NULL && rt_list_check(object);
}

static bool
is_dict(struct rt_object *object)
{
    return object != NULL && rt_dict_check(object);
}

static bool
is_instance(struct rt_object *object)
{
    return object != NULL && rt_instance_check(object);
}

static bool
is_weakref(struct rt_object *object)
{
    return object != NULL && rt_weakref_check(object);
}

static bool
is_last_call(struct rt_object *object)
{
    return object != NULL && rt_last_call_check(object);
}

static bool
is_weak_dict(struct rt_object *object)
{
    return object != NULL && rt_weak_value_dict_check(object);
}

static bool
is_weak_set(struct rt_object *object)
{
    return object != NULL && rt_weak_set_check(object);
}

static bool
is_weak_table(struct rt_object *object)
{
    return is_weak_dict(object) || is_weak_set(object);
}

/* As a script makes it, and not a weak dict or set. */
static bool
is_plain_weakref(struct rt_object *object)
{
    const struct rt_type *plain = rt_weak_kind_base();
    return is_weakref(object) && (plain == NULL || object->ob_type == plain);
}

/* Of the kinds that a script makes and the collector knows. */
static bool
is_listed(struct rt_object *object)
{
    return is_instance(object) || is_list(object) || is_dict(object) ||
           is_plain_weakref(object) || rt_tuple_check(object) ||
           is_weak_table(object);
}

// --- variables -------------------------------------------------------------

/* Where a step runs: self is the object that an action is about, ours. */
struct frame {
    struct rt_object *self;
};

static struct rt_object **
slot(struct frame *frame, const char *name)
{
    if (strcmp(name, "self") == 0) {
        return &frame->self;
    }
    for (size_t i = 0; i < variable_count; i++) {
        if (strcmp(variables[i].name, name) == 0) {
            return &variables[i].value;
        }
    }
    variables = realloc(variables, (variable_count + 1) * sizeof(*variables));
    if (variables == NULL) {
        die("out of memory");
    }
    variables[variable_count] = (struct variable){.name = name};
    return &variables[variable_count++].value;
}

static struct rt_object *
value(struct frame *frame, const char *name)
{
    return *slot(frame, name);
}

static struct rt_object *
new_ref(struct rt_object *object)
{
    rt_xincref(object);
    return object;
}

/* Binds a name to a reference that is handed over. An interpreter holds the
 * new value on its stack until the old one is gone, so it outlives that even
 * if the old one's last words bind the name anew. The table of variables may
 * move meanwhile. */
static void
bind(struct frame *frame, const char *name, struct rt_object *object)
{
    struct rt_object **at = slot(frame, name);
    struct rt_object *old = *at;
    *at = new_ref(object);
    rt_xdecref(old);
    rt_xdecref(object);
}

// --- actions and events ----------------------------------------------------

static int run_step(struct frame *frame, const struct step *step);

/* 0, or -1 with a pending error. */
static int
run_action(const struct action *action, struct rt_object *self)
{
    struct frame frame = {.self = new_ref(self)};
    int result = 0;
    for (size_t i = 0; action != NULL && result == 0 && i < action->count;
         i++) {
        result = run_step(&frame, &action->steps[i]);
    }
    rt_xdecref(frame.self);
    return result;
}

/* The action of an object with a label. The label is copied: its place may
 * move or be given to another. */
static int
say_and_act(const char *event, struct rt_object *object,
            struct rt_object *self)
{
    char text[32];
    const struct label *label = labels_find(object);
    const struct action *action = label != NULL ? label->action : NULL;
    emit("%s %s", event, label_of(object, text, sizeof(text)));
    return is_over ? 0 : run_action(action, self);
}

static void
on_finalizer(struct rt_object *object)
{
    say_and_act("del", object, object);
}

static int
on_callback(struct rt_object *function, struct rt_object *reference)
{
    (void)function;
    return say_and_act("callback", reference, reference);
}

static int
on_last_call(struct rt_object *function, struct rt_object *last_call)
{
    (void)function;
    return say_and_act("finalize", last_call, NULL);
}

static const struct rt_type callback_type = {.name = "function",
                                             .basicsize =
                                                 sizeof(struct rt_object),
                                             .dealloc = keep_for_ever,
                                             .call = on_callback};
static struct rt_object callback = {RT_IMMORTAL_REFCNT, &callback_type};

static const struct rt_type last_call_type = {.name = "function",
                                              .basicsize =
                                                  sizeof(struct rt_object),
                                              .dealloc = keep_for_ever,
                                              .call = on_last_call};
static struct rt_object last_call = {RT_IMMORTAL_REFCNT, &last_call_type};

static void
on_unraisable(struct rt_object *source)
{
    (void)source;
    emit("unraisable ActionError");
}

static void
on_collection(const struct rt_gc_event *event, void *unused)
{
    (void)unused;
    if (event->stop && !is_explicit) {
        emit("auto gen=%d collected=%lld", event->generation,
             (long long)event->collected);
        settle_after(event->generation, false);
    }
}

// --- making ----------------------------------------------------------------

static struct rt_object *
named(struct rt_object *object, char kind)
{
    labels_give(made(object), kind);
    return object;
}

static struct rt_object *
new_final(const char *action)
{
    struct rt_object *object = made(rt_instance_new(&final_class));
    labels_give(object, 'f')->action =
        action != NULL ? script_action(script, action) : NULL;
    return object;
}

static struct rt_object *
new_tuple(struct frame *frame, char *const *names, int count)
{
    struct rt_object **items = calloc((size_t)count + 1, sizeof(*items));
    if (items == NULL) {
        die("out of memory");
    }
    for (int i = 0; i < count; i++) {
        items[i] = value(frame, names[i]);
    }
    struct rt_object *tuple =
        script->exact
            ? rt_tuple_new(items, (size_t)count)
            : rt_tuple_new_of(&plain_tuple_type, items, (size_t)count);
    free(items);
    return tuple;
}

/* What a new weak dict or set is made of has no labels. */
static void
unname_parts(struct rt_object *object)
{
    if (!is_weak_table(object)) {
        return;
    }
    labels_forget(rt_weak_table_data(object));
    for (struct rt_weakref *at = rt_weakref_first(object); at != NULL;
         at = at->next) {
        labels_forget(&at->head);
    }
}

static struct rt_object *
named_table(struct rt_object *table, char kind)
{
    named(table, kind);
    unname_parts(table);
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
new_container(struct frame *frame, const char *kind, char *const *words,
              int count)
{
    if (strcmp(kind, "list") == 0) {
        return named(rt_list_new(), 'l');
    }
    if (strcmp(kind, "dict") == 0) {
        return named(
            rt_dict_new_of(script->exact ? &rt_dict_type : &plain_dict_type),
            'd');
    }
    struct rt_object *table = new_table(kind);
    return table != NULL ? table
                         : named(new_tuple(frame, words + 2, count - 2), 't');
}

static int
op_new(struct frame *frame, char *const *words, int count)
{
    const char *kind = words[1];
    struct rt_object *object =
        strcmp(kind, "obj") == 0    ? named(rt_instance_new(&plain_class), 'o')
        : strcmp(kind, "fin") == 0  ? new_final(count > 2 ? words[2] : NULL)
        : strcmp(kind, "atom") == 0 ? named(rt_object_new(&atom_type), 'i')
                                    : new_container(frame, kind, words, count);
    bind(frame, words[0], object);
    return 0;
}

/* One link of a chain: holds the one before it, which is handed over. */
static struct rt_object *
new_link(const char *kind, struct rt_object *before)
{
    if (strcmp(kind, "list") == 0) {
        struct rt_object *list = named(rt_list_new(), 'l');
        if (before != NULL && rt_list_append(list, before) != 0) {
            die("cannot append");
        }
        rt_xdecref(before);
        return list;
    }
    struct rt_object *object = strcmp(kind, "obj") == 0
                                   ? named(rt_instance_new(&plain_class), 'o')
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
    struct rt_object *first = NULL; // borrowed: the chain holds it
    for (long i = strtol(words[1], NULL, 10); i > 0; i--) {
        head = new_link(kind, head);
        first = first == NULL ? head : first;
    }
    if (is_ring && is_list(first)) {
        if (rt_list_append(first, head) != 0) {
            die("cannot append");
        }
    }
    else if (is_ring && first != NULL) {
        rt_instance_set(first, 0, head);
    }
    bind(frame, words[0], head);
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

static int
op_let(struct frame *frame, char *const *words, int count)
{
    (void)count;
    bind(frame, words[0], new_ref(value(frame, words[1])));
    return 0;
}

static int
op_drop(struct frame *frame, char *const *words, int count)
{
    (void)count;
    bind(frame, words[0], NULL);
    return 0;
}

// --- changing --------------------------------------------------------------

/* For an operation that does not fit what the variable holds. */
static int
skip(void)
{
    emit("skip");
    return 0;
}

static int
field_of(const char *name)
{
    return rt_class_field(&plain_class, name);
}

static int
op_attr(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = value(frame, words[0]);
    if (!is_instance(object)) {
        return skip();
    }
    // A field that is set to None is set.
    struct rt_object *held = new_ref(value(frame, words[2]));
    rt_incref(object);
    rt_instance_set(object, field_of(words[1]), held != NULL ? held : &none);
    rt_xdecref(held);
    rt_decref(object);
    return 0;
}

static int
op_unattr(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = value(frame, words[0]);
    int field = field_of(words[1]);
    if (!is_instance(object) || rt_instance_get(object, field) == NULL) {
        if (is_instance(object) && rt_compat_minor() >= 12) {
            // Finding no attribute makes an AttributeError, a container.
            rt_decref(made(rt_gc_new(&own_type, 0)));
            rt_gc_poll();
        }
        return skip();
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
    struct rt_object *list = value(frame, words[0]);
    if (!is_list(list)) {
        return skip();
    }
    if (rt_list_append(list, value(frame, words[1])) != 0) {
        die("cannot append");
    }
    return 0;
}

static int
op_pop(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *list = value(frame, words[0]);
    struct rt_object *item = NULL;
    if (!is_list(list) || rt_list_size(list) == 0) {
        return skip();
    }
    if (rt_list_pop(list, &item) != 0) {
        die("cannot pop");
    }
    rt_xdecref(item);
    return 0;
}

static int
op_setitem(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *list = value(frame, words[0]);
    long index = strtol(words[1], NULL, 10);
    if (!is_list(list) || index >= (long)rt_list_size(list)) {
        return skip();
    }
    if (index < 0) {
        index += (long)rt_list_size(list);
    }
    struct rt_object *held = new_ref(value(frame, words[2]));
    rt_incref(list);
    if (rt_list_set(list, (size_t)index, held) != 0) {
        die("cannot set an item");
    }
    rt_xdecref(held);
    rt_decref(list);
    return 0;
}

static struct rt_object *
key_of(const char *text)
{
    struct rt_object *key = made(rt_str_new(text));
    return key;
}

/* For an object that takes no weak references. */
static int
refuse_weakref(struct rt_object *object)
{
    emit(object == NULL ? "skip" : "no weakref");
    return 0;
}

static int
put_weakly(struct rt_object *dict, const char *word, struct rt_object *object)
{
    if (!is_weak_dict(dict)) {
        return skip();
    }
    if (!is_instance(object)) {
        return refuse_weakref(object);
    }
    struct rt_object *key = key_of(word);
    if (rt_weak_value_dict_set(dict, key, object) != 0) {
        die("cannot set an item");
    }
    rt_decref(key);
    return 0;
}

static int
unput_weakly(struct rt_object *dict, const char *word)
{
    if (!is_weak_dict(dict)) {
        return skip();
    }
    struct rt_object *key = key_of(word);
    if (rt_weak_value_dict_contains(dict, key) != 1) {
        skip();
    }
    else if (rt_weak_value_dict_remove(dict, key) != 1) {
        die("cannot remove an item");
    }
    rt_decref(key);
    return 0;
}

static int
op_put(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *dict = value(frame, words[0]);
    if (!is_dict(dict)) {
        return put_weakly(dict, words[1], value(frame, words[2]));
    }
    struct rt_object *key = key_of(words[1]);
    struct rt_object *held = new_ref(value(frame, words[2]));
    rt_incref(dict);
    if (rt_dict_set(dict, key, held != NULL ? held : &none) != 0) {
        die("cannot set an item");
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
    struct rt_object *dict = value(frame, words[0]);
    if (!is_dict(dict)) {
        return unput_weakly(dict, words[1]);
    }
    struct rt_object *key = key_of(words[1]);
    if (rt_dict_get(dict, key) == NULL) {
        rt_decref(key);
        return skip();
    }
    rt_incref(dict);
    if (rt_dict_remove(dict, key) < 0) {
        die("cannot remove an item");
    }
    rt_decref(dict);
    rt_decref(key);
    return 0;
}

static int
op_clear(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = value(frame, words[0]);
    if (!is_list(object) && !is_dict(object)) {
        return skip();
    }
    rt_incref(object);
    if (is_list(object)) {
        rt_list_clear(object);
    }
    else {
        rt_dict_clear(object);
    }
    rt_decref(object);
    return 0;
}

// --- weak references -------------------------------------------------------

static int
op_wref(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = value(frame, words[1]);
    if (!is_instance(object)) {
        return refuse_weakref(object);
    }
    size_t before = rt_weakref_count(object);
    struct rt_object *reference = made(rt_weakref_new(object, NULL));
    if (rt_weakref_count(object) != before) {
        labels_give(reference, 'w');
    }
    bind(frame, words[0], reference);
    return 0;
}

static int
op_wcb(struct frame *frame, char *const *words, int count)
{
    struct rt_object *object = value(frame, words[1]);
    if (!is_instance(object)) {
        return refuse_weakref(object);
    }
    struct rt_object *reference = made(rt_weakref_new(object, &callback));
    labels_give(reference, 'w')->action =
        count > 2 ? script_action(script, words[2]) : NULL;
    bind(frame, words[0], reference);
    return 0;
}

static int
op_deref(struct frame *frame, char *const *words, int count)
{
    (void)count;
    char text[32];
    struct rt_object *reference = value(frame, words[0]);
    if (!is_weakref(reference)) {
        return skip();
    }
    struct rt_object *object = rt_weakref_get(reference);
    emit("deref -> %s", label_of(object, text, sizeof(text)));
    rt_xdecref(object);
    return 0;
}

static int
op_get(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *reference = value(frame, words[1]);
    if (!is_weakref(reference)) {
        return skip();
    }
    bind(frame, words[0], rt_weakref_get(reference));
    return 0;
}

static int
op_nwrefs(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = value(frame, words[0]);
    if (object == NULL) {
        return skip();
    }
    emit("nwrefs -> %zu", rt_weakref_count(object));
    return 0;
}

static int
op_final(struct frame *frame, char *const *words, int count)
{
    struct rt_object *object = value(frame, words[1]);
    if (!is_instance(object)) {
        return skip();
    }
    struct rt_object *one = made(rt_last_call_new(object, &last_call));
    labels_give(one, 'z')->action =
        count > 2 ? script_action(script, words[2]) : NULL;
    // Its own weak reference has no name.
    for (struct rt_weakref *at = rt_weakref_first(object); at != NULL;
         at = at->next) {
        if (at->callback == one) {
            labels_forget(&at->head);
        }
    }
    bind(frame, words[0], one);
    return 0;
}

static int
op_callf(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *one = value(frame, words[0]);
    if (!is_last_call(one)) {
        return skip();
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
    struct rt_object *one = value(frame, words[0]);
    if (!is_last_call(one)) {
        return skip();
    }
    rt_incref(one);
    emit("detach -> %s", rt_last_call_detach(one) ? "True" : "False");
    rt_decref(one);
    return 0;
}

static int
op_alive(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *one = value(frame, words[0]);
    if (!is_last_call(one)) {
        return skip();
    }
    emit("alive -> %s", rt_last_call_is_alive(one) ? "True" : "False");
    return 0;
}

// --- weak dicts and sets ---------------------------------------------------

static int
op_item(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *dict = value(frame, words[1]);
    if (!is_weak_dict(dict)) {
        return skip();
    }
    struct rt_object *key = key_of(words[2]);
    bind(frame, words[0], rt_weak_value_dict_get(dict, key));
    rt_decref(key);
    return 0;
}

static int
op_add(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *set = value(frame, words[0]);
    struct rt_object *object = value(frame, words[1]);
    if (!is_weak_set(set)) {
        return skip();
    }
    if (!is_instance(object)) {
        return refuse_weakref(object);
    }
    if (rt_weak_set_add(set, object) < 0) {
        die("cannot add");
    }
    return 0;
}

static int
op_discard(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *set = value(frame, words[0]);
    struct rt_object *object = value(frame, words[1]);
    if (!is_weak_set(set) || !is_instance(object)) {
        return skip();
    }
    if (rt_weak_set_remove(set, object) < 0) {
        die("cannot discard");
    }
    return 0;
}

static int
op_has(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *set = value(frame, words[0]);
    struct rt_object *object = value(frame, words[1]);
    if (!is_weak_set(set)) {
        return skip();
    }
    bool has = is_instance(object) && rt_weak_set_contains(set, object) == 1;
    emit("has -> %s", has ? "True" : "False");
    return 0;
}

static int
op_len(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = value(frame, words[0]);
    if (object == NULL) {
        return skip();
    }
    int64_t length = is_list(object)          ? (int64_t)rt_list_size(object)
                     : is_dict(object)        ? (int64_t)rt_dict_size(object)
                     : rt_tuple_check(object) ? (int64_t)rt_tuple_size(object)
                     : is_weak_dict(object)   ? rt_weak_value_dict_size(object)
                     : is_weak_set(object) ? (int64_t)rt_weak_set_size(object)
                                           : -1;
    if (length < 0) {
        return skip();
    }
    emit("len -> %lld", (long long)length);
    return 0;
}

static void
begin_walk(struct rt_weak_walk *walk, struct rt_object *table)
{
    if (rt_weak_walk_begin(walk, table) != 0) {
        die("cannot walk");
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
               label_of(walk.value, text, sizeof(text)));
        count++;
    }
    return count;
}

static int
op_living(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *table = value(frame, words[0]);
    if (!is_weak_table(table)) {
        return skip();
    }
    printf("%d: living ->", line);
    int living = is_weak_dict(table) ? print_living_of_dict(table)
                                     : print_living_of_set(table);
    puts(living == 0 ? " -" : "");
    return 0;
}

// --- asking ----------------------------------------------------------------

static int
op_rc(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = value(frame, words[0]);
    if (object == NULL) {
        return skip();
    }
    emit("rc -> %lld", (long long)object->ob_refcnt);
    return 0;
}

static int
op_same(struct frame *frame, char *const *words, int count)
{
    (void)count;
    bool same = value(frame, words[0]) == value(frame, words[1]);
    emit("same -> %s", same ? "True" : "False");
    return 0;
}

static int
op_label(struct frame *frame, char *const *words, int count)
{
    (void)count;
    char text[32];
    emit("label -> %s", label_of(value(frame, words[0]), text, sizeof(text)));
    return 0;
}

static int
op_tracked(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = value(frame, words[0]);
    if (object == NULL) {
        return skip();
    }
    emit("tracked -> %s", rt_gc_is_tracked(object) ? "True" : "False");
    return 0;
}

static int
op_finalized(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = value(frame, words[0]);
    if (object == NULL) {
        return skip();
    }
    emit("finalized -> %s", rt_gc_is_finalized(object) ? "True" : "False");
    return 0;
}

/* Labels of the script's objects, in one line. */
struct listing {
    const char *name;
    int count;
};

static void
list_start(struct listing *listing, const char *name)
{
    *listing = (struct listing){.name = name};
    printf("%d: %s ->", line, name);
}

static void
list_object(struct rt_object *object, void *data)
{
    struct listing *listing = data;
    char text[32];
    if (is_listed(object) && labels_find(object) != NULL) {
        printf(" %s", label_of(object, text, sizeof(text)));
        listing->count++;
    }
}

static int
list_held(struct rt_object *held, void *listing)
{
    list_object(held, listing);
    return 0;
}

static void
list_end(const struct listing *listing)
{
    puts(listing->count == 0 ? " -" : "");
}

static int
op_gen(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)count;
    char name[32];
    struct listing listing;
    snprintf(name, sizeof(name), "gen %s", words[0]);
    list_start(&listing, name);
    rt_gc_each_object(atoi(words[0]), list_object, &listing);
    list_end(&listing);
    return 0;
}

static int
op_garbage(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)words;
    (void)count;
    struct listing listing;
    list_start(&listing, "garbage");
    for (size_t i = 0; i < rt_gc_garbage_count(); i++) {
        list_object(rt_gc_garbage_at(i), &listing);
    }
    list_end(&listing);
    return 0;
}

static int
op_referents(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = value(frame, words[0]);
    if (object == NULL) {
        return skip();
    }
    struct listing listing;
    list_start(&listing, "referents");
    if (rt_type_is_gc(object->ob_type)) {
        object->ob_type->traverse(object, list_held, &listing);
    }
    list_end(&listing);
    return 0;
}

static int
op_referrers(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = value(frame, words[0]);
    if (object == NULL) {
        return skip();
    }
    struct listing listing;
    list_start(&listing, "referrers");
    rt_gc_each_referrer(object, list_object, &listing);
    list_end(&listing);
    return 0;
}

// --- collecting ------------------------------------------------------------

static int
op_collect(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    int generation = count > 0 ? atoi(words[0]) : 2;
    bool was_explicit = is_explicit;
    is_explicit = true;
    long long collected = rt_gc_collect(generation);
    is_explicit = was_explicit;
    if (interpreter.is_automatic && !is_explicit) {
        settle_after(generation, true);
    }
    emit("collect %d -> %lld", generation, collected);
    return 0;
}

static int
op_count(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)words;
    (void)count;
    emit("count -> %d %d %d", rt_gc_count(0) - interpreter.own, rt_gc_count(1),
         rt_gc_count(2));
    return 0;
}

static int
op_threshold(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    interpreter.threshold = atoi(words[0]);
    set_threshold();
    for (int i = 1; i < count; i++) {
        rt_gc_set_threshold(i, atoi(words[i]));
    }
    return 0;
}

static int
op_enable(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)words;
    (void)count;
    rt_gc_enable();
    return 0;
}

static int
op_disable(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)words;
    (void)count;
    rt_gc_disable();
    return 0;
}

static int
op_saveall(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)count;
    rt_gc_set_debug(strcmp(words[0], "on") == 0 ? RT_GC_SAVE_ALL : 0);
    return 0;
}

static int
op_cleargarbage(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)words;
    (void)count;
    rt_gc_clear_garbage();
    return 0;
}

static int
op_freeze(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)words;
    (void)count;
    rt_gc_freeze();
    return 0;
}

static int
op_unfreeze(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)words;
    (void)count;
    rt_gc_unfreeze();
    return 0;
}

static int
op_frozen(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)words;
    (void)count;
    emit("frozen -> %zu", rt_gc_freeze_count());
    return 0;
}

// --- walks over a graph ----------------------------------------------------

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
    if (is_list(object) && *at < rt_list_size(object)) {
        held->object = rt_list_at(object, (*at)++);
        return true;
    }
    if (rt_tuple_check(object) && *at < rt_tuple_size(object)) {
        held->object = rt_tuple_at(object, (*at)++);
        return true;
    }
    struct rt_object *key = NULL;
    if (is_dict(object) && rt_dict_next(object, at, &key, &held->object)) {
        held->name = rt_str_text(key);
    }
    while (is_instance(object) && held->object == NULL && *at < MOST_FIELDS) {
        held->name = FIELDS[*at];
        held->object = rt_instance_get(object, (int)(*at)++);
    }
    bool found = held->object != NULL;
    held->object = held->object == &none ? NULL : held->object;
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
            die("out of memory");
        }
    }
    seen->objects[seen->count++] = object;
    return true;
}

static void
reach(struct seen *seen, struct rt_object *object)
{
    if (object == NULL || object == &none || !seen_add(seen, object)) {
        return;
    }
    struct held held;
    for (size_t at = 0; next_held(object, &at, &held);) {
        reach(seen, held.object);
    }
}

static char
kind_of(struct rt_object *object)
{
    return is_instance(object)
               ? (rt_instance_class(object) == &final_class ? 'f' : 'o')
           : is_list(object)               ? 'l'
           : is_dict(object)               ? 'd'
           : rt_tuple_check(object)        ? 't'
           : is_weak_dict(object)          ? 'v'
           : is_weak_set(object)           ? 's'
           : object->ob_type == &atom_type ? 'i'
                                           : '\0';
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
        kind_of(object) != '\0') {
        named(object, kind_of(object));
        unname_parts(object);
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
    struct rt_object *object = value(frame, words[1]);
    if (object == NULL) {
        return skip();
    }
    struct seen before = {0};
    struct seen seen = {0};
    for (size_t i = 0; i < variable_count; i++) {
        reach(&before, variables[i].value);
    }
    struct rt_object *result = made(copy(object));
    label_copies(result, &before, &seen);
    free(before.objects);
    free(seen.objects);
    bind(frame, words[0], result);
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

/* A plain tuple is of a subclass: each copy is a new one, and deep copies do
 * not look whether the way to an item has led back here. */
static struct rt_object *
plain_tuple_copy(struct rt_object *object)
{
    const struct rt_tuple *tuple = (const struct rt_tuple *)object;
    return rt_tuple_new_of(&plain_tuple_type, tuple->items, tuple->size);
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
        copy = rt_tuple_new_of(&plain_tuple_type, items, size);
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
    struct rt_object *copy = rt_dict_new_of(&plain_dict_type);
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

static void show(struct rt_object *object, struct seen *seen);

static void
show_held(struct rt_object *object, struct seen *seen)
{
    struct held held;
    bool first = true;
    for (size_t at = 0; next_held(object, &at, &held); first = false) {
        fputs(first ? "" : ",", stdout);
        if (held.name != NULL) {
            printf("%s%c", held.name, is_dict(object) ? ':' : '=');
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
    if (object->ob_type == &atom_type) {
        fputs(label_of(object, text, sizeof(text)), stdout);
        return;
    }
    size_t number = seen_find(seen, object);
    if (!seen_add(seen, object)) {
        printf("^%zu", number);
        return;
    }
    const char *brackets = is_list(object)          ? "[]"
                           : rt_tuple_check(object) ? "()"
                           : is_dict(object)        ? "{}"
                           : is_instance(object)    ? "<>"
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
    struct rt_object *object = value(frame, words[0]);
    if (object == NULL) {
        return skip();
    }
    struct seen seen = {0};
    printf("%d: shape -> ", line);
    show(object, &seen);
    putchar('\n');
    free(seen.objects);
    return 0;
}

static int
op_print(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    printf("%d:", line);
    for (int i = 0; i < count; i++) {
        printf(" %s", words[i]);
    }
    fputs(count == 0 ? " \n" : "\n", stdout);
    return 0;
}

static int
op_raise(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)words;
    (void)count;
    return rt_error_set(RT_ERROR_RUNTIME, "ActionError");
}

// --- the table -------------------------------------------------------------

/* What the words of an operation must be, a letter each: v a variable, k a
 * kind, n a number, f a field, a an action, w any word; "?" before what may be
 * missing, "*" after what may repeat. */
struct operation {
    const char *name, *words;
    bool observes;     // automatic collections wait
    bool is_automatic; // is about automatic collections
    int (*run)(struct frame *frame, char *const *words, int count);
};

static const struct operation OPERATIONS[] = {
    {"add", "vv", false, false, op_add},
    {"alive", "v", true, false, op_alive},
    {"append", "vv", false, false, op_append},
    {"attr", "vfv", false, false, op_attr},
    {"callf", "v", false, false, op_callf},
    {"chain", "vn?c", false, false, op_chain},
    {"clear", "v", false, false, op_clear},
    {"cleargarbage", "", false, false, op_cleargarbage},
    {"collect", "?n", false, false, op_collect},
    {"copy", "vv", false, false, op_copy},
    {"count", "", true, false, op_count},
    {"deepcopy", "vv", false, false, op_deepcopy},
    {"deref", "v", true, false, op_deref},
    {"detach", "v", false, false, op_detach},
    {"disable", "", false, false, op_disable},
    {"discard", "vv", false, false, op_discard},
    {"drop", "v", false, false, op_drop},
    {"enable", "", false, true, op_enable},
    {"final", "vv?a", false, false, op_final},
    {"finalized", "v", true, false, op_finalized},
    {"freeze", "", false, false, op_freeze},
    {"frozen", "", true, false, op_frozen},
    {"garbage", "", true, false, op_garbage},
    {"gen", "n", true, false, op_gen},
    {"get", "vv", false, false, op_get},
    {"has", "vv", true, false, op_has},
    {"item", "vvw", false, false, op_item},
    {"label", "v", true, false, op_label},
    {"len", "v", true, false, op_len},
    {"let", "vv", false, false, op_let},
    {"living", "v", true, false, op_living},
    {"new", "vk", false, false, op_new},
    {"nwrefs", "v", true, false, op_nwrefs},
    {"pop", "v", false, false, op_pop},
    {"print", "*", false, false, op_print},
    {"put", "vwv", false, false, op_put},
    {"raise", "", false, false, op_raise},
    {"rc", "v", true, false, op_rc},
    {"referents", "v", true, false, op_referents},
    {"referrers", "v", true, false, op_referrers},
    {"ring", "vn?c", false, false, op_ring},
    {"same", "vv", true, false, op_same},
    {"saveall", "w", false, false, op_saveall},
    {"setitem", "vnv", false, false, op_setitem},
    {"shape", "v", true, false, op_shape},
    {"threshold", "nnn", false, true, op_threshold},
    {"tracked", "v", true, false, op_tracked},
    {"unattr", "vf", false, false, op_unattr},
    {"unfreeze", "", false, false, op_unfreeze},
    {"unput", "vw", false, false, op_unput},
    {"wcb", "vv?a", false, false, op_wcb},
    {"wref", "vv", false, false, op_wref},
};

const struct operation *
operation_find(const char *name)
{
    for (size_t i = 0; i < sizeof(OPERATIONS) / sizeof(*OPERATIONS); i++) {
        if (strcmp(OPERATIONS[i].name, name) == 0) {
            return &OPERATIONS[i];
        }
    }
    return NULL;
}

static bool
is_name(const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)word[i];
        if (byte < 0x80 && byte != '_' && !isalpha(byte) &&
            (i == 0 || !isdigit(byte))) {
            return false;
        }
    }
    return length > 0;
}

static bool
is_one_of(const char *word, const char *const *known)
{
    while (*known != NULL && strcmp(word, *known) != 0) {
        known++;
    }
    return *known != NULL;
}

/* What is wrong with a word that should be what its letter says; NULL if it
 * is. */
static const char *
fault_of(const struct script *in, char letter, const char *word)
{
    static const char *const KINDS[] = {
        "obj", "fin", "list", "dict", "atom", "tuple", "wvdict", "wset", NULL};
    static const char *const CHAINS[] = {"obj", "fin", "list", NULL};
    char *end = NULL;
    switch (letter) {
    case 'v':
        return is_name(word) ? NULL : "bad name";
    case 'f':
        return word[0] >= 'a' && word[0] <= 'd' && word[1] == '\0'
                   ? NULL
                   : "bad field";
    case 'k':
        return is_one_of(word, KINDS) ? NULL : "unknown kind";
    case 'c':
        return is_one_of(word, CHAINS) ? NULL : "unknown kind";
    case 'n':
        (void)strtol(word, &end, 10);
        return *word != '\0' && *end == '\0' ? NULL : "no number";
    case 'a':
        return script_action(in, word) != NULL ? NULL : "unknown action";
    default:
        return NULL;
    }
}

static int
check_word(const struct script *in, char letter, const char *word, char *why,
           size_t room)
{
    const char *fault = fault_of(in, letter, word);
    if (fault != NULL) {
        snprintf(why, room, "%s %s", fault, word);
    }
    return fault != NULL ? -1 : 0;
}

/* What follows the kind of a new object. */
static int
check_new(const struct script *in, char *const *words, int count, char *why,
          size_t room)
{
    if (strcmp(words[1], "fin") == 0 && count > 2) {
        return check_word(in, 'a', words[2], why, room);
    }
    bool is_tuple = strcmp(words[1], "tuple") == 0;
    for (int i = 2; is_tuple && i < count; i++) {
        if (check_word(in, 'v', words[i], why, room) != 0) {
            return -1;
        }
    }
    return 0;
}

int
operation_check(const struct script *in, const struct operation *operation,
                char *const *words, int count, char *why, size_t room)
{
    bool optional = false;
    int at = 0;
    for (const char *letter = operation->words;
         *letter != '\0' && *letter != '*'; letter++) {
        if (*letter == '?') {
            optional = true;
            continue;
        }
        if (at == count && !optional) {
            snprintf(why, room, "list index out of range");
            return -1;
        }
        if (at < count && check_word(in, *letter, words[at], why, room) != 0) {
            return -1;
        }
        at++;
    }
    bool is_new = strcmp(operation->name, "new") == 0;
    return is_new ? check_new(in, words, count, why, room) : 0;
}

// --- a run -----------------------------------------------------------------

static int
run_step(struct frame *frame, const struct step *step)
{
    return step->operation->run(frame, step->words, step->count);
}

/* A step of the script itself. What only looks must not be looked into. */
static void
run_main_step(struct frame *frame, const struct step *step)
{
    bool was_enabled = rt_gc_is_enabled();
    line = step->line;
    if (step->operation->observes) {
        rt_gc_disable();
    }
    if (run_step(frame, step) != 0) {
        die("an action's error reached the script");
    }
    if (step->operation->observes && was_enabled) {
        rt_gc_enable();
    }
}

/* A trace ends where the program would be killed. What is left dies in
 * silence, so that a checker of memory sees whether the runtime has lost any.
 */
static void
give_everything_back(void)
{
    is_over = true;
    rt_gc_clear_callbacks();
    rt_gc_disable();
    rt_gc_set_debug(0);
    rt_gc_unfreeze();
    rt_gc_clear_garbage();
    for (size_t i = 0; i < variable_count; i++) {
        rt_clear(&variables[i].value);
    }
    rt_last_call_at_exit();
    while (interpreter.kept != NULL) {
        struct rt_object *object = interpreter.kept;
        interpreter.kept = ((struct own_container *)object)->next;
        rt_decref(object);
    }
    rt_gc_collect(2);
    if (rt_alloc_live_blocks() != 0) {
        fprintf(stderr, "rt-script: %zu blocks are lost\n",
                rt_alloc_live_blocks());
        exit(70);
    }
    free(variables);
    labels_release();
}

void
script_run(const struct script *given)
{
    struct frame frame = {0};
    script = given;
    rt_class_init(&plain_class, "Obj", FIELDS, MOST_FIELDS, NULL);
    rt_class_init(&final_class, "Fin", FIELDS, MOST_FIELDS, on_finalizer);
    plain_tuple_type = rt_tuple_type;
    plain_tuple_type.copy = plain_tuple_copy;
    plain_tuple_type.deepcopy = plain_tuple_deepcopy;
    plain_dict_type = rt_dict_type;
    plain_dict_type.copy = plain_dict_copy;
    rt_error_set_unraisable_hook(on_unraisable);
    rt_gc_disable();
    if (rt_gc_add_callback(on_collection, NULL) != 0) {
        die("cannot watch collections");
    }
    for (size_t i = 0; i < script->count; i++) {
        interpreter.is_automatic |= script->steps[i].operation->is_automatic;
    }
    interpreter.is_cold = true;
    interpreter.threshold = rt_gc_threshold(0);
    settle(OWN_AFTER_FULL);
    for (size_t i = 0; i < script->count; i++) {
        run_main_step(&frame, &script->steps[i]);
    }
    puts("end");
    give_everything_back();
}
