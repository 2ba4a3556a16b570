#include "labs/runtime/reftrace.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/gc_state.h"
#include "labs/runtime/hashtable.h"
#include "labs/runtime/object.h"
#include "labs/runtime/trace.h"
#include "labs/runtime/trace_state.h"

/* A living block of memory. It is known from the moment when it is allocated;
 * that an object begins in it, only when its head is made. */
struct block {
    struct rt_hash_entry entry;
    const void *address;
    struct rt_traceback *site; // shared; NULL: there was no memory for it
    struct rt_reftrace trace;  // object NULL: none yet
};

/* Guarded by the GIL. */
static struct rt_hashtable blocks;
static struct rt_allocator beneath;
static bool is_on;

// --- blocks ----------------------------------------------------------------

static bool
has_address(const struct rt_hash_entry *entry, const void *key)
{
    return ((const struct block *)entry)->address == key;
}

static struct block *
find(const void *address)
{
    return (struct block *)rt_hashtable_find(
        &blocks, rt_hash_mix((uintptr_t)address), has_address, address);
}

static void
free_block(struct rt_hash_entry *entry, void *data)
{
    struct block *block = (struct block *)entry;
    (void)data;
    if (block->site != NULL) {
        rt_traceback_release(block->site);
    }
    free(block);
}

/* Without memory the block is not watched. */
static void
add(const void *address)
{
    struct block *block = malloc(sizeof(*block));
    if (block == NULL) {
        return;
    }
    *block = (struct block){.entry.hash = rt_hash_mix((uintptr_t)address),
                            .address = address};
    if (rt_hashtable_add(&blocks, &block->entry) != 0) {
        free(block);
    }
}

static void
forget(const void *address)
{
    struct block *block = find(address);
    if (block != NULL) {
        rt_hashtable_remove(&blocks, &block->entry);
        free_block(&block->entry, NULL);
    }
}

/* The block in which the object lies, NULL if it is not watched. A container
 * has the collector's head in front. */
static struct block *
block_of(struct rt_object *object)
{
    const void *address = object;
    if (rt_type_is_gc(object->ob_type)) {
        address = rt_gc_block_of(object);
    }
    return find(address);
}

// --- the hooks -------------------------------------------------------------

/* Apart from the question whether it is on, which is put in everywhere. */
static void __attribute__((noinline)) new_reference(struct rt_object *object)
{
    struct block *block = block_of(object);
    if (block == NULL) {
        return; // made in other memory
    }
    struct rt_traceback *here = rt_traceback_here(1);
    if (block->site != NULL) {
        rt_traceback_release(block->site);
    }
    block->site = here == NULL ? NULL : rt_traceback_share(here);
    block->trace.object = object;
}

void
rt_reftrace_new_reference(struct rt_object *object)
{
    if (is_on) {
        new_reference(object);
    }
}

static void *
watched_alloc(void *context, size_t size)
{
    (void)context;
    void *block = beneath.alloc(beneath.context, size);
    if (block != NULL) {
        add(block);
    }
    return block;
}

/* Objects do not move. */
static void *
watched_realloc(void *context, void *block, size_t size)
{
    (void)context;
    void *moved = beneath.realloc(beneath.context, block, size);
    if (moved != NULL && moved != block) {
        forget(block);
        add(moved);
    }
    return moved;
}

static void
watched_free(void *context, void *block)
{
    (void)context;
    forget(block);
    beneath.free(beneath.context, block);
}

void
rt_reftrace_start(void)
{
    if (is_on) {
        return;
    }
    beneath = rt_alloc_get();
    rt_alloc_set(&(struct rt_allocator){NULL, watched_alloc, watched_realloc,
                                        watched_free});
    is_on = true;
}

void
rt_reftrace_stop(void)
{
    if (!is_on) {
        return;
    }
    assert(rt_alloc_get().alloc == watched_alloc &&
           "another hook is in front");
    rt_alloc_set(&beneath);
    is_on = false;
    rt_hashtable_each(&blocks, free_block, NULL);
    rt_hashtable_release(&blocks);
    if (!rt_trace_is_tracing()) {
        rt_traceback_clear();
    }
}

bool
rt_reftrace_is_on(void)
{
    return is_on;
}

// --- who holds whom --------------------------------------------------------

/* All blocks with an object, as an array. */
struct living {
    struct block **items;
    size_t count;
};

static void
collect(struct rt_hash_entry *entry, void *data)
{
    struct living *living = data;
    struct block *block = (struct block *)entry;
    const struct rt_object *object = block->trace.object;
    if (object == NULL || rt_is_immortal(object)) {
        return;
    }
    if (living->items != NULL) {
        living->items[living->count] = block;
    }
    living->count++;
}

static int
hold(struct rt_object *held, void *data)
{
    struct block *block = block_of(held);
    (void)data;
    if (block != NULL && block->trace.outside > 0) {
        block->trace.outside--;
    }
    return 0;
}

/* Counts for each how many of its references come from outside. */
static void
count_outside(const struct living *living)
{
    static const struct rt_frame UNKNOWN = {"<unknown>", 0};
    for (size_t i = 0; i < living->count; i++) {
        struct block *block = living->items[i];
        block->trace.outside = block->trace.object->ob_refcnt;
        block->trace.site =
            block->site == NULL ? &UNKNOWN : &block->site->frames[0];
    }
    for (size_t i = 0; i < living->count; i++) {
        struct rt_object *object = living->items[i]->trace.object;
        if (object->ob_type->traverse != NULL) {
            object->ob_type->traverse(object, hold, NULL);
        }
    }
}

/* Give items back with free(). Without memory there are none. */
static struct living
find_living(void)
{
    struct living living = {0};
    rt_hashtable_each(&blocks, collect, &living);
    living.items = calloc(living.count + 1, sizeof(struct block *));
    living.count = 0;
    if (living.items != NULL) {
        rt_hashtable_each(&blocks, collect, &living);
    }
    count_outside(&living);
    return living;
}

size_t
rt_reftrace_count(void)
{
    struct living living = {0};
    rt_hashtable_each(&blocks, collect, &living);
    return living.count;
}

void
rt_reftrace_each(void (*visit)(const struct rt_reftrace *trace, void *data),
                 void *data)
{
    struct living living = find_living();
    for (size_t i = 0; i < living.count; i++) {
        visit(&living.items[i]->trace, data);
    }
    free(living.items);
}

// --- the report ------------------------------------------------------------

struct line {
    const char *type;
    const struct rt_frame *site;
    size_t objects;
    int64_t outside;
};

static int
by_type_and_site(const void *a, const void *b)
{
    const struct line *one = a;
    const struct line *other = b;
    int order = strcmp(one->type, other->type);
    if (order == 0) {
        order = strcmp(one->site->file, other->site->file);
    }
    return order != 0 ? order : one->site->line - other->site->line;
}

static int
by_objects(const void *a, const void *b)
{
    const struct line *one = a;
    const struct line *other = b;
    if (one->objects != other->objects) {
        return one->objects < other->objects ? 1 : -1;
    }
    return by_type_and_site(a, b);
}

/* Makes one line of those that are alike. Returns how many are left. */
static size_t
join_lines(struct line *lines, size_t count)
{
    size_t last = 0;
    for (size_t i = 1; i < count; i++) {
        if (by_type_and_site(&lines[last], &lines[i]) != 0) {
            lines[++last] = lines[i];
            continue;
        }
        lines[last].objects += lines[i].objects;
        lines[last].outside += lines[i].outside;
    }
    return count == 0 ? 0 : last + 1;
}

static void
print_lines(const struct line *lines, size_t count, FILE *output)
{
    int width = 4;
    for (size_t i = 0; i < count; i++) {
        int length = (int)strlen(lines[i].type);
        width = length > width ? length : width;
    }
    fprintf(output, "objects  outside  %-*s  made at\n", width, "type");
    for (size_t i = 0; i < count; i++) {
        fprintf(output, "%7zu  %7lld  %-*s  %s:%d\n", lines[i].objects,
                (long long)lines[i].outside, width, lines[i].type,
                lines[i].site->file, lines[i].site->line);
    }
}

size_t
rt_reftrace_report(FILE *output)
{
    struct living living = find_living();
    struct line *lines = calloc(living.count + 1, sizeof(*lines));
    for (size_t i = 0; lines != NULL && i < living.count; i++) {
        const struct rt_reftrace *trace = &living.items[i]->trace;
        lines[i] = (struct line){trace->object->ob_type->name, trace->site, 1,
                                 trace->outside};
    }
    if (lines != NULL && living.count > 0) {
        qsort(lines, living.count, sizeof(*lines), by_type_and_site);
        size_t count = join_lines(lines, living.count);
        qsort(lines, count, sizeof(*lines), by_objects);
        print_lines(lines, count, output);
    }
    free(lines);
    free(living.items);
    return rt_reftrace_count();
}
