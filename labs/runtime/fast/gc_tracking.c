/* Which containers there are, and the first steps of a collection, for speed.
 *
 * What gc_tracking.c, gc_unreachable.c and gc_generations.c do with lists,
 * with the same outcome; those are the ones to read first. This one exists
 * because a list makes each step of each pass wait for memory. Here the
 * objects are in rows (gc_rows.h), and what must be known about them stands
 * beside them (gc_side.h); the walk is in gc_graph.c. */
#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/fast/gc_graph.h"
#include "labs/runtime/fast/gc_heads.h"
#include "labs/runtime/fast/gc_rows.h"
#include "labs/runtime/fast/gc_side.h"
#include "labs/runtime/heap.h"
#include "labs/runtime/tuple.h"

enum {
    OLDEST = RT_GC_GENERATIONS - 1
};

/* Who comes back from the trash waits here, at the end of its generation,
 * until the collection is over. */
static struct rt_gc_head returned;
static int returned_to = -1; // none waits

// --- the word in front of an object ----------------------------------------

void *
rt_gc_block_of(struct rt_object *object)
{
    return rt_gc_word_of(object);
}

bool
rt_gc_is_finalized(struct rt_object *object)
{
    return rt_type_is_gc(object->ob_type) && rt_gc_is(object, RT_GC_FINALIZED);
}

void
rt_gc_set_finalized(struct rt_object *object)
{
    *rt_gc_word_of(object) |= RT_GC_FINALIZED;
}

void
rt_gc_set_link(struct rt_object *object, struct rt_object *other)
{
    assert(!rt_gc_is_tracked(object));
    *rt_gc_word_of(object) |= (uintptr_t)other;
}

struct rt_object *
rt_gc_take_link(struct rt_object *object)
{
    uintptr_t word = *rt_gc_word_of(object);
    rt_gc_put(object, 0, 0);
    return (struct rt_object *)(word & ~(uintptr_t)RT_GC_FINALIZED);
}

// --- memory ----------------------------------------------------------------

/* Memory of dead containers waits here for the next one that fits, in a stack
 * for each size: it has room in the rows and a map already. There is little of
 * it, and a full collection gives it back. */
enum {
    MOST_SPARE = 32, // of one size
    SPARE_SIZES = 8
};
static struct spares {
    struct spare *last;
    size_t count;
} spares[SPARE_SIZES];

/* What waits holds the way to the one before. */
struct spare {
    struct spare *before;
};

/* Which stack has the blocks for a container of this size: all that the heap
 * rounds up to the same. */
static inline size_t
spare_size(size_t size)
{
    return (size + sizeof(uintptr_t) - 1) / RT_HEAP_ALIGNMENT;
}

static inline void *
take_spare(size_t size)
{
    size_t at = spare_size(size);
    if (__builtin_expect(at < SPARE_SIZES && spares[at].last != NULL &&
                             rt_alloc_is_heap(),
                         true)) {
        struct spare *spare = spares[at].last;
        spares[at].last = spare->before;
        spares[at].count--;
        return spare;
    }
    return NULL;
}

/* Who has all its references in fields has nothing extra. */
static inline bool
keep_as_spare(void *block, const struct rt_type *type)
{
    size_t at = spare_size(type->basicsize);
    if (__builtin_expect(type->field_count > 0 && at < SPARE_SIZES &&
                             spares[at].count < MOST_SPARE &&
                             rt_alloc_is_heap(),
                         true)) {
        ((struct spare *)block)->before = spares[at].last;
        spares[at].last = block;
        spares[at].count++;
        return true;
    }
    return false;
}

static __attribute__((noinline)) void
give_back(void *block)
{
    rt_gc_rows_release();
    rt_free(block);
}

static void
give_back_spares(void)
{
    for (size_t at = 0; at < SPARE_SIZES; at++) {
        while (rt_alloc_is_heap() && spares[at].last != NULL) {
            struct spare *spare = spares[at].last;
            spares[at].last = spare->before;
            spares[at].count--;
            give_back(spare);
        }
    }
}

/* Memory for the word and what is behind it, and a place in the books. */
static __attribute__((noinline)) void *
new_memory(size_t size)
{
    size += sizeof(uintptr_t);
    if (!rt_gc_rows_reserve()) {
        return NULL;
    }
    void *block =
        rt_alloc(size < RT_GC_LEAST_BYTES ? RT_GC_LEAST_BYTES : size);
    if (block != NULL && !rt_gc_side_reserve(block)) {
        rt_free(block);
        block = NULL;
    }
    if (block == NULL) {
        rt_gc_rows_release();
    }
    return block;
}

// --- a container's life ----------------------------------------------------

static inline struct rt_object *
new_untracked(const struct rt_type *type, size_t size)
{
    uintptr_t *word = take_spare(size);
    if (word == NULL) {
        word = new_memory(size);
    }
    if (word == NULL) {
        return rt_error_no_memory();
    }
    struct rt_object *object = (struct rt_object *)(word + 1);
    *word = 0;
    rt_gc_allocated();
    rt_object_init(object, type);
    return object;
}

struct rt_object *
rt_gc_new(const struct rt_type *type, size_t extra)
{
    return new_untracked(type, type->basicsize + extra);
}

struct rt_object *
rt_gc_new_tracked(const struct rt_type *type)
{
    struct rt_object *object = new_untracked(type, type->basicsize);
    if (object != NULL) {
        memset(object + 1, 0, type->basicsize - sizeof(*object));
        rt_gc_rows_add(object);
    }
    return object;
}

static inline void
free_untracked(struct rt_object *object)
{
    rt_gc_released();
    if (!keep_as_spare(rt_gc_block_of(object), object->ob_type)) {
        give_back(rt_gc_block_of(object));
    }
}

void
rt_gc_free(struct rt_object *object)
{
    assert(!rt_gc_is(object, RT_GC_IN_ROW | RT_GC_IN_LIST));
    free_untracked(object);
}

void
rt_gc_untrack_and_free(struct rt_object *object)
{
    if (__builtin_expect(rt_gc_is(object, RT_GC_IN_ROW), true)) {
        rt_gc_rows_remove(object);
    }
    else {
        rt_gc_untrack(object);
    }
    free_untracked(object);
}

void
rt_gc_track_quietly(struct rt_object *object)
{
    assert(!rt_gc_is(object, RT_GC_IN_ROW | RT_GC_IN_LIST));
    rt_gc_rows_add(object);
}

void
rt_gc_track(struct rt_object *object)
{
    rt_gc_track_quietly(object);
    if (object->ob_refcnt > 0) { // else it is dying: no safe point
        rt_gc_poll();
    }
}

void
rt_gc_untrack(struct rt_object *object)
{
    if (__builtin_expect(rt_gc_is(object, RT_GC_IN_ROW), true)) {
        rt_gc_rows_remove(object);
    }
    else if (rt_gc_is(object, RT_GC_IN_LIST)) {
        rt_gc_list_remove(rt_gc_head_of(object));
        rt_gc_put(object, 0, 0);
    }
}

bool
rt_gc_is_tracked(struct rt_object *object)
{
    return rt_type_is_gc(object->ob_type) &&
           rt_gc_is(object, RT_GC_IN_ROW | RT_GC_IN_LIST);
}

// --- the first steps of a collection ---------------------------------------

/* Sets the counters, and joins the younger generations to the end of this one,
 * the youngest first. */
static void
begin(struct rt_gc_state *gc, int generation)
{
    if (generation < OLDEST) {
        gc->generations[generation + 1].count++;
    }
    for (int i = 0; i <= generation; i++) {
        gc->generations[i].count = 0;
    }
    if (generation == OLDEST) {
        rt_gc_rows_rotate(rt_gc_rows.first[1], rt_gc_rows.first[0],
                          rt_gc_rows.end);
    }
    for (int i = 0; i < generation; i++) {
        rt_gc_rows.first[i] = rt_gc_rows.end;
    }
}

/* The byte beside an object as it was; then it is as between collections. */
static unsigned
take_side(struct rt_object *object)
{
    unsigned char *side = rt_gc_side_of(object);
    unsigned said = *side;
    *side = RT_GC_STRANGER;
    return said;
}

static size_t
untrack_if(const struct rt_type *type, struct rt_object *object)
{
    if (object->ob_type != type || !rt_gc_is_tracked(object) ||
        !rt_gc_holds_only_atoms(object)) {
        return 0;
    }
    take_side(object);
    rt_gc_rows_remove(object);
    return 1;
}

/* As gc_untrack.c has it, in the order of the survivors, who are strangers
 * now, or rescued. Returns how many went. */
static size_t
untrack_all_of(const struct rt_type *type, const struct rt_gc_graph *graph)
{
    size_t count = 0;
    bool any = (graph->live_facts & RT_GC_MAY_HOLD_ATOMS) != 0;
    for (size_t i = 0; any && i < graph->count; i++) {
        struct rt_object *object = graph->objects[i];
        if (object != NULL && (graph->facts[i] & RT_GC_MAY_HOLD_ATOMS) != 0 &&
            *rt_gc_side_of(object) == RT_GC_STRANGER) {
            count += untrack_if(type, object);
        }
    }
    for (size_t i = 0; i < graph->rescued_count; i++) {
        count += untrack_if(type, graph->rescued[i]);
    }
    return count;
}

/* Takes trash out of its row, into the list. */
static void
take_out(const struct rt_gc_graph *graph, struct rt_gc_head *unreachable)
{
    for (size_t i = 0; i < graph->count; i++) {
        struct rt_object *object = graph->objects[i];
        if (object == NULL || take_side(object) != RT_GC_TRASH) {
            continue;
        }
        rt_gc_enlist(object, unreachable);
        rt_gc_head_of(object)->prev |= RT_GC_COLLECTING;
    }
}

/* Those who were rescued go behind all others. */
static void
move_rescued(const struct rt_gc_graph *graph)
{
    size_t count = 0;
    for (size_t i = 0; i < graph->rescued_count; i++) {
        take_side(graph->rescued[i]);
        if (rt_gc_is_tracked(graph->rescued[i])) {
            rt_gc_rows_remove(graph->rescued[i]);
            graph->rescued[count++] = graph->rescued[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        rt_gc_rows_add(graph->rescued[i]);
    }
}

/* The survivors grow older: the border moves. */
static void
promote(struct rt_gc_state *gc, int generation, size_t survivors)
{
    if (generation == OLDEST) {
        gc->long_lived_pending = 0;
        gc->long_lived_total = (int64_t)survivors;
    }
    if (generation == OLDEST - 1) {
        gc->long_lived_pending += (int64_t)survivors;
    }
    for (int i = 0; i <= generation && i < OLDEST; i++) {
        rt_gc_rows.first[i] = rt_gc_rows.end;
    }
}

/* Whether nobody wants to see the trash before it goes. */
static bool
may_sweep(const struct rt_gc_state *gc, const struct rt_gc_graph *graph)
{
    return (gc->debug & (RT_GC_SAVE_ALL | RT_GC_COLLECTABLE)) == 0 &&
           rt_gc_graph_is_plain(graph);
}

struct rt_gc_head *
rt_gc_find_trash(int generation, struct rt_gc_head *unreachable,
                 int64_t *swept)
{
    struct rt_gc_state *gc = rt_gc_state();
    begin(gc, generation);
    size_t first = rt_gc_rows.first[generation];
    struct rt_gc_graph graph = {.objects = rt_gc_rows.objects + first,
                                .count = rt_gc_rows.end - first,
                                .first = first,
                                .facts = rt_gc_rows.facts,
                                .notes = rt_gc_rows.notes,
                                .notes_room =
                                    RT_GC_NOTES_EACH * rt_gc_rows.room,
                                .rescued = rt_gc_rows.rescued};
    rt_gc_list_init(unreachable);
    rt_gc_graph_read(&graph);
    bool is_gone = may_sweep(gc, &graph);
    if (is_gone) {
        rt_gc_graph_sweep(&graph);
    }
    *swept = is_gone ? (int64_t)graph.trash_count : 0;
    size_t untracked = untrack_all_of(&rt_tuple_type, &graph);
    if (generation == OLDEST && rt_compat_minor() < 14) {
        untracked += untrack_all_of(&rt_dict_type, &graph);
    }
    if (!is_gone && graph.trash_count > 0) {
        take_out(&graph, unreachable);
    }
    move_rescued(&graph);
    rt_gc_rows_trim(first, graph.live - untracked);
    promote(gc, generation, graph.live - untracked);
    rt_gc_list_init(&returned);
    returned_to = generation < OLDEST ? generation + 1 : OLDEST;
    return &returned;
}

void
rt_gc_take_back(struct rt_gc_head *older, int generation)
{
    rt_gc_rows_append(older, returned_to);
    rt_gc_heads_take_back();
    returned_to = -1;
    if (generation == OLDEST) {
        give_back_spares();
    }
}

// --- what there is ---------------------------------------------------------

/* Where the objects of a generation begin; the frozen are in front of all. */
static size_t
first_of(int generation)
{
    return generation == RT_GC_PERMANENT ? 0 : rt_gc_rows.first[generation];
}

void
rt_gc_each_object(int generation,
                  void (*visit)(struct rt_object *object, void *data),
                  void *data)
{
    int first = generation < 0 ? 0 : generation;
    int last = generation < 0 ? OLDEST : generation;
    for (int i = first; i <= last; i++) {
        for (size_t at = first_of(i); at < rt_gc_rows_end(i); at++) {
            if (rt_gc_rows.objects[at] != NULL) {
                visit(rt_gc_rows.objects[at], data);
            }
        }
        for (struct rt_gc_head *head = i == returned_to ? rt_gc_next(&returned)
                                                        : &returned;
             head != &returned; head = rt_gc_next(head)) {
            visit(rt_gc_object_of(head), data);
        }
    }
}

static void
count_one(struct rt_object *object, void *count)
{
    (void)object;
    ++*(size_t *)count;
}

size_t
rt_gc_size(int generation)
{
    size_t count = 0;
    rt_gc_each_object(generation, count_one, &count);
    return count;
}

/* In a collection, what has come back so far stands at the end of its
 * generation. */
static void
put_returned_in_rows(void)
{
    if (returned_to >= 0) {
        rt_gc_rows_append(&returned, returned_to);
    }
}

/* The frozen are in front of the old, so this too is the move of a border,
 * when the young stand first and the old last. */
void
rt_gc_freeze(void)
{
    put_returned_in_rows();
    size_t old = rt_gc_rows.first[2];
    size_t middles = rt_gc_rows.first[0] - rt_gc_rows.first[1];
    size_t others = rt_gc_rows.end - rt_gc_rows.first[1];
    rt_gc_rows_rotate(old, rt_gc_rows.first[1], rt_gc_rows.end);
    rt_gc_rows_rotate(old, old + middles, old + others);
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        rt_gc_rows.first[i] = rt_gc_rows.end;
        rt_gc_state()->generations[i].count = 0;
    }
}

void
rt_gc_unfreeze(void)
{
    put_returned_in_rows();
    rt_gc_rows_rotate(0, rt_gc_rows.first[OLDEST], rt_gc_rows.first[1]);
    rt_gc_rows.first[OLDEST] = 0;
}

const char *
rt_gc_check(void)
{
    assert(!rt_gc_state()->collecting);
    return rt_gc_rows_check();
}
