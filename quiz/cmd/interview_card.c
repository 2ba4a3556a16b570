#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/assess.h"
#include "quiz/cmd/interview.h"
#include "quiz/core/bank.h"
#include "quiz/core/text.h"

enum {
    MOST_TOPICS = 64
};

static json_t *
exchange_json(const struct exchange *exchange)
{
    json_t *row = json_object();
    json_object_set_new(row, "id", json_text(exchange->question->id));
    json_object_set_new(row, "topic", json_text(exchange->question->topic));
    json_object_set_new(row, "level_asked",
                        json_text(level_name(exchange->question->level)));
    json_object_set_new(
        row, "follows",
        json_text(exchange->follows != NULL ? exchange->follows->id : NULL));
    json_object_set_new(row, "seconds", json_integer(exchange->seconds));
    json_object_set_new(row, "suggested_seconds",
                        json_integer(exchange->question->seconds));
    json_object_set_new(row, "answer", json_text(exchange->answer));
    json_object_set_new(row, "skipped",
                        json_boolean(exchange->answer == NULL));
    json_object_set_new(row, "self_level",
                        exchange->self_level < 0
                            ? json_null()
                            : json_real(exchange->self_level));
    if (exchange->answer != NULL) {
        assess_json(row, exchange->question, &exchange->assessment,
                    exchange->answer, lang_current());
    }
    return row;
}

json_t *
interview_json(const struct interview *interview)
{
    json_t *document = json_document("ouro.mock/1");
    json_t *exchanges = json_array();
    json_t *topics = json_array();
    struct topic_score scores[MOST_TOPICS];
    size_t count = interview_topics(interview, scores, MOST_TOPICS);
    for (size_t i = 0; i < interview->count; i++) {
        json_array_append_new(exchanges, exchange_json(&interview->items[i]));
    }
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "topic", json_text(scores[i].topic));
        json_object_set_new(row, "level", json_real(scores[i].level));
        json_object_set_new(row, "questions", json_integer(scores[i].count));
        json_array_append_new(topics, row);
    }
    json_object_set_new(document, "lang",
                        json_text(lang_name(lang_current())));
    json_object_set_new(document, "seed",
                        json_integer((json_int_t)interview->seed));
    json_object_set_new(document, "minutes", json_integer(interview->minutes));
    json_object_set_new(
        document, "level",
        json_text(interview->level < 0
                      ? NULL
                      : level_name((enum level)interview->level)));
    json_object_set_new(document, "seconds_used",
                        json_integer(interview->seconds));
    json_object_set_new(document, "planned",
                        json_integer((json_int_t)interview->planned));
    json_object_set_new(document, "broken_off",
                        json_boolean(interview->broken_off));
    json_object_set_new(document, "score",
                        json_real(interview_score(interview)));
    json_object_set_new(document, "topics", topics);
    json_object_set_new(document, "exchanges", exchanges);
    return document;
}

static const char *
topic_title(const struct bank *bank, const char *id)
{
    const struct topic *topic = bank_find_topic(bank, id);
    return topic != NULL ? lang_pick(topic->title) : id;
}

/* The first line of a Markdown text, for a heading. */
static void
add_first_line(struct text *out, const char *markdown)
{
    text_add_bytes(out, markdown, strcspn(markdown, "\n"));
}

static void
add_summary(struct text *out, const struct interview *interview)
{
    size_t mains = 0;
    size_t skipped = 0;
    for (size_t i = 0; i < interview->count; i++) {
        mains += interview->items[i].follows == NULL;
        skipped += interview->items[i].answer == NULL;
    }
    text_add_format(out, tr("# Ouro: mock interview\n\n"));
    text_add_format(out, tr("- Score: **%.0f %%**\n"),
                    interview_score(interview) * 100);
    text_add_format(out,
                    tr("- Questions: %zu of %zu planned, %zu follow-ups, %zu "
                       "without an answer\n"),
                    mains, interview->planned, interview->count - mains,
                    skipped);
    text_add_format(out, tr("- Time: %d:%02d of %d minutes\n"),
                    interview->seconds / 60, interview->seconds % 60,
                    interview->minutes);
    bool has_level = interview->level >= 0;
    text_add_format(
        out, tr("- To repeat it: `ouro mock --minutes %d --seed %llu%s%s`\n"),
        interview->minutes, (unsigned long long)interview->seed,
        has_level ? " --level " : "",
        has_level ? level_name((enum level)interview->level) : "");
    if (interview->broken_off) {
        text_add(out, tr("- It was broken off.\n"));
    }
}

static void
add_topics(struct text *out, const struct interview *interview,
           const struct bank *bank)
{
    struct topic_score scores[MOST_TOPICS];
    size_t count = interview_topics(interview, scores, MOST_TOPICS);
    if (count == 0) {
        return;
    }
    text_add(out, tr("\n## By topic\n\n| Topic | Level of 4 | Questions "
                     "|\n|---|---|---|\n"));
    for (size_t i = 0; i < count; i++) {
        text_add_format(out, "| %s | %.1f | %d |\n",
                        topic_title(bank, scores[i].topic), scores[i].level,
                        scores[i].count);
    }
}

static void
add_points(struct text *out, const struct exchange *exchange, bool found)
{
    const struct rubric *rubric = &exchange->question->open.rubric;
    for (size_t i = 0; i < rubric->key_point_count; i++) {
        bool has = exchange->answer != NULL &&
                   exchange->assessment.points[i].finding == FINDING_FOUND;
        if (has == found) {
            text_add_format(out, "- %s %s\n", found ? "✓" : "✗",
                            lang_pick(rubric->key_points[i].text));
        }
    }
}

static void
add_misconceptions(struct text *out, const struct exchange *exchange)
{
    const struct rubric *rubric = &exchange->question->open.rubric;
    for (size_t i = 0; exchange->answer != NULL &&
                       i < exchange->assessment.misconception_count;
         i++) {
        if (exchange->assessment.misconceptions[i].held) {
            text_add_format(out, "- ! %s\n",
                            lang_pick(rubric->misconceptions[i].say));
        }
    }
}

static void
add_quotation(struct text *out, const char *answer)
{
    text_add(out, "> ");
    for (const char *at = answer; *at != '\0'; at++) {
        text_add_char(out, *at);
        if (*at == '\n' && at[1] != '\0') {
            text_add(out, "> ");
        }
    }
}

static void
add_exchange(struct text *out, const struct exchange *exchange, int number)
{
    text_add_format(out, "\n### %d. %s", number,
                    exchange->follows != NULL ? tr("Follow-up: ") : "");
    add_first_line(out, lang_pick(exchange->question->ask));
    text_add(out, "\n\n");
    if (exchange->answer == NULL) {
        text_add(out, tr("No answer was given.\n\n"));
    }
    else {
        text_add_format(out, tr("Level %.1f of 4"),
                        exchange->assessment.level);
        if (exchange->self_level >= 0) {
            text_add_format(out, tr(", your own grade %.0f"),
                            exchange->self_level);
        }
        text_add_format(out, tr("; %d s (suggested: %d s).\n\n"),
                        exchange->seconds, exchange->question->seconds);
        add_quotation(out, exchange->answer);
        text_add(out, "\n\n");
    }
    add_points(out, exchange, true);
    add_points(out, exchange, false);
    add_misconceptions(out, exchange);
    text_add_format(out, tr("\nA model answer: %s\n"),
                    lang_pick(exchange->question->open.model_short));
}

/* What to train: the questions whose points were missed, and their labs. */
static void
add_advice(struct text *out, const struct interview *interview,
           const struct context *context)
{
    bool any = false;
    for (size_t i = 0; i < interview->count; i++) {
        const struct exchange *exchange = &interview->items[i];
        if (exchange->answer != NULL && exchange->assessment.level >= 3) {
            continue;
        }
        if (!any) {
            text_add(out, tr("\n## What to train\n\n"));
        }
        any = true;
        text_add_format(out, "- `ouro explain %s`", exchange->question->id);
        if (command_has_lab(context, exchange->question->lab)) {
            text_add_format(out, ", `ouro lab start %s`",
                            exchange->question->lab);
        }
        text_add_format(out, ", `ouro quiz --topic %s`\n",
                        exchange->question->topic);
    }
}

char *
interview_markdown(const struct interview *interview,
                   const struct context *context)
{
    const struct bank *bank = context->bank;
    struct text out = {0};
    add_summary(&out, interview);
    add_topics(&out, interview, bank);
    if (interview->count > 0) {
        text_add(&out, tr("\n## Question by question\n"));
    }
    for (size_t i = 0; i < interview->count; i++) {
        add_exchange(&out, &interview->items[i], (int)i + 1);
    }
    add_advice(&out, interview, context);
    return text_steal(&out);
}
