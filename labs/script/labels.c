#include "labs/script/labels.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Open addressing; entries are never taken out. */
static struct label *table;
static size_t room, count;
static int last_number;

static struct label *
place_of(struct label *in, size_t size, const struct rt_object *object)
{
    uint64_t hash = (uint64_t)(uintptr_t)object * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (size - 1);
    while (in[at].object != NULL && in[at].object != object) {
        at = (at + 1) & (size - 1);
    }
    return &in[at];
}

static void
grow(void)
{
    size_t more = room > 0 ? room * 2 : 1024;
    struct label *larger = calloc(more, sizeof(*larger));
    if (larger == NULL) {
        fputs("rt-script: out of memory\n", stderr);
        exit(70);
    }
    for (size_t i = 0; i < room; i++) {
        if (table[i].object != NULL) {
            *place_of(larger, more, table[i].object) = table[i];
        }
    }
    free(table);
    table = larger;
    room = more;
}

struct label *
labels_give(const struct rt_object *object, char kind)
{
    if (2 * count >= room) {
        grow();
    }
    struct label *label = place_of(table, room, object);
    count += label->object == NULL;
    *label = (struct label){
        .object = object, .kind = kind, .number = ++last_number};
    return label;
}

struct label *
labels_find(const struct rt_object *object)
{
    if (room == 0) {
        return NULL;
    }
    struct label *label = place_of(table, room, object);
    return label->object != NULL && label->number > 0 ? label : NULL;
}

void
labels_forget(const struct rt_object *object)
{
    struct label *label = labels_find(object);
    if (label != NULL) {
        label->number = 0;
    }
}

void
labels_release(void)
{
    free(table);
    table = NULL;
    room = count = 0;
}
