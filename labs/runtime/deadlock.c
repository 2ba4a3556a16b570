/* Two graphs, and a search for a cycle in each.
 *
 * Who waits for whom: from a thread to the lock it wants, from a lock to the
 * thread that has it. Each of them has at most one way on, so the search is a
 * walk. It is made before a thread begins to wait: of all threads of a cycle
 * the last one closes it, and that one is not waiting yet.
 *
 * Which lock is taken after which: from A to B when a thread that has A wants
 * B. This one is never forgotten, and a lock may have many ways on, so the
 * search is by depth. It is made whenever a pair is new. */
#include "labs/runtime/deadlock.h"

#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "labs/runtime/error.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_lock.h"

enum {
    LOCKS = 64,
    WAITS = 64,
    PAIRS = 256,
    REPORTS = 16,
    NAME_BYTES = 64,
    REPORT_BYTES = 512
};

struct party {
    const struct rt_thread *thread; // only compared; NULL: nobody
    char name[NAME_BYTES];
};

struct node {
    const struct rt_thread_lock *lock; // NULL: not in use
    struct party owner;
    bool visited; // by the search that runs
};

struct wait {
    struct party who;
    size_t node;
};

/* `who` took the lock `after` while it had `before`. */
struct pair {
    size_t before, after;
    char who[NAME_BYTES];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; // guards all
static struct node nodes[LOCKS];
static struct wait waits[WAITS];
static struct pair pairs[PAIRS];
static size_t pair_count;
static char reports[REPORTS][REPORT_BYTES];
static size_t report_count;

// --- finding one's way -----------------------------------------------------

static struct party
me(void)
{
    struct rt_thread *thread = rt_thread_current();
    struct party party = {.thread = thread};
    snprintf(party.name, NAME_BYTES, "%s", rt_thread_name(thread));
    return party;
}

/* The node of a lock, made if there is none; LOCKS if there is no room. */
static size_t
node_of(const struct rt_thread_lock *lock)
{
    size_t unused = LOCKS;
    for (size_t i = 0; i < LOCKS; i++) {
        if (nodes[i].lock == lock) {
            return i;
        }
        if (nodes[i].lock == NULL && unused == LOCKS) {
            unused = i;
        }
    }
    if (unused < LOCKS) {
        nodes[unused] = (struct node){.lock = lock};
    }
    return unused;
}

static struct wait *
wait_of(const struct rt_thread *thread)
{
    for (size_t i = 0; i < WAITS; i++) {
        if (waits[i].who.thread == thread) {
            return &waits[i];
        }
    }
    return NULL;
}

__attribute__((format(printf, 2, 3))) static void
add_text(char *report, const char *format, ...)
{
    size_t length = strlen(report);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report + length, REPORT_BYTES - length, format, arguments);
    va_end(arguments);
}

static void
keep_report(const char *report)
{
    if (report_count < REPORTS) {
        snprintf(reports[report_count], REPORT_BYTES, "%s", report);
        report_count++;
    }
}

// --- who waits for whom ----------------------------------------------------

/* Walks from the lock that this thread is about to wait for. Whether the walk
 * comes back to this thread; then it is written down. */
static bool
closes_a_circle(const struct party *self, size_t wanted)
{
    char report[REPORT_BYTES] = "deadlock: ";
    struct party waiter = *self;
    for (int steps = 0; steps <= LOCKS; steps++) {
        const struct node *node = &nodes[wanted];
        if (node->owner.thread == NULL) {
            return false;
        }
        add_text(report, "%s%s waits for %s, which %s has",
                 steps > 0 ? "; " : "", waiter.name, node->lock->name,
                 node->owner.name);
        if (node->owner.thread == self->thread) {
            keep_report(report);
            rt_error_set(RT_ERROR_RUNTIME, "%s", report);
            return true;
        }
        waiter = node->owner;
        const struct wait *wait = wait_of(waiter.thread);
        if (wait == NULL) {
            return false;
        }
        wanted = wait->node;
    }
    return false;
}

// --- which lock after which ------------------------------------------------

/* Writes the way from one lock to another down, the last step first; whether
 * there is one. */
static bool
find_way(size_t from, size_t to, char *report)
{
    if (from == to) {
        return true;
    }
    nodes[from].visited = true;
    for (size_t i = 0; i < pair_count; i++) {
        const struct pair *pair = &pairs[i];
        if (pair->before == from && !nodes[pair->after].visited &&
            find_way(pair->after, to, report)) {
            add_text(report, ", %s took %s after %s", pair->who,
                     nodes[pair->after].lock->name, nodes[from].lock->name);
            return true;
        }
    }
    return false;
}

static bool
is_known(size_t before, size_t after)
{
    for (size_t i = 0; i < pair_count; i++) {
        if (pairs[i].before == before && pairs[i].after == after) {
            return true;
        }
    }
    return false;
}

static void
note_pair(const struct party *self, size_t before, size_t after)
{
    if (before == after || pair_count == PAIRS || is_known(before, after)) {
        return;
    }
    struct pair *pair = &pairs[pair_count];
    *pair = (struct pair){.before = before, .after = after};
    memcpy(pair->who, self->name, NAME_BYTES);
    char report[REPORT_BYTES] = "";
    add_text(report, "wrong order: %s took %s after %s", self->name,
             nodes[after].lock->name, nodes[before].lock->name);
    for (size_t i = 0; i < LOCKS; i++) {
        nodes[i].visited = false;
    }
    if (find_way(after, before, report)) {
        keep_report(report);
    }
    pair_count++;
}

// --- what the locks tell ---------------------------------------------------

static void
stop_waiting(const struct party *self)
{
    struct wait *wait = wait_of(self->thread);
    if (wait != NULL) {
        wait->who.thread = NULL;
    }
}

static int
hear_wants(struct rt_thread_lock *lock, bool for_ever)
{
    struct party self = me();
    int result = 0;
    pthread_mutex_lock(&mutex);
    size_t wanted = node_of(lock);
    for (size_t i = 0; wanted < LOCKS && i < LOCKS; i++) {
        if (nodes[i].lock != NULL && nodes[i].owner.thread == self.thread) {
            note_pair(&self, i, wanted);
        }
    }
    if (wanted < LOCKS && for_ever) {
        struct wait *unused = wait_of(NULL);
        if (closes_a_circle(&self, wanted)) {
            result = -1;
        }
        else if (unused != NULL) {
            *unused = (struct wait){.who = self, .node = wanted};
        }
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

static void
hear_has(struct rt_thread_lock *lock)
{
    struct party self = me();
    pthread_mutex_lock(&mutex);
    stop_waiting(&self);
    size_t node = node_of(lock);
    if (node < LOCKS) {
        nodes[node].owner = self;
    }
    pthread_mutex_unlock(&mutex);
}

static void
hear_gave_up(struct rt_thread_lock *lock)
{
    (void)lock;
    struct party self = me();
    pthread_mutex_lock(&mutex);
    stop_waiting(&self);
    pthread_mutex_unlock(&mutex);
}

static void
hear_releases(struct rt_thread_lock *lock)
{
    pthread_mutex_lock(&mutex);
    size_t node = node_of(lock);
    if (node < LOCKS) {
        nodes[node].owner.thread = NULL;
    }
    pthread_mutex_unlock(&mutex);
}

/* Another lock may be at the same address later: forgets what led there. */
static void
hear_ends(struct rt_thread_lock *lock)
{
    pthread_mutex_lock(&mutex);
    size_t node = node_of(lock);
    size_t kept = 0;
    for (size_t i = 0; i < pair_count; i++) {
        if (pairs[i].before != node && pairs[i].after != node) {
            pairs[kept++] = pairs[i];
        }
    }
    pair_count = kept;
    if (node < LOCKS) {
        nodes[node].lock = NULL;
    }
    pthread_mutex_unlock(&mutex);
}

// --- for people ------------------------------------------------------------

void
rt_deadlock_watch(void)
{
    static const struct rt_thread_lock_watcher WATCHER = {
        .wants = hear_wants,
        .has = hear_has,
        .gave_up = hear_gave_up,
        .releases = hear_releases,
        .ends = hear_ends,
    };
    memset(nodes, 0, sizeof(nodes));
    memset(waits, 0, sizeof(waits));
    pair_count = report_count = 0;
    rt_thread_lock_set_watcher(&WATCHER);
}

void
rt_deadlock_unwatch(void)
{
    rt_thread_lock_set_watcher(NULL);
}

size_t
rt_deadlock_report_count(void)
{
    pthread_mutex_lock(&mutex);
    size_t count = report_count;
    pthread_mutex_unlock(&mutex);
    return count;
}

const char *
rt_deadlock_report(size_t index)
{
    assert(index < rt_deadlock_report_count());
    return reports[index];
}
