#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/error.h"
#include "labs/runtime/hashtable.h"
#include "labs/runtime/trace.h"
#include "labs/runtime/trace_state.h"

/* --- where the program is ------------------------------------------------ */

/* CPython walks the thread's interpreter frames instead, along f_back. */
struct frame_stack {
    struct rt_frame *frames; // the innermost is the last
    size_t count;
    size_t room;
};
static _Thread_local struct frame_stack stack;

int
rt_trace_push_frame(const char *file, int line)
{
    if (stack.count == stack.room) {
        size_t room = stack.room == 0 ? 16 : 2 * stack.room;
        struct rt_frame *frames =
            realloc(stack.frames, room * sizeof(*frames));
        if (frames == NULL) {
            rt_error_no_memory();
            return -1;
        }
        stack.frames = frames;
        stack.room = room;
    }
    stack.frames[stack.count++] = (struct rt_frame){file, line};
    return 0;
}

void
rt_trace_pop_frame(void)
{
    assert(stack.count > 0 && "more frames popped than pushed");
    stack.count--;
    if (stack.count == 0) {
        free(stack.frames);
        stack = (struct frame_stack){0};
    }
}

void
rt_trace_set_line(int line)
{
    assert(stack.count > 0 && "no frame");
    stack.frames[stack.count - 1].line = line;
}

/* --- tracebacks ---------------------------------------------------------- */

/* Guarded by the GIL. */
static struct rt_hashtable tracebacks; // each of them once
static size_t traceback_bytes;         // their memory

/* Outside of all calls (tracemalloc_empty_traceback). */
static const struct rt_frame UNKNOWN = {"<unknown>", 0};

static uint64_t
hash_frames(const struct rt_traceback *traceback)
{
    uint64_t hash = traceback->total_frames;
    for (size_t i = 0; i < traceback->frame_count; i++) {
        const struct rt_frame *frame = &traceback->frames[i];
        hash = rt_hash_mix(hash ^ (uint64_t)frame->line);
        for (const char *byte = frame->file; *byte != '\0'; byte++) {
            hash = rt_hash_mix(hash ^ (unsigned char)*byte);
        }
    }
    return hash;
}

static bool
same_frames(const struct rt_hash_entry *entry, const void *key)
{
    const struct rt_traceback *a = (const struct rt_traceback *)entry;
    const struct rt_traceback *b = key;
    if (a->total_frames != b->total_frames ||
        a->frame_count != b->frame_count) {
        return false;
    }
    for (size_t i = 0; i < a->frame_count; i++) {
        if (a->frames[i].line != b->frames[i].line ||
            strcmp(a->frames[i].file, b->frames[i].file) != 0) {
            return false;
        }
    }
    return true;
}

static size_t
traceback_size(const struct rt_traceback *traceback)
{
    return sizeof(*traceback) +
           traceback->frame_count * sizeof(struct rt_frame);
}

struct rt_traceback *
rt_traceback_share(struct rt_traceback *traceback)
{
    traceback->references++;
    return traceback;
}

void
rt_traceback_release(struct rt_traceback *traceback)
{
    traceback->references--;
    if (traceback->references == 0) {
        free(traceback);
    }
}

/* A traceback of where the program is; NULL without memory
 * (traceback_get_frames). */
static struct rt_traceback *
new_traceback(size_t frame_limit)
{
    size_t total = stack.count == 0 ? 1 : stack.count;
    size_t kept = total < frame_limit ? total : frame_limit;
    struct rt_traceback *traceback =
        malloc(sizeof(*traceback) + kept * sizeof(struct rt_frame));
    if (traceback == NULL) {
        return NULL;
    }
    traceback->references = 1;
    traceback->total_frames = total;
    traceback->frame_count = kept;
    traceback->frames[0] = UNKNOWN;
    for (size_t i = 0; i < kept && i < stack.count; i++) {
        traceback->frames[i] = stack.frames[stack.count - 1 - i];
    }
    traceback->entry.hash = hash_frames(traceback);
    return traceback;
}

struct rt_traceback *
rt_traceback_here(size_t frame_limit)
{
    struct rt_traceback *here = new_traceback(frame_limit);
    if (here == NULL) {
        return NULL;
    }
    struct rt_hash_entry *known =
        rt_hashtable_find(&tracebacks, here->entry.hash, same_frames, here);
    if (known != NULL) {
        free(here);
        return (struct rt_traceback *)known;
    }
    if (rt_hashtable_add(&tracebacks, &here->entry) != 0) {
        free(here);
        return NULL;
    }
    traceback_bytes += traceback_size(here);
    return here;
}

static void
release_traceback(struct rt_hash_entry *entry, void *data)
{
    (void)data;
    rt_traceback_release((struct rt_traceback *)entry);
}

void
rt_traceback_clear(void)
{
    rt_hashtable_each(&tracebacks, release_traceback, NULL);
    rt_hashtable_release(&tracebacks);
    traceback_bytes = 0;
}

size_t
rt_traceback_overhead(void)
{
    return traceback_bytes + tracebacks.bucket_count * sizeof(void *);
}
