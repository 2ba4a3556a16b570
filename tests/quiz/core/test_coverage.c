#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/coverage.h"
#include "quiz/core/question.h"

enum {
    CONCEPT = 0,
    TAKEAWAY = SEED_KIND_COUNT - 1
};

static const struct seed ROWS[] = {{"S001", CONCEPT, "gc", "One"},
                                   {"S002", CONCEPT, "gc", "Two"},
                                   {"S003", TAKEAWAY, "gc", "Three"}};
static const struct seeds SEEDS = {ROWS, 3};

static void
add(struct bank *bank, const char *id, enum status status,
    const char *const *seeds, size_t count)
{
    struct question *question =
        arena_take(bank_arena(bank), sizeof(*question));
    question->id = id;
    question->status = status;
    question->seeds = (struct strings){seeds, count};
    assert_number(bank_add(bank, question, NULL), 0);
}

static void
a_row_names_its_questions_in_order(void **state)
{
    (void)state;
    static const char *const BOTH[] = {"S001", "S999", "S002"};
    static const char *const FIRST[] = {"S001"};
    struct bank *bank = bank_new();
    struct coverage coverage;
    add(bank, "b", STATUS_READY, FIRST, 1);
    add(bank, "a", STATUS_READY, BOTH, 3);
    coverage_init(&coverage, bank, &SEEDS);
    assert_number(coverage.rows[0].count, 2);
    assert_text(coverage.rows[0].questions[0]->id, "b");
    assert_text(coverage.rows[0].questions[1]->id, "a");
    assert_number(coverage.rows[1].count, 1);
    assert_number(coverage.covered, 2);
    assert_number(coverage.needed, 2);
    coverage_release(&coverage);
    bank_free(bank);
}

static void
a_question_that_is_not_ready_covers_nothing(void **state)
{
    (void)state;
    static const char *const FIRST[] = {"S001"};
    struct bank *bank = bank_new();
    struct coverage coverage;
    add(bank, "a", STATUS_DRAFT, FIRST, 1);
    add(bank, "b", STATUS_RETIRED, FIRST, 1);
    coverage_init(&coverage, bank, &SEEDS);
    assert_true(coverage_is_gap(&coverage.rows[0]));
    assert_number(coverage.covered, 0);
    coverage_release(&coverage);
    bank_free(bank);
}

static void
a_takeaway_is_no_gap(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    struct coverage coverage;
    coverage_init(&coverage, bank, &SEEDS);
    assert_false(coverage_is_gap(&coverage.rows[2]));
    assert_number(coverage.needed, 2);
    coverage_release(&coverage);
    bank_free(bank);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_row_names_its_questions_in_order),
        cmocka_unit_test(a_question_that_is_not_ready_covers_nothing),
        cmocka_unit_test(a_takeaway_is_no_gap),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
