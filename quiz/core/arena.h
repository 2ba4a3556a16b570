/* Arena: many small things that live and die together.
 *
 * Everything taken from an arena is given back by one arena_free(). Out of
 * memory ends the quiz (see xalloc.h). */
#ifndef QUIZ_CORE_ARENA_H
#define QUIZ_CORE_ARENA_H

#include <stddef.h>

struct arena; // private to arena.c

/* A new, empty arena. Never NULL. */
struct arena *arena_new(void);
void arena_free(struct arena *arena); // NULL is fine

/* Zeroed memory, aligned for any type; borrowed until arena_free(). */
void *arena_take(struct arena *arena, size_t size_bytes)
    __attribute__((returns_nonnull));

/* A terminated copy of the first length bytes; borrowed until
 * arena_free(). */
char *arena_string(struct arena *arena, const char *bytes, size_t length)
    __attribute__((returns_nonnull));

/* Gives memory from elsewhere (a mapped file, say) to the arena, which calls
 * release with it at the end. Steals memory. */
void arena_own(struct arena *arena, void *memory, size_t size_bytes,
               void (*release)(void *memory, size_t size_bytes));

/* A copy of size_bytes bytes; borrowed until arena_free(). */
void *arena_copy(struct arena *arena, const void *bytes, size_t size_bytes)
    __attribute__((returns_nonnull));

#endif
