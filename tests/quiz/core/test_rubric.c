/* How a free-text answer is scored, against a small rubric of our own; that
 * the rubrics of the content grade well, tests/content/test_rubrics.c says. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/core/question.h"
#include "quiz/core/rubric.h"
#include "quiz/core/synonyms.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "tests/support/dice.h"

// --- a question ------------------------------------------------------------

#define PATTERN(text)                                                         \
    {                                                                         \
        .slots = (text), .window = 12, .polarity = POLARITY_POSITIVE          \
    }
#define PATTERNS(array)                                                       \
    {                                                                         \
        .items = (array), .count = sizeof(array) / sizeof(*(array))           \
    }

static const struct pattern COUNTS[] = {
    PATTERN("count*|счита*|счётчик* reference|ссыл*")};
static const struct pattern FREES[] = {PATTERN("@free|осво* zero|ноль|нуля")};
static const struct pattern CYCLES[] = {
    PATTERN("collector|gc|сборщик find|collect|находит cycle|цикл*")};
static const struct pattern SPEED[] = {PATTERN("immediate|immediately|сразу")};
static const struct pattern LOCKS[] = {PATTERN("lock every|each object")};
static const struct pattern SWEEPS[] = {PATTERN("sweep|sweeps heap")};

static const struct key_point POINTS[] = {
    {.id = "k1", .weight = 3, .essential = true, .match = PATTERNS(COUNTS)},
    {.id = "k2", .weight = 2, .essential = true, .match = PATTERNS(FREES)},
    {.id = "k3", .weight = 2, .essential = true, .match = PATTERNS(CYCLES)},
    {.id = "k4", .weight = 1, .match = PATTERNS(SPEED)}};
static const char *const EXCLUDED[] = {"k2"};
static const struct misconception MISCONCEPTIONS[] = {
    {.id = "m1",
     .major = true,
     .excludes = {.items = EXCLUDED, .count = 1},
     .match = PATTERNS(LOCKS)},
    {.id = "m2", .match = PATTERNS(SWEEPS)}};

static const char *const FREE_WORDS[] = {"free", "release", "give back"};
static const struct synonym_group GROUPS[] = {
    {.name = "free", .words = {.items = FREE_WORDS, .count = 3}}};
static const struct synonyms SYNONYMS = {.groups = GROUPS, .count = 1};

static const struct question QUESTION = {
    .id = "memory-how",
    .kind = QUESTION_OPEN,
    .ask = {{"How does CPython manage memory?",
             "Как CPython управляет памятью?"}},
    .open = {.rubric = {.full_at = 1,
                        .key_points = POINTS,
                        .key_point_count = 4,
                        .misconceptions = MISCONCEPTIONS,
                        .misconception_count = 2},
             .model_short = {{"Everything waits in a large building",
                              "Всё ждёт в большом здании"}}}};

/* A sentence that says each point, and ones that say nothing of them. */
static const char *const CLAIMS[] = {
    "Each object counts the references to it.",
    "It is released when the number drops to zero.",
    "The collector finds the cycles that remain.",
    "The room is there again immediately."};
static const char *const FILLERS[] = {
    "There is an arena for the small ones.", "I once wrote such a thing.",
    "It was added to the language long ago."};

static struct scorer *scorer;

static struct assessment
assess_as(const struct question *question, enum lang lang, const char *text)
{
    struct assessment assessment = {0};
    struct error err;
    if (scorer_assess(scorer, question, lang, text, &assessment, &err) != 0) {
        fail_msg("%s", err.message);
    }
    assert_number(assessment.point_count,
                  question->open.rubric.key_point_count);
    assert_number(assessment.misconception_count,
                  question->open.rubric.misconception_count);
    assert_true(assessment.level >= 0 && assessment.level <= 4);
    assert_true(assessment.score == assessment.level / 4);
    for (size_t i = 0; i < assessment.point_count; i++) {
        const struct point_result *point = &assessment.points[i];
        assert_true(point->from <= point->to && point->to <= strlen(text));
    }
    return assessment;
}

static struct assessment
assess(const char *text)
{
    return assess_as(&QUESTION, LANG_EN, text);
}

/* The level in hundredths. */
static int
level_of(const char *text)
{
    struct assessment assessment = assess(text);
    int level = (int)(assessment.level * 100 + 0.5);
    assessment_release(&assessment);
    return level;
}

static enum finding
finding_of(const char *text, size_t point)
{
    struct assessment assessment = assess(text);
    enum finding finding = assessment.points[point].finding;
    assessment_release(&assessment);
    return finding;
}

static bool
holds(const char *text, size_t misconception)
{
    struct assessment assessment = assess(text);
    bool held = assessment.misconceptions[misconception].held;
    assessment_release(&assessment);
    return held;
}

// --- levels ----------------------------------------------------------------

static void
an_answer_with_nothing_in_it_is_level_0(void **state)
{
    (void)state;
    assert_number(level_of(""), 0);
    assert_number(level_of("   \n\t "), 0);
    assert_number(level_of("..."), 0);
    assert_number(level_of("yes"), 0);
    assert_number(level_of(FILLERS[0]), 0);
}

static void
every_essential_point_is_full_marks(void **state)
{
    (void)state;
    char text[512];
    snprintf(text, sizeof(text), "%s %s %s", CLAIMS[0], CLAIMS[1], CLAIMS[2]);
    assert_number(level_of(text), 400);
    struct assessment russian = assess_as(
        &QUESTION, LANG_RU,
        "Объект считает ссылки на себя. Память освобождается, когда их ноль. "
        "Сборщик находит циклы.");
    assert_true(russian.level == 4);
    assessment_release(&russian);
}

static void
points_count_by_their_weight(void **state)
{
    (void)state;
    assert_number(level_of(CLAIMS[0]), 171); // 4 * 3/7
    assert_number(level_of(CLAIMS[1]), 114); // 4 * 2/7
    assert_number(level_of(CLAIMS[3]), 29);  // 4 * 1/2 / 7: optional
}

static void
likeness_to_the_model_lifts_by_half_a_level_at_most(void **state)
{
    (void)state;
    struct question question = QUESTION;
    question.open.model_short.in[LANG_EN] = CLAIMS[0];
    struct assessment assessment = assess_as(&question, LANG_EN, CLAIMS[0]);
    assert_number((int)(assessment.level * 100 + 0.5), 171 + 50);
    assessment_release(&assessment);
    assessment = assess_as(&question, LANG_EN, CLAIMS[1]);
    assert_number((int)(assessment.level * 100 + 0.5), 114);
    assessment_release(&assessment);
    question.open.rubric.full_at = 3.0 / 7; // and never beyond 4
    assessment = assess_as(&question, LANG_EN, CLAIMS[0]);
    assert_true(assessment.level == 4);
    assessment_release(&assessment);
}

static void
full_marks_may_need_less_than_everything(void **state)
{
    (void)state;
    struct question question = QUESTION;
    question.open.rubric.full_at = 3.0 / 7;
    struct assessment assessment = assess_as(&question, LANG_EN, CLAIMS[0]);
    assert_true(assessment.level == 4);
    assessment_release(&assessment);
}

static void
the_evidence_is_a_part_of_the_answer(void **state)
{
    (void)state;
    const char *text = "Well, each object COUNTS its references, I think.";
    struct assessment assessment = assess(text);
    char *evidence =
        xstrndup(text + assessment.points[0].from,
                 assessment.points[0].to - assessment.points[0].from);
    assert_text(evidence, "COUNTS its references");
    free(evidence);
    assessment_release(&assessment);
}

static void
the_question_again_is_no_answer(void **state)
{
    (void)state;
    struct question question = QUESTION;
    question.ask.in[LANG_EN] = CLAIMS[0];
    struct assessment assessment = assess_as(&question, LANG_EN, CLAIMS[0]);
    assert_true(assessment.level == 0);
    assessment_release(&assessment);
}

static void
a_refusal_is_level_0_whatever_it_names(void **state)
{
    (void)state;
    assert_number(level_of("I don't know how it counts references, sorry"), 0);
    assert_number(level_of("I don’t know how it counts references, sorry"), 0);
    assert_number(level_of("No idea who counts references there, sorry"), 0);
    assert_number(level_of("Не знаю, кто там считает ссылки, увы"), 0);
}

static void
terms_in_a_row_are_capped(void **state)
{
    (void)state;
    struct assessment assessment =
        assess("counter references counts release zero dealloc collector "
               "finds cycles generations threshold arena pool immediately");
    assert_true(assessment.keyword_list);
    assert_true(assessment.level <= 1);
    assessment_release(&assessment);
}

static void
an_answer_that_nobody_understands_is_said_to_be_one(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 6; i++) {
        text_add(&text, "Yesterday we walked along the river with our dog. ");
    }
    struct assessment assessment = assess(text_string(&text));
    assert_true(assessment.unrecognised);
    assessment_release(&assessment);
    text_release(&text);
    assessment = assess(CLAIMS[0]);
    assert_false(assessment.unrecognised);
    assessment_release(&assessment);
}

// --- writing ---------------------------------------------------------------

static void
mistakes_in_typing_are_forgiven(void **state)
{
    (void)state;
    assert_number(finding_of("Each object counts the refernces to it.", 0),
                  FINDING_FOUND);
    assert_number(finding_of("The colector finds the cyclse that remain.", 2),
                  FINDING_FOUND);
}

static void
case_and_unicode_form_do_not_count(void **state)
{
    (void)state;
    static const char *const SAME[] = {
        "Объект ведёт счётчик ссылок на себя",
        "ОБЪЕКТ ВЕДЁТ СЧЁТЧИК ССЫЛОК НА СЕБЯ",
        "объект ведет счетчик ссылок на себя",
        "объект вед\xD0\xB5\xCC\x88т сч\xD0\xB5\xCC\x88тчик ссылок на себя",
        "Объект   ведёт\nсчётчик\tссылок на себя"};
    for (size_t i = 0; i < sizeof(SAME) / sizeof(*SAME); i++) {
        struct assessment assessment = assess_as(&QUESTION, LANG_RU, SAME[i]);
        assert_number(assessment.points[0].finding, FINDING_FOUND);
        assert_number((int)(assessment.level * 100 + 0.5), 171);
        assessment_release(&assessment);
    }
}

static void
synonyms_say_the_same(void **state)
{
    (void)state;
    assert_number(finding_of("It is freed at zero.", 1), FINDING_FOUND);
    assert_number(finding_of("At zero the memory is given back.", 1),
                  FINDING_FOUND);
}

// --- negation and misconceptions -------------------------------------------

static void
a_negated_sentence_never_covers_its_point(void **state)
{
    (void)state;
    static const struct {
        size_t point;
        const char *text;
    } DENIALS[] = {{0, "An object does not count the references to it."},
                   {0, "An object never counts the references to it."},
                   {0, "No object counts the references to it."},
                   {0, "It isn't true that an object counts references."},
                   {0, "That an object counts references is a myth."},
                   {0, "Объект не считает ссылки на себя."},
                   {0, "Объект никогда не считает ссылки на себя."},
                   {0, "It is false that an object counts references."},
                   {0, "It is wrong to say that an object counts references."},
                   {0, "It is a myth that objects count references."},
                   {0, "Неверно, что объект считает ссылки."},
                   {0, "Это миф, что объект считает ссылки."},
                   {1, "It is not released when the number drops to zero."},
                   {1, "It cannot be freed at zero."},
                   {1, "Память не освобождается, когда ссылок ноль."},
                   {2, "The collector doesn't find the cycles that remain."},
                   {2, "The collector will never find cycles."},
                   {2, "Сборщик не находит циклы."}};
    for (size_t i = 0; i < sizeof(DENIALS) / sizeof(*DENIALS); i++) {
        if (finding_of(DENIALS[i].text, DENIALS[i].point) == FINDING_FOUND) {
            fail_msg("found in: %s", DENIALS[i].text);
        }
    }
}

static void
a_claim_may_stand_beside_its_denial(void **state)
{
    (void)state;
    assert_number(finding_of("It is not magic: each object counts the "
                             "references to it.",
                             0),
                  FINDING_FOUND);
    assert_number(finding_of("A weak pointer does not count. Each object "
                             "counts the references to it.",
                             0),
                  FINDING_FOUND);
}

static void
a_misconception_costs_and_takes_its_point(void **state)
{
    (void)state;
    char text[512];
    snprintf(text, sizeof(text), "%s %s %s Then it will lock every object.",
             CLAIMS[0], CLAIMS[1], CLAIMS[2]);
    struct assessment assessment = assess(text);
    assert_true(assessment.misconceptions[0].held);
    assert_false(assessment.misconceptions[1].held);
    assert_number(assessment.points[1].finding, FINDING_CONTRADICTED);
    // 4 * 5/7 - 1
    assert_number((int)(assessment.level * 100 + 0.5), 186);
    assessment_release(&assessment);
    snprintf(text, sizeof(text), "%s %s %s Then it sweeps the heap.",
             CLAIMS[0], CLAIMS[1], CLAIMS[2]);
    assert_number(level_of(text), 350); // a minor one costs half a level
}

static void
a_denied_or_reported_misconception_is_not_held(void **state)
{
    (void)state;
    assert_true(holds("It sweeps the heap.", 1));
    assert_true(holds("I think it sweeps the heap.", 1));
    assert_false(holds("It never sweeps the heap.", 1));
    assert_false(holds("Many people think that it sweeps the heap.", 1));
    assert_false(holds("It is a myth that it sweeps the heap.", 1));
}

// --- properties ------------------------------------------------------------

static void
say_all(struct text *text, const char *const *sentences, size_t count)
{
    text_truncate(text, 0);
    for (size_t i = 0; i < count; i++) {
        text_add(text, i > 0 ? " " : "");
        text_add(text, sentences[i]);
    }
}

static void
one_more_point_never_lowers_the_level(void **state)
{
    (void)state;
    struct dice dice = {.seed = 11};
    struct text text = {0};
    for (int round = 0; round < 500; round++) {
        const char *said[8];
        size_t count = 0;
        for (size_t i = 0; i < 4; i++) {
            if (dice_roll(&dice, 2) == 0) {
                said[count++] = CLAIMS[i];
            }
        }
        for (size_t i = dice_roll(&dice, 4); i > 0; i--) {
            said[count++] = FILLERS[dice_roll(&dice, 3)];
        }
        for (size_t i = count; i > 1; i--) {
            size_t other = dice_roll(&dice, i);
            const char *kept = said[i - 1];
            said[i - 1] = said[other];
            said[other] = kept;
        }
        say_all(&text, said, count);
        int before = level_of(text_string(&text));
        size_t place = dice_roll(&dice, count + 1);
        memmove(said + place + 1, said + place,
                (count - place) * sizeof(*said));
        said[place] = CLAIMS[dice_roll(&dice, 4)];
        say_all(&text, said, count + 1);
        if (level_of(text_string(&text)) < before) {
            fail_msg("less than %d for: %s", before, text_string(&text));
        }
    }
    text_release(&text);
}

static void
length_without_content_is_worth_nothing(void **state)
{
    (void)state;
    struct text text = {0};
    text_add(&text, CLAIMS[0]);
    int before = level_of(text_string(&text));
    for (int i = 0; i < 20; i++) {
        text_add(&text, " ");
        text_add(&text, FILLERS[i % 3]);
        assert_number(level_of(text_string(&text)), before);
    }
    text_release(&text);
}

static void
the_same_answer_is_scored_the_same(void **state)
{
    (void)state;
    static const char *const WORDS[] = {
        "counts ", "references ", "not ",  "never ", "zero ",    "released ",
        "cycles ", "collector ",  "finds", ". ",     "сборщик ", "lock ",
        "every ",  "object ",     "the ",  "\xFF",   "\n",       NULL};
    struct dice dice = {.seed = 12};
    for (int round = 0; round < 500; round++) {
        char *text = dice_text(&dice, WORDS, dice_roll(&dice, 40));
        struct assessment one = assess(text);
        struct assessment two = assess(text);
        assert_true(one.level == two.level);
        assert_memory_equal(one.points, two.points, 4 * sizeof(*one.points));
        assessment_release(&one);
        assessment_release(&two);
        free(text);
    }
}

// --- hostile texts ---------------------------------------------------------

enum {
    HOSTILE_BYTES = 64 * 1024
};

/* A text of 64 KiB: the beginning once, then the piece over and over. */
static char *
repeat(const char *beginning, const char *piece)
{
    struct text text = {0};
    text_add(&text, beginning);
    while (text.length + strlen(piece) <= HOSTILE_BYTES) {
        text_add(&text, piece);
    }
    return text_steal(&text);
}

/* Scores a hostile text, which it frees, in processor time that nobody would
 * notice; the limit leaves room for sanitizers. */
static void
survive(const struct question *question, char *text)
{
    clock_t before = clock();
    struct assessment assessment = assess_as(question, LANG_EN, text);
    double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
    if (seconds > 1) {
        fail_msg("%.2f s for: %.40s...", seconds, text);
    }
    assessment_release(&assessment);
    free(text);
}

static void
a_hostile_text_ends_soon(void **state)
{
    (void)state;
    struct dice dice = {.seed = 13};
    survive(&QUESTION, repeat("", "a"));
    survive(&QUESTION, repeat("", "ж"));
    survive(&QUESTION, repeat("", "\xEF\xB7\xBA")); // grows by folding
    survive(&QUESTION, repeat("", "e\xCC\x81\xCC\x82"));
    survive(&QUESTION, repeat("", "not "));
    survive(&QUESTION, repeat("", "не "));
    survive(&QUESTION, repeat("", "never false "));
    survive(&QUESTION, repeat("", "a-"));
    survive(&QUESTION, repeat("", "((((((((O("));
    survive(&QUESTION, repeat("", "\n"));
    survive(&QUESTION, repeat("", "."));
    survive(&QUESTION, repeat("", "referenec "));
    survive(&QUESTION, repeat("", "counts references "));
    survive(&QUESTION, repeat("", "not counts references "));
    for (int i = 0; i < 3; i++) {
        survive(&QUESTION, dice_bytes(&dice, HOSTILE_BYTES));
        survive(&QUESTION, dice_text(&dice, DICE_HARD_PIECES, 16000));
    }
}

/* Every choice of words is denied by every negation before it: nothing ends
 * the search early. */
static void
ten_thousand_negations_end_soon(void **state)
{
    (void)state;
    static const struct pattern WIDE[] = {
        {.slots = "alpha|beta|gamma alpha|beta|gamma alpha|beta|gamma",
         .window = 40}};
    struct key_point points[20];
    for (size_t i = 0; i < 20; i++) {
        points[i] = (struct key_point){.id = "k1",
                                       .weight = 1,
                                       .essential = true,
                                       .match = PATTERNS(WIDE)};
    }
    struct question question = QUESTION;
    question.open.rubric.key_points = points;
    question.open.rubric.key_point_count = 20;
    struct text text = {0};
    for (int i = 0; i < 1001; i++) {
        text_add(&text, "not ");
    }
    survive(&question, repeat(text_string(&text), "alpha beta gamma "));
    survive(&question, repeat(text_string(&text), "alpha not not "));
    survive(&question, repeat("", "alpha false "));
    text_release(&text);
}

static void
no_more_than_8_kib_are_read(void **state)
{
    (void)state;
    struct text text = {0};
    while (text.length < 8200) {
        text_add(&text, "Nothing of it is said here. ");
    }
    text_add(&text, CLAIMS[0]);
    assert_number(finding_of(text_string(&text), 0), FINDING_MISSING);
    text_release(&text);
}

// --- faults ----------------------------------------------------------------

static void
a_pattern_that_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    static const struct pattern BROKEN[] = {PATTERN("@nothing")};
    struct key_point points[] = {POINTS[0],
                                 {.id = "k2",
                                  .weight = 1,
                                  .essential = true,
                                  .match = PATTERNS(BROKEN)}};
    struct question question = QUESTION;
    question.open.rubric.key_points = points;
    question.open.rubric.key_point_count = 2;
    struct assessment assessment = {.level = 3};
    struct error err;
    assert_number(
        scorer_assess(scorer, &question, LANG_EN, "text", &assessment, &err),
        -1);
    assert_contains(err.message, "nothing");
    assert_true(assessment.level == 3); // untouched
    static const struct misconception WRONG[] = {
        {.id = "m1", .match = PATTERNS(BROKEN)}};
    question = QUESTION;
    question.open.rubric.misconceptions = WRONG;
    question.open.rubric.misconception_count = 1;
    assert_number(
        scorer_assess(scorer, &question, LANG_EN, "text", &assessment, &err),
        -1);
}

static void
nothing_can_be_released(void **state)
{
    (void)state;
    struct assessment assessment = {0};
    assessment_release(&assessment);
    scorer_free(NULL);
}

static int
set_up(void **state)
{
    (void)state;
    scorer = scorer_new(&SYNONYMS);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    scorer_free(scorer);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(an_answer_with_nothing_in_it_is_level_0),
        cmocka_unit_test(every_essential_point_is_full_marks),
        cmocka_unit_test(points_count_by_their_weight),
        cmocka_unit_test(likeness_to_the_model_lifts_by_half_a_level_at_most),
        cmocka_unit_test(full_marks_may_need_less_than_everything),
        cmocka_unit_test(the_evidence_is_a_part_of_the_answer),
        cmocka_unit_test(the_question_again_is_no_answer),
        cmocka_unit_test(a_refusal_is_level_0_whatever_it_names),
        cmocka_unit_test(terms_in_a_row_are_capped),
        cmocka_unit_test(an_answer_that_nobody_understands_is_said_to_be_one),
        cmocka_unit_test(mistakes_in_typing_are_forgiven),
        cmocka_unit_test(case_and_unicode_form_do_not_count),
        cmocka_unit_test(synonyms_say_the_same),
        cmocka_unit_test(a_negated_sentence_never_covers_its_point),
        cmocka_unit_test(a_claim_may_stand_beside_its_denial),
        cmocka_unit_test(a_misconception_costs_and_takes_its_point),
        cmocka_unit_test(a_denied_or_reported_misconception_is_not_held),
        cmocka_unit_test(one_more_point_never_lowers_the_level),
        cmocka_unit_test(length_without_content_is_worth_nothing),
        cmocka_unit_test(the_same_answer_is_scored_the_same),
        cmocka_unit_test(a_hostile_text_ends_soon),
        cmocka_unit_test(ten_thousand_negations_end_soon),
        cmocka_unit_test(no_more_than_8_kib_are_read),
        cmocka_unit_test(a_pattern_that_cannot_be_read_is_an_error),
        cmocka_unit_test(nothing_can_be_released),
    };
    return cmocka_run_group_tests(cases, set_up, tear_down);
}
