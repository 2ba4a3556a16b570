#include "quiz/core/bank.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/error.h"
#include "quiz/core/question.h"
#include "quiz/core/suggest.h"
#include "quiz/core/xalloc.h"

/* Questions in order, and an open-addressing index over their ids that is
 * never more than half full. */
struct bank {
    struct arena *arena;
    const struct question **questions;
    struct question **briefs; // those that are to be filled in, else NULL
    size_t count, capacity;
    void (*fill)(void *data, size_t place, struct question *question);
    void *fill_data;
    size_t *index; // 1 + place in questions, 0 empty; index_size a power of 2
    size_t index_size;
    const struct topic **topics;
    size_t topic_count;
};

struct bank *
bank_new(void)
{
    struct bank *bank = xcalloc(1, sizeof(*bank));
    bank->arena = arena_new();
    return bank;
}

void
bank_free(struct bank *bank)
{
    if (bank == NULL) {
        return;
    }
    arena_free(bank->arena);
    free(bank->questions);
    free(bank->briefs);
    free(bank->index);
    free(bank->topics);
    free(bank);
}

void
bank_clear(struct bank *bank)
{
    arena_free(bank->arena);
    free(bank->questions);
    free(bank->briefs);
    free(bank->index);
    free(bank->topics);
    *bank = (struct bank){.arena = arena_new()};
}

struct arena *
bank_arena(struct bank *bank)
{
    return bank->arena;
}

/* FNV-1a (Fowler, Noll, Vo). */
static size_t
hash(const char *id)
{
    uint64_t value = 14695981039346656037U;
    for (; *id != '\0'; id++) {
        value = (value ^ (unsigned char)*id) * 1099511628211U;
    }
    return (size_t)value;
}

/* The slot of the id, or the empty one where it belongs. */
static size_t *
slot_of(const struct bank *bank, const char *id)
{
    size_t mask = bank->index_size - 1;
    size_t at = hash(id) & mask;
    while (bank->index[at] != 0 &&
           strcmp(bank->questions[bank->index[at] - 1]->id, id) != 0) {
        at = (at + 1) & mask;
    }
    return &bank->index[at];
}

static void
grow(struct bank *bank)
{
    bank->capacity = bank->capacity == 0 ? 64 : bank->capacity * 2;
    bank->questions = xreallocarray(bank->questions, bank->capacity,
                                    sizeof(struct question *));
    bank->briefs =
        xreallocarray(bank->briefs, bank->capacity, sizeof(struct question *));
    free(bank->index);
    bank->index_size = bank->capacity * 2;
    bank->index = xcalloc(bank->index_size, sizeof(*bank->index));
    for (size_t i = 0; i < bank->count; i++) {
        *slot_of(bank, bank->questions[i]->id) = i + 1;
    }
}

int
bank_add(struct bank *bank, const struct question *question, struct error *err)
{
    if (bank->count == bank->capacity) {
        grow(bank);
    }
    size_t *slot = slot_of(bank, question->id);
    if (*slot != 0) {
        const struct question *other = bank->questions[*slot - 1];
        return error_set(err, tr("id '%s' is already taken at %s:%d"),
                         question->id, other->file, other->line);
    }
    bank->questions[bank->count] = question;
    bank->briefs[bank->count] = NULL;
    *slot = ++bank->count;
    return 0;
}

int
bank_add_brief(struct bank *bank, struct question *question, struct error *err)
{
    if (bank_add(bank, question, err) != 0) {
        return -1;
    }
    bank->briefs[bank->count - 1] = question;
    return 0;
}

void
bank_set_filler(struct bank *bank,
                void (*fill)(void *data, size_t place,
                             struct question *question),
                void *data)
{
    bank->fill = fill;
    bank->fill_data = data;
}

int
bank_add_topic(struct bank *bank, const struct topic *topic, struct error *err)
{
    const struct topic *other = bank_find_topic(bank, topic->id);
    if (other != NULL) {
        return error_set(err, tr("topic '%s' is already in %s"), topic->id,
                         other->file);
    }
    bank->topics = xreallocarray(bank->topics, bank->topic_count + 1,
                                 sizeof(struct topic *));
    bank->topics[bank->topic_count++] = topic;
    return 0;
}

const struct question *
bank_find(const struct bank *bank, const char *id)
{
    if (bank->count == 0) {
        return NULL;
    }
    size_t found = *slot_of(bank, id);
    return found == 0 ? NULL : bank_at(bank, found - 1);
}

size_t
bank_count(const struct bank *bank)
{
    return bank->count;
}

const struct question *
bank_at(const struct bank *bank, size_t index)
{
    struct question *brief = bank->briefs[index];
    if (brief != NULL) {
        bank->briefs[index] = NULL;
        bank->fill(bank->fill_data, index, brief);
    }
    return bank->questions[index];
}

const struct question *
bank_brief(const struct bank *bank, size_t index)
{
    return bank->questions[index];
}

size_t
bank_topic_count(const struct bank *bank)
{
    return bank->topic_count;
}

const struct topic *
bank_topic_at(const struct bank *bank, size_t index)
{
    return bank->topics[index];
}

const struct topic *
bank_find_topic(const struct bank *bank, const char *id)
{
    for (size_t i = 0; i < bank->topic_count; i++) {
        if (strcmp(bank->topics[i]->id, id) == 0) {
            return bank->topics[i];
        }
    }
    return NULL;
}

const char *
bank_suggest(const struct bank *bank, const char *id)
{
    struct suggest suggest = suggest_begin(id);
    for (size_t i = 0; i < bank->count; i++) {
        suggest_offer(&suggest, bank->questions[i]->id);
    }
    return suggest.best;
}

const char *
bank_suggest_topic(const struct bank *bank, const char *id)
{
    struct suggest suggest = suggest_begin(id);
    for (size_t i = 0; i < bank->topic_count; i++) {
        suggest_offer(&suggest, bank->topics[i]->id);
    }
    return suggest.best;
}
