/* Who moves, and how the turn is passed.
 *
 * The director is the thread that runs the case. It gives an actor the turn
 * and waits; the actor gives it back when it is done, when it goes to sleep,
 * or when it has come to the last point that it may come to. All of that is
 * two semaphores, so at each moment one thread at most is awake. */
#include "labs/stage.h"

#include <assert.h>
#include <stddef.h>

#include "labs/stage_state.h"

enum {
    MANY_POINTS = 5000, // nobody needs so many to do one deed
    MANY_TURNS = 300,   // nor all together to settle
    STACK_BYTES = 256 * 1024
};

static struct stage_actor actors[STAGE_ACTORS];
static size_t actor_count;
static sem_t director;
static int points_left; // of the one that moves
static uint64_t waits;  // so far
static int64_t now_ns = INT64_C(86400) * 1000 * 1000 * 1000;
static const char *misuse;

static _Thread_local struct stage_actor *self;

// --- turns -----------------------------------------------------------------

static void
wait_for(sem_t *turn)
{
    while (sem_wait(turn) != 0) {
    }
}

static void
give_back(void)
{
    sem_post(&director);
    wait_for(&self->turn);
}

void
stage_point(void)
{
    if (self != NULL && --points_left < 0) {
        give_back();
    }
}

void
stage_pause(void)
{
    stage_point();
}

static void *
act(void *data)
{
    self = data;
    for (;;) {
        wait_for(&self->turn);
        self->deed(self->data);
        self->busy = false;
        sem_post(&director);
    }
    return NULL;
}

static bool
can_move(const struct stage_actor *actor)
{
    return actor->busy && actor->wait == STAGE_NOT;
}

void
stage_move_to_point(struct stage_actor *actor, int points)
{
    if (can_move(actor)) {
        points_left = points;
        sem_post(&actor->turn);
        wait_for(&director);
    }
}

void
stage_move(struct stage_actor *actor)
{
    stage_move_to_point(actor, MANY_POINTS);
}

// --- the company -----------------------------------------------------------

void
stage_open(void (*of_part)(void))
{
    const union {
        void (*function)(void);
        const void *address;
    } part = {of_part};
    sem_init(&director, 0, 0);
    stage_replace_calls(part.address);
}

struct stage_actor *
stage_enter(void)
{
    assert(actor_count < STAGE_ACTORS);
    struct stage_actor *actor = &actors[actor_count++];
    pthread_t thread;
    pthread_attr_t attributes;
    sem_init(&actor->turn, 0, 0);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&thread, &attributes, act, actor);
    assert(failed == 0);
    pthread_attr_destroy(&attributes);
    return actor;
}

void
stage_tell(struct stage_actor *actor, void (*deed)(void *data), void *data)
{
    // Who is not done with the last deed never hears of this one.
    if (!actor->busy) {
        actor->deed = deed;
        actor->data = data;
        actor->busy = true;
    }
}

struct stage_actor *
stage_self(void)
{
    return self;
}

// --- sleeping and waking ---------------------------------------------------

bool
stage_sleep(enum stage_wait wait, const void *at, uint32_t bits,
            int64_t deadline_ns)
{
    // One whose deadline is past lets the others move, too.
    bool is_late = deadline_ns <= now_ns;
    self->wait = is_late ? STAGE_NOT : wait;
    self->at = at;
    self->bits = bits;
    self->since = ++waits;
    self->deadline_ns = deadline_ns;
    self->late = is_late;
    give_back();
    return self->late;
}

int
stage_wake_at(enum stage_wait wait, const void *at, uint32_t bits, int most)
{
    int woken = 0;
    while (woken < most) {
        struct stage_actor *first = NULL;
        for (size_t i = 0; i < actor_count; i++) {
            struct stage_actor *one = &actors[i];
            if (one->wait == wait && one->at == at && (one->bits & bits) &&
                (first == NULL || one->since < first->since)) {
                first = one;
            }
        }
        if (first == NULL) {
            break;
        }
        first->wait = STAGE_NOT;
        woken++;
    }
    return woken;
}

void
stage_wake(struct stage_actor *actor)
{
    if (actor->wait == STAGE_CONDITION || actor->wait == STAGE_FUTEX) {
        actor->wait = STAGE_NOT;
    }
}

// --- settling --------------------------------------------------------------

void
stage_settle(void)
{
    bool moved = true;
    for (int turns = 0; moved && turns < MANY_TURNS; turns++) {
        moved = false;
        for (size_t i = 0; i < actor_count; i++) {
            moved |= can_move(&actors[i]);
            stage_move(&actors[i]);
        }
    }
}

/* xorshift64. */
static uint64_t throw(uint64_t * dice)
{
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    return *dice;
}

void
stage_move_at_random(uint64_t dice, int turns)
{
    for (dice |= 1; turns > 0; turns--) {
        struct stage_actor *movable[STAGE_ACTORS];
        size_t count = 0;
        for (size_t i = 0; i < actor_count; i++) {
            if (can_move(&actors[i])) {
                movable[count++] = &actors[i];
            }
        }
        if (count == 0) {
            return;
        }
        struct stage_actor *next = movable[throw(&dice) % count];
        stage_move_to_point(next, (int)(throw(&dice) % 5));
    }
}

// --- time ------------------------------------------------------------------

int64_t
stage_now_ns(void)
{
    return now_ns;
}

static int64_t
next_deadline_ns(void)
{
    int64_t next_ns = STAGE_NEVER;
    for (size_t i = 0; i < actor_count; i++) {
        if (actors[i].wait != STAGE_NOT && actors[i].deadline_ns < next_ns) {
            next_ns = actors[i].deadline_ns;
        }
    }
    return next_ns;
}

static void
wake_the_late(void)
{
    for (size_t i = 0; i < actor_count; i++) {
        if (actors[i].wait != STAGE_NOT && actors[i].deadline_ns <= now_ns) {
            actors[i].wait = STAGE_NOT;
            actors[i].late = true;
        }
    }
}

void
stage_pass_us(int64_t time_us)
{
    int64_t end_ns = now_ns + time_us * 1000;
    stage_settle();
    for (int steps = 0; next_deadline_ns() <= end_ns && steps < MANY_TURNS;
         steps++) {
        now_ns = next_deadline_ns();
        wake_the_late();
        stage_settle();
    }
    now_ns = end_ns;
}

void
stage_put_clock_forward_us(int64_t time_us)
{
    now_ns += time_us * 1000;
    wake_the_late();
}

// --- what is seen ----------------------------------------------------------

bool
stage_has_returned(const struct stage_actor *actor)
{
    return !actor->busy;
}

bool
stage_sleeps(const struct stage_actor *actor)
{
    return actor->busy && actor->wait != STAGE_NOT &&
           actor->wait != STAGE_MUTEX;
}

const char *
stage_where(const struct stage_actor *actor)
{
    if (!actor->busy) {
        return "has returned";
    }
    switch (actor->wait) {
    case STAGE_NOT:
        return "on its way";
    case STAGE_MUTEX:
        return "stuck at a locked mutex";
    case STAGE_CONDITION:
    case STAGE_SEMAPHORE:
    case STAGE_FUTEX:
        break;
    }
    return "sleeps";
}

int
stage_mutexes(const struct stage_actor *actor)
{
    return actor->mutexes;
}

void
stage_note_misuse(const char *what)
{
    if (misuse == NULL) {
        misuse = what;
    }
}

const char *
stage_misuse(void)
{
    return misuse;
}
