#include "labs/runtime/copy.h"

#include <stdint.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"

/* Originals and their copies, by the original's address: open addressing in a
 * table that is at most half full. References to both are ours, so that no
 * address is taken twice while the copying goes on. */
struct rt_copy_memo {
    struct entry {
        struct rt_object *object, *copy;
    } * entries;
    size_t room, count; // room is a power of two, or 0
};

// --- the memo --------------------------------------------------------------

/* Where an object is, or would be. */
static struct entry *
find(const struct rt_copy_memo *memo, const struct rt_object *object)
{
    uint64_t hash = (uint64_t)(uintptr_t)object * UINT64_C(0x9E3779B97F4A7C15);
    size_t mask = memo->room - 1;
    size_t at = (size_t)(hash >> 32) & mask;
    while (memo->entries[at].object != NULL &&
           memo->entries[at].object != object) {
        at = (at + 1) & mask;
    }
    return &memo->entries[at];
}

static int
grow(struct rt_copy_memo *memo)
{
    struct rt_copy_memo larger = {.room = memo->room > 0 ? memo->room * 2 : 16,
                                  .count = memo->count};
    larger.entries = rt_alloc(larger.room * sizeof(*larger.entries));
    if (larger.entries == NULL) {
        rt_error_no_memory();
        return -1;
    }
    for (size_t i = 0; i < larger.room; i++) {
        larger.entries[i] = (struct entry){0};
    }
    for (size_t i = 0; i < memo->room; i++) {
        if (memo->entries[i].object != NULL) {
            *find(&larger, memo->entries[i].object) = memo->entries[i];
        }
    }
    rt_free(memo->entries);
    *memo = larger;
    return 0;
}

static void
release(struct rt_copy_memo *memo)
{
    for (size_t i = 0; i < memo->room; i++) {
        rt_xdecref(memo->entries[i].object);
        rt_xdecref(memo->entries[i].copy);
    }
    rt_free(memo->entries);
}

int
rt_copy_memo_add(struct rt_copy_memo *memo, struct rt_object *object,
                 struct rt_object *copy)
{
    if (memo->count * 2 >= memo->room && grow(memo) != 0) {
        return -1;
    }
    struct entry *entry = find(memo, object);
    if (entry->object == NULL) {
        entry->object = rt_new_ref(object);
        memo->count++;
    }
    rt_set_ref(&entry->copy, rt_new_ref(copy));
    return 0;
}

struct rt_object *
rt_copy_memo_get(const struct rt_copy_memo *memo,
                 const struct rt_object *object)
{
    return memo->room > 0 ? find(memo, object)->copy : NULL;
}

// --- copies ----------------------------------------------------------------

int
rt_copy_part(struct rt_object *part, struct rt_copy_memo *memo,
             struct rt_object **copy)
{
    *copy = NULL;
    if (part == NULL) {
        return 0;
    }
    struct rt_object *before = rt_copy_memo_get(memo, part);
    *copy = before != NULL ? rt_new_ref(before)
            : part->ob_type->deepcopy != NULL
                ? part->ob_type->deepcopy(part, memo)
                : rt_new_ref(part);
    return *copy == NULL ? -1 : 0;
}

struct rt_object *
rt_deepcopy(struct rt_object *object)
{
    struct rt_copy_memo memo = {0};
    struct rt_object *copy = NULL;
    rt_copy_part(object, &memo, &copy);
    release(&memo);
    return copy;
}

struct rt_object *
rt_copy(struct rt_object *object)
{
    return object->ob_type->copy != NULL ? object->ob_type->copy(object)
                                         : rt_new_ref(object);
}
