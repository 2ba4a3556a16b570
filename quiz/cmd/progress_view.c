#include "quiz/cmd/progress_view.h"

#include <stdio.h>

#include "quiz/cmd/command.h"
#include "quiz/io/clock.h"
#include "quiz/io/store.h"

struct learner_day
progress_day(int64_t now_ms, int rollover_hour)
{
    struct learner_day today = {.offset_min = clock_offset_min(now_ms),
                                .rollover_hour = rollover_hour};
    today.day = calendar_day(now_ms, today.offset_min, rollover_hour);
    today.start_ms =
        calendar_day_start(today.day, today.offset_min, rollover_hour);
    today.end_ms = today.start_ms + SCHEDULE_DAY_MS;
    return today;
}

void
progress_local(int64_t time_ms, char text[CALENDAR_TEXT_BYTES])
{
    calendar_format(time_ms + clock_offset_min(time_ms) * (int64_t)60000,
                    text);
    text[10] = ' ';
    text[16] = '\0';
}

json_t *
progress_moment_json(int64_t time_ms)
{
    if (time_ms == 0) {
        return json_null();
    }
    char text[CALENDAR_TEXT_BYTES];
    calendar_format(time_ms, text);
    return json_string(text);
}

json_t *
progress_answer_json(const struct logged_answer *answer)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", json_integer(answer->id));
    json_object_set_new(object, "time", progress_moment_json(answer->time_ms));
    json_object_set_new(object, "question", json_text(answer->question_id));
    json_object_set_new(object, "topic", json_text(answer->topic));
    json_object_set_new(object, "mode",
                        json_string(review_mode_name(answer->mode)));
    json_object_set_new(object, "lang", json_string(lang_name(answer->lang)));
    json_object_set_new(object, "duration_ms",
                        json_integer(answer->duration_ms));
    json_object_set_new(object, "score", json_real(answer->score));
    json_object_set_new(object, "rating",
                        json_string(rating_name(answer->rating)));
    json_object_set_new(object, "answer", json_text(answer->answer));
    json_object_set_new(object, "undone", json_boolean(answer->undone));
    return object;
}

static const char *
mode_text(enum review_mode mode)
{
    static const char *const TEXTS[REVIEW_MODE_COUNT] = {
        TR_LATER("practice"), TR_LATER("extra practice"),
        TR_LATER("interview"), TR_LATER("placement")};
    return tr(TEXTS[mode]);
}

static const char *
rating_text(enum rating rating)
{
    static const char *const TEXTS[] = {TR_LATER("again"), TR_LATER("hard"),
                                        TR_LATER("good"), TR_LATER("easy")};
    return tr(TEXTS[rating - RATING_AGAIN]);
}

void
progress_show_answer(const struct logged_answer *answer)
{
    char when[CALENDAR_TEXT_BYTES];
    progress_local(answer->time_ms, when);
    printf("%s  %3.0f%%  %s  %s (%s)%s\n", when, answer->score * 100,
           rating_text(answer->rating), answer->question_id,
           mode_text(answer->mode), answer->undone ? tr(", taken back") : "");
}

int
progress_no_arguments(const char *name, int argc, char **argv)
{
    return argc > 1 ? command_usage(name, tr("unexpected '%s'"), argv[1]) : 0;
}
