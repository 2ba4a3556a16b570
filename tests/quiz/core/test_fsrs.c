/* The published vectors of py-fsrs, fsrs-rs and ts-fsrs. */
#include <math.h>

#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/core/fsrs.h"

#define assert_near(actual, expected, relative)                               \
    do {                                                                      \
        const double actual_ = (actual);                                      \
        const double expected_ = (expected);                                  \
        if (!(fabs(actual_ - expected_) <= (relative)*fabs(expected_))) {     \
            fail_msg("%s is %.10g, expected %.10g", #actual, actual_,         \
                     expected_);                                              \
        }                                                                     \
    } while (0)

/* Weights of FSRS-5 that two of the vectors use. */
static const double LONG_TERM[19] = {0.4197, 1.1869, 3.0412, 15.2441, 7.1434,
                                     0.6477, 1.0007, 0.0674, 1.6597,  0.1712,
                                     1.1178, 2.0225, 0.0904, 0.3025,  2.1214,
                                     0.2498, 2.9466, 0.4891, 0.6468};

struct event {
    int rating;
    double elapsed_days;
};

static struct fsrs_state
replay(const struct fsrs *fsrs, const struct event *events, size_t count)
{
    struct fsrs_state state = {0, 0};
    for (size_t i = 0; i < count; i++) {
        state = fsrs_step(fsrs, state, events[i].elapsed_days,
                          (enum rating)events[i].rating);
    }
    return state;
}

static void
the_memory_after_each_of_six_reviews_is_as_published(void **state)
{
    (void)state;
    static const struct event EVENTS[] = {{1, 0}, {3, 0}, {3, 1},
                                          {3, 3}, {3, 8}, {3, 21}};
    static const struct fsrs_state EXPECTED[] = {
        {0.212, 6.4133},           {0.24668919, 6.40211507},
        {2.02147725, 6.39094132},  {7.86369884, 6.37977875},
        {21.91771315, 6.36862734}, {53.62690292, 6.35748708}};
    for (size_t i = 0; i < 6; i++) {
        struct fsrs_state after = replay(&FSRS_DEFAULT, EVENTS, i + 1);
        assert_near(after.stability, EXPECTED[i].stability, 1e-7);
        assert_near(after.difficulty, EXPECTED[i].difficulty, 1e-7);
    }
    struct fsrs without = FSRS_DEFAULT;
    without.weights[17] = without.weights[18] = without.weights[19] = 0;
    struct fsrs_state after = replay(&without, EVENTS, 6);
    assert_near(after.stability, 53.335106, 1e-4);
    assert_near(after.difficulty, 6.3574867, 1e-4);
}

static void
a_first_review_sets_the_published_state(void **state)
{
    (void)state;
    static const struct fsrs_state EXPECTED[] = {{0.212, 6.4133},
                                                 {1.2931, 5.11217071},
                                                 {2.3065, 2.11810397},
                                                 {8.2956, 1}};
    for (int i = 0; i < 4; i++) {
        struct fsrs_state first = fsrs_step(
            &FSRS_DEFAULT, (struct fsrs_state){0, 0}, 0, (enum rating)(i + 1));
        assert_near(first.stability, EXPECTED[i].stability, 1e-12);
        assert_near(first.difficulty, EXPECTED[i].difficulty, 1e-8);
    }
}

static void
the_forgetting_curve_is_as_published(void **state)
{
    (void)state;
    static const struct {
        double days, stability, recall;
    } EXPECTED[] = {{0, 1, 1},         {1, 1, 0.9},       {2, 1, 0.84588465},
                    {3, 1, 0.8093881}, {1, 2, 0.9403443}, {2, 3, 0.9253786},
                    {3, 4, 0.9185229}, {4, 4, 0.9},       {5, 2, 0.8261359}};
    for (size_t i = 0; i < sizeof(EXPECTED) / sizeof(*EXPECTED); i++) {
        assert_near(fsrs_recall(&FSRS_DEFAULT, EXPECTED[i].stability,
                                EXPECTED[i].days),
                    EXPECTED[i].recall, 1e-6);
    }
}

static void
difficulty_moves_as_published(void **state)
{
    (void)state;
    static const double EXPECTED[] = {8.34176237, 6.66599536, 4.99022837,
                                      3.31446137};
    for (int i = 0; i < 4; i++) {
        struct fsrs_state next = fsrs_step(
            &FSRS_DEFAULT, (struct fsrs_state){5, 5}, 3, (enum rating)(i + 1));
        assert_near(next.difficulty, EXPECTED[i], 1e-8);
    }
}

/* Days after which the chance of recall is recall. */
static double
days_until(double stability, double recall)
{
    return fsrs_interval(&FSRS_DEFAULT, stability, recall);
}

static void
stability_on_a_later_day_is_as_published(void **state)
{
    (void)state;
    static const double RECALL[] = {0.9, 0.8, 0.7, 0.6};
    static const double FAILED[] = {1.05253961, 1.18943295, 1.36808387,
                                    1.58498896};
    static const double KNOWN[] = {0, 28.22657096, 58.65599107, 127.22669250};
    for (int i = 0; i < 4; i++) {
        struct fsrs_state before = {5, i + 1};
        double days = days_until(5, RECALL[i]);
        assert_near(
            fsrs_step(&FSRS_DEFAULT, before, days, RATING_AGAIN).stability,
            FAILED[i], 1e-8);
        if (i > 0) {
            assert_near(
                fsrs_step(&FSRS_DEFAULT, before, days, (enum rating)(i + 1))
                    .stability,
                KNOWN[i], 1e-8);
        }
    }
    // The published row for Again through the formula of success.
    assert_near(fsrs_step(&FSRS_DEFAULT, (struct fsrs_state){5, 1},
                          days_until(5, 0.9), RATING_GOOD)
                    .stability,
                25.60252118, 1e-8);
}

static void
stability_on_the_same_day_is_as_published(void **state)
{
    (void)state;
    static const double EXPECTED[] = {1.596818, 2.74700959, 5, 8.12960956};
    struct fsrs keeps = FSRS_DEFAULT;
    keeps.hard_keeps = true;
    for (int i = 0; i < 4; i++) {
        struct fsrs_state before = {5, 5};
        enum rating rating = (enum rating)(i + 1);
        assert_near(fsrs_step(&FSRS_DEFAULT, before, 0, rating).stability,
                    EXPECTED[i], 1e-6);
        assert_near(fsrs_step(&keeps, before, 0, rating).stability,
                    rating == RATING_HARD ? 5 : EXPECTED[i], 1e-6);
    }
}

static void
intervals_for_every_retention_are_as_published(void **state)
{
    (void)state;
    static const double EXPECTED[] = {3116769, 34793, 2508, 387, 90,
                                      27,      9,     3,    1,   1};
    for (int i = 0; i < 10; i++) {
        double days = fsrs_interval(&FSRS_DEFAULT, 1, (i + 1) / 10.0);
        assert_near(fmax(nearbyint(days), 1), EXPECTED[i], 0);
    }
}

static void
hard_on_the_same_day_tells_the_libraries_apart(void **state)
{
    (void)state;
    static const struct event EVENTS[] = {{3, 0}, {2, 3}, {4, 5}, {1, 30},
                                          {3, 0}, {2, 0}, {3, 2}};
    struct fsrs keeps = FSRS_DEFAULT;
    keeps.hard_keeps = true;
    struct fsrs_state fourth = replay(&FSRS_DEFAULT, EVENTS, 4);
    assert_near(fourth.stability, 2.50424809, 1e-8);
    assert_near(fourth.difficulty, 7.67935902, 1e-8);
    assert_near(replay(&FSRS_DEFAULT, EVENTS, 6).stability, 1.43988159, 1e-8);
    assert_near(replay(&keeps, EVENTS, 6).stability, 2.50424809, 1e-8);
    struct fsrs_state ours = replay(&FSRS_DEFAULT, EVENTS, 7);
    struct fsrs_state theirs = replay(&keeps, EVENTS, 7);
    assert_near(ours.stability, 3.78540322, 1e-8);
    assert_near(theirs.stability, 5.02150878, 1e-8);
    assert_near(ours.difficulty, 8.42320515, 1e-8);
    assert_near(theirs.difficulty, 8.42320515, 1e-8);
}

static void
nineteen_weights_lead_to_the_published_next_states(void **state)
{
    (void)state;
    static const double WEIGHTS[19] = {
        0.6845422,  1.6790825, 4.7349424,    10.042885,  7.4410233,
        0.64219797, 1.071918,  0.0025195254, 1.432437,   0.1544,
        0.8692766,  2.0696752, 0.0953,       0.2975,     2.4691248,
        0.19542035, 3.201072,  0.18046261,   0.121442534};
    static const struct event EVENTS[] = {{1, 0}, {3, 1}, {3, 3}, {3, 8}};
    static const struct fsrs_state EXPECTED[] = {{2.9691455, 8.000659},
                                                 {17.091452, 7.6913934},
                                                 {31.722992, 7.382128},
                                                 {71.7502, 7.0728626}};
    struct fsrs fsrs = FSRS_DEFAULT;
    struct error err;
    assert_number(fsrs_set_weights(&fsrs, WEIGHTS, 19, &err), 0);
    struct fsrs_state before = replay(&fsrs, EVENTS, 4);
    for (int i = 0; i < 4; i++) {
        struct fsrs_state next =
            fsrs_step(&fsrs, before, 21, (enum rating)(i + 1));
        assert_near(next.stability, EXPECTED[i].stability, 1e-6);
        assert_near(next.difficulty, EXPECTED[i].difficulty, 1e-6);
    }
}

static void
the_long_term_memory_is_as_published(void **state)
{
    (void)state;
    static const int INTERVALS[] = {0, 1, 2, 6, 41, 4, 7, 21};
    static const struct fsrs_state EXPECTED[] = {
        {0.4197, 7.1434},          {1.0344317, 7.03653841},
        {5.5356759, 6.64066485},   {41.0033667, 5.92312772},
        {4.46605519, 6.44779861},  {6.67743292, 6.45995078},
        {20.88868155, 6.10293922}, {132.81849454, 5.36588547}};
    struct fsrs fsrs = FSRS_DEFAULT;
    struct error err;
    assert_number(fsrs_set_weights(&fsrs, LONG_TERM, 19, &err), 0);
    fsrs.weights[17] = fsrs.weights[18] = 0;
    struct fsrs_state memory = {0, 0};
    for (int i = 0; i < 8; i++) {
        memory =
            fsrs_step(&fsrs, memory, INTERVALS[i], (enum rating)(i % 4 + 1));
        assert_near(memory.stability, EXPECTED[i].stability, 1e-6);
        assert_near(memory.difficulty, EXPECTED[i].difficulty, 1e-6);
    }
}

static void
seventeen_weights_are_converted(void **state)
{
    (void)state;
    double values[17] = {0.4,  0.6,  2.4,  5.8,  4.93, 0.94, 0.86, 0.01, 1.49,
                         0.14, 0.94, 2.18, 0.05, 0.34, 1.26, 0.29, 2.61};
    struct fsrs fsrs = FSRS_DEFAULT;
    struct error err;
    assert_number(fsrs_set_weights(&fsrs, values, 17, &err), 0);
    assert_near(fsrs.weights[4], 6.81, 1e-12);
    assert_near(fsrs.weights[5], 0.44675013, 1e-7);
    assert_near(fsrs.weights[6], 1.36, 1e-12);
    assert_near(fsrs.weights[16], 2.61, 1e-12);
    for (int i = 17; i < 20; i++) {
        assert_true(fsrs.weights[i] == 0);
    }
    assert_true(fsrs.weights[20] == 0.5);
}

static void
weights_out_of_range_are_refused(void **state)
{
    (void)state;
    struct fsrs fsrs = FSRS_DEFAULT;
    struct error err;
    double values[FSRS_WEIGHTS];
    assert_number(fsrs_set_weights(&fsrs, FSRS_DEFAULT.weights, 20, &err), -1);
    assert_contains(err.message, "20 weights");
    for (int i = 0; i < FSRS_WEIGHTS; i++) {
        static const double BAD[] = {-1, 1000, NAN};
        for (int kind = 0; kind < 3; kind++) {
            memcpy(values, FSRS_DEFAULT.weights, sizeof(values));
            values[i] = BAD[kind];
            assert_number(fsrs_set_weights(&fsrs, values, FSRS_WEIGHTS, &err),
                          -1);
        }
    }
    assert_memory_equal(&fsrs, &FSRS_DEFAULT, sizeof(fsrs));
    assert_number(
        fsrs_set_weights(&fsrs, FSRS_DEFAULT.weights, FSRS_WEIGHTS, &err), 0);
}

static void
no_grades_drive_the_state_out_of_its_range(void **state)
{
    (void)state;
    for (int rating = 1; rating <= 4; rating++) {
        for (int days = 0; days <= 400; days += 40) {
            struct fsrs_state memory = {0, 0};
            for (int i = 0; i < 200; i++) {
                memory = fsrs_step(&FSRS_DEFAULT, memory, days,
                                   (enum rating)rating);
                assert_true(memory.stability >= 0.001);
                assert_true(isfinite(memory.stability));
                assert_true(memory.difficulty >= 1 && memory.difficulty <= 10);
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_memory_after_each_of_six_reviews_is_as_published),
        cmocka_unit_test(a_first_review_sets_the_published_state),
        cmocka_unit_test(the_forgetting_curve_is_as_published),
        cmocka_unit_test(difficulty_moves_as_published),
        cmocka_unit_test(stability_on_a_later_day_is_as_published),
        cmocka_unit_test(stability_on_the_same_day_is_as_published),
        cmocka_unit_test(intervals_for_every_retention_are_as_published),
        cmocka_unit_test(hard_on_the_same_day_tells_the_libraries_apart),
        cmocka_unit_test(nineteen_weights_lead_to_the_published_next_states),
        cmocka_unit_test(the_long_term_memory_is_as_published),
        cmocka_unit_test(seventeen_weights_are_converted),
        cmocka_unit_test(weights_out_of_range_are_refused),
        cmocka_unit_test(no_grades_drive_the_state_out_of_its_range),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
