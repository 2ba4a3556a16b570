#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/io/paths.h"
#include "quiz/io/store.h"
#include "tests/support/tempdir.h"

static const int64_t NOW_MS = 1800000000000;
static const int64_t DAY_MS = SCHEDULE_DAY_MS;

static struct review
answer(const char *question_id, int64_t time_ms, enum rating rating)
{
    return (struct review){.question_id = question_id,
                           .topic = "gc",
                           .mode = REVIEW_MODE_SCHEDULED,
                           .lang = LANG_EN,
                           .time_ms = time_ms,
                           .duration_ms = 4000,
                           .score = rating == RATING_AGAIN ? 0 : 1,
                           .rating = rating,
                           .answer = "because"};
}

static struct store *
opened(const char *folder)
{
    struct store *store = NULL;
    struct error err;
    if (store_open(&store, folder, &err) != 0) {
        fail_msg("cannot open: %s", err.message);
    }
    return store;
}

static void
must_add(struct store *store, const struct review *review)
{
    struct error err;
    if (store_add_review(store, review, NULL, &err) != 0) {
        fail_msg("cannot add: %s", err.message);
    }
}

static void
add(struct store *store, const char *question_id, int64_t time_ms,
    enum rating rating)
{
    struct review review = answer(question_id, time_ms, rating);
    must_add(store, &review);
}

/* The card with this id, without its strings; all zero if there is none. */
static struct card
card_of(struct store *store, const char *question_id)
{
    struct card found = {0};
    struct error err;
    int there = store_find_card(store, question_id, &found, &err);
    assert_true(there >= 0);
    if (there == 1) {
        assert_text(found.question_id, question_id);
        assert_text(found.topic, "gc");
        free(found.question_id);
    }
    return found;
}

static void
assert_same_card(const struct card *a, const struct card *b)
{
    assert_number(a->phase, b->phase);
    assert_number(a->step, b->step);
    assert_true(a->memory.stability == b->memory.stability);
    assert_true(a->memory.difficulty == b->memory.difficulty);
    assert_number(a->last_ms, b->last_ms);
    assert_number(a->due_ms, b->due_ms);
    assert_number(a->reviews, b->reviews);
    assert_number(a->lapses, b->lapses);
    assert_number(a->answers, b->answers);
    assert_number(a->misses, b->misses);
    assert_number(a->answered_ms, b->answered_ms);
    assert_number(a->last_missed, b->last_missed);
}

static void
nothing_is_created_before_the_first_write(void **state)
{
    char *folder = paths_join(*state, "deep/profile");
    struct store *store = opened(folder);
    struct cards cards = {0};
    struct error err;
    size_t count = 9;
    char *id = NULL;
    struct lab_state lab;
    assert_number(store_due(store, NOW_MS, 10, &cards, &err), 0);
    assert_number(cards.count, 0);
    assert_number(store_count_due(store, NOW_MS, 10, &count, &err), 0);
    assert_number(count, 0);
    assert_number(store_undo(store, &id, &err), 0);
    assert_number(store_lab_state(store, "x", &lab, &err), 0);
    assert_number(store_rebuild(store, NULL, &err), 0);
    assert_number(access(folder, F_OK), -1);
    add(store, "q", NOW_MS, RATING_GOOD);
    assert_number(access(folder, F_OK), 0);
    store_close(store);
    free(folder);
}

static void
an_answer_is_there_after_opening_again(void **state)
{
    struct store *store = opened(*state);
    add(store, "q", NOW_MS, RATING_EASY);
    store_close(store);
    store = opened(*state);
    struct card card = card_of(store, "q");
    assert_number(card.reviews, 1);
    assert_number(card.phase, SCHEDULE_REVIEW);
    assert_number(card.due_ms, NOW_MS + 8 * DAY_MS);
    assert_number(card.last_ms, NOW_MS);
    store_close(store);
}

static void
a_card_walks_through_the_published_intervals(void **state)
{
    static const int GRADES[] = {3, 3, 3, 3, 3, 3, 1, 1, 3, 3, 3, 3, 3};
    static const int EXPECTED[] = {0, 2, 11, 46, 163, 498, 0,
                                   0, 2, 4,  7,  12,  21};
    struct store *store = opened(*state);
    int64_t now_ms = NOW_MS;
    for (int i = 0; i < 13; i++) {
        int64_t wait_ms[4];
        struct error err;
        assert_number(store_preview(store, "q", now_ms, wait_ms, &err), 0);
        add(store, "q", now_ms, (enum rating)GRADES[i]);
        struct card card = card_of(store, "q");
        assert_number((card.due_ms - now_ms) / DAY_MS, EXPECTED[i]);
        assert_number(card.due_ms - now_ms, wait_ms[GRADES[i] - 1]);
        now_ms = card.due_ms;
    }
    store_close(store);
}

static void
due_cards_come_longest_waiting_first(void **state)
{
    struct store *store = opened(*state);
    add(store, "b", NOW_MS + 2, RATING_AGAIN);
    add(store, "a", NOW_MS + 1, RATING_AGAIN);
    add(store, "later", NOW_MS, RATING_EASY);
    struct cards cards = {0};
    struct error err;
    int64_t soon_ms = NOW_MS + 60001;
    assert_number(store_due(store, soon_ms - 1, 10, &cards, &err), 0);
    assert_number(cards.count, 0);
    assert_number(store_due(store, soon_ms + 1, 10, &cards, &err), 0);
    assert_number(cards.count, 2);
    assert_text(cards.items[0].question_id, "a");
    assert_text(cards.items[1].question_id, "b");
    cards_release(&cards);
    assert_number(store_due(store, soon_ms + 1, 1, &cards, &err), 0);
    assert_number(cards.count, 1);
    cards_release(&cards);
    size_t count = 0;
    assert_number(store_count_due(store, soon_ms + 1, 99, &count, &err), 0);
    assert_number(count, 2);
    assert_number(store_count_due(store, soon_ms + 1, 1, &count, &err), 0);
    assert_number(count, 1);
    store_close(store);
}

static void
extra_practice_never_changes_due_dates(void **state)
{
    struct store *store = opened(*state);
    add(store, "q", NOW_MS, RATING_EASY);
    struct card before = card_of(store, "q");
    for (int i = 0; i < REVIEW_MODE_COUNT; i++) {
        struct review review = answer("q", NOW_MS + DAY_MS + i, RATING_AGAIN);
        review.mode = (enum review_mode)i;
        if (review.mode != REVIEW_MODE_SCHEDULED) {
            must_add(store, &review);
        }
    }
    struct card after = card_of(store, "q");
    assert_number(after.due_ms, before.due_ms);
    assert_number(after.reviews, 1);
    assert_number(after.answers, 4);
    assert_number(after.misses, 3);
    assert_true(after.last_missed);
    assert_true(after.memory.stability == before.memory.stability);
    store_close(store);
}

static void
placement_schedules_what_was_known_and_nothing_else(void **state)
{
    struct store *store = opened(*state);
    struct review known = answer("known", NOW_MS, RATING_GOOD);
    struct review missed = answer("missed", NOW_MS, RATING_AGAIN);
    known.mode = missed.mode = REVIEW_MODE_PLACEMENT;
    must_add(store, &known);
    must_add(store, &missed);
    assert_number(card_of(store, "known").phase, SCHEDULE_REVIEW);
    assert_number(card_of(store, "known").due_ms, NOW_MS + 2 * DAY_MS);
    assert_number(card_of(store, "missed").phase, SCHEDULE_NEW);
    assert_number(card_of(store, "missed").due_ms, 0);
    assert_true(card_of(store, "missed").last_missed);
    store_close(store);
}

/* Takes the newest answer back and expects it to be of this question; NULL:
 * there is none. */
static void
undo_takes(struct store *store, const char *question_id)
{
    struct error err;
    char *id = NULL;
    assert_number(store_undo(store, &id, &err), question_id != NULL);
    if (question_id != NULL) {
        assert_text(id, question_id);
    }
    free(id);
}

static void
undo_takes_back_one_answer_after_the_other(void **state)
{
    struct store *store = opened(*state);
    add(store, "a", NOW_MS, RATING_EASY);
    struct card before = card_of(store, "a");
    add(store, "a", NOW_MS + 9 * DAY_MS, RATING_AGAIN);
    add(store, "b", NOW_MS + 10 * DAY_MS, RATING_GOOD);
    undo_takes(store, "b");
    assert_number(card_of(store, "b").answers, 0);
    undo_takes(store, "a");
    struct card after = card_of(store, "a");
    assert_same_card(&after, &before);
    undo_takes(store, "a");
    undo_takes(store, NULL);
    store_close(store);
}

static void
an_answer_can_get_another_rating(void **state)
{
    struct store *store = opened(*state);
    struct error err;
    int64_t id = 0;
    struct review review = answer("a", NOW_MS, RATING_GOOD);
    assert_number(store_add_review(store, &review, &id, &err), 0);
    add(store, "b", NOW_MS + 1, RATING_GOOD); // newer, but not meant
    review.rating = RATING_EASY;
    assert_number(store_replace_review(store, id, &review, &id, &err), 0);
    assert_number(card_of(store, "a").due_ms, NOW_MS + 8 * DAY_MS);
    assert_number(card_of(store, "a").reviews, 1);
    assert_number(card_of(store, "b").reviews, 1);
    assert_number(store_replace_review(store, id, NULL, NULL, &err), 0);
    assert_number(store_replace_review(store, id, NULL, NULL, &err), 0);
    assert_number(card_of(store, "a").answers, 0);
    store_close(store);
}

static void
answers_are_summed_by_topic_and_by_day(void **state)
{
    struct store *store = opened(*state);
    struct error err;
    struct totals totals = {0};
    struct review other = answer("b", NOW_MS, RATING_AGAIN);
    other.topic = "gil";
    add(store, "a", NOW_MS, RATING_EASY);
    add(store, "a", NOW_MS + 9 * DAY_MS, RATING_GOOD);
    must_add(store, &other);
    assert_number(store_totals(store, &totals, &err), 0);
    assert_number(totals.topic_count, 2);
    assert_text(totals.topics[0].topic, "gc");
    assert_number(totals.topics[0].tally.answers, 2);
    assert_number(totals.topics[0].tally.recall_asked, 1);
    assert_number(totals.topics[0].tally.recall_known, 1);
    assert_number(totals.topics[1].tally.missed, 1);
    assert_number(totals.day_count, 2);
    assert_number(totals.days[1].day - totals.days[0].day, 9);
    assert_number(totals.all.duration_ms, 12000);
    totals_release(&totals);
    store_close(store);
}

static void
labs_are_summed_up(void **state)
{
    struct store *store = opened(*state);
    struct error err;
    struct attempt attempt = {.lab_id = "01_refcount",
                              .time_ms = NOW_MS,
                              .verdict = "fail",
                              .score = 3,
                              .max_score = 10,
                              .seed = UINT64_MAX};
    assert_number(store_add_hint(store, "01_refcount", 0, NOW_MS, &err), 0);
    assert_number(store_add_hint(store, "01_refcount", 0, NOW_MS, &err), 0);
    assert_number(store_add_attempt(store, &attempt, &err), 0);
    attempt.verdict = "pass";
    attempt.score = 10;
    attempt.time_ms++;
    assert_number(store_add_attempt(store, &attempt, &err), 0);
    attempt.verdict = "internal_error";
    attempt.time_ms++;
    assert_number(store_add_attempt(store, &attempt, &err), 0);
    attempt.verdict = "partial";
    attempt.score = 5;
    assert_number(store_add_attempt(store, &attempt, &err), 0);
    struct lab_state lab = {0};
    assert_number(store_lab_state(store, "01_refcount", &lab, &err), 0);
    assert_number(lab.attempts, 3);
    assert_number(lab.best_score, 10);
    assert_number(lab.max_score, 10);
    assert_number(lab.hints_seen, 1);
    assert_true(lab.passed);
    assert_number(lab.last_ms, NOW_MS + 2);
    assert_number(store_lab_state(store, "other", &lab, &err), 0);
    assert_number(lab.attempts, 0);
    store_close(store);
}

static void
interviews_are_listed_newest_first(void **state)
{
    struct store *store = opened(*state);
    struct error err;
    struct interviews interviews = {0};
    struct interview_record record = {
        .start_ms = 1, .end_ms = 2, .score = 0.25, .report = "{}"};
    assert_number(store_interviews(store, 5, &interviews, &err), 0);
    assert_number(interviews.count, 0);
    assert_number(store_add_interview(store, &record, &err), 0);
    record.start_ms = 10;
    record.plan = "first-job";
    assert_number(store_add_interview(store, &record, &err), 0);
    assert_number(store_interviews(store, 5, &interviews, &err), 0);
    assert_number(interviews.count, 2);
    assert_number(interviews.items[0].start_ms, 10);
    assert_text(interviews.items[0].plan, "first-job");
    assert_null(interviews.items[1].plan);
    interviews_release(&interviews);
    store_close(store);
}

static int
make_folder(void **state)
{
    *state = tempdir_make();
    return 0;
}

static int
remove_folder(void **state)
{
    tempdir_remove(*state);
    return 0;
}

#define in_folder(name)                                                       \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        in_folder(nothing_is_created_before_the_first_write),
        in_folder(an_answer_is_there_after_opening_again),
        in_folder(a_card_walks_through_the_published_intervals),
        in_folder(due_cards_come_longest_waiting_first),
        in_folder(extra_practice_never_changes_due_dates),
        in_folder(placement_schedules_what_was_known_and_nothing_else),
        in_folder(undo_takes_back_one_answer_after_the_other),
        in_folder(an_answer_can_get_another_rating),
        in_folder(answers_are_summed_by_topic_and_by_day),
        in_folder(labs_are_summed_up),
        in_folder(interviews_are_listed_newest_first),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
