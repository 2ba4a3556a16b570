#include "quiz/core/interview.h"

#include <stdlib.h>
#include <string.h>

#include "quiz/core/bank.h"
#include "quiz/core/condition.h"
#include "quiz/core/xalloc.h"

/* splitmix64 (Sebastiano Vigna, public domain). */
static uint64_t
next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static bool
may_be_asked(const struct question *question,
             const struct interview_wish *wish)
{
    return question->kind == QUESTION_OPEN &&
           question->status == STATUS_READY &&
           !question->open.follow_up_only &&
           (wish->level < 0 || (int)question->level == wish->level);
}

static bool
has_topic(const struct question *const *questions, size_t count,
          const char *topic)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(questions[i]->topic, topic) == 0) {
            return true;
        }
    }
    return false;
}

/* The seconds to plan for a question: its own, and half as much again for
 * what follows it. */
static int
planned_seconds(const struct question *question)
{
    return question->seconds + question->seconds / 2;
}

size_t
interview_draw(const struct bank *bank, const struct interview_wish *wish,
               const struct question *questions[INTERVIEW_MAIN])
{
    size_t all = bank_count(bank);
    const struct question **pool = xcalloc(all, sizeof(struct question *));
    size_t count = 0;
    size_t drawn = 0;
    uint64_t state = wish->seed;
    int left = wish->minutes * 60;
    for (size_t i = 0; i < all; i++) {
        if (may_be_asked(bank_brief(bank, i), wish)) {
            pool[count++] = bank_brief(bank, i);
        }
    }
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)(next_random(&state) % i);
        const struct question *kept = pool[i - 1];
        pool[i - 1] = pool[other];
        pool[other] = kept;
    }
    // Twice through the pool: first only topics that are new.
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count && drawn < INTERVIEW_MAIN; i++) {
            const struct question *question = pool[i];
            if (question == NULL ||
                (pass == 0 && has_topic(questions, drawn, question->topic)) ||
                (drawn > 0 && planned_seconds(question) > left)) {
                continue;
            }
            questions[drawn++] = bank_find(bank, question->id);
            left -= planned_seconds(question);
            pool[i] = NULL;
        }
    }
    free(pool);
    return drawn;
}

void
interview_release(struct interview *interview)
{
    for (size_t i = 0; i < interview->count; i++) {
        free(interview->items[i].answer);
        assessment_release(&interview->items[i].assessment);
    }
    free(interview->items);
    *interview = (struct interview){0};
}

void
interview_add(struct interview *interview, const struct exchange *exchange)
{
    interview->items = xreallocarray(interview->items, interview->count + 1,
                                     sizeof(*interview->items));
    interview->items[interview->count++] = *exchange;
}

static bool
was_asked(const struct interview *interview, const struct question *question)
{
    for (size_t i = 0; i < interview->count; i++) {
        if (interview->items[i].question == question) {
            return true;
        }
    }
    return false;
}

size_t
interview_follow_ups(const struct interview *interview,
                     const struct bank *bank, const struct exchange *main,
                     const struct question *questions[INTERVIEW_FOLLOW_UPS])
{
    const struct question *question = main->question;
    size_t count = 0;
    for (size_t i = 0;
         main->answer != NULL && i < question->open.follow_up_count &&
         count < INTERVIEW_FOLLOW_UPS;
         i++) {
        const struct follow_up *follow_up = &question->open.follow_ups[i];
        const struct question *next = bank_find(bank, follow_up->ask);
        if (next != NULL && next->kind == QUESTION_OPEN &&
            next->status == STATUS_READY && !was_asked(interview, next) &&
            condition_holds(follow_up->when, question, &main->assessment)) {
            questions[count++] = next;
        }
    }
    return count;
}

static double
level_of(const struct exchange *exchange)
{
    return exchange->answer != NULL ? exchange->assessment.level : 0;
}

double
interview_score(const struct interview *interview)
{
    double sum = 0;
    double weight = 0;
    for (size_t i = 0; i < interview->count; i++) {
        double own = interview->items[i].follows != NULL ? 0.5 : 1;
        sum += own * level_of(&interview->items[i]);
        weight += own;
    }
    return weight > 0 ? sum / weight / 4 : 0;
}

size_t
interview_topics(const struct interview *interview, struct topic_score *scores,
                 size_t room)
{
    size_t count = 0;
    for (size_t i = 0; i < interview->count; i++) {
        const struct exchange *exchange = &interview->items[i];
        size_t at = 0;
        while (at < count &&
               strcmp(scores[at].topic, exchange->question->topic) != 0) {
            at++;
        }
        if (at == room) {
            continue;
        }
        if (at == count) {
            scores[count++] =
                (struct topic_score){.topic = exchange->question->topic};
        }
        scores[at].level += level_of(exchange);
        scores[at].count++;
    }
    for (size_t i = 0; i < count; i++) {
        scores[i].level /= scores[i].count;
    }
    return count;
}
