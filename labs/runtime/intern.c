/* The table of interned strings does not count its references: it would keep
 * every string alive for ever. Instead a string that dies takes itself out.
 *
 * It is a table with open addressing and linear probing: a string stands in
 * the slot that the lowest bits of its hash name, or in one of the next, and
 * between that slot and its own there is no empty one. That rule is what a
 * removal must restore: it moves those behind the gap forward, so that no
 * marks of removed ones are needed. CPython uses a dict, whose two references
 * it subtracts from each string's count by hand. */
#include "labs/runtime/intern.h"

#include <assert.h>
#include <stddef.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/string.h"

/* --- small ints ---------------------------------------------------------- */

static struct rt_int small_ints[RT_SMALL_INT_MAX_315 - RT_SMALL_INT_MIN + 1];

/* Nearly all of them are small in every version. */
static bool
is_small(int64_t value)
{
    return value >= RT_SMALL_INT_MIN &&
           (value <= RT_SMALL_INT_MAX ||
            (value <= RT_SMALL_INT_MAX_315 && rt_compat_minor() >= 15));
}

struct rt_object *
rt_intern_small_int(int64_t value)
{
    if (!is_small(value)) {
        return NULL;
    }
    struct rt_int *small = &small_ints[value - RT_SMALL_INT_MIN];
    if (small->base.ob_type == NULL) {
        rt_int_init(small, value);
        rt_set_immortal(&small->base);
    }
    return &small->base;
}

/* --- strings ------------------------------------------------------------- */

/* Guarded by the GIL. */
static struct rt_str **table; // slots are NULL or a string, not counted
static size_t size;           // of the table: a power of two, or 0
static size_t used;           // slots with a string, at most half of them

/* The slot that holds a string with this text, or the empty one where it
 * belongs. The table is never full, so there is an end. */
static size_t
find_slot(struct rt_str *string)
{
    int64_t hash = 0;
    rt_hash(&string->base, &hash); // a string's hash cannot fail
    size_t i = (size_t)hash & (size - 1);
    while (table[i] != NULL && rt_equal(&table[i]->base, &string->base) != 1) {
        i = (i + 1) & (size - 1);
    }
    return i;
}

/* Makes room for one more. false: no memory, and nothing has changed. */
static bool
reserve(void)
{
    if (2 * (used + 1) <= size) {
        return true;
    }
    size_t old_size = size;
    size_t new_size = size == 0 ? 8 : 2 * size;
    struct rt_str **new_table = rt_alloc(new_size * sizeof(*new_table));
    if (new_table == NULL) {
        return false;
    }
    for (size_t i = 0; i < new_size; i++) {
        new_table[i] = NULL;
    }
    struct rt_str **old_table = table;
    table = new_table;
    size = new_size;
    for (size_t i = 0; i < old_size; i++) {
        if (old_table[i] != NULL) {
            table[find_slot(old_table[i])] = old_table[i];
        }
    }
    rt_free(old_table);
    return true;
}

void
rt_str_intern(struct rt_object **slot)
{
    struct rt_str *string = (struct rt_str *)*slot;
    assert(rt_str_check(*slot));
    if (string->is_interned || !reserve()) {
        return;
    }
    size_t i = find_slot(string);
    if (table[i] != NULL) {
        rt_set_ref(slot, rt_new_ref(&table[i]->base));
        return;
    }
    table[i] = string;
    used++;
    string->is_interned = true;
    if (rt_compat_has_immortal_strings()) {
        rt_set_immortal(&string->base);
    }
}

/* Whether the string in slot i may move to the gap: it may, unless the slot
 * where its search begins lies behind the gap. Distances are counted
 * backwards from i, around the end of the table. */
static bool
may_fill(size_t gap, size_t i)
{
    size_t start = (size_t)table[i]->hash;
    return ((i - start) & (size - 1)) >= ((i - gap) & (size - 1));
}

void
rt_intern_forget(struct rt_str *string)
{
    size_t gap = find_slot(string);
    assert(table[gap] == string);
    for (size_t i = (gap + 1) & (size - 1); table[i] != NULL;
         i = (i + 1) & (size - 1)) {
        if (may_fill(gap, i)) {
            table[gap] = table[i];
            gap = i;
        }
    }
    table[gap] = NULL;
    used--;
    if (used == 0) {
        rt_free(table);
        table = NULL;
        size = 0;
    }
}
