#include "labs/runtime/fast/gc_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/fast/gc_heads.h"
#include "labs/runtime/huge.h"

enum {
    FAR = 128, // how long before its end an object is fetched
    NEAR = 64  // and what it holds
};

struct rt_gc_rows rt_gc_rows;

/* Tells those in [first, last) where they are. */
static void
renumber(size_t first, size_t last)
{
    for (size_t i = first; i < last; i++) {
        if (rt_gc_rows.objects[i] != NULL) {
            rt_gc_put(rt_gc_rows.objects[i], RT_GC_IN_ROW, i);
        }
    }
}

// --- room ------------------------------------------------------------------

static bool
resize(void *array, size_t size)
{
    void **pointer = array;
    void *moved = realloc(*pointer, rt_gc_rows.room * size);
    if (moved != NULL) {
        *pointer = moved;
    }
    return moved != NULL;
}

/* The same for what is written from one end to the other: when there is much
 * of it, in huge pages, which are found and cleared in less time. */
static bool
resize_dense(void *array, size_t size, size_t used)
{
    void **pointer = array;
    bool is_huge = rt_huge_size(*pointer) > 0;
    size_t bytes = rt_gc_rows.room * size;
    if (!is_huge && bytes < RT_HUGE_BYTES) {
        return resize(array, size);
    }
    void *moved =
        is_huge ? rt_huge_realloc(*pointer, bytes) : rt_huge_alloc(bytes);
    if (moved == NULL) {
        return false;
    }
    if (!is_huge && used > 0) {
        memcpy(moved, *pointer, used * size);
    }
    if (!is_huge) {
        free(*pointer);
    }
    *pointer = moved;
    return true;
}

/* Memory from the system, as for arenas: it is no part of any account. There
 * is a quarter more than is needed, so that holes need not be closed too
 * often. */
bool
rt_gc_rows_grow(void)
{
    size_t before = rt_gc_rows.room;
    rt_gc_rows.room += before / 2 + 1024;
    if (resize_dense(&rt_gc_rows.objects, sizeof(*rt_gc_rows.objects),
                     rt_gc_rows.end) &&
        resize(&rt_gc_rows.rescued, sizeof(*rt_gc_rows.rescued)) &&
        resize_dense(&rt_gc_rows.facts, sizeof(*rt_gc_rows.facts), 0) &&
        resize(&rt_gc_rows.notes,
               RT_GC_NOTES_EACH * sizeof(*rt_gc_rows.notes)) &&
        rt_gc_heads_reserve(rt_gc_rows.room)) {
        rt_gc_rows.most_containers = rt_gc_rows.room - rt_gc_rows.room / 5;
        return true;
    }
    rt_gc_rows.room = before;
    return false;
}

void
rt_gc_rows_release_many(size_t count)
{
    struct rt_gc_generation *young = &rt_gc_state()->generations[0];
    size_t counted = (size_t)young->count;
    rt_gc_rows.containers -= count;
    young->count = count < counted ? (int)(counted - count) : 0;
}

/* Closes the holes. There is always room for what is left, because each
 * container has been counted. */
static __attribute__((noinline, cold)) void
close_holes(void)
{
    size_t borders[] = {rt_gc_rows.first[2], rt_gc_rows.first[1],
                        rt_gc_rows.first[0], rt_gc_rows.end};
    size_t to = 0;
    size_t from = 0;
    for (size_t i = 0; i < sizeof(borders) / sizeof(*borders); i++) {
        for (; from < borders[i]; from++) {
            struct rt_object *object = rt_gc_rows.objects[from];
            if (object != NULL) {
                rt_gc_rows.objects[to++] = object;
            }
        }
        borders[i] = to;
    }
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        rt_gc_rows.first[i] = borders[RT_GC_GENERATIONS - 1 - i];
    }
    rt_gc_rows.end = to;
    renumber(0, to);
}

// --- one object ------------------------------------------------------------

void
rt_gc_rows_add(struct rt_object *object)
{
    if (rt_gc_rows.end == rt_gc_rows.room) {
        close_holes();
    }
    rt_gc_put(object, RT_GC_IN_ROW, rt_gc_rows.end);
    rt_gc_rows.objects[rt_gc_rows.end] = object;
    rt_gc_rows.end++;
}

/* What was made before this one mostly dies soon after it. Each is fetched in
 * time: its place in the row, the object, and what its first field leads to,
 * as the items of a list or the table of a dict. */
static inline void
fetch_what_dies_soon(struct rt_object *const *row, size_t place)
{
    if (place >= 2 * FAR && row[-NEAR] != NULL) {
        __builtin_prefetch(row - 2 * FAR);
        __builtin_prefetch(row[-FAR]);
        __builtin_prefetch(*(void **)(row[-NEAR] + 1));
    }
}

void
rt_gc_rows_remove(struct rt_object *object)
{
    size_t place = rt_gc_number_of(object);
    rt_gc_put(object, 0, 0);
    if (place + 1 == rt_gc_rows.end && place >= rt_gc_rows.first[0]) {
        rt_gc_rows.end--; // the last one leaves no hole
        return;
    }
    rt_gc_rows.objects[place] = NULL;
    fetch_what_dies_soon(&rt_gc_rows.objects[place], place);
}

size_t
rt_gc_rows_end(int generation)
{
    return generation == 0 ? rt_gc_rows.end : rt_gc_rows.first[generation - 1];
}

// --- moves -----------------------------------------------------------------

static void
reverse(size_t first, size_t last)
{
    for (; first + 1 < last; first++) {
        last--;
        struct rt_object *kept = rt_gc_rows.objects[first];
        rt_gc_rows.objects[first] = rt_gc_rows.objects[last];
        rt_gc_rows.objects[last] = kept;
    }
}

void
rt_gc_rows_rotate(size_t first, size_t middle, size_t last)
{
    if (first == middle || middle == last) {
        return;
    }
    reverse(first, middle);
    reverse(middle, last);
    reverse(first, last);
    renumber(first, last);
}

void
rt_gc_rows_append(struct rt_gc_head *list, int generation)
{
    size_t count = rt_gc_list_size(list);
    if (count > rt_gc_rows.room - rt_gc_rows.end) {
        close_holes();
    }
    size_t before = rt_gc_rows.end;
    while (!rt_gc_list_is_empty(list)) {
        struct rt_gc_head *head = rt_gc_next(list);
        rt_gc_list_remove(head);
        rt_gc_rows_add(rt_gc_object_of(head));
    }
    if (generation > 0) {
        rt_gc_rows_rotate(rt_gc_rows.first[generation - 1], before,
                          rt_gc_rows.end);
    }
    for (int i = 0; i < generation; i++) {
        rt_gc_rows.first[i] += count;
    }
}

void
rt_gc_rows_trim(size_t first, size_t live)
{
    if (live == 0) {
        rt_gc_rows.end = first;
    }
    while (rt_gc_rows.end > first &&
           rt_gc_rows.objects[rt_gc_rows.end - 1] == NULL) {
        rt_gc_rows.end--;
    }
    if (rt_gc_rows.end - first > live * 2) {
        close_holes();
    }
}

// --- checks ----------------------------------------------------------------

static int
take_off(struct rt_object *held, void *refs)
{
    if (rt_gc_is_tracked(held)) {
        ((int64_t *)refs)[rt_gc_number_of(held)]--;
    }
    return 0;
}

static const char *
check_counts(int64_t *refs)
{
    static char text[96];
    for (size_t i = 0; i < rt_gc_rows.end; i++) {
        struct rt_object *object = rt_gc_rows.objects[i];
        if (object != NULL) {
            refs[i] += object->ob_refcnt;
            object->ob_type->traverse(object, take_off, refs);
        }
    }
    for (size_t i = 0; i < rt_gc_rows.end; i++) {
        if (refs[i] < 0 && rt_gc_rows.objects[i] != NULL) {
            snprintf(text, sizeof(text), "the count of a %s is too small",
                     rt_gc_rows.objects[i]->ob_type->name);
            return text;
        }
    }
    return NULL;
}

const char *
rt_gc_rows_check(void)
{
    size_t before = 0;
    for (int i = RT_GC_GENERATIONS - 1; i >= 0; i--) {
        if (rt_gc_rows.first[i] < before) {
            return "a generation begins before the one that is older";
        }
        before = rt_gc_rows.first[i];
    }
    if (rt_gc_rows.end < before || rt_gc_rows.end > rt_gc_rows.room) {
        return "the young end at the wrong place";
    }
    for (size_t i = 0; i < rt_gc_rows.end; i++) {
        struct rt_object *object = rt_gc_rows.objects[i];
        if (object != NULL && (!rt_gc_is(object, RT_GC_IN_ROW) ||
                               rt_gc_number_of(object) != i)) {
            return "an object stands at another place than it thinks";
        }
    }
    int64_t *refs = calloc(rt_gc_rows.end + 1, sizeof(*refs));
    const char *wrong = refs != NULL ? check_counts(refs) : NULL;
    free(refs);
    return wrong;
}
