#include "labs/runtime/context_map.h"

#include "labs/runtime/gc.h"
#include "labs/runtime/object.h"

struct entry {
    struct rt_object *variable, *value; // our references
};

struct map {
    struct rt_object head;
    size_t count;
    struct entry entries[];
};

static void
map_dealloc(struct rt_object *object)
{
    const struct map *map = (struct map *)object;
    rt_gc_untrack(object);
    for (size_t i = 0; i < map->count; i++) {
        rt_decref(map->entries[i].variable);
        rt_decref(map->entries[i].value);
    }
    rt_gc_free(object);
}

static int
map_traverse(struct rt_object *object,
             int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct map *map = (struct map *)object;
    int result = 0;
    for (size_t i = 0; i < map->count && result == 0; i++) {
        result = visit(map->entries[i].variable, data);
        if (result == 0) {
            result = visit(map->entries[i].value, data);
        }
    }
    return result;
}

static const struct rt_type map_type = {
    .name = "hamt",
    .basicsize = sizeof(struct map),
    .dealloc = map_dealloc,
    .traverse = map_traverse,
};

size_t
rt_context_map_size(const struct rt_object *map)
{
    return map != NULL ? ((const struct map *)map)->count : 0;
}

struct rt_object *
rt_context_map_find(struct rt_object *object, const struct rt_object *variable)
{
    const struct map *map = (struct map *)object;
    for (size_t i = 0; i < rt_context_map_size(object); i++) {
        if (map->entries[i].variable == variable) {
            return map->entries[i].value;
        }
    }
    return NULL;
}

/* A new map with all of the old one but one variable, and room for another. */
static struct map *
copy_all_but(struct rt_object *old, const struct rt_object *variable,
             size_t room)
{
    size_t count = rt_context_map_size(old);
    struct rt_object *object =
        rt_gc_new(&map_type, (count + room) * sizeof(struct entry));
    struct map *map = (struct map *)object;
    if (map == NULL) {
        return NULL;
    }
    map->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct entry entry = ((struct map *)old)->entries[i];
        if (entry.variable != variable) {
            rt_incref(entry.variable);
            rt_incref(entry.value);
            map->entries[map->count++] = entry;
        }
    }
    return map;
}

struct rt_object *
rt_context_map_with(struct rt_object *object, struct rt_object *variable,
                    struct rt_object *value)
{
    struct map *map = copy_all_but(object, variable, 1);
    if (map == NULL) {
        return NULL;
    }
    map->entries[map->count++] =
        (struct entry){rt_new_ref(variable), rt_new_ref(value)};
    rt_gc_track(&map->head);
    return &map->head;
}

int
rt_context_map_without(struct rt_object *object,
                       const struct rt_object *variable,
                       struct rt_object **result)
{
    struct map *map = copy_all_but(object, variable, 0);
    if (map == NULL) {
        return -1;
    }
    rt_gc_track(&map->head);
    *result = &map->head;
    if (map->count == 0) {
        rt_clear(result);
    }
    return 0;
}
