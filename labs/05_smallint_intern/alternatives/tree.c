/* Another right solution: the strings stand in a search tree, ordered by hash
 * and then by text. Hashes of texts are as good as random, so the tree needs
 * no balancing. Small ints are made one by one when they are asked for. */
#include "labs/runtime/intern.h"

#include <stddef.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/string.h"

static struct rt_int negative[-RT_SMALL_INT_MIN]; // -1 first
static struct rt_int positive[RT_SMALL_INT_MAX + 1];

struct rt_object *
rt_intern_small_int(int64_t value)
{
    struct rt_int *place = NULL;
    if (value < RT_SMALL_INT_MIN || value > RT_SMALL_INT_MAX) {
        return NULL;
    }
    place = value < 0 ? &negative[-value - 1] : &positive[value];
    if (!rt_is_immortal(&place->base)) {
        rt_int_init(place, value);
        rt_set_immortal(&place->base);
    }
    return &place->base;
}

struct node {
    struct rt_str *string; // borrowed
    int64_t hash;
    struct node *children[2];
};

static struct node *root;

static int
compare(const struct rt_str *string, int64_t hash, const struct node *node)
{
    if (hash != node->hash) {
        return hash < node->hash ? -1 : 1;
    }
    if (string->length != node->string->length) {
        return string->length < node->string->length ? -1 : 1;
    }
    return memcmp(string->text, node->string->text, string->length);
}

/* The pointer to the node with this text, or the empty one where it goes. */
static struct node **
find(const struct rt_str *string, int64_t hash)
{
    struct node **at = &root;
    while (*at != NULL) {
        int order = compare(string, hash, *at);
        if (order == 0) {
            break;
        }
        at = &(*at)->children[order > 0];
    }
    return at;
}

void
rt_str_intern(struct rt_object **slot)
{
    struct rt_str *string = (struct rt_str *)*slot;
    int64_t hash = 0;
    rt_hash(*slot, &hash);
    struct node **place = find(string, hash);
    if (*place == NULL) {
        struct node *node = rt_alloc(sizeof(*node));
        if (node == NULL) {
            return;
        }
        *node = (struct node){.string = string, .hash = hash};
        *place = node;
        string->is_interned = true;
    }
    rt_set_ref(slot, rt_new_ref(&(*place)->string->base));
}

void
rt_intern_forget(struct rt_str *string)
{
    struct node **place = find(string, string->hash);
    struct node *gone = *place;
    if (gone->children[0] == NULL || gone->children[1] == NULL) {
        *place = gone->children[gone->children[0] == NULL];
        rt_free(gone);
        return;
    }
    // The next one in order moves into its place.
    struct node **next = &gone->children[1];
    while ((*next)->children[0] != NULL) {
        next = &(*next)->children[0];
    }
    struct node *heir = *next;
    *next = heir->children[1];
    heir->children[0] = gone->children[0];
    heir->children[1] = gone->children[1];
    *place = heir;
    rt_free(gone);
}
