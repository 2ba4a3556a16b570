/* Bank: all questions in memory, found by id.
 *
 * Fill once with bank_add(), then only read. Ids are unique. Reading files is
 * io/content's work; it puts what it reads into bank_arena(). */
#ifndef QUIZ_CORE_BANK_H
#define QUIZ_CORE_BANK_H

#include <stddef.h>

#include "quiz/core/lang.h"

struct arena;
struct bank; // private to bank.c
struct error;
struct question;

struct topic {
    const char *id;           // "gc"
    struct bilingual title;   //
    const char *checked_with; // CPython version, or NULL
    const char *file;         // relative to the content folder
};

/* A new empty bank; give it back with bank_free(). Never NULL. */
struct bank *bank_new(void);
void bank_free(struct bank *bank); // NULL is fine

/* Makes the bank empty again. */
void bank_clear(struct bank *bank);

/* Where everything the bank refers to lives; freed with the bank. */
struct arena *bank_arena(struct bank *bank);

/* Adds a question that lives in the bank's arena. Returns 0, or -1 with err
 * naming the id that is already taken and where. */
int bank_add(struct bank *bank, const struct question *question,
             struct error *err);

/* Adds a question of which only the brief part is known: id, topic, file,
 * line, kind, level, status, seconds, and whether it is a follow-up only. The
 * rest is filled in when it is first asked for. Otherwise like bank_add(). */
int bank_add_brief(struct bank *bank, struct question *question,
                   struct error *err);

/* Who fills the rest in: place is the question's, data is borrowed as long as
 * the bank lives. To be said before the first question is asked for. */
void bank_set_filler(struct bank *bank,
                     void (*fill)(void *data, size_t place,
                                  struct question *question),
                     void *data);

/* Adds a topic (of the bank's arena). Adding an id twice is an error. */
int bank_add_topic(struct bank *bank, const struct topic *topic,
                   struct error *err);

/* The question with this id, borrowed until bank_free(), or NULL. */
const struct question *bank_find(const struct bank *bank, const char *id);

/* Questions in the order they were added; 0 <= index < bank_count(). */
size_t bank_count(const struct bank *bank);
const struct question *bank_at(const struct bank *bank, size_t index);

/* The same with the brief part alone, for whoever looks at very many. */
const struct question *bank_brief(const struct bank *bank, size_t index);

size_t bank_topic_count(const struct bank *bank);
const struct topic *bank_topic_at(const struct bank *bank, size_t index);
const struct topic *bank_find_topic(const struct bank *bank, const char *id);

/* The id in the bank closest to a mistyped one, or NULL when none is near:
 * for "did you mean". */
const char *bank_suggest(const struct bank *bank, const char *id);
const char *bank_suggest_topic(const struct bank *bank, const char *id);

#endif
