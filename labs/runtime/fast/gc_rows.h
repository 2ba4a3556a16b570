/* Gc rows: the tracked objects, one behind the other in an array.
 *
 * What the fast collector has in place of linked lists. The generations are
 * ranges of one array, the older the further in front, so that promotion is
 * the move of a border, and the addresses of the next objects are known before
 * their turn comes:
 *
 *   objects |frozen|old......|middle|young..|      |
 *           0      first[2]  first[1]  first[0]  end  room
 *
 * An object that is released leaves a hole (NULL). In front of each container
 * lies one word, where the readable collector has a head of two:
 *
 *   word | number ...... | IN_LIST | IN_ROW | FINALIZED |
 *
 * Who is in a row finds its place there, and who is being buried the head that
 * it was lent (gc_heads.h). All others have only their last bit; and while
 * they wait for their end, a link to another (trash.h) may be in the word,
 * because addresses end in three zeros. */
#ifndef LABS_RUNTIME_FAST_GC_ROWS_H
#define LABS_RUNTIME_FAST_GC_ROWS_H

#include "labs/runtime/gc_state.h"

enum {
    RT_GC_IN_ROW = 2, // beside RT_GC_FINALIZED
    RT_GC_IN_LIST = 4,
    RT_GC_NUMBER_SHIFT = 3,
    RT_GC_NOTES_EACH = 4
};

struct rt_gc_rows {
    struct rt_object **objects;
    struct rt_object **rescued; // for a collection, see gc_graph.h
    uint32_t *facts;            // the same
    uint32_t *notes;            // the same, RT_GC_NOTES_EACH times the room
    size_t room;                // of each, for all containers there are
    size_t containers;          // made and not freed, tracked or not
    size_t most_containers;     // there can be without more room
    size_t first[RT_GC_GENERATIONS];
    size_t end;
};
extern struct rt_gc_rows rt_gc_rows;

static inline uintptr_t *
rt_gc_word_of(struct rt_object *object)
{
    return (uintptr_t *)object - 1;
}

static inline size_t
rt_gc_number_of(struct rt_object *object)
{
    return *rt_gc_word_of(object) >> RT_GC_NUMBER_SHIFT;
}

static inline bool
rt_gc_is(struct rt_object *object, unsigned in_what)
{
    return (*rt_gc_word_of(object) & in_what) != 0;
}

/* Says where an object is from now on: nowhere, if in_what is 0. */
static inline void
rt_gc_put(struct rt_object *object, unsigned in_what, size_t number)
{
    uintptr_t *word = rt_gc_word_of(object);
    *word = (*word & RT_GC_FINALIZED) | in_what | number << RT_GC_NUMBER_SHIFT;
}

/* Makes room for one container more; false without memory. And one less. */
__attribute__((noinline, cold)) bool rt_gc_rows_grow(void);

static inline bool
rt_gc_rows_reserve(void)
{
    if (rt_gc_rows.containers == rt_gc_rows.most_containers &&
        !rt_gc_rows_grow()) {
        return false;
    }
    rt_gc_rows.containers++;
    return true;
}

static inline void
rt_gc_rows_release(void)
{
    rt_gc_rows.containers--;
}

/* Many containers less, as after rt_gc_free() of each. */
void rt_gc_rows_release_many(size_t count);

/* Puts one at the end of the young, or takes it off its row. */
void rt_gc_rows_add(struct rt_object *object);
void rt_gc_rows_remove(struct rt_object *object);

/* Where a generation ends. */
size_t rt_gc_rows_end(int generation);

/* Lets the range [middle, last) change places with [first, middle). */
void rt_gc_rows_rotate(size_t first, size_t middle, size_t last);

/* Moves all of a list to the end of a generation. */
void rt_gc_rows_append(struct rt_gc_head *list, int generation);

/* When there are more holes behind first than the live objects: closes the
 * holes. */
void rt_gc_rows_trim(size_t first, size_t live);

/* What is wrong with the rows or with the counts of their objects, NULL if
 * nothing; static. */
const char *rt_gc_rows_check(void);

#endif
