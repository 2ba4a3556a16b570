/* Stage state: what the director and the replaced calls share. */
#ifndef LABS_STAGE_STATE_H
#define LABS_STAGE_STATE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

enum stage_wait {
    STAGE_NOT,
    STAGE_MUTEX,
    STAGE_CONDITION,
    STAGE_SEMAPHORE,
    STAGE_FUTEX
};

#define STAGE_NEVER INT64_MAX // instead of a deadline

/* Only one thread moves, so nothing needs another guard. */
struct stage_actor {
    sem_t turn; // it may move
    void (*deed)(void *data);
    void *data;
    bool busy;            // it has a deed to do
    enum stage_wait wait; // what it waits for
    const void *at;       // and where
    uint32_t bits;        // of a futex
    uint64_t since;       // orders those that wait
    int64_t deadline_ns;  // on the stage's clock
    bool late;            // it was woken by its deadline
    int mutexes;
};

/* The calling actor; NULL in the director. */
struct stage_actor *stage_self(void);

/* The calling actor comes to a point. */
void stage_point(void);

/* The calling actor waits until somebody wakes it. Returns whether that was
 * its deadline. */
bool stage_sleep(enum stage_wait wait, const void *at, uint32_t bits,
                 int64_t deadline_ns);

/* Wakes those that have waited there longest, at most so many. Returns how
 * many there were. */
int stage_wake_at(enum stage_wait wait, const void *at, uint32_t bits,
                  int most);

int64_t stage_now_ns(void);
void stage_note_misuse(const char *what);

/* Puts the stage's functions into the place of those that a shared object has
 * imported (stage_calls.c). */
void stage_replace_calls(const void *address_in_it);

#endif
