/* A dict finds for each key its link, which holds the value and stands in a
 * ring with the other links. The ring is the order; the head, which is no
 * link, lies between the last and the first:
 *
 *   head <-> link(k1,v1) <-> link(k2,v2) <-> link(k3,v3) <-> head
 *                ^                ^               ^
 *   map:  { k1: -+          k2: --+         k3: --+  }
 *
 * To take a link out of the ring and to put it in elsewhere takes four
 * assignments, wherever it stands: that is what a dict cannot do. This is how
 * Lib/collections/__init__.py does it; Objects/odictobject.c keeps its links
 * in an array beside the dict's own entries.
 *
 * The references: the map owns the links, the ring owns nothing. A link that
 * dies leaves the ring, so whatever is in the map is in the ring, and the
 * other way round. Key and value belong to the link; the key also to the map.
 * The map is hidden from the collector: the ordered dict speaks for it. */
#include "labs/runtime/odict.h"

#include <assert.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/object.h"
#include "labs/runtime/trash.h"
#include "labs/runtime/weakref.h"

struct ring {
    struct ring *previous;
    struct ring *next; // itself: alone
};

struct link {
    struct rt_object base;
    struct ring ring;
    struct rt_object *key;
    struct rt_object *value;
};

struct rt_odict {
    struct rt_object base;
    struct rt_weakref *weakrefs;
    struct rt_object *map; // ours: keys to links
    uint64_t state;        // grows with each change of the order (od_state)
    struct ring head;
};

/* --- ring and links ------------------------------------------------------ */

static void
ring_init(struct ring *ring)
{
    ring->previous = ring;
    ring->next = ring;
}

/* Leaves the ring; being alone, it stays alone. */
static void
ring_leave(struct ring *ring)
{
    ring->previous->next = ring->next;
    ring->next->previous = ring->previous;
    ring_init(ring);
}

/* One that is alone enters in front of place. */
static void
ring_enter(struct ring *ring, struct ring *place)
{
    ring->previous = place->previous;
    ring->next = place;
    place->previous->next = ring;
    place->previous = ring;
}

static bool
ring_is_alone(const struct ring *ring)
{
    return ring->next == ring;
}

/* The link whose place in the ring this is. */
static struct link *
link_at(struct ring *ring)
{
    return (struct link *)(void *)((char *)ring - offsetof(struct link, ring));
}

static void
link_dealloc(struct rt_object *object)
{
    struct link *link = (struct link *)object;
    ring_leave(&link->ring);
    rt_decref(link->key);
    rt_decref(link->value);
    rt_free(link);
}

/* Lets rt_dict_equal() compare two maps. */
static int
link_equal(struct rt_object *a, struct rt_object *b)
{
    return rt_equal(((struct link *)a)->value, ((struct link *)b)->value);
}

static const struct rt_type link_type = {
    .name = "odict link",
    .basicsize = sizeof(struct link),
    .dealloc = link_dealloc,
    .hash = rt_hash_refused,
    .equal = link_equal,
};

/* A new link that is alone; NULL with a pending memory error. */
static struct link *
new_link(struct rt_object *key, struct rt_object *value)
{
    struct link *link = (struct link *)rt_object_new(&link_type);
    if (link != NULL) {
        ring_init(&link->ring);
        link->key = rt_new_ref(key);
        link->value = rt_new_ref(value);
    }
    return link;
}

/* --- for everybody ------------------------------------------------------- */

static struct rt_odict *
as_odict(struct rt_object *object)
{
    assert(rt_odict_check(object));
    return (struct rt_odict *)object;
}

/* The link of a key, borrowed; NULL as from rt_dict_get(). */
static struct link *
find(struct rt_object *object, struct rt_object *key)
{
    return (struct link *)rt_dict_get(as_odict(object)->map, key);
}

int
rt_odict_set(struct rt_object *object, struct rt_object *key,
             struct rt_object *value)
{
    struct rt_odict *odict = as_odict(object);
    struct link *link = find(object, key);
    if (link != NULL) {
        rt_set_ref(&link->value, rt_new_ref(value));
        return 0;
    }
    if (rt_error_occurred() != RT_ERROR_NONE) {
        return -1;
    }
    link = new_link(key, value);
    if (link == NULL) {
        return -1;
    }
    int result = rt_dict_set(odict->map, key, &link->base);
    rt_gc_untrack(odict->map); // for this key it may have been tracked
    if (result == 0) {
        ring_enter(&link->ring, &odict->head);
        odict->state++;
    }
    rt_decref(&link->base);
    return result;
}

struct rt_object *
rt_odict_get(struct rt_object *object, struct rt_object *key)
{
    struct link *link = find(object, key);
    return link == NULL ? NULL : link->value;
}

int
rt_odict_remove(struct rt_object *object, struct rt_object *key)
{
    struct rt_odict *odict = as_odict(object);
    int result = rt_dict_remove(odict->map, key);
    odict->state += result == 1;
    return result;
}

void
rt_odict_clear(struct rt_object *object)
{
    struct rt_odict *odict = as_odict(object);
    while (!ring_is_alone(&odict->head)) {
        ring_leave(odict->head.next);
    }
    /* Up to 3.12 an iterator notices that the size is another one. */
    odict->state += rt_compat_minor() >= 13;
    rt_dict_clear(odict->map);
}

size_t
rt_odict_size(const struct rt_object *object)
{
    assert(rt_odict_check(object));
    return rt_dict_size(((const struct rt_odict *)object)->map);
}

size_t
rt_odict_slots(const struct rt_object *object)
{
    assert(rt_odict_check(object));
    return rt_dict_slots(((const struct rt_odict *)object)->map);
}

/* What a search without result means where the key must be there. */
static int
not_found(void)
{
    if (rt_error_occurred() != RT_ERROR_NONE) {
        return -1;
    }
    return rt_error_set(RT_ERROR_KEY, "no such key");
}

int
rt_odict_move_to_end(struct rt_object *object, struct rt_object *key,
                     bool last)
{
    struct rt_odict *odict = as_odict(object);
    struct link *link = find(object, key);
    if (link == NULL) {
        return not_found();
    }
    struct ring *end = last ? odict->head.previous : odict->head.next;
    if (end == &link->ring) {
        return 0; // nothing changes, and no iterator notices
    }
    ring_leave(&link->ring);
    ring_enter(&link->ring, last ? &odict->head : odict->head.next);
    odict->state++;
    return 0;
}

int
rt_odict_pop(struct rt_object *object, bool last, struct rt_object **key,
             struct rt_object **value)
{
    struct rt_odict *odict = as_odict(object);
    if (ring_is_alone(&odict->head)) {
        return rt_error_set(RT_ERROR_KEY, "dictionary is empty");
    }
    struct link *link =
        link_at(last ? odict->head.previous : odict->head.next);
    struct rt_object *popped_key = rt_new_ref(link->key);
    struct rt_object *popped_value = rt_new_ref(link->value);
    if (rt_odict_remove(object, popped_key) != 1) {
        rt_decref(popped_key);
        rt_decref(popped_value);
        return not_found();
    }
    *key = popped_key;
    *value = popped_value;
    return 0;
}

uint64_t
rt_odict_state(const struct rt_object *object)
{
    assert(rt_odict_check(object));
    return ((const struct rt_odict *)object)->state;
}

/* The place of a key in the ring, the head's for NULL; NULL with a pending
 * error. */
static struct ring *
place_of(struct rt_object *object, struct rt_object *key)
{
    if (key == NULL) {
        return &as_odict(object)->head;
    }
    struct link *link = find(object, key);
    if (link == NULL && rt_error_occurred() == RT_ERROR_NONE) {
        rt_error_set(RT_ERROR_RUNTIME, "OrderedDict mutated during iteration");
    }
    return link == NULL ? NULL : &link->ring;
}

/* Goes to a place: 1, or 0 if it is the head. */
static int
arrive(struct rt_object *object, struct ring *place, struct rt_object **key,
       struct rt_object **value)
{
    if (place == &as_odict(object)->head) {
        return 0;
    }
    *key = link_at(place)->key;
    *value = link_at(place)->value;
    return 1;
}

int
rt_odict_next(struct rt_object *object, struct rt_object **key,
              struct rt_object **value)
{
    struct ring *place = place_of(object, *key);
    return place == NULL ? -1 : arrive(object, place->next, key, value);
}

int
rt_odict_previous(struct rt_object *object, struct rt_object **key,
                  struct rt_object **value)
{
    struct ring *place = place_of(object, *key);
    return place == NULL ? -1 : arrive(object, place->previous, key, value);
}

/* --- walks --------------------------------------------------------------- */

/* Calls act with each link in order until it returns another number than
 * goes_on, and returns that. act may run any code; when it has taken out the
 * very link that it was called with, nobody knows what is next: -1 with a
 * pending runtime error. */
static int
each_link(struct rt_odict *odict, int goes_on,
          int (*act)(struct link *link, void *data), void *data)
{
    struct ring *place = odict->head.next;
    int result = goes_on;
    while (result == goes_on && place != &odict->head) {
        struct link *link = link_at(place);
        rt_incref(&link->base);
        result = act(link, data);
        if (result == goes_on && ring_is_alone(place)) {
            result = rt_error_set(RT_ERROR_RUNTIME,
                                  "OrderedDict mutated during iteration");
        }
        place = place->next;
        rt_decref(&link->base);
    }
    return result;
}

/* Whether the dict has an equal value under the key. */
static int
is_in_dict(struct link *link, void *dict)
{
    struct rt_object *value = rt_dict_get(dict, link->key);
    if (value == NULL) {
        return rt_error_occurred() != RT_ERROR_NONE ? -1 : 0;
    }
    rt_incref(value);
    int result = rt_equal(link->value, value);
    rt_decref(value);
    return result;
}

/* Whether the next key of another walk is equal. */
struct walk {
    struct rt_object *odict;
    struct rt_object *key; // ours: where it is
};

static int
is_next_key(struct link *link, void *data)
{
    struct walk *walk = data;
    struct rt_object *key = walk->key;
    struct rt_object *value;
    int result = rt_odict_next(walk->odict, &key, &value);
    if (result != 1) {
        return result;
    }
    rt_incref(key);
    rt_set_ref(&walk->key, key);
    return rt_equal(link->key, key);
}

/* _odict_keys_equal */
static int
have_same_order(struct rt_object *a, struct rt_object *b)
{
    struct walk walk = {b, NULL};
    int result = each_link(as_odict(a), 1, is_next_key, &walk);
    rt_xdecref(walk.key);
    return result;
}

int
rt_odict_equal(struct rt_object *a, struct rt_object *b)
{
    struct rt_odict *odict = as_odict(a);
    if (rt_dict_check(b)) {
        return rt_odict_size(a) == rt_dict_size(b)
                   ? each_link(odict, 1, is_in_dict, b)
                   : 0;
    }
    if (!rt_odict_check(b)) {
        return 0;
    }
    int result = rt_dict_equal(odict->map, as_odict(b)->map);
    return result == 1 ? have_same_order(a, b) : result;
}

/* --- the type ------------------------------------------------------------ */

static void
odict_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    if (rt_trash_begin(object)) {
        rt_weakref_clear_all(object);
        /* Before the map dies, which the trash may put off: its links must
         * not find a ring whose head is gone. */
        rt_odict_clear(object);
        rt_decref(as_odict(object)->map);
        rt_gc_free(object);
        rt_trash_end();
    }
}

/* One reference to each key is the link's, the other one the map's. */
static int
odict_traverse(struct rt_object *object,
               int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_odict *odict = as_odict(object);
    int result = 0;
    for (struct ring *place = odict->head.next;
         result == 0 && place != &odict->head; place = place->next) {
        struct rt_object *const HELD[] = {
            link_at(place)->key, link_at(place)->key, link_at(place)->value};
        for (int i = 0; result == 0 && i < 3; i++) {
            result = visit(HELD[i], data);
        }
    }
    return result;
}

static int
add_item(struct link *link, void *copy)
{
    return rt_odict_set(copy, link->key, link->value);
}

static struct rt_object *
odict_copy(struct rt_object *object)
{
    struct rt_object *copy = rt_odict_new();
    if (copy != NULL && each_link(as_odict(object), 0, add_item, copy) < 0) {
        rt_clear(&copy);
    }
    return copy;
}

struct deep {
    struct rt_object *copy;
    struct rt_copy_memo *memo;
};

static int
add_deep_item(struct link *link, void *data)
{
    const struct deep *deep = data;
    struct rt_object *key = NULL;
    struct rt_object *value = NULL;
    int result = -1;
    if (rt_copy_part(link->key, deep->memo, &key) == 0 &&
        rt_copy_part(link->value, deep->memo, &value) == 0) {
        result = rt_odict_set(deep->copy, key, value);
    }
    rt_xdecref(key);
    rt_xdecref(value);
    return result;
}

static struct rt_object *
odict_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct deep deep = {rt_odict_new(), memo};
    if (deep.copy != NULL &&
        (rt_copy_memo_add(memo, object, deep.copy) < 0 ||
         each_link(as_odict(object), 0, add_deep_item, &deep) < 0)) {
        rt_clear(&deep.copy);
    }
    return deep.copy;
}

static const struct rt_type odict_type = {
    .name = "OrderedDict",
    .basicsize = sizeof(struct rt_odict),
    .dealloc = odict_dealloc,
    .traverse = odict_traverse,
    .clear = rt_odict_clear,
    .weaklist_offset = offsetof(struct rt_odict, weakrefs),
    .hash = rt_hash_refused,
    .equal = rt_odict_equal,
    .copy = odict_copy,
    .deepcopy = odict_deepcopy,
};

struct rt_object *
rt_odict_new(void)
{
    struct rt_object *map = rt_dict_new();
    if (map == NULL) {
        return NULL;
    }
    rt_gc_untrack(map);
    struct rt_object *object = rt_gc_new(&odict_type, 0);
    if (object == NULL) {
        rt_decref(map);
        return NULL;
    }
    struct rt_odict *odict = (struct rt_odict *)object;
    odict->weakrefs = NULL;
    odict->map = map;
    odict->state = 0;
    ring_init(&odict->head);
    rt_gc_track(object);
    return object;
}

bool
rt_odict_check(const struct rt_object *object)
{
    return object->ob_type == &odict_type;
}
