/* Another right solution: the strings hang in chains, one for each remainder
 * of their hash, and all small ints are made at the first question. */
#include "labs/runtime/intern.h"

#include <stddef.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/string.h"

enum {
    SMALL_INTS = RT_SMALL_INT_MAX + 1 - RT_SMALL_INT_MIN
};

struct rt_object *
rt_intern_small_int(int64_t value)
{
    static struct rt_int numbers[SMALL_INTS];
    static bool is_ready;
    if (!is_ready) {
        for (int i = 0; i < SMALL_INTS; i++) {
            rt_int_init(numbers + i, RT_SMALL_INT_MIN + i);
            rt_set_immortal(&numbers[i].base);
        }
        is_ready = true;
    }
    bool is_small = value >= RT_SMALL_INT_MIN && value <= RT_SMALL_INT_MAX;
    return is_small ? &numbers[value - RT_SMALL_INT_MIN].base : NULL;
}

struct link {
    struct link *next;
    struct rt_str *string; // borrowed
};

static struct link **chains;
static size_t chain_count; // not a power of two
static size_t string_count;

static uint64_t
hash_of(struct rt_str *string)
{
    int64_t hash = string->hash;
    if (hash == -1) {
        rt_hash(&string->base, &hash);
    }
    return (uint64_t)hash;
}

static bool
is_same_text(const struct rt_str *a, const struct rt_str *b)
{
    return a == b || (a->length == b->length &&
                      memcmp(a->text, b->text, a->length) == 0);
}

/* Where the link of this text is hung up; NULL is there if it is not. */
static struct link **
find(struct rt_str *string)
{
    struct link **at = &chains[hash_of(string) % chain_count];
    while (*at != NULL && !is_same_text((*at)->string, string)) {
        at = &(*at)->next;
    }
    return at;
}

/* Without memory all stays as it is; longer chains are no harm. */
static void
widen(void)
{
    size_t count = 3 * chain_count + 11;
    struct link **wider = rt_alloc(count * sizeof(*wider));
    if (wider == NULL) {
        return;
    }
    memset(wider, 0, count * sizeof(*wider));
    for (size_t i = 0; i < chain_count; i++) {
        while (chains[i] != NULL) {
            struct link *link = chains[i];
            chains[i] = link->next;
            struct link **chain = &wider[hash_of(link->string) % count];
            link->next = *chain;
            *chain = link;
        }
    }
    rt_free(chains);
    chains = wider;
    chain_count = count;
}

static void
narrow(void)
{
    if (string_count == 0) {
        rt_free(chains);
        chains = NULL;
        chain_count = 0;
    }
}

void
rt_str_intern(struct rt_object **slot)
{
    struct rt_str *string = (struct rt_str *)*slot;
    if (string->is_interned) {
        return;
    }
    if (string_count >= chain_count) {
        widen();
    }
    if (chain_count == 0) {
        return;
    }
    struct link **place = find(string);
    if (*place != NULL) {
        *slot = rt_new_ref(&(*place)->string->base);
        rt_decref(&string->base);
        return;
    }
    *place = rt_alloc(sizeof(**place));
    if (*place != NULL) {
        **place = (struct link){.string = string};
        string->is_interned = true;
        string_count++;
    }
    narrow();
}

void
rt_intern_forget(struct rt_str *string)
{
    struct link **place = find(string);
    struct link *link = *place;
    *place = link->next;
    rt_free(link);
    string_count--;
    narrow();
}
