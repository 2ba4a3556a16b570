#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/interview.h"
#include "quiz/core/xalloc.h"

static struct question *
add(struct bank *bank, const char *id, const char *topic, int seconds)
{
    struct arena *arena = bank_arena(bank);
    struct question *question = arena_take(arena, sizeof(*question));
    question->id = arena_string(arena, id, strlen(id));
    question->topic = topic;
    question->kind = QUESTION_OPEN;
    question->seconds = seconds;
    assert_int_equal(bank_add(bank, question, NULL), 0);
    return question;
}

/* Thirty open questions of six topics, 60 to 240 seconds. */
static struct bank *
thirty(void)
{
    static const char *const TOPICS[] = {"a", "b", "c", "d", "e", "f"};
    struct bank *bank = bank_new();
    for (int i = 0; i < 30; i++) {
        char id[16];
        snprintf(id, sizeof(id), "q%d", i);
        add(bank, id, TOPICS[i % 6], 60 + i % 4 * 60)->level =
            (enum level)(i % LEVEL_COUNT);
    }
    return bank;
}

// --- drawing ---------------------------------------------------------------

static void
the_same_seed_draws_the_same_questions(void **state)
{
    (void)state;
    struct bank *bank = thirty();
    int different = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        const struct question *one[INTERVIEW_MAIN] = {NULL};
        const struct question *two[INTERVIEW_MAIN] = {NULL};
        const struct question *other[INTERVIEW_MAIN] = {NULL};
        struct interview_wish wish = {
            .minutes = 30, .level = -1, .seed = seed};
        size_t count = interview_draw(bank, &wish, one);
        assert_number(interview_draw(bank, &wish, two), count);
        assert_memory_equal(one, two, sizeof(one));
        wish.seed = seed + 1000;
        interview_draw(bank, &wish, other);
        different += memcmp(one, other, sizeof(one)) != 0;
    }
    assert_true(different > 40);
    bank_free(bank);
}

static void
a_plan_fits_its_minutes_with_the_follow_ups(void **state)
{
    (void)state;
    struct bank *bank = thirty();
    for (int minutes = 1; minutes <= 90; minutes++) {
        for (uint64_t seed = 0; seed < 20; seed++) {
            const struct question *drawn[INTERVIEW_MAIN];
            const struct interview_wish wish = {
                .minutes = minutes, .level = -1, .seed = seed};
            size_t count = interview_draw(bank, &wish, drawn);
            int seconds = 0;
            assert_true(count >= 1 && count <= INTERVIEW_MAIN);
            for (size_t i = 0; i < count; i++) {
                seconds += drawn[i]->seconds * 3 / 2;
            }
            assert_true(count == 1 || seconds <= minutes * 60);
            // As many as fit: one more of the shortest would not.
            assert_true(count == INTERVIEW_MAIN ||
                        seconds + 90 > minutes * 60);
        }
    }
    bank_free(bank);
}

static void
no_topic_comes_twice_while_there_are_others(void **state)
{
    (void)state;
    struct bank *bank = thirty();
    for (uint64_t seed = 0; seed < 200; seed++) {
        const struct question *drawn[INTERVIEW_MAIN];
        const struct interview_wish wish = {
            .minutes = 600, .level = -1, .seed = seed};
        assert_number(interview_draw(bank, &wish, drawn), INTERVIEW_MAIN);
        for (size_t i = 0; i < INTERVIEW_MAIN; i++) {
            for (size_t k = 0; k < i; k++) {
                assert_ptr_not_equal(drawn[i], drawn[k]);
                assert_true(i >= 6 ||
                            strcmp(drawn[i]->topic, drawn[k]->topic) != 0);
            }
        }
    }
    bank_free(bank);
}

static void
only_ready_open_questions_of_the_level_are_drawn(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    add(bank, "draft", "a", 60)->status = STATUS_DRAFT;
    add(bank, "choice", "b", 60)->kind = QUESTION_CHOICE;
    add(bank, "follows", "c", 60)->open.follow_up_only = true;
    add(bank, "junior", "d", 60);
    add(bank, "senior", "e", 60)->level = LEVEL_SENIOR;
    const struct question *drawn[INTERVIEW_MAIN];
    struct interview_wish wish = {.minutes = 60, .level = LEVEL_SENIOR};
    assert_number(interview_draw(bank, &wish, drawn), 1);
    assert_text(drawn[0]->id, "senior");
    wish.level = -1;
    assert_number(interview_draw(bank, &wish, drawn), 2);
    wish.level = LEVEL_JUNIOR;
    assert_number(interview_draw(bank, &wish, drawn), 1);
    assert_text(drawn[0]->id, "junior");
    wish.level = LEVEL_MIDDLE;
    assert_number(interview_draw(bank, &wish, drawn), 0);
    bank_free(bank);
}

static void
one_question_is_drawn_even_if_it_takes_too_long(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    add(bank, "long", "a", 3600);
    add(bank, "longer", "b", 7200);
    const struct question *drawn[INTERVIEW_MAIN];
    const struct interview_wish wish = {.minutes = 1, .level = -1};
    assert_number(interview_draw(bank, &wish, drawn), 1);
    bank_free(bank);
    bank = bank_new();
    assert_number(interview_draw(bank, &wish, drawn), 0);
    bank_free(bank);
}

// --- follow-ups ------------------------------------------------------------

static void
follow_ups_are_asked_when_their_condition_holds_and_only_once(void **state)
{
    (void)state;
    static const struct follow_up FOLLOW_UPS[] = {
        {.ask = "low", .when = "level < 3"},
        {.ask = "high", .when = "level >= 3"},
        {.ask = "nowhere", .when = "always"},
        {.ask = "main", .when = "always"},
        {.ask = "one", .when = "always"},
        {.ask = "two", .when = "always"},
        {.ask = "three", .when = "always"}};
    struct bank *bank = bank_new();
    struct question *asked = add(bank, "main", "a", 60);
    asked->open.follow_ups = FOLLOW_UPS;
    asked->open.follow_up_count = 7;
    add(bank, "low", "a", 60);
    add(bank, "high", "a", 60);
    const struct question *one = add(bank, "one", "a", 60);
    add(bank, "two", "a", 60)->status = STATUS_DRAFT;
    add(bank, "three", "a", 60);
    struct interview interview = {0};
    interview_add(&interview,
                  &(struct exchange){.question = asked,
                                     .answer = xstrdup("it counts"),
                                     .assessment = {.level = 3.5}});
    const struct question *next[INTERVIEW_FOLLOW_UPS] = {NULL};
    struct exchange main = interview.items[0];
    assert_number(interview_follow_ups(&interview, bank, &main, next), 2);
    assert_text(next[0]->id, "high");
    assert_text(next[1]->id, "one");
    interview_add(&interview,
                  &(struct exchange){.question = one, .follows = asked});
    assert_number(interview_follow_ups(&interview, bank, &main, next), 2);
    assert_text(next[0]->id, "high");
    assert_text(next[1]->id, "three");
    main.answer = NULL; // a skipped question has none
    assert_number(interview_follow_ups(&interview, bank, &main, next), 0);
    interview_release(&interview);
    bank_free(bank);
}

// --- scores ----------------------------------------------------------------

static const struct question GC = {.id = "gc", .topic = "gc"};
static const struct question GIL = {.id = "gil", .topic = "gil"};

static void
said(struct interview *interview, const struct question *question,
     const struct question *follows, double level)
{
    interview_add(interview, &(struct exchange){
                                 .question = question,
                                 .follows = follows,
                                 .answer = level < 0 ? NULL : xstrdup("said"),
                                 .assessment = {.level = level}});
}

static void
the_score_is_a_mean_with_follow_ups_at_half_weight(void **state)
{
    (void)state;
    struct interview interview = {0};
    assert_true(interview_score(&interview) == 0);
    said(&interview, &GC, NULL, 4);
    assert_true(interview_score(&interview) == 1);
    said(&interview, &GIL, &GC, 1);
    assert_true(fabs(interview_score(&interview) - 4.5 / 1.5 / 4) < 1e-12);
    said(&interview, &GIL, NULL, -1); // skipped
    assert_true(fabs(interview_score(&interview) - 4.5 / 2.5 / 4) < 1e-12);
    interview_release(&interview);
    assert_number(interview.count, 0);
    interview_release(&interview);
}

static void
topics_are_scored_in_the_order_they_came_up(void **state)
{
    (void)state;
    struct interview interview = {0};
    struct topic_score scores[3];
    assert_number(interview_topics(&interview, scores, 3), 0);
    said(&interview, &GIL, NULL, 4);
    said(&interview, &GC, NULL, 3);
    said(&interview, &GIL, &GIL, 1);
    said(&interview, &GIL, NULL, -1);
    assert_number(interview_topics(&interview, scores, 3), 2);
    assert_text(scores[0].topic, "gil");
    assert_number(scores[0].count, 3);
    assert_true(fabs(scores[0].level - 5.0 / 3) < 1e-12);
    assert_text(scores[1].topic, "gc");
    assert_true(scores[1].level == 3);
    assert_number(interview_topics(&interview, scores, 1), 1);
    interview_release(&interview);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_same_seed_draws_the_same_questions),
        cmocka_unit_test(a_plan_fits_its_minutes_with_the_follow_ups),
        cmocka_unit_test(no_topic_comes_twice_while_there_are_others),
        cmocka_unit_test(only_ready_open_questions_of_the_level_are_drawn),
        cmocka_unit_test(one_question_is_drawn_even_if_it_takes_too_long),
        cmocka_unit_test(
            follow_ups_are_asked_when_their_condition_holds_and_only_once),
        cmocka_unit_test(the_score_is_a_mean_with_follow_ups_at_half_weight),
        cmocka_unit_test(topics_are_scored_in_the_order_they_came_up),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
