/* Operations that ask what the collector knows, and that tell it what to do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/gc.h"
#include "labs/script/kinds.h"
#include "labs/script/labels.h"
#include "labs/script/memory_machine.h"

static int
op_rc(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = memory_value(frame, words[0]);
    if (object == NULL) {
        return memory_skip();
    }
    // An immortal object shows the same count whoever else holds it.
    memory_say("rc -> %lld",
               (long long)object->ob_refcnt - rt_is_immortal(object));
    return 0;
}

static int
op_same(struct frame *frame, char *const *words, int count)
{
    (void)count;
    bool same = memory_value(frame, words[0]) == memory_value(frame, words[1]);
    memory_say("same -> %s", same ? "True" : "False");
    return 0;
}

static int
op_label(struct frame *frame, char *const *words, int count)
{
    (void)count;
    char text[32];
    memory_say("label -> %s", memory_label(memory_value(frame, words[0]), text,
                                           sizeof(text)));
    return 0;
}

static int
op_tracked(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = memory_value(frame, words[0]);
    if (object == NULL) {
        return memory_skip();
    }
    memory_say("tracked -> %s", rt_gc_is_tracked(object) ? "True" : "False");
    return 0;
}

static int
op_finalized(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *object = memory_value(frame, words[0]);
    if (object == NULL) {
        return memory_skip();
    }
    memory_say("finalized -> %s",
               rt_gc_is_finalized(object) ? "True" : "False");
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
    memory_begin(name);
    fputs(" ->", stdout);
}

static void
list_object(struct rt_object *object, void *data)
{
    struct listing *listing = data;
    char text[32];
    if (kind_is_listed(object) && labels_find(object) != NULL) {
        printf(" %s", memory_label(object, text, sizeof(text)));
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
    struct rt_object *object = memory_value(frame, words[0]);
    if (object == NULL) {
        return memory_skip();
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
    struct rt_object *object = memory_value(frame, words[0]);
    if (object == NULL) {
        return memory_skip();
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
    memory_say("collect %d -> %lld", generation, memory_collect(generation));
    return 0;
}

static int
op_count(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    (void)words;
    (void)count;
    memory_say("count -> %d %d %d", memory_count(), rt_gc_count(1),
               rt_gc_count(2));
    return 0;
}

static int
op_threshold(struct frame *frame, char *const *words, int count)
{
    (void)frame;
    memory_set_threshold(atoi(words[0]));
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
    memory_say("frozen -> %zu", rt_gc_freeze_count());
    return 0;
}

const struct operation memory_collector[] = {
    {"cleargarbage", "", false, false, op_cleargarbage},
    {"collect", "?n", false, false, op_collect},
    {"count", "", true, true, op_count},
    {"disable", "", false, false, op_disable},
    {"enable", "", false, true, op_enable},
    {"finalized", "v", true, false, op_finalized},
    {"freeze", "", false, false, op_freeze},
    {"frozen", "", true, false, op_frozen},
    {"garbage", "", true, false, op_garbage},
    {"gen", "n", true, false, op_gen},
    {"label", "v", true, false, op_label},
    {"rc", "v", true, false, op_rc},
    {"referents", "v", true, false, op_referents},
    {"referrers", "v", true, false, op_referrers},
    {"same", "vv", true, false, op_same},
    {"saveall", "w", false, false, op_saveall},
    {"threshold", "nnn", false, true, op_threshold},
    {"tracked", "v", true, false, op_tracked},
    {"unfreeze", "", false, false, op_unfreeze},
    {0},
};
