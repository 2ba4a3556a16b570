/* Another right solution: no open addressing. Each key has a node; the nodes
 * with the same low bits hang in a chain, and all of them in a list, which is
 * the order. A walk's position is the number that the next node has at
 * least. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"

struct node {
    struct node *in_chain; // the next one
    struct node *before;
    struct node *after;
    struct rt_object *key;
    struct rt_object *value;
    int64_t hash;
    size_t number; // grows from the first to the last
};

struct rt_dict_table {
    struct node *first;
    struct node *last;
    size_t next_number;
    size_t chain_count; // a power of two
    struct node **chains;
};

static struct rt_dict *
as_dict(struct rt_object *object)
{
    return (struct rt_dict *)object;
}

static struct node **
chain_of(const struct rt_dict_table *table, int64_t hash)
{
    uint64_t mixed = (uint64_t)hash * UINT64_C(0x9E3779B97F4A7C15);
    return &table->chains[(mixed >> 32) & (table->chain_count - 1)];
}

/* More chains; the list stays as it is. 0, or -1 with a pending error. */
static int
rechain(struct rt_dict_table *table, size_t chain_count)
{
    struct node **chains = rt_alloc(chain_count * sizeof(struct node *));
    if (chains == NULL) {
        rt_error_no_memory();
        return -1;
    }
    for (size_t i = 0; i < chain_count; i++) {
        chains[i] = NULL;
    }
    rt_free(table->chains);
    table->chains = chains;
    table->chain_count = chain_count;
    for (struct node *node = table->first; node != NULL; node = node->after) {
        struct node **chain = chain_of(table, node->hash);
        node->in_chain = *chain;
        *chain = node;
    }
    return 0;
}

static struct rt_dict_table *
new_table(void)
{
    struct rt_dict_table *table = rt_alloc(sizeof(*table));
    if (table == NULL) {
        return rt_error_no_memory();
    }
    *table = (struct rt_dict_table){0};
    if (rechain(table, 8) < 0) {
        rt_free(table);
        return NULL;
    }
    return table;
}

/* The place that points to the node with this key, *failed if it cannot be
 * known, or NULL. Any change of the dict starts the search again. */
static struct node **
find(struct rt_dict *dict, struct rt_object *key, int64_t *hash, bool *failed)
{
    *failed = rt_hash(key, hash) < 0;
    if (*failed) {
        return NULL;
    }
    for (;;) {
        uint64_t version = dict->version;
        bool changed = false;
        if (dict->table == NULL) {
            return NULL;
        }
        struct node **place = chain_of(dict->table, *hash);
        while (*place != NULL) {
            if ((*place)->hash == *hash) {
                struct rt_object *found = rt_new_ref((*place)->key);
                int is_equal = rt_equal(found, key);
                rt_decref(found);
                *failed = is_equal < 0;
                changed = dict->version != version;
                if (*failed) {
                    return NULL;
                }
                if (changed) {
                    break;
                }
                if (is_equal > 0) {
                    return place;
                }
            }
            place = &(*place)->in_chain;
        }
        if (!changed) {
            return NULL;
        }
    }
}

/* Appends to the list and puts into its chain; steals both. */
static int
add(struct rt_dict *dict, struct rt_object *key, struct rt_object *value,
    int64_t hash)
{
    if (dict->table == NULL) {
        dict->table = new_table();
        if (dict->table == NULL) {
            return -1;
        }
    }
    struct rt_dict_table *table = dict->table;
    if (dict->used >= table->chain_count &&
        rechain(table, table->chain_count * 2) < 0) {
        return -1;
    }
    struct node *node = rt_alloc(sizeof(*node));
    if (node == NULL) {
        rt_error_no_memory();
        return -1;
    }
    struct node **chain = chain_of(table, hash);
    *node = (struct node){*chain, table->last,         NULL, key, value,
                          hash,   table->next_number++};
    *chain = node;
    *(table->last == NULL ? &table->first : &table->last->after) = node;
    table->last = node;
    dict->used++;
    dict->version++;
    return 0;
}

int
rt_dict_store(struct rt_object *object, struct rt_object *key,
            struct rt_object *value)
{
    struct rt_dict *dict = as_dict(object);
    int64_t hash;
    bool failed;
    struct node **place = find(dict, key, &hash, &failed);
    if (failed) {
        return -1;
    }
    if (place != NULL) {
        rt_set_ref(&(*place)->value, rt_new_ref(value));
        return 0;
    }
    if (add(dict, key, value, hash) < 0) {
        return -1;
    }
    rt_incref(key);
    rt_incref(value);
    return 0;
}

struct rt_object *
rt_dict_get(struct rt_object *object, struct rt_object *key)
{
    int64_t hash;
    bool failed;
    struct node **place = find(as_dict(object), key, &hash, &failed);
    return place == NULL ? NULL : (*place)->value;
}

static void
release(struct node *node)
{
    struct rt_object *key = node->key;
    struct rt_object *value = node->value;
    rt_free(node);
    rt_decref(key);
    rt_decref(value);
}

int
rt_dict_remove(struct rt_object *object, struct rt_object *key)
{
    struct rt_dict *dict = as_dict(object);
    int64_t hash;
    bool failed;
    struct node **place = find(dict, key, &hash, &failed);
    if (place == NULL) {
        return failed ? -1 : 0;
    }
    struct rt_dict_table *table = dict->table;
    struct node *node = *place;
    *place = node->in_chain;
    *(node->before == NULL ? &table->first : &node->before->after) =
        node->after;
    *(node->after == NULL ? &table->last : &node->after->before) =
        node->before;
    dict->used--;
    dict->version++;
    release(node);
    return 1;
}

void
rt_dict_clear(struct rt_object *object)
{
    struct rt_dict *dict = as_dict(object);
    struct rt_dict_table *table = dict->table;
    if (table == NULL) {
        return;
    }
    dict->table = NULL;
    dict->used = 0;
    dict->version++;
    struct node *node = table->first;
    rt_free(table->chains);
    rt_free(table);
    while (node != NULL) {
        struct node *after = node->after;
        release(node);
        node = after;
    }
}

bool
rt_dict_next(struct rt_object *object, size_t *position,
             struct rt_object **key, struct rt_object **value)
{
    const struct rt_dict_table *table = as_dict(object)->table;
    const struct node *node = table == NULL ? NULL : table->first;
    while (node != NULL && node->number < *position) {
        node = node->after;
    }
    if (node == NULL) {
        return false;
    }
    *position = node->number + 1;
    *key = node->key;
    *value = node->value;
    return true;
}

struct rt_object *
rt_dict_clone(struct rt_object *object)
{
    struct rt_object *copy = rt_dict_new();
    const struct rt_dict_table *from = as_dict(object)->table;
    const struct node *node = from == NULL ? NULL : from->first;
    for (; copy != NULL && node != NULL; node = node->after) {
        if (add(as_dict(copy), node->key, node->value, node->hash) < 0) {
            rt_clear(&copy);
            break;
        }
        rt_incref(node->key);
        rt_incref(node->value);
    }
    return copy;
}

bool
rt_dict_previous(struct rt_object *object, size_t *position,
                 struct rt_object **key, struct rt_object **value)
{
    const struct rt_dict_table *table = as_dict(object)->table;
    const struct node *node = table == NULL ? NULL : table->last;
    while (node != NULL && node->number >= *position) {
        node = node->before;
    }
    if (node == NULL) {
        *position = 0;
        return false;
    }
    *position = node->number;
    *key = node->key;
    *value = node->value;
    return true;
}

size_t
rt_dict_slots(struct rt_object *object)
{
    const struct rt_dict_table *table = as_dict(object)->table;
    return table == NULL ? 0 : table->chain_count;
}
