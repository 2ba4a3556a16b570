#include "quiz/core/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/xalloc.h"

/* Chunks are linked newest first. A request larger than a chunk gets a chunk
 * of its own behind the current one, so that the room left there is kept. */
#define CHUNK_BYTES ((size_t)64 * 1024)

struct chunk {
    struct chunk *next;
    size_t used, size; // bytes of the memory behind this header
    alignas(max_align_t) unsigned char memory[];
};

struct owned {
    struct owned *next;
    void *memory;
    size_t size;
    void (*release)(void *memory, size_t size_bytes);
};

struct arena {
    struct chunk *newest;
    struct owned *owned; // in the arena's own memory
};

static struct chunk *
new_chunk(size_t size, struct chunk *next)
{
    struct chunk *chunk = xcalloc(1, sizeof(*chunk) + size);
    chunk->size = size;
    chunk->next = next;
    return chunk;
}

struct arena *
arena_new(void)
{
    struct arena *arena = xmalloc(sizeof(*arena));
    *arena = (struct arena){0};
    return arena;
}

void
arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    for (struct owned *owned = arena->owned; owned != NULL;
         owned = owned->next) {
        owned->release(owned->memory, owned->size);
    }
    for (struct chunk *chunk = arena->newest; chunk != NULL;) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}

void *
arena_take(struct arena *arena, size_t size_bytes)
{
    size_t align = alignof(max_align_t);
    size_t size = (size_bytes + align - 1) / align * align;
    struct chunk *chunk = arena->newest;
    if (size > CHUNK_BYTES / 4 && chunk != NULL) {
        chunk->next = new_chunk(size, chunk->next);
        chunk->next->used = size;
        return chunk->next->memory;
    }
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
        chunk = arena->newest = new_chunk(room, chunk);
    }
    void *memory = chunk->memory + chunk->used;
    chunk->used += size;
    return memory;
}

char *
arena_string(struct arena *arena, const char *bytes, size_t length)
{
    char *string = arena_take(arena, length + 1);
    memcpy(string, bytes, length);
    return string;
}

void
arena_own(struct arena *arena, void *memory, size_t size_bytes,
          void (*release)(void *memory, size_t size_bytes))
{
    struct owned *owned = arena_take(arena, sizeof(*owned));
    *owned = (struct owned){arena->owned, memory, size_bytes, release};
    arena->owned = owned;
}

void *
arena_copy(struct arena *arena, const void *bytes, size_t size_bytes)
{
    void *memory = arena_take(arena, size_bytes);
    if (size_bytes > 0) {
        memcpy(memory, bytes, size_bytes);
    }
    return memory;
}
