/* One collection from beginning to end (gc_collect_main):
 *
 *   1. join the younger generations to the one that is collected
 *   2. part what only holds each other from what is reachable
 *   3. let go of the reachable tuples that hold only atoms, in a full
 *      collection of such dicts, too; the others grow older
 *   4. set apart who has last words of the old kind, and all that they hold
 *   5. clear the weak references to trash, run the callbacks of those that are
 *      no trash themselves
 *   6. call the finalizers; whoever came back by them lives on
 *   7. clear what is left: emptied, the objects die by counting
 *   8. who was set apart in step 4 is uncollectable; it grows older, and those
 *      with the last words go to the list of garbage
 *
 * Steps 5 to 7 run code of all kinds, which may make, release and even track
 * objects. Lists are therefore never walked while they run: the first member
 * is taken until there is none. A collection inside of a collection does
 * nothing. */
#include "labs/runtime/gc.h"

#include <assert.h>
#include <limits.h>

#include "labs/runtime/compat.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc_state.h"

enum {
    MOST_CALLBACKS = 8,
    STRESS_SHARE = 32 // objects looked at for each allocation, under stress
};

static struct rt_gc_state gc = {.unnoticed = -1};
static bool is_ready;

static struct callback {
    void (*call)(const struct rt_gc_event *event, void *data);
    void *data;
} callbacks[MOST_CALLBACKS];
static size_t callback_count;

static void
set_thresholds(void)
{
    int minor = rt_compat_minor();
    gc.generations[0].threshold = minor < 13 ? 700 : 2000;
    gc.generations[1].threshold = 10;
    gc.generations[2].threshold = minor == 14 ? 0 : 10;
}

/* Nearly all allocations must cost nothing, so this says beforehand which do
 * not matter. */
static void
set_attention(void)
{
    bool all_matter = RT_GC_IS_STRESSED || (gc.debug & RT_GC_STRESS) != 0 ||
                      rt_compat_minor() < 12;
    int threshold = gc.generations[0].threshold;
    bool none_matters = !gc.enabled || threshold == 0;
    gc.unnoticed = all_matter ? -1 : none_matters ? INT_MAX : threshold;
}

static __attribute__((noinline, cold)) void
get_ready(void)
{
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        rt_gc_list_init(&gc.generations[i].list);
    }
    set_thresholds();
    rt_gc_list_init(&gc.permanent);
    gc.enabled = true;
    set_attention();
    is_ready = true;
}

struct rt_gc_state *
rt_gc_state(void)
{
    if (!is_ready) {
        get_ready();
    }
    return &gc;
}

// --- when ------------------------------------------------------------------

bool
rt_type_is_gc(const struct rt_type *type)
{
    return type->traverse != NULL;
}

/* At every allocation, or as seldom as keeps it linear. */
static void
stress(void)
{
    static int64_t allocations;
    if (++allocations * STRESS_SHARE > gc.long_lived_total && !gc.collecting) {
        allocations = 0;
        rt_gc_collect(RT_GC_GENERATIONS - 1);
    }
}

/* Where nearly all allocations need not come. */
static __attribute__((noinline, cold)) void
consider_collection(void)
{
    const struct rt_gc_state *now = rt_gc_state();
    if (rt_gc_is_crowded(now) && gc.enabled && !gc.collecting &&
        rt_error_occurred() == RT_ERROR_NONE) {
        gc.pending = true;
    }
    if (RT_GC_IS_STRESSED) {
        stress();
    }
    if ((gc.debug & RT_GC_STRESS) != 0 && gc.enabled) {
        rt_gc_collect(RT_GC_GENERATIONS - 1);
    }
    if (rt_compat_minor() < 12) {
        rt_gc_poll();
    }
}

void
rt_gc_allocated(void)
{
    rt_gc_count_allocation(&gc);
    if (gc.generations[0].count > gc.unnoticed) {
        consider_collection();
    }
}

void
rt_gc_released(void)
{
    rt_gc_count_release(&gc); // ready, since the container was made
}

static __attribute__((noinline, cold)) void
collect_what_is_due(void)
{
    gc.pending = false;
    int generation = rt_gc_due(&gc);
    if (gc.enabled && generation >= 0) {
        rt_gc_collect(generation);
    }
}

void
rt_gc_poll(void)
{
    if (gc.pending) {
        collect_what_is_due();
    }
}

// --- a collection ----------------------------------------------------------

/* Step 7 (delete_garbage). Clearing one often frees others of the list; who is
 * there still afterwards is held by somebody for the time being. */
static void
delete_unreachable(struct rt_gc_head *unreachable, struct rt_gc_head *older)
{
    while (!rt_gc_list_is_empty(unreachable)) {
        struct rt_gc_head *head = rt_gc_next(unreachable);
        struct rt_object *object = rt_gc_object_of(head);
        if ((gc.debug & RT_GC_SAVE_ALL) != 0) {
            rt_gc_keep_as_garbage(object);
        }
        else if (object->ob_type->clear != NULL) {
            rt_incref(object);
            object->ob_type->clear(object);
            rt_decref(object);
        }
        if (rt_gc_next(unreachable) == head) {
            head->prev &= ~(uintptr_t)RT_GC_COLLECTING;
            rt_gc_list_move(head, older);
        }
    }
}

/* What a collection has found. */
struct outcome {
    int64_t collected, uncollectable;
};

/* Steps 5 to 7. Returns how many objects died, or were kept as garbage. */
static int64_t
collect_trash(struct rt_gc_head *unreachable, struct rt_gc_head *older)
{
    struct rt_gc_head final;
    int64_t collected = rt_gc_handle_weakrefs(unreachable, older);
    rt_gc_list_init(&final);
    // From 3.15 on callbacks find trash by other weak references, too.
    if (rt_gc_finalize(unreachable) || rt_compat_minor() >= 15) {
        rt_gc_rescue(unreachable, &final, older);
    }
    else {
        rt_gc_list_merge(unreachable, &final); // nobody could come back
    }
    rt_gc_clear_weakrefs(&final);
    collected += (int64_t)rt_gc_list_size(&final);
    delete_unreachable(&final, older);
    return collected;
}

/* From 3.15 on they are part of the statistics; counting takes a walk. */
static int64_t
count_candidates(int generation)
{
    int64_t count = 0;
    for (int i = 0; rt_compat_minor() >= 15 && i <= generation; i++) {
        count += (int64_t)rt_gc_size(i);
    }
    return count;
}

static void
keep_statistics(int generation, const struct outcome *found,
                int64_t candidates, double duration_s)
{
    struct rt_gc_stats *stats = &gc.stats[generation];
    stats->collections++;
    stats->collected += found->collected;
    stats->uncollectable += found->uncollectable;
    stats->candidates += candidates;
    if (rt_compat_minor() >= 15) {
        stats->duration_s += duration_s;
    }
}

static struct outcome
collect(int generation)
{
    struct rt_gc_head unreachable;
    struct rt_gc_head uncollectable;
    double start_s = rt_gc_say_start(&gc, generation);
    int64_t candidates = count_candidates(generation);
    struct outcome found = {0};
    struct rt_gc_head *older =
        rt_gc_find_trash(generation, &unreachable, &found.collected);
    rt_gc_spare_legacy(&unreachable, &uncollectable);
    rt_gc_say_found(&gc, RT_GC_COLLECTABLE, &unreachable);
    found.collected += collect_trash(&unreachable, older);
    rt_gc_say_found(&gc, RT_GC_UNCOLLECTABLE, &uncollectable);
    found.uncollectable = (int64_t)rt_gc_list_size(&uncollectable);
    double duration_s =
        rt_gc_say_end(&gc, start_s, found.collected, found.uncollectable);
    rt_gc_give_up(&uncollectable, older, (gc.debug & RT_GC_SAVE_ALL) != 0);
    rt_gc_take_back(older, generation);
    keep_statistics(generation, &found, candidates, duration_s);
    return found;
}

static void
tell(const struct rt_gc_event *event)
{
    for (size_t i = 0; i < callback_count; i++) {
        callbacks[i].call(event, callbacks[i].data);
    }
}

int64_t
rt_gc_collect(int generation)
{
    assert(generation >= 0 && generation < RT_GC_GENERATIONS);
    if (rt_gc_state()->collecting) {
        return 0;
    }
    gc.collecting = true;
    struct rt_error_state pending = rt_error_fetch();
    struct rt_gc_event event = {.generation = generation};
    tell(&event);
    struct outcome found = collect(generation);
    event.collected = found.collected;
    event.uncollectable = found.uncollectable;
    event.stop = true;
    tell(&event);
    rt_error_restore(&pending);
    gc.collecting = false;
    return found.collected + found.uncollectable;
}

void
rt_gc_collect_at_exit(void)
{
    if (rt_gc_state()->collecting) {
        return;
    }
    gc.collecting = true;
    collect(RT_GC_GENERATIONS - 1);
    rt_error_clear();
    gc.collecting = false;
}

// --- what people ask -------------------------------------------------------

void
rt_gc_enable(void)
{
    rt_gc_state()->enabled = true;
    set_attention();
}

void
rt_gc_disable(void)
{
    rt_gc_state()->enabled = false;
    set_attention();
}

bool
rt_gc_is_enabled(void)
{
    return rt_gc_state()->enabled;
}

void
rt_gc_set_threshold(int generation, int threshold)
{
    rt_gc_state()->generations[generation].threshold = threshold;
    set_attention();
}

int
rt_gc_threshold(int generation)
{
    return rt_gc_state()->generations[generation].threshold;
}

int
rt_gc_count(int generation)
{
    return rt_gc_state()->generations[generation].count;
}

struct rt_gc_stats
rt_gc_stats(int generation)
{
    return gc.stats[generation];
}

static int
is_same(struct rt_object *held, void *wanted)
{
    return held == wanted;
}

struct search {
    struct rt_object *wanted;
    void (*visit)(struct rt_object *holder, void *data);
    void *data;
};

static void
look_into(struct rt_object *object, void *data)
{
    const struct search *search = data;
    if (object->ob_type->traverse(object, is_same, search->wanted) != 0) {
        search->visit(object, search->data);
    }
}

void
rt_gc_each_referrer(struct rt_object *object,
                    void (*visit)(struct rt_object *holder, void *data),
                    void *data)
{
    struct search search = {.wanted = object, .visit = visit, .data = data};
    rt_gc_each_object(-1, look_into, &search);
}

size_t
rt_gc_freeze_count(void)
{
    return rt_gc_size(RT_GC_PERMANENT);
}

void
rt_gc_set_debug(unsigned flags)
{
    rt_gc_state()->debug = flags;
    set_attention();
}

unsigned
rt_gc_debug(void)
{
    return gc.debug;
}

int
rt_gc_add_callback(void (*callback)(const struct rt_gc_event *event,
                                    void *data),
                   void *data)
{
    if (callback_count == MOST_CALLBACKS) {
        return rt_error_set(RT_ERROR_RUNTIME, "more than %d callbacks",
                            MOST_CALLBACKS);
    }
    callbacks[callback_count++] =
        (struct callback){.call = callback, .data = data};
    return 0;
}

void
rt_gc_clear_callbacks(void)
{
    callback_count = 0;
}
