#include "labs/runtime/trace.h"

#include <assert.h>
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hashtable.h"
#include "labs/runtime/trace_state.h"

/* Two tables. One finds the trace of a block by its address; of the other
 * each traceback is a member once, however many blocks were allocated there.
 * A program has many blocks, but few places where it allocates:
 *
 *   traces      0x7f10 -> 32 bytes -.       tracebacks
 *               0x7f50 -> 32 bytes --+--->  a.py:3 < b.py:9
 *               0x8a00 -> 99 bytes ------>  a.py:7 < b.py:9
 */
struct trace {
    struct rt_hash_entry entry;
    uintptr_t address;
    unsigned domain;
    size_t size;
    struct rt_traceback *traceback; // borrowed from the other table
};

/* Guarded by the GIL. */
static bool tracing;
static size_t frame_limit = 1;
static struct rt_allocator beneath;
static struct rt_hashtable traces;
static size_t current_bytes;
static size_t peak_bytes;

/* --- traces -------------------------------------------------------------- */

struct place {
    unsigned domain;
    uintptr_t address;
};

static uint64_t
hash_place(struct place place)
{
    return rt_hash_mix(place.address ^ (uint64_t)place.domain << 48);
}

static bool
same_place(const struct rt_hash_entry *entry, const void *key)
{
    const struct trace *trace = (const struct trace *)entry;
    const struct place *place = key;
    return trace->address == place->address && trace->domain == place->domain;
}

static struct trace *
find_trace(struct place place)
{
    return (struct trace *)rt_hashtable_find(&traces, hash_place(place),
                                             same_place, &place);
}

static void
remove_trace(struct place place)
{
    struct trace *trace = find_trace(place);
    if (trace != NULL) {
        current_bytes -= trace->size;
        rt_hashtable_remove(&traces, &trace->entry);
        free(trace);
    }
}

/* 0, or -1 without memory; then the place has no trace
 * (tracemalloc_add_trace). */
static int
add_trace(struct place place, size_t size)
{
    remove_trace(place);
    struct rt_traceback *traceback = rt_traceback_here(frame_limit);
    struct trace *trace = malloc(sizeof(*trace));
    if (traceback == NULL || trace == NULL) {
        free(trace);
        return -1;
    }
    *trace = (struct trace){
        .entry.hash = hash_place(place),
        .address = place.address,
        .domain = place.domain,
        .size = size,
        .traceback = traceback,
    };
    if (rt_hashtable_add(&traces, &trace->entry) != 0) {
        free(trace);
        return -1;
    }
    current_bytes += size;
    if (current_bytes > peak_bytes) {
        peak_bytes = current_bytes;
    }
    return 0;
}

static struct place
place_of(const void *block)
{
    return (struct place){0, (uintptr_t)block};
}

int
rt_trace_track(unsigned domain, uintptr_t address, size_t size)
{
    if (!tracing) {
        return -2;
    }
    return add_trace((struct place){domain, address}, size);
}

int
rt_trace_untrack(unsigned domain, uintptr_t address)
{
    if (!tracing) {
        return -2;
    }
    remove_trace((struct place){domain, address});
    return 0;
}

void
rt_trace_new_reference(const void *block)
{
    struct trace *trace = find_trace(place_of(block));
    struct rt_traceback *here =
        trace == NULL ? NULL : rt_traceback_here(frame_limit);
    if (here != NULL) {
        trace->traceback = here;
    }
}

/* --- the hook ------------------------------------------------------------ */

static void *
traced_alloc(void *context, size_t size)
{
    (void)context;
    void *block = beneath.alloc(beneath.context, size);
    if (block != NULL && add_trace(place_of(block), size) != 0) {
        beneath.free(beneath.context, block);
        return NULL;
    }
    return block;
}

static void *
traced_realloc(void *context, void *block, size_t size)
{
    if (block == NULL) {
        return traced_alloc(context, size);
    }
    struct place old = place_of(block);
    void *moved = beneath.realloc(beneath.context, block, size);
    if (moved != NULL) {
        /* The old block is gone, so it is too late to fail: without memory for
         * a trace the block stays untraced. */
        remove_trace(old);
        (void)add_trace(place_of(moved), size);
    }
    return moved;
}

static void
traced_free(void *context, void *block)
{
    (void)context;
    struct place place = place_of(block);
    beneath.free(beneath.context, block);
    /* Only now: what finds damage in the block reports its trace. */
    remove_trace(place);
}

int
rt_trace_start(int frames)
{
    if (frames < 1 || frames > UINT16_MAX) {
        return rt_error_set(RT_ERROR_VALUE, "the number of frames must be in "
                                            "range [1; 65535]");
    }
    if (tracing) {
        return 0;
    }
    frame_limit = (size_t)frames;
    beneath = rt_alloc_get();
    rt_alloc_set(&(struct rt_allocator){NULL, traced_alloc, traced_realloc,
                                        traced_free});
    tracing = true;
    return 0;
}

void
rt_trace_stop(void)
{
    if (!tracing) {
        return;
    }
    assert(rt_alloc_get().alloc == traced_alloc && "another hook is in front");
    rt_alloc_set(&beneath);
    rt_trace_clear();
    tracing = false;
}

/* --- to look at ---------------------------------------------------------- */

static void
free_trace(struct rt_hash_entry *entry, void *data)
{
    (void)data;
    free(entry);
}

void
rt_trace_clear(void)
{
    rt_hashtable_each(&traces, free_trace, NULL);
    rt_hashtable_release(&traces);
    rt_traceback_clear();
    current_bytes = 0;
    peak_bytes = 0;
}

bool
rt_trace_is_tracing(void)
{
    return tracing;
}

int
rt_trace_frame_limit(void)
{
    return (int)frame_limit;
}

size_t
rt_trace_current(void)
{
    return current_bytes;
}

size_t
rt_trace_peak(void)
{
    return peak_bytes;
}

void
rt_trace_reset_peak(void)
{
    peak_bytes = current_bytes;
}

size_t
rt_trace_overhead(void)
{
    return traces.count * sizeof(struct trace) +
           traces.bucket_count * sizeof(void *) + rt_traceback_overhead();
}

const struct rt_traceback *
rt_trace_of(const void *block)
{
    const struct trace *trace = find_trace(place_of(block));
    return trace == NULL ? NULL : trace->traceback;
}

void
rt_trace_dump(const void *block, FILE *output)
{
    if (!tracing) {
        fprintf(output, "\nEnable tracemalloc to get the memory block "
                        "allocation traceback\n\n");
        return;
    }
    const struct rt_traceback *traceback = rt_trace_of(block);
    if (traceback == NULL) {
        return;
    }
    fprintf(output, "\nMemory block allocated at (most recent call first):\n");
    for (size_t i = 0; i < traceback->frame_count; i++) {
        fprintf(output, "  File \"%s\", line %d\n", traceback->frames[i].file,
                traceback->frames[i].line);
    }
    fputc('\n', output);
}

struct each {
    void (*visit)(unsigned domain, size_t size, struct rt_traceback *traceback,
                  void *data);
    void *data;
};

static void
visit_trace(struct rt_hash_entry *entry, void *data)
{
    const struct trace *trace = (const struct trace *)entry;
    const struct each *each = data;
    each->visit(trace->domain, trace->size, trace->traceback, each->data);
}

void
rt_trace_each(void (*visit)(unsigned domain, size_t size,
                            struct rt_traceback *traceback, void *data),
              void *data)
{
    struct each each = {visit, data};
    rt_hashtable_each(&traces, visit_trace, &each);
}

size_t
rt_trace_count(void)
{
    return traces.count;
}
