/* Session: which questions are asked, and in which order.
 *
 * Pure: the cards and the time are given. First what is due, the longest
 * waiting first; then new questions in the order of the bank, junior before
 * middle before senior, the open ones last of a level; among what is due, and
 * among the new ones of a level, topics alternate as far as there are others.
 * A question that was missed comes back later in the same session, until it
 * is right, but not at once if there are others. */
#ifndef QUIZ_CORE_SESSION_H
#define QUIZ_CORE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quiz/core/question.h"

struct bank;
struct session; // private to session.c

/* Which questions. */
enum session_pick {
    SESSION_DUE_AND_NEW, // the ordinary day
    SESSION_DUE,
    SESSION_NEW,
    SESSION_MISSED, // whose newest answer was wrong
    SESSION_CRAM    // all, in a random order
};

/* What is known of a question that was answered before. */
struct session_card {
    const char *question_id; // borrowed during session_new()
    int64_t due_ms;
    bool missed;
};

struct session_wish {
    enum session_pick pick;
    const char *const *topics; // NULL-terminated ids, or NULL: all
    int kind;                  // enum question_kind, or -1: all
    int level;                 // enum level, or -1: all
    int count;                 // at most so many different ones; 0: all
    unsigned long seed;        // of a random order
};

/* A new session; give it back with session_free(). Borrows the bank. */
struct session *session_new(const struct bank *bank,
                            const struct session_card *cards, size_t count,
                            int64_t now_ms, const struct session_wish *wish);
void session_free(struct session *session); // NULL is fine

/* How many different questions it has. */
size_t session_count(const struct session *session);

/* The next question, or NULL at the end. */
const struct question *session_next(struct session *session);

/* How many times a question stands behind the current one, those that come
 * back included. */
size_t session_left(const struct session *session);

/* Lets the question come back after a few others. */
void session_return(struct session *session, const struct question *question);

#endif
