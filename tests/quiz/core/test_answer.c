#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/answer.h"
#include "quiz/core/error.h"
#include "quiz/core/question.h"
#include "quiz/core/words.h"
#include "quiz/core/xalloc.h"
#include "tests/support/dice.h"

// --- one question of each kind ---------------------------------------------

static const struct choice_option OPTIONS[] = {
    {.text = {{"right one", "верно раз"}}, .right = true},
    {.text = {{"wrong one", "мимо раз"}}},
    {.text = {{"right two", "верно два"}}, .right = true},
    {.text = {{"wrong two", "мимо два"}}}};
static const struct question CHOICE = {
    .id = "choice",
    .kind = QUESTION_CHOICE,
    .choice = {.options = OPTIONS, .count = 4, .shuffle = true}};

static const struct question TRUTH = {.id = "truth",
                                      .kind = QUESTION_TRUE_FALSE,
                                      .true_false = {.answer = true}};

static const struct bilingual STEPS[] = {{{"one", "раз"}},
                                         {{"two", "два"}},
                                         {{"three", "три"}},
                                         {{"four", "четыре"}}};
static const struct question ORDER = {.id = "order",
                                      .kind = QUESTION_ORDER,
                                      .order = {.steps = STEPS, .count = 4}};

static const struct pair PAIRS[] = {
    {.left = {{"list", "список"}}, .right = {{"mutable", "изменяемый"}}},
    {.left = {{"tuple", "кортеж"}}, .right = {{"immutable", "неизменяемый"}}},
    {.left = {{"dict", "словарь"}}, .right = {{"mutable", "изменяемый"}}}};
static const struct question MATCH = {.id = "match",
                                      .kind = QUESTION_MATCH,
                                      .match = {.pairs = PAIRS, .count = 3}};

static const char *const COUNT_EN[] = {"reference count", "refcount"};
static const char *const COUNT_RU[] = {"счётчик ссылок"};
static const char *const ZERO[] = {"0", "zero"};
static const char *const ZERO_RU[] = {"0", "ноль"};
#define LIST(array)                                                           \
    {                                                                         \
        .items = (array), .count = sizeof(array) / sizeof(*(array))           \
    }
static const struct gap GAPS[] = {
    {.name = "what", .accept = {{LIST(COUNT_EN), LIST(COUNT_RU)}}},
    {.name = "when", .accept = {{LIST(ZERO), LIST(ZERO_RU)}}}};
static const struct question CLOZE = {.id = "cloze",
                                      .kind = QUESTION_CLOZE,
                                      .cloze = {.gaps = GAPS, .count = 2}};

static const struct question TERM = {
    .id = "term",
    .kind = QUESTION_SHORT,
    .term = {.accept = {{LIST(COUNT_EN), LIST(COUNT_RU)}}}};

static const struct question OUTPUT = {.id = "output",
                                       .kind = QUESTION_OUTPUT,
                                       .output = {.answer = "[1]\nTrue"}};

static const struct question NUMBER = {
    .id = "number",
    .kind = QUESTION_NUMBER,
    .number = {.value = 56, .tolerance = 8, .unit = {{"bytes", "байт"}}}};

static const struct question OPEN = {
    .id = "open",
    .kind = QUESTION_OPEN,
    .open = {.model_short = {{"It counts.", "Он считает."}}}};

static const struct question *const ALL[] = {
    &CHOICE, &TRUTH, &ORDER, &MATCH, &CLOZE, &TERM, &OUTPUT, &NUMBER, &OPEN};
enum {
    ALL_COUNT = sizeof(ALL) / sizeof(*ALL)
};

static struct shuffle
unshuffled(const struct question *question)
{
    struct shuffle shuffle = {.count = answer_items(question)};
    for (size_t i = 0; i < shuffle.count; i++) {
        shuffle.shown[i] = (int)i;
    }
    return shuffle;
}

/* Types the line where nothing is shuffled. */
static int
type(const struct question *question, const char *line, struct answer *answer,
     struct error *err)
{
    struct shuffle shuffle = unshuffled(question);
    return answer_parse(question, &shuffle, 0, line, answer, err);
}

/* The score of a typed line, in hundredths; -1 if it cannot be read. */
static int
score_of(const struct question *question, const char *line)
{
    struct answer answer = {0};
    struct error err;
    int score = -1;
    if (type(question, line, &answer, &err) == 0) {
        score = (int)(answer_judge(question, &answer).score * 100 + 0.5);
    }
    answer_release(&answer);
    return score;
}

// --- shuffling -------------------------------------------------------------

static void
a_shuffle_shows_everything_once(void **state)
{
    (void)state;
    for (size_t k = 0; k < ALL_COUNT; k++) {
        for (unsigned long seed = 0; seed < 200; seed++) {
            struct shuffle shuffle = answer_shuffle(ALL[k], seed);
            bool seen[ANSWER_ITEMS] = {false};
            assert_number(shuffle.count, answer_items(ALL[k]));
            for (size_t i = 0; i < shuffle.count; i++) {
                int item = shuffle.shown[i];
                assert_true(item >= 0 && item < (int)shuffle.count);
                assert_false(seen[item]);
                seen[item] = true;
            }
        }
    }
}

static bool
is_shuffled(const struct shuffle *shuffle)
{
    for (size_t i = 0; i < shuffle->count; i++) {
        if (shuffle->shown[i] != (int)i) {
            return true;
        }
    }
    return false;
}

static void
steps_never_come_in_the_right_order(void **state)
{
    (void)state;
    struct question two = ORDER;
    two.order.count = 2;
    for (unsigned long seed = 0; seed < 500; seed++) {
        struct shuffle four = answer_shuffle(&ORDER, seed);
        struct shuffle pair = answer_shuffle(&two, seed);
        assert_true(is_shuffled(&four));
        assert_true(is_shuffled(&pair));
    }
}

static void
what_must_not_be_shuffled_stays(void **state)
{
    (void)state;
    struct question fixed = CHOICE;
    fixed.choice.shuffle = false;
    for (unsigned long seed = 0; seed < 50; seed++) {
        struct shuffle choice = answer_shuffle(&fixed, seed);
        struct shuffle gaps = answer_shuffle(&CLOZE, seed);
        assert_false(is_shuffled(&choice));
        assert_false(is_shuffled(&gaps));
    }
}

static void
a_seed_gives_one_shuffle_and_seeds_differ(void **state)
{
    (void)state;
    int different = 0;
    for (unsigned long seed = 0; seed < 50; seed++) {
        struct shuffle one = answer_shuffle(&CHOICE, seed);
        struct shuffle two = answer_shuffle(&CHOICE, seed);
        struct shuffle next = answer_shuffle(&CHOICE, seed + 1);
        assert_memory_equal(&one, &two, sizeof(one));
        different += memcmp(one.shown, next.shown, sizeof(one.shown)) != 0;
    }
    assert_true(different > 25);
}

// --- reading ---------------------------------------------------------------

static void
options_are_named_by_letters_or_numbers(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "a c",   "ac",  "A, C",   "1 3",   "3,1",  "(a)(c)",
        "c. a.", "а в", " a  c ", "a a c", "А; В", "[1] [3]"};
    for (size_t i = 0; i < sizeof(LINES) / sizeof(*LINES); i++) {
        struct answer answer = {0};
        assert_int_equal(type(&CHOICE, LINES[i], &answer, NULL), 0);
        bool wanted[] = {true, false, true, false};
        if (memcmp(answer.chosen, wanted, sizeof(wanted)) != 0) {
            fail_msg("'%s' is not a and c", LINES[i]);
        }
    }
}

static void
what_is_shown_is_what_is_named(void **state)
{
    (void)state;
    struct shuffle shuffle = {.shown = {2, 0, 3, 1}, .count = 4};
    struct answer answer = {0};
    answer_parse(&CHOICE, &shuffle, 0, "a b", &answer, NULL);
    assert_true(answer.chosen[2] && answer.chosen[0]);
    assert_false(answer.chosen[1] || answer.chosen[3]);
    answer_parse(&ORDER, &shuffle, 0, "2 4 1 3", &answer, NULL);
    int places[] = {0, 1, 2, 3};
    assert_memory_equal(answer.places, places, sizeof(places));
}

static void
a_new_choice_takes_the_old_one_away(void **state)
{
    (void)state;
    struct answer answer = {0};
    type(&CHOICE, "a b", &answer, NULL);
    type(&CHOICE, "c", &answer, NULL);
    assert_false(answer.chosen[0] || answer.chosen[1]);
    assert_true(answer.chosen[2]);
}

static void
a_line_that_cannot_be_read_leaves_the_answer_alone(void **state)
{
    (void)state;
    static const struct {
        const struct question *question;
        const char *line;
    } WRONG[] = {{&CHOICE, ""},
                 {&CHOICE, "e"},
                 {&CHOICE, "0"},
                 {&CHOICE, "5"},
                 {&CHOICE, "4294967297"}, // 1 + 2^32
                 {&CHOICE, "99999999999999999999"},
                 {&CHOICE, "-"},
                 {&CHOICE, "a !"},
                 {&CHOICE, "д"},
                 {&CHOICE, "\xFF"},
                 {&CHOICE, "aaaaaaaaaaaaaaaaaaaaaaaa"},
                 {&TRUTH, ""},
                 {&TRUTH, "maybe"},
                 {&TRUTH, "yesterday"},
                 {&ORDER, "1 2 3"},
                 {&ORDER, "1 2 3 3"},
                 {&ORDER, "1 2 3 4 1"},
                 {&ORDER, "1 2 3 5"},
                 {&MATCH, "a b"},
                 {&MATCH, "a b b"},
                 {&NUMBER, ""},
                 {&NUMBER, "many"},
                 {&NUMBER, "nan"},
                 {&NUMBER, "inf"},
                 {&NUMBER, "1e999"},
                 {&NUMBER, "5*8"},
                 {&OUTPUT, " \t\n"},
                 {&TERM, ""},
                 {&CLOZE, " "},
                 {&OPEN, "\n"}};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(*WRONG); i++) {
        struct answer answer = {
            .chosen = {false, true}, .truth = true, .places = {3, 2, 1, 0}};
        answer.texts[0] = xstrdup("before");
        struct answer before = answer;
        struct error err = {0};
        if (type(WRONG[i].question, WRONG[i].line, &answer, &err) != -1) {
            fail_msg("%s: '%s' was read", WRONG[i].question->id,
                     WRONG[i].line);
        }
        assert_number(err.status, EXIT_STATUS_USAGE);
        assert_true(err.message[0] != '\0');
        assert_memory_equal(&answer, &before, sizeof(answer));
        assert_text(answer.texts[0], "before");
        answer_release(&answer);
    }
}

static void
any_line_is_read_or_refused(void **state)
{
    (void)state;
    struct dice dice = {.seed = 14};
    for (int round = 0; round < 3000; round++) {
        char *line = dice_text(&dice, DICE_HARD_PIECES, dice_roll(&dice, 12));
        const struct question *question = ALL[round % ALL_COUNT];
        struct answer answer = {0};
        struct shuffle shuffle = answer_shuffle(question, 1);
        if (answer_parse(question, &shuffle, 0, line, &answer, NULL) == 0 &&
            question->kind != QUESTION_OPEN) {
            struct judgement judgement = answer_judge(question, &answer);
            assert_true(judgement.score >= 0 && judgement.score <= 1);
            free(answer_text(question, &answer, LANG_RU));
        }
        answer_release(&answer);
        free(line);
    }
}

// --- judging ---------------------------------------------------------------

static void
choices_are_worth_the_right_ones_less_the_wrong_ones(void **state)
{
    (void)state;
    assert_number(score_of(&CHOICE, "a c"), 100);
    assert_number(score_of(&CHOICE, "a"), 50);
    assert_number(score_of(&CHOICE, "a b"), 0);
    assert_number(score_of(&CHOICE, "a c b"), 50);
    assert_number(score_of(&CHOICE, "a b c d"), 0);
    assert_number(score_of(&CHOICE, "b d"), 0);
}

static void
every_option_is_marked_by_itself(void **state)
{
    (void)state;
    struct answer answer = {0};
    type(&CHOICE, "a b", &answer, NULL);
    struct judgement judgement = answer_judge(&CHOICE, &answer);
    assert_true(judgement.right[0]);
    assert_false(judgement.right[1]);
    assert_false(judgement.right[2]);
    assert_true(judgement.right[3]);
}

static void
truth_is_told_in_both_languages(void **state)
{
    (void)state;
    static const char *const YES[] = {"y",  "Yes", "TRUE",  "t",   " 1 ",
                                      "да", "Д",   "верно", "yes."};
    static const char *const NO[] = {"n",   "No", "False",   "f",    "0",
                                     "нет", "Н",  "неверно", "ложь!"};
    for (size_t i = 0; i < sizeof(YES) / sizeof(*YES); i++) {
        assert_number(score_of(&TRUTH, YES[i]), 100);
        assert_number(score_of(&TRUTH, NO[i]), 0);
    }
}

static void
an_order_is_worth_its_right_pairs_less_its_wrong_ones(void **state)
{
    (void)state;
    assert_number(score_of(&ORDER, "1 2 3 4"), 100);
    assert_number(score_of(&ORDER, "2 1 3 4"), 67); // 5 - 1 of 6
    assert_number(score_of(&ORDER, "2 1 4 3"), 33);
    assert_number(score_of(&ORDER, "4 3 2 1"), 0);
    assert_number(score_of(&ORDER, "3 4 1 2"), 0);
}

static void
equal_sides_of_a_match_may_change_places(void **state)
{
    (void)state;
    assert_number(score_of(&MATCH, "a b c"), 100);
    assert_number(score_of(&MATCH, "c b a"), 100);
    assert_number(score_of(&MATCH, "b a c"), 33);
}

static void
a_gap_takes_its_accepted_words_of_either_language(void **state)
{
    (void)state;
    struct answer answer = {0};
    struct shuffle shuffle = unshuffled(&CLOZE);
    answer_parse(&CLOZE, &shuffle, 0, "Счетчик  ссылок", &answer, NULL);
    answer_parse(&CLOZE, &shuffle, 1, "one", &answer, NULL);
    struct judgement judgement = answer_judge(&CLOZE, &answer);
    assert_true(judgement.score == 0.5);
    assert_true(judgement.right[0]);
    assert_false(judgement.right[1]);
    answer_parse(&CLOZE, &shuffle, 1, "zero", &answer, NULL);
    assert_true(answer_judge(&CLOZE, &answer).score == 1);
    answer_release(&answer);
    // A gap that was never filled is wrong.
    assert_true(answer_judge(&CLOZE, &answer).score == 0);
}

static void
a_term_is_told_in_any_writing(void **state)
{
    (void)state;
    assert_number(score_of(&TERM, "Reference Count."), 100);
    assert_number(score_of(&TERM, "REFCOUNT"), 100);
    assert_number(score_of(&TERM, "the referense count"), 100);
    assert_number(score_of(&TERM, "cче\xCC\x88тчик ссылок"), 100);
    assert_number(score_of(&TERM, "reference"), 0);
}

static void
blanks_at_the_ends_of_output_do_not_count(void **state)
{
    (void)state;
    assert_number(score_of(&OUTPUT, "[1]\nTrue"), 100);
    assert_number(score_of(&OUTPUT, "[1]\\nTrue"), 100);
    assert_number(score_of(&OUTPUT, "[1]  \r\nTrue\n\n"), 100);
    struct question padded = OUTPUT;
    padded.output.answer = "[1] \t\nTrue\n";
    assert_number(score_of(&padded, "[1]\nTrue"), 100);
    assert_number(score_of(&OUTPUT, " [1]\nTrue"), 0);
    assert_number(score_of(&OUTPUT, "[1]\n\nTrue"), 0);
    assert_number(score_of(&OUTPUT, "[1]\ntrue"), 0);
    assert_number(score_of(&OUTPUT, "[1]"), 0);
    assert_number(score_of(&OUTPUT, "[1]\nTrue\nTrue"), 0);
}

/* print(repr("a\n")) shows a backslash and an n. */
static void
a_backslash_in_the_output_can_be_typed(void **state)
{
    (void)state;
    struct question repr = OUTPUT;
    repr.output.answer = "'a\\n'\nNone";
    assert_number(score_of(&repr, "'a\\n'\nNone"), 100);
    assert_number(score_of(&repr, "'a\\n'\\nNone"), 100); // in one line
    assert_number(score_of(&repr, "'a\n'\nNone"), 0);
    repr.output.answer = "b'\\x00\\\\'";
    assert_number(score_of(&repr, "b'\\x00\\\\'"), 100);
}

static void
a_number_is_right_within_its_tolerance(void **state)
{
    (void)state;
    assert_number(score_of(&NUMBER, "56"), 100);
    assert_number(score_of(&NUMBER, "64"), 100);
    assert_number(score_of(&NUMBER, "48"), 100);
    assert_number(score_of(&NUMBER, "64.1"), 0);
    assert_number(score_of(&NUMBER, "47.9"), 0);
    assert_number(score_of(&NUMBER, "-56"), 0);
    struct question exact = NUMBER;
    exact.number.value = 0.3;
    exact.number.tolerance = 0;
    assert_number(score_of(&exact, "0.3"), 100);
    assert_number(score_of(&exact, "0.30001"), 0);
}

static void
numbers_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        double value;
    } LINES[] = {{"1 024", 1024},
                 {"1_024", 1024},
                 {"1'024", 1024},
                 {"1,024", 1024},
                 {"1,024", 1.024},
                 {"-1,024 B", -1024},
                 {"1,234,567", 1234567},
                 {"1,234.5", 1234.5},
                 {"3,5", 3.5},
                 {"0x10", 16},
                 {"56 bytes", 56},
                 {"56 байт", 56},
                 {"~56", 56},
                 {" 56 ", 56},
                 {"56.", 56},
                 {"10%", 10},
                 {"−5", -5},
                 {"+5", 5},
                 {"1e3", 1000},
                 {".5", 0.5},
                 {"５６", 56}};
    for (size_t i = 0; i < sizeof(LINES) / sizeof(*LINES); i++) {
        struct question question = NUMBER;
        question.number.value = LINES[i].value;
        question.number.tolerance = 0;
        if (score_of(&question, LINES[i].line) != 100) {
            fail_msg("'%s' is not %g", LINES[i].line, LINES[i].value);
        }
    }
    // A comma parts thousands only before three digits.
    struct question thousands = NUMBER;
    thousands.number.value = 1024;
    thousands.number.tolerance = 0;
    assert_number(score_of(&thousands, "10,24"), 0);
    assert_number(score_of(&thousands, "102,4"), 0);
}

static void
only_the_right_places_are_full_marks(void **state)
{
    (void)state;
    struct dice dice = {.seed = 15};
    for (int round = 0; round < 2000; round++) {
        struct answer answer = {.places = {0, 1, 2, 3}};
        for (size_t i = 4; i > 1; i--) {
            size_t other = dice_roll(&dice, i);
            int kept = answer.places[i - 1];
            answer.places[i - 1] = answer.places[other];
            answer.places[other] = kept;
        }
        bool all = true;
        struct judgement judgement = answer_judge(&ORDER, &answer);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(judgement.right[i], answer.places[i] == i);
            all = all && judgement.right[i];
        }
        assert_true(judgement.score >= 0 && judgement.score <= 1);
        assert_int_equal(all, judgement.score == 1);
    }
}

// --- as text ---------------------------------------------------------------

static void
expect_right_text(const struct question *question, const char *english,
                  const char *russian)
{
    char *text = answer_right_text(question, LANG_EN);
    assert_text(text, english);
    free(text);
    text = answer_right_text(question, LANG_RU);
    assert_text(text, russian);
    free(text);
}

static void
the_right_answer_is_told_in_both_languages(void **state)
{
    (void)state;
    expect_right_text(&CHOICE, "right one\nright two", "верно раз\nверно два");
    expect_right_text(&ORDER, "one\ntwo\nthree\nfour",
                      "раз\nдва\nтри\nчетыре");
    expect_right_text(&MATCH,
                      "list → mutable\ntuple → immutable\ndict → mutable",
                      "список → изменяемый\nкортеж → неизменяемый\n"
                      "словарь → изменяемый");
    expect_right_text(&CLOZE, "reference count\n0", "счётчик ссылок\n0");
    expect_right_text(&TERM, "reference count", "счётчик ссылок");
    expect_right_text(&NUMBER, "56 ± 8 bytes", "56 ± 8 байт");
    expect_right_text(&OUTPUT, "[1]\nTrue", "[1]\nTrue");
    expect_right_text(&TRUTH, "true", "true"); // in the interface's language
    expect_right_text(&OPEN, "It counts.", "Он считает.");
}

static void
the_answer_is_told_as_it_was_given(void **state)
{
    (void)state;
    struct answer answer = {0};
    type(&CHOICE, "d b", &answer, NULL);
    char *text = answer_text(&CHOICE, &answer, LANG_EN);
    assert_text(text, "wrong one\nwrong two");
    free(text);
    type(&ORDER, "4 3 2 1", &answer, NULL);
    text = answer_text(&ORDER, &answer, LANG_RU);
    assert_text(text, "четыре\nтри\nдва\nраз");
    free(text);
    type(&MATCH, "c b a", &answer, NULL);
    text = answer_text(&MATCH, &answer, LANG_EN);
    assert_text(text, "list → mutable\ntuple → immutable\ndict → mutable");
    free(text);
    type(&TRUTH, "no", &answer, NULL);
    text = answer_text(&TRUTH, &answer, LANG_EN);
    assert_text(text, "false");
    free(text);
    type(&TERM, "My Term", &answer, NULL);
    text = answer_text(&TERM, &answer, LANG_RU);
    assert_text(text, "My Term");
    free(text);
    answer_release(&answer);
    text = answer_text(&TERM, &answer, LANG_EN);
    assert_text(text, "");
    free(text);
}

/* What is shown as right is right when it is typed. */
static void
the_right_answer_is_judged_right(void **state)
{
    (void)state;
    static const struct question *const TYPED[] = {&TERM, &OUTPUT};
    for (size_t i = 0; i < 2; i++) {
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            char *right = answer_right_text(TYPED[i], (enum lang)lang);
            assert_number(score_of(TYPED[i], right), 100);
            free(right);
        }
    }
}

static int
tear_down(void **state)
{
    (void)state;
    words_release();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_shuffle_shows_everything_once),
        cmocka_unit_test(steps_never_come_in_the_right_order),
        cmocka_unit_test(what_must_not_be_shuffled_stays),
        cmocka_unit_test(a_seed_gives_one_shuffle_and_seeds_differ),
        cmocka_unit_test(options_are_named_by_letters_or_numbers),
        cmocka_unit_test(what_is_shown_is_what_is_named),
        cmocka_unit_test(a_new_choice_takes_the_old_one_away),
        cmocka_unit_test(a_line_that_cannot_be_read_leaves_the_answer_alone),
        cmocka_unit_test(any_line_is_read_or_refused),
        cmocka_unit_test(choices_are_worth_the_right_ones_less_the_wrong_ones),
        cmocka_unit_test(every_option_is_marked_by_itself),
        cmocka_unit_test(truth_is_told_in_both_languages),
        cmocka_unit_test(
            an_order_is_worth_its_right_pairs_less_its_wrong_ones),
        cmocka_unit_test(equal_sides_of_a_match_may_change_places),
        cmocka_unit_test(a_gap_takes_its_accepted_words_of_either_language),
        cmocka_unit_test(a_term_is_told_in_any_writing),
        cmocka_unit_test(blanks_at_the_ends_of_output_do_not_count),
        cmocka_unit_test(a_backslash_in_the_output_can_be_typed),
        cmocka_unit_test(a_number_is_right_within_its_tolerance),
        cmocka_unit_test(numbers_are_read_as_people_write_them),
        cmocka_unit_test(only_the_right_places_are_full_marks),
        cmocka_unit_test(the_right_answer_is_told_in_both_languages),
        cmocka_unit_test(the_answer_is_told_as_it_was_given),
        cmocka_unit_test(the_right_answer_is_judged_right),
    };
    return cmocka_run_group_tests(cases, NULL, tear_down);
}
