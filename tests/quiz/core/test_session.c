#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/session.h"
#include "tests/support/dice.h"

enum {
    NOW_MS = 1000000
};

static const struct session_wish EVERYTHING = {
    .pick = SESSION_DUE_AND_NEW, .kind = -1, .level = -1, .count = 100};

static struct question *
add(struct bank *bank, const char *id, const char *topic, enum level level)
{
    struct arena *arena = bank_arena(bank);
    struct question *question = arena_take(arena, sizeof(*question));
    question->id = arena_string(arena, id, strlen(id));
    question->topic = topic;
    question->kind = QUESTION_CHOICE;
    question->level = level;
    assert_int_equal(bank_add(bank, question, NULL), 0);
    return question;
}

/* The ids that a session asks, with blanks between them, and frees it. */
static const char *
asked(struct session *session)
{
    static char ids[1024];
    size_t length = 0;
    const struct question *question = NULL;
    ids[0] = '\0';
    while ((question = session_next(session)) != NULL) {
        length += (size_t)snprintf(ids + length, sizeof(ids) - length, "%s%s",
                                   length > 0 ? " " : "", question->id);
    }
    session_free(session);
    return ids;
}

/* Five questions of one topic. */
static struct bank *
five(void)
{
    struct bank *bank = bank_new();
    add(bank, "a", "gc", LEVEL_SENIOR);
    add(bank, "b", "gc", LEVEL_JUNIOR);
    add(bank, "c", "gc", LEVEL_MIDDLE);
    add(bank, "d", "gc", LEVEL_JUNIOR);
    add(bank, "e", "gc", LEVEL_SENIOR);
    return bank;
}

static void
new_questions_come_by_level_then_in_the_banks_order(void **state)
{
    (void)state;
    struct bank *bank = five();
    assert_text(asked(session_new(bank, NULL, 0, NOW_MS, &EVERYTHING)),
                "b d c a e");
    bank_free(bank);
}

static void
what_is_due_comes_first_the_longest_waiting_before(void **state)
{
    (void)state;
    struct bank *bank = five();
    const struct session_card cards[] = {
        {.question_id = "e", .due_ms = NOW_MS - 5},
        {.question_id = "c", .due_ms = NOW_MS - 9},
        {.question_id = "d", .due_ms = NOW_MS + 1}, // not yet
        {.question_id = "a", .due_ms = NOW_MS},
        {.question_id = "gone", .due_ms = 0}};
    assert_text(asked(session_new(bank, cards, 5, NOW_MS, &EVERYTHING)),
                "c e a b");
    bank_free(bank);
}

static void
each_pick_takes_its_own(void **state)
{
    (void)state;
    struct bank *bank = five();
    const struct session_card cards[] = {
        {.question_id = "a", .due_ms = NOW_MS - 1},
        {.question_id = "b", .due_ms = NOW_MS + 1, .missed = true},
        {.question_id = "c", .due_ms = NOW_MS - 2, .missed = true}};
    struct session_wish wish = EVERYTHING;
    wish.pick = SESSION_DUE;
    assert_text(asked(session_new(bank, cards, 3, NOW_MS, &wish)), "c a");
    wish.pick = SESSION_NEW;
    assert_text(asked(session_new(bank, cards, 3, NOW_MS, &wish)), "d e");
    wish.pick = SESSION_MISSED;
    assert_text(asked(session_new(bank, cards, 3, NOW_MS, &wish)), "c b");
    wish.pick = SESSION_CRAM;
    struct session *session = session_new(bank, cards, 3, NOW_MS, &wish);
    assert_number(session_count(session), 5);
    session_free(session);
    bank_free(bank);
}

static void
a_wish_narrows_by_topic_kind_and_level(void **state)
{
    (void)state;
    static const char *const TOPICS[] = {"gil", "asyncio", NULL};
    static const char *const NONE[] = {NULL};
    struct bank *bank = bank_new();
    add(bank, "a", "gc", LEVEL_JUNIOR);
    add(bank, "b", "gil", LEVEL_JUNIOR);
    add(bank, "c", "asyncio", LEVEL_SENIOR);
    add(bank, "d", "gil", LEVEL_SENIOR)->kind = QUESTION_OPEN;
    add(bank, "e", "gil", LEVEL_JUNIOR)->status = STATUS_DRAFT;
    struct session_wish wish = EVERYTHING;
    wish.topics = TOPICS;
    assert_text(asked(session_new(bank, NULL, 0, NOW_MS, &wish)), "b c d");
    wish.level = LEVEL_SENIOR;
    assert_text(asked(session_new(bank, NULL, 0, NOW_MS, &wish)), "c d");
    wish.kind = QUESTION_OPEN;
    assert_text(asked(session_new(bank, NULL, 0, NOW_MS, &wish)), "d");
    wish = EVERYTHING;
    wish.topics = NONE;
    assert_text(asked(session_new(bank, NULL, 0, NOW_MS, &wish)), "a b c d");
    bank_free(bank);
}

static void
topics_alternate_as_far_as_there_are_others(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    add(bank, "a1", "a", LEVEL_JUNIOR);
    add(bank, "a2", "a", LEVEL_JUNIOR);
    add(bank, "a3", "a", LEVEL_JUNIOR);
    add(bank, "b1", "b", LEVEL_JUNIOR);
    add(bank, "b2", "b", LEVEL_JUNIOR);
    assert_text(asked(session_new(bank, NULL, 0, NOW_MS, &EVERYTHING)),
                "a1 b1 a2 b2 a3");
    bank_free(bank);
}

static void
an_essay_comes_last_of_its_level(void **state)
{
    (void)state;
    struct bank *bank = five();
    add(bank, "f", "gil", LEVEL_JUNIOR);
    struct question *essay = add(bank, "g", "gil", LEVEL_JUNIOR);
    essay->kind = QUESTION_OPEN;
    add(bank, "h", "gil", LEVEL_JUNIOR);
    assert_text(asked(session_new(bank, NULL, 0, NOW_MS, &EVERYTHING)),
                "b f d h g c a e");
    bank_free(bank);
}

static void
a_session_ends_and_stays_at_its_end(void **state)
{
    (void)state;
    struct bank *bank = five();
    struct session_wish wish = EVERYTHING;
    wish.count = 2;
    struct session *session = session_new(bank, NULL, 0, NOW_MS, &wish);
    assert_number(session_count(session), 2);
    assert_number(session_left(session), 2);
    assert_text(session_next(session)->id, "b");
    assert_number(session_left(session), 1);
    assert_text(session_next(session)->id, "d");
    assert_number(session_left(session), 0);
    assert_null(session_next(session));
    assert_null(session_next(session));
    session_free(session);
    session_free(NULL);
    bank_free(bank);
}

static void
an_empty_bank_makes_an_empty_session(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    struct session *session = session_new(bank, NULL, 0, NOW_MS, &EVERYTHING);
    assert_number(session_count(session), 0);
    assert_null(session_next(session));
    session_free(session);
    bank_free(bank);
}

static void
a_missed_question_comes_back_but_not_at_once(void **state)
{
    (void)state;
    struct bank *bank = five();
    struct session *session = session_new(bank, NULL, 0, NOW_MS, &EVERYTHING);
    const struct question *missed = session_next(session);
    assert_text(missed->id, "b");
    session_return(session, missed);
    assert_number(session_left(session), 5);
    assert_number(session_count(session), 5); // different ones
    assert_text(asked(session), "d c a b e");
    bank_free(bank);
}

static void
at_the_end_it_comes_back_as_late_as_it_can(void **state)
{
    (void)state;
    struct bank *bank = five();
    struct session_wish wish = EVERYTHING;
    wish.count = 2;
    struct session *session = session_new(bank, NULL, 0, NOW_MS, &wish);
    const struct question *first = session_next(session);
    session_return(session, first);
    assert_text(session_next(session)->id, "d");
    assert_ptr_equal(session_next(session), first);
    for (int i = 0; i < 100; i++) { // as often as it is missed
        session_return(session, first);
        assert_ptr_equal(session_next(session), first);
    }
    assert_null(session_next(session));
    session_free(session);
    bank_free(bank);
}

/* A bank of 60 questions of five topics, drawn from dice, and cards for about
 * half of them. */
static struct bank *
random_bank(struct dice *dice, struct session_card *cards, size_t *count)
{
    static const char *const TOPICS[] = {"a", "b", "c", "d", "e"};
    struct bank *bank = bank_new();
    *count = 0;
    for (int i = 0; i < 60; i++) {
        char id[16];
        snprintf(id, sizeof(id), "q%d", i);
        struct question *question =
            add(bank, id, TOPICS[dice_roll(dice, 5)],
                (enum level)dice_roll(dice, LEVEL_COUNT));
        if (dice_roll(dice, 2) == 0) {
            cards[(*count)++] = (struct session_card){
                .question_id = question->id,
                .due_ms = NOW_MS - 50 + (int64_t)dice_roll(dice, 100),
                .missed = dice_roll(dice, 2) == 0};
        }
    }
    return bank;
}

/* Whether a question has a card, and is due then. */
static bool
is_due(const struct session_card *cards, size_t count,
       const struct question *question)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(cards[i].question_id, question->id) == 0) {
            assert_true(cards[i].due_ms <= NOW_MS);
            return true;
        }
    }
    return false;
}

static void
any_session_has_no_question_twice_and_what_is_due_first(void **state)
{
    (void)state;
    struct dice dice = {.seed = 16};
    for (int round = 0; round < 300; round++) {
        struct session_card cards[60];
        size_t count = 0;
        struct bank *bank = random_bank(&dice, cards, &count);
        struct session_wish wish = EVERYTHING;
        wish.count = 1 + (int)dice_roll(&dice, 70);
        struct session *session =
            session_new(bank, cards, count, NOW_MS, &wish);
        const struct question *seen[60];
        size_t number = 0;
        int level = 0;
        bool due = true;
        while ((seen[number] = session_next(session)) != NULL) {
            for (size_t i = 0; i < number; i++) {
                assert_ptr_not_equal(seen[i], seen[number]);
            }
            if (is_due(cards, count, seen[number])) {
                assert_true(due);
            }
            else {
                due = false;
                assert_true((int)seen[number]->level >= level);
                level = (int)seen[number]->level;
            }
            if (++number == 60) {
                break;
            }
        }
        assert_true((int)number <= wish.count);
        assert_number(session_count(session), number);
        session_free(session);
        bank_free(bank);
    }
}

static void
cramming_asks_all_in_an_order_of_the_seed(void **state)
{
    (void)state;
    struct dice dice = {.seed = 17};
    struct session_card cards[60];
    size_t count = 0;
    struct bank *bank = random_bank(&dice, cards, &count);
    struct session_wish wish = EVERYTHING;
    char first[1024];
    wish.pick = SESSION_CRAM;
    wish.seed = 1;
    struct session *session = session_new(bank, cards, count, NOW_MS, &wish);
    assert_number(session_count(session), 60);
    snprintf(first, sizeof(first), "%s", asked(session));
    assert_text(asked(session_new(bank, cards, count, NOW_MS, &wish)), first);
    wish.seed = 2;
    assert_string_not_equal(
        asked(session_new(bank, cards, count, NOW_MS, &wish)), first);
    bank_free(bank);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(new_questions_come_by_level_then_in_the_banks_order),
        cmocka_unit_test(what_is_due_comes_first_the_longest_waiting_before),
        cmocka_unit_test(each_pick_takes_its_own),
        cmocka_unit_test(a_wish_narrows_by_topic_kind_and_level),
        cmocka_unit_test(topics_alternate_as_far_as_there_are_others),
        cmocka_unit_test(an_essay_comes_last_of_its_level),
        cmocka_unit_test(a_session_ends_and_stays_at_its_end),
        cmocka_unit_test(an_empty_bank_makes_an_empty_session),
        cmocka_unit_test(a_missed_question_comes_back_but_not_at_once),
        cmocka_unit_test(at_the_end_it_comes_back_as_late_as_it_can),
        cmocka_unit_test(
            any_session_has_no_question_twice_and_what_is_due_first),
        cmocka_unit_test(cramming_asks_all_in_an_order_of_the_seed),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
