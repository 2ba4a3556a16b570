#include "labs/script/memory_machine.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/last_call.h"
#include "labs/runtime/string.h"
#include "labs/runtime/weak_set.h"
#include "labs/runtime/weakref.h"
#include "labs/script/kinds.h"
#include "labs/script/labels.h"

struct variable {
    const char *name; // the script's
    struct rt_object *value;
};

static const struct script *script;
static struct variable *variables;
static size_t variable_count;
static int line;         // that is running
static bool is_explicit; // a collection that the script asked for
static bool is_collecting;
static bool is_over; // nothing is printed any more, no action runs

const struct script *
memory_script(void)
{
    return script;
}

// --- what is printed -------------------------------------------------------

void
memory_begin(const char *what)
{
    printf("%d: %s", line, what);
}

void
memory_say(const char *format, ...)
{
    va_list arguments;
    if (is_over) {
        return;
    }
    va_start(arguments, format);
    memory_begin("");
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

void
memory_die(const char *what)
{
    fflush(stdout);
    fprintf(stderr, "rt-script: line %d: %s: %s %s\n", line, what,
            rt_error_name(rt_error_occurred()), rt_error_text());
    exit(70);
}

struct rt_object *
memory_made(struct rt_object *object)
{
    if (object == NULL) {
        memory_die("cannot make an object");
    }
    return object;
}

int
memory_skip(void)
{
    memory_say("skip");
    return 0;
}

const char *
memory_label(struct rt_object *object, char *text, size_t room)
{
    const struct label *label = object != NULL ? labels_find(object) : NULL;
    if (label == NULL) {
        return object == NULL ? "None" : "?";
    }
    snprintf(text, room, "%c%d", label->kind, label->number);
    return text;
}

struct rt_object *
memory_name(struct rt_object *object, char kind)
{
    labels_give(memory_made(object), kind);
    return object;
}

void
memory_unname_parts(struct rt_object *object)
{
    if (!kind_is_weak_table(object)) {
        return;
    }
    labels_forget(rt_weak_table_data(object));
    for (struct rt_weakref *at = rt_weakref_first(object); at != NULL;
         at = at->next) {
        labels_forget(&at->head);
    }
}

// --- variables -------------------------------------------------------------

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
        memory_die("out of memory");
    }
    variables[variable_count] = (struct variable){.name = name};
    return &variables[variable_count++].value;
}

struct rt_object *
memory_value(struct frame *frame, const char *name)
{
    return *slot(frame, name);
}

struct rt_object *
memory_new_ref(struct rt_object *object)
{
    rt_xincref(object);
    return object;
}

/* An interpreter holds the new value on its stack until the old one is gone,
 * so it outlives that even if the old one's last words bind the name anew. The
 * table of variables may move meanwhile. */
void
memory_bind(struct frame *frame, const char *name, struct rt_object *object)
{
    struct rt_object **at = slot(frame, name);
    struct rt_object *old = *at;
    *at = memory_new_ref(object);
    rt_xdecref(old);
    rt_xdecref(object);
}

bool
memory_next_value(size_t *at, struct rt_object **found)
{
    if (*at == variable_count) {
        return false;
    }
    *found = variables[(*at)++].value;
    return true;
}

struct rt_object *
memory_key(const char *text)
{
    return memory_made(rt_str_new(text));
}

// --- what an interpreter would hold ----------------------------------------

/* A Python that runs a script has containers of its own: a full collection
 * empties its free lists, and refilling them counts as allocations, of which
 * nothing stays alive. The script's own counter is what stands above them, and
 * may fall below 0 as long as there are any. The figure is that of CPython
 * 3.11 to 3.13 with tests/conformance/memory_oracle.py. */
enum {
    OWN_AFTER_FULL = 43
};

static struct {
    bool is_automatic; // the script asks for automatic collections somewhere
    int own;           // containers of its own
    int threshold;     // of the youngest generation, as the script says it
    struct rt_object *kept;
    struct rt_object *shown; // to collections that begin now
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

void
memory_waste_container(void)
{
    rt_decref(memory_made(rt_gc_new(&own_type, 0)));
}

/* Shows collections one of them, or hides the one that was shown last. */
static void
show_container(void)
{
    struct rt_object *object = interpreter.kept;
    interpreter.kept = ((struct own_container *)object)->next;
    ((struct own_container *)object)->next = interpreter.shown;
    interpreter.shown = object;
    rt_gc_track_quietly(object);
}

static void
hide_container(void)
{
    struct rt_object *object = interpreter.shown;
    interpreter.shown = ((struct own_container *)object)->next;
    ((struct own_container *)object)->next = interpreter.kept;
    interpreter.kept = object;
    rt_gc_untrack(object);
}

static bool
collections_find_arguments(void)
{
    return interpreter.is_automatic && rt_compat_minor() < 12;
}

void
memory_begin_call(int containers)
{
    for (int i = 0; collections_find_arguments() && i < containers; i++) {
        show_container();
    }
}

void
memory_end_call(int containers)
{
    for (int i = 0; collections_find_arguments() && i < containers; i++) {
        hide_container();
    }
}

static void
set_threshold(void)
{
    int own = interpreter.threshold > 0 ? interpreter.own : 0;
    rt_gc_set_threshold(0, interpreter.threshold + own);
}

void
memory_set_threshold(int threshold)
{
    interpreter.threshold = threshold;
    set_threshold();
}

int
memory_count(void)
{
    return rt_gc_count(0) - interpreter.own;
}

/* Clears the interpreter's free lists, as a full collection does. */
static void
forget_own(void)
{
    while (interpreter.kept != NULL) {
        struct rt_object *object = interpreter.kept;
        interpreter.kept = ((struct own_container *)object)->next;
        rt_decref(object);
    }
}

/* After a collection: so many are the interpreter's own from now on. */
static void
settle(int own)
{
    bool was_enabled = rt_gc_is_enabled();
    rt_gc_disable();
    for (int i = 0; i < own; i++) {
        struct rt_object *object = memory_made(rt_gc_new(&own_type, 0));
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
    if (generation < 2) {
        settle(0);
        return;
    }
    forget_own();
    settle(OWN_AFTER_FULL + !asked_for);
}

long long
memory_collect(int generation)
{
    bool was_explicit = is_explicit;
    is_explicit = true;
    long long collected = rt_gc_collect(generation);
    is_explicit = was_explicit;
    if (interpreter.is_automatic && !is_explicit && !is_collecting) {
        settle_after(generation, true);
    }
    return collected;
}

// --- actions and events ----------------------------------------------------

static int
run_step(struct frame *frame, const struct step *step)
{
    return step->operation->run(frame, step->words, step->count);
}

/* 0, or -1 with a pending error. */
static int
run_action(const struct action *action, struct rt_object *self)
{
    struct frame frame = {.self = memory_new_ref(self)};
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
int
memory_act(const char *event, struct rt_object *object, struct rt_object *self)
{
    char text[32];
    const struct label *label = labels_find(object);
    const struct action *action = label != NULL ? label->action : NULL;
    memory_say("%s %s", event, memory_label(object, text, sizeof(text)));
    return is_over ? 0 : run_action(action, self);
}

static void
on_finalizer(struct rt_object *object)
{
    memory_act("del", object, object);
}

static int
on_callback(struct rt_object *function, struct rt_object *reference)
{
    (void)function;
    // From 3.13 on a death has its callbacks in a tuple, even a single one.
    bool is_in_tuple =
        interpreter.is_automatic && !is_collecting && rt_compat_minor() >= 13;
    if (is_in_tuple) {
        show_container();
    }
    int result = memory_act("callback", reference, reference);
    if (is_in_tuple) {
        hide_container();
    }
    return result;
}

static int
on_last_call(struct rt_object *function, struct rt_object *last_call)
{
    (void)function;
    return memory_act("finalize", last_call, NULL);
}

static const struct rt_type callback_type = {.name = "function",
                                             .basicsize =
                                                 sizeof(struct rt_object),
                                             .dealloc = kind_keep_for_ever,
                                             .call = on_callback};
struct rt_object memory_callback = {RT_IMMORTAL_REFCNT, &callback_type};

static const struct rt_type last_call_type = {.name = "function",
                                              .basicsize =
                                                  sizeof(struct rt_object),
                                              .dealloc = kind_keep_for_ever,
                                              .call = on_last_call};
struct rt_object memory_last_call = {RT_IMMORTAL_REFCNT, &last_call_type};

static void
on_unraisable(struct rt_object *source)
{
    (void)source;
    memory_say("unraisable ActionError");
}

static void
on_collection(const struct rt_gc_event *event, void *unused)
{
    (void)unused;
    is_collecting = !event->stop;
    if (event->stop && !is_explicit) {
        memory_say("auto gen=%d collected=%lld", event->generation,
                   (long long)event->collected);
        settle_after(event->generation, false);
    }
}

// --- a run -----------------------------------------------------------------

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
        memory_die("an action's error reached the script");
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
    forget_own();
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
    kinds_init(on_finalizer);
    rt_error_set_unraisable_hook(on_unraisable);
    rt_gc_disable();
    if (rt_gc_add_callback(on_collection, NULL) != 0) {
        memory_die("cannot watch collections");
    }
    for (size_t i = 0; i < script->count; i++) {
        interpreter.is_automatic |= script->steps[i].operation->is_automatic;
    }
    interpreter.threshold = rt_gc_threshold(0);
    settle(OWN_AFTER_FULL);
    for (size_t i = 0; i < script->count; i++) {
        run_main_step(&frame, &script->steps[i]);
    }
    puts("end");
    give_everything_back();
}
