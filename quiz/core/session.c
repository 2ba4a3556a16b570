#include "quiz/core/session.h"

#include <stdlib.h>
#include <string.h>

#include "quiz/core/bank.h"
#include "quiz/core/xalloc.h"

/* A question that may be asked. */
struct candidate {
    const struct question *question;
    const struct session_card *card; // NULL: new
    size_t place;                    // in the bank
    uint64_t dice;
};

struct session {
    const struct question **queue;
    size_t count; // different questions
    size_t at, end, capacity;
};

enum {
    GAP = 3
}; // questions between a miss and its return

static int
by_id(const void *a, const void *b)
{
    return strcmp(((const struct session_card *)a)->question_id,
                  ((const struct session_card *)b)->question_id);
}

static bool
is_wished(const struct question *question, const struct session_wish *wish)
{
    if (question->status != STATUS_READY ||
        (wish->kind >= 0 && (int)question->kind != wish->kind) ||
        (wish->level >= 0 && (int)question->level != wish->level)) {
        return false;
    }
    if (wish->topics == NULL || wish->topics[0] == NULL) {
        return true;
    }
    for (const char *const *topic = wish->topics; *topic != NULL; topic++) {
        if (strcmp(*topic, question->topic) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_picked(const struct session_card *card, int64_t now_ms,
          enum session_pick pick)
{
    bool due = card != NULL && card->due_ms <= now_ms;
    switch (pick) {
    case SESSION_DUE_AND_NEW:
        return due || card == NULL;
    case SESSION_DUE:
        return due;
    case SESSION_NEW:
        return card == NULL;
    case SESSION_MISSED:
        return card != NULL && card->missed;
    case SESSION_CRAM:
        return true;
    }
    return false;
}

/* New questions come by level, and within a level the ones that take a long
 * answer last: nobody begins with an essay. */
static int
rank_of_new(const struct candidate *candidate)
{
    return 2 * (int)candidate->question->level +
           (candidate->question->kind == QUESTION_OPEN);
}

/* Due before new; the longest waiting first; then by level and place. */
static int
by_urgency(const void *a, const void *b)
{
    const struct candidate *one = a;
    const struct candidate *two = b;
    if ((one->card == NULL) != (two->card == NULL)) {
        return one->card == NULL ? 1 : -1;
    }
    if (one->card != NULL && one->card->due_ms != two->card->due_ms) {
        return one->card->due_ms < two->card->due_ms ? -1 : 1;
    }
    if (one->card == NULL && rank_of_new(one) != rank_of_new(two)) {
        return rank_of_new(one) < rank_of_new(two) ? -1 : 1;
    }
    return one->place < two->place ? -1 : one->place > two->place;
}

static int
by_dice(const void *a, const void *b)
{
    uint64_t one = ((const struct candidate *)a)->dice;
    uint64_t two = ((const struct candidate *)b)->dice;
    return one < two ? -1 : one > two;
}

/* splitmix64 (Sebastiano Vigna, public domain). */
static uint64_t
next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Moves the candidates into the queue: always the first of another topic than
 * the one before, within the same class (due, or new of the same level), so
 * that urgency is kept and near relatives do not follow each other. */
static void
interleave(struct session *session, struct candidate *candidates, size_t count,
           size_t wanted)
{
    const char *before = "";
    bool *taken = xcalloc(count, sizeof(*taken));
    size_t first = 0;
    while (session->count < wanted) {
        while (first < count && taken[first]) {
            first++;
        }
        if (first == count) {
            break;
        }
        size_t pick = first;
        for (size_t i = first; i < count; i++) {
            bool same_class = (candidates[i].card == NULL) ==
                                  (candidates[first].card == NULL) &&
                              (candidates[i].card != NULL ||
                               rank_of_new(&candidates[i]) ==
                                   rank_of_new(&candidates[first]));
            if (!same_class) {
                break;
            }
            if (!taken[i] &&
                strcmp(candidates[i].question->topic, before) != 0) {
                pick = i;
                break;
            }
        }
        taken[pick] = true;
        before = candidates[pick].question->topic;
        session->queue[session->count++] = candidates[pick].question;
    }
    free(taken);
}

struct session *
session_new(const struct bank *bank, const struct session_card *cards,
            size_t count, int64_t now_ms, const struct session_wish *wish)
{
    struct session *session = xcalloc(1, sizeof(*session));
    size_t all = bank_count(bank);
    struct candidate *candidates = xcalloc(all, sizeof(*candidates));
    struct session_card *sorted = xcalloc(count, sizeof(*sorted));
    uint64_t state = wish->seed;
    size_t found = 0;
    if (count > 0) {
        memcpy(sorted, cards, count * sizeof(*sorted));
        qsort(sorted, count, sizeof(*sorted), by_id);
    }
    for (size_t i = 0; i < all; i++) {
        const struct question *question = bank_brief(bank, i);
        struct session_card key = {.question_id = question->id};
        const struct session_card *card =
            bsearch(&key, sorted, count, sizeof(*sorted), by_id);
        if (is_wished(question, wish) && is_picked(card, now_ms, wish->pick)) {
            candidates[found++] =
                (struct candidate){.question = question,
                                   .card = card,
                                   .place = i,
                                   .dice = next_random(&state)};
        }
    }
    qsort(candidates, found, sizeof(*candidates),
          wish->pick == SESSION_CRAM ? by_dice : by_urgency);
    size_t wanted = wish->count > 0 && (size_t)wish->count < found
                        ? (size_t)wish->count
                        : found;
    session->capacity = wanted + 1;
    session->queue = xcalloc(session->capacity, sizeof(struct question *));
    interleave(session, candidates, found, wanted);
    session->end = session->count;
    for (size_t i = 0; i < session->count; i++) {
        bank_find(bank, session->queue[i]->id); // fills the rest of it in
    }
    free(sorted);
    free(candidates);
    return session;
}

void
session_free(struct session *session)
{
    if (session != NULL) {
        free(session->queue);
        free(session);
    }
}

size_t
session_count(const struct session *session)
{
    return session->count;
}

const struct question *
session_next(struct session *session)
{
    return session->at < session->end ? session->queue[session->at++] : NULL;
}

size_t
session_left(const struct session *session)
{
    return session->end - session->at;
}

void
session_return(struct session *session, const struct question *question)
{
    if (session->end == session->capacity) {
        session->capacity *= 2;
        session->queue = xreallocarray(session->queue, session->capacity,
                                       sizeof(struct question *));
    }
    size_t place =
        session->at + GAP < session->end ? session->at + GAP : session->end;
    memmove(session->queue + place + 1, session->queue + place,
            (session->end - place) * sizeof(struct question *));
    session->queue[place] = question;
    session->end++;
}
