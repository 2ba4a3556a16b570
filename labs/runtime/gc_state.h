/* Gc state: the collector's lists and counters, shared by its files.
 *
 * After CPython 3.12: Include/internal/pycore_gc.h. In front of each container
 * lies a head of two words that link it into the list of its generation. Both
 * words have bits to spare, because heads are aligned:
 *
 *   next   the next head; bit 0: UNREACHABLE, only in a list of such objects
 *   prev   the previous head; bit 0: FINALIZED, for life; bit 1: COLLECTING,
 *          and then the other bits are no link but a count of references
 *
 * An object that is not tracked has a next of 0. */
#ifndef LABS_RUNTIME_GC_STATE_H
#define LABS_RUNTIME_GC_STATE_H

#include "labs/runtime/gc.h"
#include "labs/runtime/object.h"
#include "labs/runtime/object_assert.h"

struct rt_gc_head {
    uintptr_t next, prev;
};

enum {
    RT_GC_FINALIZED = 1,   // in prev
    RT_GC_COLLECTING = 2,  // in prev
    RT_GC_REFS_SHIFT = 2,  // of the count in prev
    RT_GC_UNREACHABLE = 1, // in next
};

struct rt_gc_generation {
    struct rt_gc_head list;
    int threshold; // a count above it starts a collection
    int count;     // of the youngest: allocations less releases; of the
                   // others: collections of the next younger
};

/* One for the process (struct _gc_runtime_state). */
struct rt_gc_state {
    struct rt_gc_generation generations[RT_GC_GENERATIONS];
    struct rt_gc_head permanent; // frozen
    bool enabled, collecting;
    bool pending; // an automatic collection, for the next safe point
    unsigned debug;
    int unnoticed; // up to this count of the youngest no allocation matters
    // Objects that outlived a full collection, and those that outlived one of
    // the middle generation since.
    int64_t long_lived_total, long_lived_pending;
    struct rt_gc_stats stats[RT_GC_GENERATIONS];
};

// --- heads -----------------------------------------------------------------

/* gc_tracking.c: the head of a container, and the container of a head. Only
 * there it is known that the one lies in front of the other. For speed there
 * is another such file, in which heads are lent to trash alone (fast/): so ask
 * for the head of the others, but leave it as it is. */
struct rt_gc_head *rt_gc_head_of(struct rt_object *object);
struct rt_object *rt_gc_object_of(struct rt_gc_head *head);

static inline struct rt_gc_head *
rt_gc_next(const struct rt_gc_head *head)
{
    return (struct rt_gc_head *)(head->next & ~(uintptr_t)RT_GC_UNREACHABLE);
}

static inline struct rt_gc_head *
rt_gc_prev(const struct rt_gc_head *head)
{
    return (struct rt_gc_head *)(head->prev & ~(uintptr_t)3);
}

static inline void
rt_gc_set_prev(struct rt_gc_head *head, const struct rt_gc_head *prev)
{
    head->prev = (head->prev & 3) | (uintptr_t)prev;
}

/* The count of a head that is being collected. */
static inline int64_t
rt_gc_refs(const struct rt_gc_head *head)
{
    return (int64_t)(head->prev >> RT_GC_REFS_SHIFT);
}

static inline void
rt_gc_set_refs(struct rt_gc_head *head, int64_t refs)
{
    head->prev = (head->prev & 3) | (uintptr_t)refs << RT_GC_REFS_SHIFT;
}

/* One reference less in the count of a head that is being collected. Stops the
 * program if that is below 0: somebody has released a reference too many
 * (gc_decref). */
static inline void
rt_gc_decref(struct rt_gc_head *head)
{
    RT_OBJECT_ASSERT(rt_gc_object_of(head), rt_gc_refs(head) > 0,
                     "refcount is too small");
    rt_gc_set_refs(head, rt_gc_refs(head) - 1);
}

static inline bool
rt_gc_has(const struct rt_gc_head *head, unsigned prev_bit)
{
    return (head->prev & prev_bit) != 0;
}

/* gc_tracking.c: the block of memory in which a container lies. */
void *rt_gc_block_of(struct rt_object *object);

/* Its finalizer is being called: never again (see rt_gc_is_finalized()). */
void rt_gc_set_finalized(struct rt_object *object);

/* While an object is not tracked, nobody needs its head, which has room for a
 * link to another one, or NULL. Taking the link makes the head as it was. */
void rt_gc_set_link(struct rt_object *object, struct rt_object *other);
struct rt_object *rt_gc_take_link(struct rt_object *object);

// --- lists: rings with a head that is no object ----------------------------

void rt_gc_list_init(struct rt_gc_head *list);
bool rt_gc_list_is_empty(const struct rt_gc_head *list);
size_t rt_gc_list_size(const struct rt_gc_head *list);
void rt_gc_list_append(struct rt_gc_head *list, struct rt_gc_head *head);
void rt_gc_list_remove(struct rt_gc_head *head); // its next becomes 0

/* Moves one to the end of another list. */
void rt_gc_list_move(struct rt_gc_head *head, struct rt_gc_head *to);

/* gc_tracking.c: moves an object to the end of a list from wherever it is. */
void rt_gc_enlist(struct rt_object *object, struct rt_gc_head *list);

/* Moves all of from to the end of to. */
void rt_gc_list_merge(struct rt_gc_head *from, struct rt_gc_head *to);

/* gc_check.c: what is wrong with the books, or NULL; static. */
const char *rt_gc_check_state(struct rt_gc_state *gc);

/* gc.c: the one for the process, ready for use. */
struct rt_gc_state *rt_gc_state(void);

/* A container was made: asks for a collection if there are too many, or runs
 * it. And one was released. */
void rt_gc_allocated(void);
void rt_gc_released(void);

/* gc_tracking.c: how many objects a generation has, or the frozen are. */
enum {
    RT_GC_PERMANENT = RT_GC_GENERATIONS
};
size_t rt_gc_size(int generation);

/* The steps 1 to 3 of a collection: joins the younger generations to this one,
 * moves trash to unreachable, with COLLECTING set, lets go of those survivors
 * that hold only atoms, and makes the others older. Of trash of which nobody
 * could see in which order it dies, some may be freed at once: that many are
 * swept. Returns the list to which everybody goes who comes back; in
 * the end it must be given to rt_gc_take_back(). */
struct rt_gc_head *rt_gc_find_trash(int generation,
                                    struct rt_gc_head *unreachable,
                                    int64_t *swept);
void rt_gc_take_back(struct rt_gc_head *older, int generation);

/* gc_garbage.c: puts the object on the list of garbage, which takes a
 * reference. Without memory for the list it is just not there. */
void rt_gc_keep_as_garbage(struct rt_object *object);

// --- the steps of a collection ---------------------------------------------

/* gc_unreachable.c: splits base into what something outside of it holds, the
 * objects that these hold included, and the rest, which goes to unreachable
 * with COLLECTING set, in the order in which it stood in base. What stays
 * loses COLLECTING, and may stand in another order than before. FINALIZED
 * stays as it was. Both lists are whole again on return; what unreachable
 * contains on entry does not matter (deduce_unreachable). */
void rt_gc_deduce_unreachable(struct rt_gc_head *base,
                              struct rt_gc_head *unreachable);

/* gc_generations.c: one container was made, or released. The counter never
 * falls below 0. */
void rt_gc_count_allocation(struct rt_gc_state *gc);
void rt_gc_count_release(struct rt_gc_state *gc);

/* Whether the last allocation asks for an automatic collection: the youngest's
 * counter is above its threshold, and that is not 0. */
bool rt_gc_is_crowded(const struct rt_gc_state *gc);

/* Which generation an automatic collection takes now: the oldest whose counter
 * is above its threshold; -1: none. The oldest of all is passed over while
 * long_lived_pending < long_lived_total / 4, in whole numbers. */
int rt_gc_due(const struct rt_gc_state *gc);

/* Sets the counters as a collection of the generation begins: one more for the
 * next older, 0 for itself and the younger ones. Joins these to the end of its
 * list, the youngest first, and returns the list. */
struct rt_gc_head *rt_gc_begin(struct rt_gc_state *gc, int generation);

/* Where the survivors of a generation go; of the oldest its own list. */
struct rt_gc_head *rt_gc_older(struct rt_gc_state *gc, int generation);

/* Moves the survivors, which are what the generation's list holds now, to the
 * end of that list. Keeps the books about long lives: survivors of the middle
 * generation are pending, those of the oldest are the new total, and then
 * nothing is pending. */
void rt_gc_promote(struct rt_gc_state *gc, int generation);

/* gc_untrack.c: whether the tuple or dict holds nothing that may be tracked;
 * and the survivors of a collection: takes the built-in tuples, and dicts, of
 * which that is so off their list (untrack_tuples, untrack_dicts). Dicts only
 * in full collections, and never from 3.14 on. */
bool rt_gc_holds_only_atoms(struct rt_object *object);
void rt_gc_untrack_tuples(struct rt_gc_head *survivors);
void rt_gc_untrack_dicts(struct rt_gc_head *survivors);

/* gc_legacy.c: moves those with a del slot, and all of the list that they
 * hold, from unreachable to uncollectable, which is initialised and loses
 * COLLECTING (move_legacy_finalizers, move_legacy_finalizer_reachable). */
void rt_gc_spare_legacy(struct rt_gc_head *unreachable,
                        struct rt_gc_head *uncollectable);

/* The end of these: the ones with a del slot, with save_all all of them, are
 * kept as garbage, and all move to older (handle_legacy_finalizers). */
void rt_gc_give_up(struct rt_gc_head *uncollectable, struct rt_gc_head *older,
                   bool save_all);

/* gc_weakrefs.c: before the finalizers, clears the weak references to trash,
 * from 3.15 on only those with a callback; calls the callbacks of those that
 * are no trash themselves. Returns how many weak references died of it
 * (handle_weakrefs). */
int64_t rt_gc_handle_weakrefs(struct rt_gc_head *unreachable,
                              struct rt_gc_head *older);

/* After the finalizers, from 3.15 on: clears the weak references to what is
 * still unreachable, and those that are trash themselves (clear_weakrefs). */
void rt_gc_clear_weakrefs(struct rt_gc_head *unreachable);

/* gc_debug.c: says on stderr what the debug flags ask for: that a collection
 * begins, what a list of found objects holds if the flag is set, and how it
 * went. The first returns when it began, the last how long it took, both in
 * seconds. */
double rt_gc_say_start(const struct rt_gc_state *gc, int generation);
void rt_gc_say_found(const struct rt_gc_state *gc, unsigned flag,
                     const struct rt_gc_head *list);
double rt_gc_say_end(const struct rt_gc_state *gc, double start_s,
                     int64_t collected, int64_t uncollectable);

/* At the end of the program: which objects are uncollectable, with the flag
 * for these and without the one that keeps all (_PyGC_DumpShutdownStats;
 * without the flag CPython's warning is one of those that are not shown). */
void rt_gc_say_uncollectable_at_exit(unsigned debug);

/* gc.c: a full collection of which nobody is told, whether or not automatic
 * ones are on (_PyGC_CollectNoFail). */
void rt_gc_collect_at_exit(void);

/* gc_finalizers.c: calls the finalizer of each object that has one and has not
 * had it. Returns whether there were any. */
bool rt_gc_finalize(struct rt_gc_head *unreachable);

/* Who is still unreachable after that; the others move to older. */
void rt_gc_rescue(struct rt_gc_head *unreachable,
                  struct rt_gc_head *still_unreachable,
                  struct rt_gc_head *older);

#endif
