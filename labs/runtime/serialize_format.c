#include "labs/runtime/serialize_format.h"

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/object.h"
#include "labs/runtime/serialize.h"
#include "labs/runtime/tuple.h"

enum {
    MIN_ROOM = 16
};

const unsigned char rt_serialize_header[RT_SERIALIZE_HEADER_BYTES] = {
    'r', 't', RT_SERIALIZE_VERSION};

void *
rt_serialize_room(void *items, size_t *room, size_t needed, size_t item_bytes)
{
    if (needed <= *room) {
        return items;
    }
    size_t larger = *room == 0 ? MIN_ROOM : 2 * *room;
    larger = larger < needed ? needed : larger;
    void *moved = rt_realloc(items, larger * item_bytes);
    if (moved == NULL) {
        return rt_error_no_memory();
    }
    *room = larger;
    return moved;
}

/* A tuple, and how many of its items were visited. */
struct level {
    struct rt_object *tuple;
    size_t next;
};

/* Goes the way of tuple_hash(), which visits a shared item each time that it
 * is met. An item of None has a hash. */
const char *
rt_serialize_key_fault(struct rt_object *key, uint64_t *work, uint64_t most)
{
    struct level levels[RT_EQUAL_DEPTH];
    size_t depth = 0;
    struct rt_object *at = key;
    if (key == NULL) {
        return "None cannot be a key";
    }
    for (;;) {
        ++*work;
        if (*work > most) {
            return "keys take too long to hash";
        }
        if (at != NULL && at->ob_type->hash == rt_hash_refused) {
            return "what can change cannot be a key";
        }
        if (at != NULL && rt_tuple_check(at)) {
            if (depth == RT_EQUAL_DEPTH) {
                return "a key is nested too deeply";
            }
            levels[depth++] = (struct level){at, 0};
        }
        while (depth > 0 && levels[depth - 1].next ==
                                rt_tuple_size(levels[depth - 1].tuple)) {
            depth--;
        }
        if (depth == 0) {
            return NULL;
        }
        struct level *top = &levels[depth - 1];
        at = rt_tuple_at(top->tuple, top->next++);
    }
}
