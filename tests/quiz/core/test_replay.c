#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/core/replay.h"
#include "quiz/core/schedule.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"

static int
replay(const char *csv, bool unique, struct replay *result, struct error *err)
{
    struct schedule schedule = schedule_default();
    char *bytes = xstrdup(csv);
    int status = replay_csv(result, &schedule, bytes, strlen(bytes), "log.csv",
                            unique, err);
    free(bytes);
    return status;
}

static struct replay
replayed(const char *csv, bool unique)
{
    struct replay result = {0};
    struct error err;
    if (replay(csv, unique, &result, &err) != 0) {
        fail_msg("%s", err.message);
    }
    return result;
}

static void
assert_memory(const struct replay_card *card, double stability,
              double difficulty)
{
    if (fabs(card->memory.stability - stability) > stability * 1e-7 ||
        fabs(card->memory.difficulty - difficulty) > difficulty * 1e-7) {
        fail_msg("card %s: stability %.9g, difficulty %.9g", card->id,
                 card->memory.stability, card->memory.difficulty);
    }
}

/* The vector that tells the libraries apart, as a log. */
static const char DIVERGENCE[] = "card_id,review_rating,review_time\n"
                                 "a,3,2026-01-01T00:00:00Z\n"
                                 "a,2,2026-01-04T00:00:00Z\n"
                                 "a,4,2026-01-09T00:00:00Z\n"
                                 "a,1,2026-02-08T00:00:00Z\n"
                                 "a,3,2026-02-08T23:59:59Z\n"
                                 "a,2,2026-02-09T12:00:00Z\n"
                                 "a,3,2026-02-11T12:00:00Z\n";

static void
a_log_leads_to_the_published_state(void **state)
{
    (void)state;
    struct replay result = replayed(DIVERGENCE, false);
    assert_number(result.count, 1);
    assert_number(result.reviews, 7);
    assert_number(result.cards[0].reviews, 7);
    assert_memory(&result.cards[0], 3.78540322, 8.42320515);
    assert_number(result.cards[0].due_ms - result.cards[0].last_ms,
                  4LL * SCHEDULE_DAY_MS);
    replay_release(&result);
}

static void
columns_rows_and_spellings_may_be_in_any_order(void **state)
{
    (void)state;
    struct replay result = replayed(
        "\xEF\xBB\xBF\"review_time\",note,card_id,\"review_rating\"\r\n"
        "1770811200000,x,a,3\r\n"
        "2026-02-09 12:00:00,\"a,\"\"b\"\"\",a,2\r\n"
        "2026-02-09T02:59:59+03:00,,a,3\r\n"
        "\r\n"
        "2026-02-08,,a,1\r\n"
        "2026-01-09T00:00:00.000Z,,a,4\r\n"
        "2026-01-03T19:00:00-05:00,,a,2\r\n"
        "2026-01-01T00:00,,a,3",
        false);
    assert_number(result.count, 1);
    assert_memory(&result.cards[0], 3.78540322, 8.42320515);
    replay_release(&result);
}

static void
a_day_is_a_whole_period_of_24_hours(void **state)
{
    (void)state;
    struct replay short_of = replayed("card_id,review_rating,review_time\n"
                                      "a,3,2026-01-01T23:00:00Z\n"
                                      "a,3,2026-01-02T22:59:59Z\n",
                                      false);
    struct replay exactly = replayed("card_id,review_rating,review_time\n"
                                     "a,3,2026-01-01T23:00:00Z\n"
                                     "a,3,2026-01-02T23:00:00Z\n",
                                     false);
    assert_true(short_of.cards[0].memory.stability == 2.3065);
    assert_true(exactly.cards[0].memory.stability > 2.4);
    replay_release(&short_of);
    replay_release(&exactly);
}

static void
rows_of_one_moment_stay_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct replay again_first = replayed("card_id,review_rating,review_time\n"
                                         "a,4,2026-01-09\n"
                                         "a,1,2026-01-01\na,3,2026-01-01\n",
                                         false);
    struct replay good_first = replayed("card_id,review_rating,review_time\n"
                                        "a,4,2026-01-09\n"
                                        "a,3,2026-01-01\na,1,2026-01-01\n",
                                        false);
    assert_true(again_first.cards[0].memory.difficulty !=
                good_first.cards[0].memory.difficulty);
    replay_release(&again_first);
    replay_release(&good_first);
}

static void
duplicates_count_unless_they_are_left_out(void **state)
{
    (void)state;
    static const char CSV[] = "card_id,review_rating,review_time\n"
                              "a,3,2026-01-01\nb,3,2026-01-01\n"
                              "a,3,2026-01-01T00:00:00Z\na,2,2026-01-01\n"
                              "a,3,1767225600000\n";
    struct replay all = replayed(CSV, false);
    struct replay unique = replayed(CSV, true);
    assert_number(all.duplicates, 2);
    assert_number(all.cards[0].reviews, 4);
    assert_number(unique.duplicates, 2);
    assert_number(unique.cards[0].reviews, 2);
    assert_number(unique.cards[1].reviews, 1);
    assert_text(unique.cards[1].id, "b");
    replay_release(&all);
    replay_release(&unique);
}

static void
thousands_of_cards_are_told_apart(void **state)
{
    (void)state;
    struct text csv = {0};
    text_add(&csv, "card_id,review_rating,review_time\n");
    for (int i = 0; i < 20000; i++) {
        text_add_format(&csv, "card-%d,%d,%d\n", i * 7919 % 5000, i % 4 + 1,
                        i);
    }
    struct replay result = replayed(text_string(&csv), false);
    assert_number(result.count, 5000);
    for (size_t i = 0; i < result.count; i++) {
        assert_number(result.cards[i].reviews, 4);
    }
    replay_release(&result);
    text_release(&csv);
}

static void
every_bad_row_is_named_with_its_line(void **state)
{
    (void)state;
    struct replay result = {0};
    struct error err;
    assert_number(replay("card_id,review_rating,review_time\n"
                         "a,5,2026-01-01\n"
                         "a,3,2026-02-30\n"
                         ",3,2026-01-01\n"
                         "a,3\n"
                         "a,3,2026-01-01\n"
                         "a,\"3,2026-01-01\n",
                         false, &result, &err),
                  -1);
    assert_number(err.status, EXIT_STATUS_CONTENT);
    assert_contains(err.message, "log.csv:2: review_rating is '5'");
    assert_contains(err.message, "log.csv:3: review_time '2026-02-30'");
    assert_contains(err.message, "log.csv:4: card_id");
    assert_contains(err.message, "log.csv:5: the row has no review_time");
    assert_contains(err.message, "log.csv:7: a quote");
    assert_null(strstr(err.message, "log.csv:6"));
    assert_null(result.cards);
}

static void
many_bad_rows_are_counted_beyond_the_first(void **state)
{
    (void)state;
    struct text csv = {0};
    struct replay result = {0};
    struct error err;
    text_add(&csv, "card_id,review_rating,review_time\n");
    for (int i = 0; i < 100; i++) {
        text_add(&csv, "a,0,x\n");
    }
    assert_number(replay(text_string(&csv), false, &result, &err), -1);
    assert_contains(err.message, "and 85 more");
    text_release(&csv);
}

static void
a_header_that_will_not_do_is_refused(void **state)
{
    (void)state;
    struct replay result = {0};
    struct error err;
    assert_number(replay("", false, &result, &err), -1);
    assert_contains(err.message, "log.csv:1");
    assert_number(replay("card_id,review_rating\n", false, &result, &err), -1);
    assert_contains(err.message, "lacks the column 'review_time'");
    assert_number(replay("card_id,review_rating,review_time,card_id\n", false,
                         &result, &err),
                  -1);
    assert_contains(err.message, "'card_id' twice");
    assert_number(
        replay("card_id,review_rating,review_time\n", false, &result, &err),
        0);
    assert_number(result.count, 0);
    replay_release(&result);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_log_leads_to_the_published_state),
        cmocka_unit_test(columns_rows_and_spellings_may_be_in_any_order),
        cmocka_unit_test(a_day_is_a_whole_period_of_24_hours),
        cmocka_unit_test(rows_of_one_moment_stay_in_the_order_of_the_file),
        cmocka_unit_test(duplicates_count_unless_they_are_left_out),
        cmocka_unit_test(thousands_of_cards_are_told_apart),
        cmocka_unit_test(every_bad_row_is_named_with_its_line),
        cmocka_unit_test(many_bad_rows_are_counted_beyond_the_first),
        cmocka_unit_test(a_header_that_will_not_do_is_refused),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
