#include "labs/runtime/copy.h"

#include <assert.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/list.h"
#include "labs/runtime/numbering.h"

/* Every object that was met and could be copied has a number, and under this
 * number its copy: NULL while it is not made yet, the object itself if that
 * will do. References to both are ours.
 *
 * Most objects are held by one other object and so are met once. What the memo
 * knows of them is of use only if somebody makes them to be held by another,
 * releases them, or asks the memo; and in most copies nobody gets a chance to.
 * So they go on a trail first, without a number and without references, which
 * is far cheaper. It is settled, in the order in which they were met, before
 * any code runs that is not known to be harmless. */
struct rt_copy_memo {
    struct rt_numbering numbering;
    struct rt_object **copies;
    size_t room; // of copies
    struct pair *trail;
    size_t trail_count, trail_room;
};

struct pair {
    struct rt_object *object; // borrowed, as its copy
    struct rt_object *copy;   // NULL: not made yet
};

// --- the memo --------------------------------------------------------------

static int
grow(struct rt_copy_memo *memo)
{
    size_t room = memo->room == 0 ? 16 : 2 * memo->room;
    struct rt_object **copies =
        rt_realloc(memo->copies, room * sizeof(struct rt_object *));
    if (copies == NULL) {
        rt_error_no_memory();
        return -1;
    }
    memo->copies = copies;
    memo->room = room;
    return 0;
}

/* Slots ask first of all for the object that was met last. */
static size_t
number_of(const struct rt_copy_memo *memo, const struct rt_object *object)
{
    size_t count = memo->numbering.count;
    return count > 0 && memo->numbering.objects[count - 1] == object
               ? count
               : rt_numbering_find(&memo->numbering, object);
}

/* Where the copy of the object is kept, borrowed until the next object comes;
 * NULL with a pending error. */
static struct rt_object **
copy_of(struct rt_copy_memo *memo, struct rt_object *object)
{
    size_t number = number_of(memo, object);
    if (number == 0) {
        number = memo->numbering.count + 1;
        if (number > memo->room && grow(memo) != 0) {
            return NULL;
        }
        if (rt_numbering_add(&memo->numbering, object) != 0) {
            return NULL;
        }
        rt_incref(object);
        memo->copies[number - 1] = NULL;
    }
    return &memo->copies[number - 1];
}

static int
keep(struct rt_copy_memo *memo, struct rt_object *object,
     struct rt_object *copy)
{
    struct rt_object **kept = copy_of(memo, object);
    if (kept == NULL) {
        return -1;
    }
    rt_xincref(copy);
    rt_set_ref(kept, copy);
    return 0;
}

// --- the trail -------------------------------------------------------------

static int
leave_on_trail(struct rt_copy_memo *memo, struct rt_object *object)
{
    if (memo->trail_count == memo->trail_room) {
        size_t room = memo->trail_room == 0 ? 16 : 2 * memo->trail_room;
        struct pair *trail = rt_realloc(memo->trail, room * sizeof(*trail));
        if (trail == NULL) {
            rt_error_no_memory();
            return -1;
        }
        memo->trail = trail;
        memo->trail_room = room;
    }
    memo->trail[memo->trail_count++] = (struct pair){object, NULL};
    return 0;
}

int
rt_copy_memo_settle(struct rt_copy_memo *memo)
{
    size_t count = memo->trail_count;
    memo->trail_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (keep(memo, memo->trail[i].object, memo->trail[i].copy) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Whether making a container may start a collection, and so run any code. */
static bool
may_collect(void)
{
    return RT_GC_IS_STRESSED || (rt_gc_debug() & RT_GC_STRESS) != 0 ||
           (rt_gc_is_enabled() && rt_gc_count(0) >= rt_gc_threshold(0));
}

/* Whether it can be met only once while nobody else gets a chance, and nobody
 * does while it is copied. */
static bool
is_met_once(const struct rt_object *object)
{
    return object->ob_refcnt == 1 && rt_list_check(object) && !may_collect();
}

// --- the memo, for everybody -----------------------------------------------

static void
release(struct rt_copy_memo *memo)
{
    for (size_t i = 0; i < memo->numbering.count; i++) {
        rt_xdecref(memo->copies[i]);
        rt_decref(memo->numbering.objects[i]);
    }
    rt_free(memo->trail);
    rt_free(memo->copies);
    rt_numbering_release(&memo->numbering);
}

int
rt_copy_memo_add(struct rt_copy_memo *memo, struct rt_object *object,
                 struct rt_object *copy)
{
    size_t count = memo->trail_count;
    if (count > 0 && memo->trail[count - 1].object == object) {
        memo->trail[count - 1].copy = copy;
        return 0;
    }
    return keep(memo, object, copy);
}

struct rt_object *
rt_copy_memo_get(const struct rt_copy_memo *memo,
                 const struct rt_object *object)
{
    assert(memo->trail_count == 0);
    size_t number = number_of(memo, object);
    return number == 0 ? NULL : memo->copies[number - 1];
}

struct rt_copy_memo *
rt_copy_memo_new(void)
{
    struct rt_copy_memo *memo = rt_alloc(sizeof(*memo));
    if (memo == NULL) {
        return rt_error_no_memory();
    }
    *memo = (struct rt_copy_memo){0};
    return memo;
}

void
rt_copy_memo_free(struct rt_copy_memo *memo)
{
    if (memo != NULL) {
        release(memo);
        rt_free(memo);
    }
}

/* Whether there is a copy that is not the object itself. */
static bool
has_copy(const struct rt_copy_memo *memo, size_t i)
{
    return memo->copies[i] != NULL &&
           memo->copies[i] != memo->numbering.objects[i];
}

size_t
rt_copy_memo_size(const struct rt_copy_memo *memo)
{
    size_t size = 0;
    while (rt_copy_memo_kept(memo, size) != NULL) {
        size++;
    }
    return size > 0 ? size + 1 : 0;
}

struct rt_object *
rt_copy_memo_kept(const struct rt_copy_memo *memo, size_t index)
{
    for (size_t i = 0; i < memo->numbering.count; i++) {
        if (has_copy(memo, i) && index-- == 0) {
            return memo->numbering.objects[i];
        }
    }
    return NULL;
}

// --- copies ----------------------------------------------------------------

/* Of an object that may be met again, its number taken before its parts are
 * met. */
static struct rt_object *
copy_once(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct rt_object *const *kept =
        rt_copy_memo_settle(memo) == 0 ? copy_of(memo, object) : NULL;
    if (kept == NULL) {
        return NULL;
    }
    if (*kept != NULL) {
        return rt_new_ref(*kept);
    }
    size_t at = (size_t)(kept - memo->copies);
    struct rt_object *copy = object->ob_type->deepcopy(object, memo);
    if (copy != NULL && memo->copies[at] == NULL) {
        memo->copies[at] = rt_new_ref(copy);
    }
    return copy;
}

struct rt_object *
rt_copy_whole(struct rt_object *item, struct rt_copy_memo *memo)
{
    if (!is_met_once(item)) {
        return copy_once(item, memo);
    }
    return leave_on_trail(memo, item) == 0
               ? item->ob_type->deepcopy(item, memo)
               : NULL;
}

struct rt_object *
rt_deepcopy_with(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct rt_object *copy = rt_copy_item(object, memo);
    if (copy != NULL && rt_copy_memo_settle(memo) != 0) {
        rt_clear(&copy);
    }
    return copy;
}

int
rt_copy_part(struct rt_object *part, struct rt_copy_memo *memo,
             struct rt_object **copy)
{
    *copy = part != NULL ? rt_deepcopy_with(part, memo) : NULL;
    return *copy == NULL && part != NULL ? -1 : 0;
}

struct rt_object *
rt_deepcopy(struct rt_object *object)
{
    struct rt_copy_memo memo = {0};
    struct rt_object *copy = rt_copy_item(object, &memo);
    release(&memo);
    return copy;
}

struct rt_object *
rt_copy(struct rt_object *object)
{
    return object->ob_type->copy != NULL ? object->ob_type->copy(object)
                                         : rt_new_ref(object);
}
