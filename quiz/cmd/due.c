/* ouro due: what is due today, by topic, and when the next card is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/progress_view.h"
#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/store.h"
#include "quiz/io/term.h"

struct due_topic {
    const struct topic *topic;
    size_t now, today, overdue;
};

/* now: due at this moment; today: until the learner's day ends (now among
 * them); overdue: since before it began. */
struct due {
    struct due_topic *topics; // those of the bank, in its order
    size_t topic_count;
    size_t now, today, overdue;
    int64_t next_ms; // the first that is not due yet, or 0
};

/* Only questions that can be asked count. */
static void
count_card(struct due *due, const struct bank *bank, const struct card *card,
           int64_t now_ms, const struct learner_day *day)
{
    const struct question *question = bank_find(bank, card->question_id);
    if (card->due_ms == 0 || question == NULL ||
        question->status == STATUS_RETIRED) {
        return;
    }
    if (card->due_ms > now_ms &&
        (due->next_ms == 0 || card->due_ms < due->next_ms)) {
        due->next_ms = card->due_ms;
    }
    bool now = card->due_ms <= now_ms;
    bool today = now || card->due_ms < day->end_ms;
    bool overdue = card->due_ms < day->start_ms;
    due->now += now;
    due->today += today;
    due->overdue += overdue;
    for (size_t i = 0; i < due->topic_count; i++) {
        if (strcmp(due->topics[i].topic->id, question->topic) == 0) {
            due->topics[i].now += now;
            due->topics[i].today += today;
            due->topics[i].overdue += overdue;
        }
    }
}

static int
compute(struct context *context, struct due *due, int64_t now_ms,
        struct error *err)
{
    struct cards cards = {0};
    struct schedule schedule;
    if (command_open_bank(context, err) != 0 ||
        command_open_store(context, err) != 0 ||
        store_schedule(context->store, &schedule, err) != 0 ||
        store_cards(context->store, &cards, err) != 0) {
        return -1;
    }
    *due = (struct due){.topic_count = bank_topic_count(context->bank)};
    due->topics = xcalloc(due->topic_count, sizeof(*due->topics));
    for (size_t i = 0; i < due->topic_count; i++) {
        due->topics[i].topic = bank_topic_at(context->bank, i);
    }
    struct learner_day day = progress_day(now_ms, schedule.rollover_hour);
    for (size_t i = 0; i < cards.count; i++) {
        count_card(due, context->bank, &cards.items[i], now_ms, &day);
    }
    cards_release(&cards);
    return 0;
}

static json_t *
topic_json(const struct due_topic *topic)
{
    json_t *object = json_object();
    json_object_set_new(object, "topic", json_text(topic->topic->id));
    json_object_set_new(object, "title",
                        json_text(lang_pick(topic->topic->title)));
    json_object_set_new(object, "due", json_integer((json_int_t)topic->now));
    json_object_set_new(object, "today",
                        json_integer((json_int_t)topic->today));
    json_object_set_new(object, "overdue",
                        json_integer((json_int_t)topic->overdue));
    return object;
}

static int
show_json(const struct due *due, int64_t now_ms, struct error *err)
{
    json_t *document = json_document("ouro.due/1");
    json_t *topics = json_array();
    for (size_t i = 0; i < due->topic_count; i++) {
        json_array_append_new(topics, topic_json(&due->topics[i]));
    }
    json_object_set_new(document, "now", progress_moment_json(now_ms));
    json_object_set_new(document, "due", json_integer((json_int_t)due->now));
    json_object_set_new(document, "today",
                        json_integer((json_int_t)due->today));
    json_object_set_new(document, "overdue",
                        json_integer((json_int_t)due->overdue));
    json_object_set_new(document, "next_due",
                        progress_moment_json(due->next_ms));
    json_object_set_new(document, "topics", topics);
    return json_write(stdout, document, err);
}

static void
show_text(const struct context *context, const struct due *due)
{
    if (due->today == 0) {
        puts(tr("nothing is due today"));
    }
    else {
        printf(tr("due today: %zu, now: %zu, from earlier days: %zu\n"),
               due->today, due->now, due->overdue);
    }
    for (size_t i = 0; i < due->topic_count; i++) {
        const struct due_topic *topic = &due->topics[i];
        if (topic->today > 0) {
            printf("%6zu  %s", topic->today, lang_pick(topic->topic->title));
            if (topic->overdue > 0) {
                printf(tr(" (%zu from earlier days)"), topic->overdue);
            }
            putchar('\n');
        }
    }
    if (due->next_ms != 0 && !context->quiet) {
        char next[CALENDAR_TEXT_BYTES];
        progress_local(due->next_ms, next);
        printf(tr("the next one comes at %s\n"), next);
    }
}

int
due_command(struct context *context, int argc, char **argv)
{
    struct due due = {0};
    struct error err;
    int status = progress_no_arguments("due", argc, argv);
    if (status != 0) {
        return status;
    }
    int64_t now_ms = command_now_ms();
    int result = compute(context, &due, now_ms, &err);
    if (result == 0 && context->json) {
        result = show_json(&due, now_ms, &err);
    }
    else if (result == 0) {
        show_text(context, &due);
    }
    free(due.topics);
    return result == 0 ? EXIT_STATUS_DONE : command_fail(&err);
}
