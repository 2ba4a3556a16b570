/* ouro stats: how far the learner is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/progress_view.h"
#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/store.h"

enum {
    FORECAST_DAYS = 7,
    MISSED_MOST = 5,
    BAR_COLUMNS = 20
};

/* A topic of the bank. */
struct topic_stats {
    const struct topic *topic;
    size_t questions, seen;
    double mastery; // 0..1, the mean over all its questions
    struct tally tally;
};

/* Everything that is shown. */
struct stats {
    struct topic_stats *topics; // in the bank's order
    size_t topic_count;
    size_t questions, seen, due;
    double mastery;
    struct tally all, today;
    int streak, longest_streak;
    size_t forecast[FORECAST_DAYS]; // [0] today, with what is overdue
    struct learner_day day;
    struct card missed[MISSED_MOST]; // most misses first
    size_t missed_count;
    size_t labs_tried, labs_passed;
    struct interviews interviews; // at most the newest
    struct cards cards;           // what missed borrows from
};

static void
stats_release(struct stats *stats)
{
    cards_release(&stats->cards);
    interviews_release(&stats->interviews);
    free(stats->topics);
    *stats = (struct stats){0};
}

static struct topic_stats *
find_topic(struct stats *stats, const char *id)
{
    for (size_t i = 0; i < stats->topic_count; i++) {
        if (strcmp(stats->topics[i].topic->id, id) == 0) {
            return &stats->topics[i];
        }
    }
    return NULL;
}

static bool
can_be_asked(const struct question *question)
{
    return question != NULL && question->status != STATUS_RETIRED;
}

static void
count_questions(struct stats *stats, const struct bank *bank)
{
    stats->topic_count = bank_topic_count(bank);
    stats->topics = xcalloc(stats->topic_count, sizeof(*stats->topics));
    for (size_t i = 0; i < stats->topic_count; i++) {
        stats->topics[i].topic = bank_topic_at(bank, i);
    }
    for (size_t i = 0; i < bank_count(bank); i++) {
        const struct question *question = bank_brief(bank, i);
        struct topic_stats *topic = find_topic(stats, question->topic);
        if (can_be_asked(question) && topic != NULL) {
            topic->questions++;
            stats->questions++;
        }
    }
}

static void
forecast_card(struct stats *stats, const struct card *card, int64_t now_ms)
{
    if (card->phase == SCHEDULE_NEW) {
        return;
    }
    stats->due += card->due_ms <= now_ms;
    int64_t day = calendar_day(card->due_ms, stats->day.offset_min,
                               stats->day.rollover_hour) -
                  stats->day.day;
    if (day < FORECAST_DAYS) {
        stats->forecast[day > 0 ? day : 0]++;
    }
}

/* Keeps the cards with most misses, in order; strings stay the list's. */
static void
rank_missed(struct stats *stats, const struct card *card)
{
    size_t at = stats->missed_count;
    while (at > 0 && stats->missed[at - 1].misses < card->misses) {
        at--;
    }
    if (card->misses == 0 || at == MISSED_MOST) {
        return;
    }
    if (stats->missed_count < MISSED_MOST) {
        stats->missed_count++;
    }
    memmove(&stats->missed[at + 1], &stats->missed[at],
            (stats->missed_count - at - 1) * sizeof(*stats->missed));
    stats->missed[at] = *card;
}

static void
count_cards(struct stats *stats, const struct bank *bank,
            const struct schedule *schedule, int64_t now_ms)
{
    for (size_t i = 0; i < stats->cards.count; i++) {
        const struct card *card = &stats->cards.items[i];
        const struct question *question = bank_find(bank, card->question_id);
        struct topic_stats *topic =
            can_be_asked(question) ? find_topic(stats, question->topic) : NULL;
        if (topic == NULL) {
            continue;
        }
        double mastery =
            schedule_mastery(schedule, &card->memory, card->last_ms, now_ms);
        topic->seen++;
        topic->mastery += mastery / (double)topic->questions;
        stats->seen++;
        stats->mastery += mastery / (double)stats->questions;
        forecast_card(stats, card, now_ms);
        rank_missed(stats, card);
    }
}

static int
count_answers(struct stats *stats, struct store *store, struct error *err)
{
    struct totals totals = {0};
    if (store_totals(store, &totals, err) != 0) {
        return -1;
    }
    stats->all = totals.all;
    stats->streak = tally_streak(totals.days, totals.day_count, stats->day.day,
                                 &stats->longest_streak);
    for (size_t i = 0; i < totals.day_count; i++) {
        if (totals.days[i].day == stats->day.day) {
            stats->today = totals.days[i].tally;
        }
    }
    for (size_t i = 0; i < totals.topic_count; i++) {
        struct topic_stats *topic = find_topic(stats, totals.topics[i].topic);
        if (topic != NULL) {
            topic->tally = totals.topics[i].tally;
        }
    }
    totals_release(&totals);
    return 0;
}

static int
count_labs(struct stats *stats, struct store *store, struct error *err)
{
    struct labs labs = {0};
    if (store_labs(store, &labs, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < labs.count; i++) {
        stats->labs_tried += labs.items[i].state.attempts > 0;
        stats->labs_passed += labs.items[i].state.passed;
    }
    labs_release(&labs);
    return 0;
}

static int
compute(struct context *context, struct stats *stats, int64_t now_ms,
        struct error *err)
{
    struct schedule schedule;
    struct store *store = NULL;
    if (command_open_bank(context, err) != 0 ||
        command_open_store(context, err) != 0) {
        return -1;
    }
    store = context->store;
    if (store_schedule(store, &schedule, err) != 0) {
        return -1;
    }
    stats->day = progress_day(now_ms, schedule.rollover_hour);
    count_questions(stats, context->bank);
    if (store_cards(store, &stats->cards, err) != 0 ||
        count_answers(stats, store, err) != 0 ||
        count_labs(stats, store, err) != 0 ||
        store_interviews(store, 1, &stats->interviews, err) != 0) {
        return -1;
    }
    count_cards(stats, context->bank, &schedule, now_ms);
    return 0;
}

/* --- as JSON ------------------------------------------------------------- */

/* Share of known answers among those that tested memory; null without any. */
static json_t *
retention_json(const struct tally *tally)
{
    return tally->recall_asked == 0 ? json_null()
                                    : json_real((double)tally->recall_known /
                                                (double)tally->recall_asked);
}

static void
set_size(json_t *object, const char *name, size_t number)
{
    json_object_set_new(object, name, json_integer((json_int_t)number));
}

static void
set_tally(json_t *object, const struct tally *tally)
{
    json_object_set_new(object, "answers", json_integer(tally->answers));
    json_object_set_new(object, "missed", json_integer(tally->missed));
    json_object_set_new(object, "time_ms", json_integer(tally->duration_ms));
    json_object_set_new(object, "retention", retention_json(tally));
    json_object_set_new(object, "retention_of",
                        json_integer(tally->recall_asked));
}

static json_t *
topics_json(const struct stats *stats)
{
    json_t *topics = json_array();
    for (size_t i = 0; i < stats->topic_count; i++) {
        const struct topic_stats *topic = &stats->topics[i];
        json_t *object = json_object();
        json_object_set_new(object, "topic", json_text(topic->topic->id));
        json_object_set_new(object, "title",
                            json_text(lang_pick(topic->topic->title)));
        set_size(object, "questions", topic->questions);
        set_size(object, "seen", topic->seen);
        json_object_set_new(object, "mastery", json_real(topic->mastery));
        set_tally(object, &topic->tally);
        json_array_append_new(topics, object);
    }
    return topics;
}

static json_t *
forecast_json(const struct stats *stats)
{
    json_t *forecast = json_array();
    for (int i = 0; i < FORECAST_DAYS; i++) {
        char date[CALENDAR_TEXT_BYTES];
        calendar_format_day(stats->day.day + i, date);
        json_t *object = json_object();
        json_object_set_new(object, "day", json_string(date));
        set_size(object, "due", stats->forecast[i]);
        json_array_append_new(forecast, object);
    }
    return forecast;
}

static json_t *
missed_json(const struct stats *stats)
{
    json_t *missed = json_array();
    for (size_t i = 0; i < stats->missed_count; i++) {
        const struct card *card = &stats->missed[i];
        json_t *object = json_object();
        json_object_set_new(object, "question", json_text(card->question_id));
        json_object_set_new(object, "topic", json_text(card->topic));
        json_object_set_new(object, "missed", json_integer(card->misses));
        json_object_set_new(object, "answers", json_integer(card->answers));
        json_array_append_new(missed, object);
    }
    return missed;
}

static int
show_json(const struct stats *stats, struct error *err)
{
    json_t *document = json_document("ouro.stats/1");
    json_t *today = json_object();
    json_t *streak = json_object();
    json_t *labs = json_object();
    set_tally(document, &stats->all);
    set_tally(today, &stats->today);
    json_object_set_new(document, "today", today);
    json_object_set_new(streak, "days", json_integer(stats->streak));
    json_object_set_new(streak, "longest",
                        json_integer(stats->longest_streak));
    json_object_set_new(document, "streak", streak);
    set_size(document, "questions", stats->questions);
    set_size(document, "seen", stats->seen);
    set_size(document, "due", stats->due);
    json_object_set_new(document, "mastery", json_real(stats->mastery));
    json_object_set_new(document, "topics", topics_json(stats));
    json_object_set_new(document, "forecast", forecast_json(stats));
    json_object_set_new(document, "missed_most", missed_json(stats));
    set_size(labs, "tried", stats->labs_tried);
    set_size(labs, "passed", stats->labs_passed);
    json_object_set_new(document, "labs", labs);
    json_t *interview = json_null();
    if (stats->interviews.count > 0) {
        const struct interview_row *newest = &stats->interviews.items[0];
        interview = json_object();
        json_object_set_new(interview, "time",
                            progress_moment_json(newest->start_ms));
        json_object_set_new(interview, "score", json_real(newest->score));
    }
    json_object_set_new(document, "last_interview", interview);
    return json_write(stdout, document, err);
}

/* --- for a person -------------------------------------------------------- */

static void
show_bar(const struct view *view, double share)
{
    int full = (int)(share * BAR_COLUMNS + 0.5);
    for (int i = 0; i < BAR_COLUMNS; i++) {
        fputs(i < full ? (view->utf8 ? "█" : "#") : (view->utf8 ? "░" : "."),
              view->out);
    }
}

static void
show_duration(FILE *out, int64_t duration_ms)
{
    int64_t minutes = (duration_ms + 30000) / 60000;
    if (minutes < 60) {
        fprintf(out, tr("%d min"), (int)minutes);
    }
    else {
        fprintf(out, tr("%d h %d min"), (int)(minutes / 60),
                (int)(minutes % 60));
    }
}

static void
show_answers(const struct view *view, const struct stats *stats)
{
    fprintf(view->out, tr("answers: %d, of them missed: %d, time: "),
            (int)stats->all.answers, (int)stats->all.missed);
    show_duration(view->out, stats->all.duration_ms);
    fputc('\n', view->out);
    fprintf(view->out, tr("answers today: %d, time: "),
            (int)stats->today.answers);
    show_duration(view->out, stats->today.duration_ms);
    fputc('\n', view->out);
    fprintf(view->out, tr("days in a row: %d, longest row: %d\n"),
            stats->streak, stats->longest_streak);
    if (stats->all.recall_asked > 0) {
        fprintf(view->out,
                tr("remembered after a day or more: %.0f%% of %d\n"),
                100.0 * (double)stats->all.recall_known /
                    (double)stats->all.recall_asked,
                (int)stats->all.recall_asked);
    }
}

static void
show_topics(const struct view *view, const struct stats *stats)
{
    view_heading(view, tr("Mastery"));
    for (size_t i = 0; i < stats->topic_count; i++) {
        const struct topic_stats *topic = &stats->topics[i];
        if (topic->questions > 0) {
            show_bar(view, topic->mastery);
            fprintf(view->out, " %3.0f%%  %s (%zu/%zu)\n",
                    topic->mastery * 100, lang_pick(topic->topic->title),
                    topic->seen, topic->questions);
        }
    }
    fputc('\n', view->out);
}

static void
show_forecast(const struct view *view, const struct stats *stats)
{
    view_heading(view, tr("Due in the next days"));
    for (int i = 0; i < FORECAST_DAYS; i++) {
        char date[CALENDAR_TEXT_BYTES];
        calendar_format_day(stats->day.day + i, date);
        fprintf(view->out, "%s %6zu%s\n", date, stats->forecast[i],
                i == 0 ? tr("  today") : "");
    }
    fputc('\n', view->out);
}

static void
show_missed(const struct view *view, const struct stats *stats)
{
    if (stats->missed_count == 0) {
        return;
    }
    view_heading(view, tr("Missed most"));
    for (size_t i = 0; i < stats->missed_count; i++) {
        fprintf(view->out, tr("%3d of %3d  %s\n"), stats->missed[i].misses,
                stats->missed[i].answers, stats->missed[i].question_id);
    }
    fputc('\n', view->out);
}

static void
show_text(const struct view *view, const struct stats *stats)
{
    if (stats->all.answers == 0 && stats->labs_tried == 0) {
        fprintf(view->out, "%s\n",
                tr("no answers yet; begin with: ouro quiz"));
        return;
    }
    show_answers(view, stats);
    fputc('\n', view->out);
    show_topics(view, stats);
    show_forecast(view, stats);
    show_missed(view, stats);
    if (stats->labs_tried > 0) {
        fprintf(view->out, tr("labs: %zu passed of %zu tried\n"),
                stats->labs_passed, stats->labs_tried);
    }
    if (stats->interviews.count > 0) {
        fprintf(view->out, tr("latest interview: %.0f%%\n"),
                stats->interviews.items[0].score * 100);
    }
}

int
stats_command(struct context *context, int argc, char **argv)
{
    struct stats stats = {0};
    struct error err;
    int status = progress_no_arguments("stats", argc, argv);
    if (status != 0) {
        return status;
    }
    int result = compute(context, &stats, command_now_ms(), &err);
    if (result == 0 && context->json) {
        result = show_json(&stats, &err);
    }
    else if (result == 0) {
        struct view view = command_view(context);
        show_text(&view, &stats);
    }
    stats_release(&stats);
    return result == 0 ? EXIT_STATUS_DONE : command_fail(&err);
}
