/* Stage: threads that move one at a time, and a clock that stands still.
 *
 * A lab about threads must not depend on luck. Here the lab is the director:
 * its actors are threads, of which only the one that it lets move does so, and
 * what the part under test calls to lock, to sleep, to wake and to read the
 * clock is replaced by functions that know the stage. So a case can stop a
 * thread between two calls, let another one overtake it, and have hours pass
 * in no time; and it is seen at once that nobody will ever move again. The
 * same moves lead to the same end on any machine.
 *
 *     stage_open((void (*)(void))rt_gil_take);
 *     struct stage_actor *anna = stage_enter();
 *     stage_tell(anna, take, &gil);
 *     stage_settle();
 *     observe_string("Anna", stage_where(anna));
 *
 * Replaced are pthread_mutex_*, pthread_cond_*, sem_*, clock_gettime, futexes
 * by way of syscall, and the functions of labs/runtime/deadline.h. A case ends
 * with its process, so nobody has to leave the stage. */
#ifndef LABS_STAGE_H
#define LABS_STAGE_H

#include <stdbool.h>
#include <stdint.h>

struct stage_actor; // private to stage.c and stage_calls.c

enum {
    STAGE_ACTORS = 8
};

/* From now on the shared object that this function is in calls the stage. To
 * be called once, before the part has made a lock. */
void stage_open(void (*of_part)(void));

/* A new thread, borrowed; it does nothing yet. At most STAGE_ACTORS. */
struct stage_actor *stage_enter(void);

/* What the actor does as soon as it may move. It has done what it was told
 * before. */
void stage_tell(struct stage_actor *actor, void (*deed)(void *data),
                void *data);

/* Lets this one alone move, until it is done or asleep, or until it comes to
 * its so many-th point: before each call that locks, waits, wakes or posts,
 * after each that unlocks, and in stage_pause(). */
void stage_move(struct stage_actor *actor);
void stage_move_to_point(struct stage_actor *actor, int points);

/* Lets all move until nobody can, in the order in which they entered. */
void stage_settle(void);

/* So many times lets some one move a few points on, by these dice; less often
 * if nobody can move any more. */
void stage_move_at_random(uint64_t dice, int turns);

/* Lets so much time pass: all settle now and each time when somebody's
 * timeout ends. Or puts the clock forward, and those whose timeout has ended
 * may move, but nobody does. */
void stage_pass_us(int64_t time_us);
void stage_put_clock_forward_us(int64_t time_us);

/* Wakes one that sleeps, for no reason, as the system may do (a spurious
 * wake-up). Not from a semaphore, which knows no such thing. */
void stage_wake(struct stage_actor *actor);

/* What has become of it: "has returned", "sleeps", "stuck at a locked mutex"
 * or "on its way", which after stage_settle() means: in circles for ever. */
const char *stage_where(const struct stage_actor *actor);
bool stage_has_returned(const struct stage_actor *actor);
bool stage_sleeps(const struct stage_actor *actor);

/* How many mutexes it has locked and not unlocked. */
int stage_mutexes(const struct stage_actor *actor);

/* How many mutexes, conditions and semaphores were made and not destroyed,
 * those apart that an initializer made. */
int stage_made_count(void);

/* The first thing that somebody did and nobody may, or NULL. */
const char *stage_misuse(void);

/* For deeds: another actor may move here. */
void stage_pause(void);

#endif
