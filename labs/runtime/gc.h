/* Gc: finds the cycles that counting cannot free.
 *
 * After CPython 3.12: Modules/gcmodule.c. The collector knows the containers
 * that are tracked, in three generations by age. Each of them is a block with
 * a head of the collector's in front of the object's own. It works in files of
 * one idea each:
 *
 *   gc.c              one collection from beginning to end, and what people
 *                     ask
 *   gc_unreachable.c  which objects hold nothing but each other
 *   gc_generations.c  when to collect what, and who grows older
 *   gc_untrack.c      whom the collector need not look at
 *   gc_legacy.c       last words of the old kind, and the uncollectable
 *   gc_weakrefs.c     weak references to trash
 *   gc_finalizers.c   last words, and who came back by them
 *   gc_garbage.c      the list of what is kept
 *   gc_debug.c        what a collection says of itself
 *   gc_check.c        whether the books are in order
 *
 * Everything here is guarded by the GIL. */
#ifndef LABS_RUNTIME_GC_H
#define LABS_RUNTIME_GC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rt_object;
struct rt_type;

enum {
    RT_GC_GENERATIONS = 3
};

/* --- for types ----------------------------------------------------------- */

/* A new object of a type with a traverse slot, with extra bytes behind its
 * basicsize; initialised head, not yet tracked, the rest not cleared
 * (PyObject_GC_NewVar). It counts as an allocation of the youngest generation
 * and may ask for a collection (see rt_gc_poll()). NULL with a pending memory
 * error. */
struct rt_object *rt_gc_new(const struct rt_type *type, size_t extra);

/* Gives the memory of an untracked object back (PyObject_GC_Del). */
void rt_gc_free(struct rt_object *object);

/* The same for objects that come and go all the time, in one step. A new
 * object without anything extra, 0 in all of it but the head, and tracked
 * already: rt_gc_poll() when all is in order. And its end: takes it off its
 * list and gives its memory back. */
struct rt_object *rt_gc_new_tracked(const struct rt_type *type);
void rt_gc_untrack_and_free(struct rt_object *object);

/* From now on the collector may visit the object: everything that its
 * traverse slot looks at must be in order (PyObject_GC_Track). A safe point,
 * unless the object is dying. */
void rt_gc_track(struct rt_object *object);

/* The same in the middle of something that no other code may see: no safe
 * point. */
void rt_gc_track_quietly(struct rt_object *object);

/* Whether a container that holds the object must be tracked: not for atoms,
 * nor for built-in tuples that are not tracked (_PyObject_GC_MAY_BE_TRACKED).
 */
bool rt_gc_may_be_tracked(struct rt_object *object);

/* A safe point: runs the automatic collection that the allocations since the
 * last one have asked for, if any. CPython looks at each call of a function
 * and each jump backwards (the eval breaker); the runtime, when an object
 * becomes tracked. */
void rt_gc_poll(void);

/* The first thing that a dealloc slot does (PyObject_GC_UnTrack); of an
 * object that is not tracked, nothing happens. */
void rt_gc_untrack(struct rt_object *object);

/* Whether objects of the type have the collector's head. */
bool rt_type_is_gc(const struct rt_type *type);

/* --- for people ---------------------------------------------------------- */

/* Collects the generation and those younger. Returns how many objects were
 * freed or found uncollectable; 0 when a collection is going on already
 * (gc.collect). */
int64_t rt_gc_collect(int generation);

/* Automatic collections, on at first (gc.enable, gc.disable). */
void rt_gc_enable(void);
void rt_gc_disable(void);
bool rt_gc_is_enabled(void);

/* How many allocations less releases start a collection of the youngest, and
 * how many collections of a generation one of the next older; 700, 10, 10
 * (see compat.h). 0 for the first turns automatic collections off. */
void rt_gc_set_threshold(int generation, int threshold);
int rt_gc_threshold(int generation);

/* The three counters that are compared with them (gc.get_count). */
int rt_gc_count(int generation);

/* The last two are kept from 3.15 on: how many objects were looked at, and for
 * how long (gc.get_stats). */
struct rt_gc_stats {
    int64_t collections, collected, uncollectable;
    int64_t candidates;
    double duration_s;
};
struct rt_gc_stats rt_gc_stats(int generation);

bool rt_gc_is_tracked(struct rt_object *object);
bool rt_gc_is_finalized(struct rt_object *object);

/* Calls visit with each object of a generation, oldest member first, -1: of
 * all, the youngest generation first. visit must not create or release
 * containers (gc.get_objects). */
void rt_gc_each_object(int generation,
                       void (*visit)(struct rt_object *object, void *data),
                       void *data);

/* Calls visit with each tracked object that holds a reference to object, once,
 * the youngest generation first (gc.get_referrers). */
void rt_gc_each_referrer(struct rt_object *object,
                         void (*visit)(struct rt_object *holder, void *data),
                         void *data);

/* Moves all tracked objects out of reach of collections, and back into the
 * oldest generation (gc.freeze, gc.unfreeze); how many are there. */
void rt_gc_freeze(void);
void rt_gc_unfreeze(void);
size_t rt_gc_freeze_count(void);

enum {
    RT_GC_STATS = 1,         // say how a collection goes (gc.DEBUG_STATS)
    RT_GC_COLLECTABLE = 2,   // name what is found (gc.DEBUG_COLLECTABLE)
    RT_GC_UNCOLLECTABLE = 4, // and what cannot be freed
    RT_GC_SAVE_ALL = 32,     // keep all that is found (gc.DEBUG_SAVEALL)
    RT_GC_LEAK = 38,         // the last three: for a program that leaks
    RT_GC_STRESS = 64        // a full collection at every allocation, for
                             // tests
};

/* What is said goes to stderr (gc.set_debug). */
void rt_gc_set_debug(unsigned flags);
unsigned rt_gc_debug(void);

/* Whether this is a build that collects at every allocation, or nearly so
 * where there are many objects, even when automatic collections are off (make
 * stress): what can die too early dies there. */
#ifndef RT_GC_IS_STRESSED
#define RT_GC_IS_STRESSED false
#endif

/* What is wrong with the collector's lists or with the counts of tracked
 * objects, NULL if nothing; static. May be called at any time but during a
 * collection. */
const char *rt_gc_check(void);

/* The objects kept, oldest first; borrowed, as long as nothing is collected.
 */
size_t rt_gc_garbage_count(void);
struct rt_object *rt_gc_garbage_at(size_t index);
void rt_gc_clear_garbage(void);

/* Called before and after each collection (gc.callbacks), in the order added;
 * at most 8. */
struct rt_gc_event {
    bool stop; // else start
    int generation;
    int64_t collected, uncollectable; // of stop
};
int rt_gc_add_callback(void (*callback)(const struct rt_gc_event *event,
                                        void *data),
                       void *data);
void rt_gc_clear_callbacks(void);

#endif
