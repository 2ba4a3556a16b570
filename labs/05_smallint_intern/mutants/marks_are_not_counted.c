/* Wrong on purpose: the marks of dead strings are not counted, until they
 * are everywhere. */
#include <stddef.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/intern.h"
#include "labs/runtime/string.h"

enum {
    SMALL = RT_SMALL_INT_MAX - RT_SMALL_INT_MIN + 1
};
static struct rt_int ints[SMALL];
static bool made[SMALL];

struct rt_object *
rt_intern_small_int(int64_t value)
{
    if (value < RT_SMALL_INT_MIN || value > RT_SMALL_INT_MAX) {
        return NULL;
    }
    size_t at = (size_t)(value - RT_SMALL_INT_MIN);
    if (!made[at]) {
        rt_int_init(&ints[at], value);
        rt_set_immortal(&ints[at].base);
        made[at] = true;
    }
    return &ints[at].base;
}

static struct rt_str **table; // NULL: empty; TOMB: was used
static size_t room, used, dead;
static struct rt_str tomb;

static size_t
start_of(struct rt_str *string)
{
    int64_t hash = 0;
    (void)rt_hash(&string->base, &hash);
    return (size_t)hash;
}

static size_t
find(struct rt_str *string, size_t *free_place)
{
    size_t at = start_of(string) & (room - 1);
    *free_place = room;
    for (;; at = (at + 1) & (room - 1)) {
        if (table[at] == NULL) {
            if (*free_place == room) {
                *free_place = at;
            }
            return room;
        }
        if (table[at] == &tomb) {
            if (*free_place == room) {
                *free_place = at;
            }
        }
        else if (table[at] == string ||
                 rt_equal(&table[at]->base, &string->base) == 1) {
            return at;
        }
    }
}

static bool
resize(size_t new_room)
{
    struct rt_str **old = table;
    size_t old_room = room;
    struct rt_str **fresh = rt_alloc(new_room * sizeof(*fresh));
    if (fresh == NULL) {
        return false;
    }
    for (size_t i = 0; i < new_room; i++) {
        fresh[i] = NULL;
    }
    table = fresh;
    room = new_room;
    dead = 0;
    for (size_t i = 0; i < old_room; i++) {
        if (old[i] != NULL && old[i] != &tomb) {
            size_t at = start_of(old[i]) & (room - 1);
            while (table[at] != NULL) {
                at = (at + 1) & (room - 1);
            }
            table[at] = old[i];
        }
    }
    rt_free(old);
    return true;
}

void
rt_str_intern(struct rt_object **slot)
{
    struct rt_str *string = (struct rt_str *)*slot;
    if (string->is_interned) {
        return;
    }
    if (room == 0 || (used + dead + 1) * 2 > room) {
        size_t more = 16;
        while (more < (used + 1) * 4) {
            more *= 2;
        }
        if (!resize(more) && room == 0) {
            return;
        }
    }
    size_t free_place;
    size_t at = find(string, &free_place);
    if (at < room) {
        rt_set_ref(slot, rt_new_ref(&table[at]->base));
        return;
    }
    if (used + dead + 1 >= room) {
        return; // it would be full
    }
    if (table[free_place] == &tomb) {
        ;
    }
    table[free_place] = string;
    used++;
    string->is_interned = true;
}

void
rt_intern_forget(struct rt_str *string)
{
    size_t free_place;
    size_t at = find(string, &free_place);
    table[at] = &tomb;
    used--;
    if (used == 0) {
        rt_free(table);
        table = NULL;
        room = dead = 0;
    }
}
