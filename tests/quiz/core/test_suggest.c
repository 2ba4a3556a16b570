#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/suggest.h"
#include "tests/support/dice.h"

/* The plain definition, one call per pair of prefixes: optimal string
 * alignment, slow. */
static int
slow_distance(const char *a, size_t i, const char *b, size_t j)
{
    if (i == 0 || j == 0) {
        return (int)(i + j);
    }
    int best =
        slow_distance(a, i - 1, b, j - 1) + (a[i - 1] != b[j - 1] ? 1 : 0);
    int other = slow_distance(a, i - 1, b, j) + 1;
    best = other < best ? other : best;
    other = slow_distance(a, i, b, j - 1) + 1;
    best = other < best ? other : best;
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        other = slow_distance(a, i - 2, b, j - 2) + 1;
        best = other < best ? other : best;
    }
    return best;
}

static char *
short_word(struct dice *dice)
{
    static const char *const LETTERS[] = {"a", "b", "c", NULL};
    return dice_text(dice, LETTERS, dice_roll(dice, 7));
}

static void
edits_are_counted_as_the_definition_says(void **state)
{
    (void)state;
    struct dice dice = {.seed = 2};
    for (int round = 0; round < 2000; round++) {
        char *a = short_word(&dice);
        char *b = short_word(&dice);
        int expected = slow_distance(a, strlen(a), b, strlen(b));
        assert_number(suggest_distance(a, b, 100), expected);
        assert_number(suggest_distance(b, a, 100), expected);
        for (int limit = 0; limit < 7; limit++) {
            assert_number(suggest_distance(a, b, limit),
                          expected > limit ? limit + 1 : expected);
        }
        free(a);
        free(b);
    }
}

static void
the_distance_lies_between_its_bounds(void **state)
{
    (void)state;
    static const char *const LETTERS[] = {"a", "b", "_", "x", NULL};
    struct dice dice = {.seed = 3};
    for (int round = 0; round < 3000; round++) {
        char *words[3];
        int sizes[3];
        for (int i = 0; i < 3; i++) {
            words[i] = dice_text(&dice, LETTERS, dice_roll(&dice, 30));
            sizes[i] = (int)strlen(words[i]);
        }
        int ab = suggest_distance(words[0], words[1], 100);
        int bc = suggest_distance(words[1], words[2], 100);
        int ac = suggest_distance(words[0], words[2], 100);
        int longer = sizes[0] > sizes[1] ? sizes[0] : sizes[1];
        assert_true(ab >= abs(sizes[0] - sizes[1]) && ab <= longer);
        assert_true((ab == 0) == (strcmp(words[0], words[1]) == 0));
        // No metric: a swap may not be edited again, so that the way round
        // can be shorter; but a swap never saves more than half.
        assert_true(ac <= 2 * (ab + bc));
        for (int i = 0; i < 3; i++) {
            free(words[i]);
        }
    }
}

static void
the_way_round_can_be_shorter(void **state)
{
    (void)state;
    assert_number(suggest_distance("ca", "ac", 9), 1);
    assert_number(suggest_distance("ac", "abc", 9), 1);
    assert_number(suggest_distance("ca", "abc", 9), 3);
}

static void
words_beyond_63_bytes_are_only_equal_or_apart(void **state)
{
    (void)state;
    char a[80];
    char b[80];
    memset(a, 'a', sizeof(a));
    memcpy(b, a, sizeof(b));
    a[63] = b[63] = '\0';
    b[10] = 'b';
    assert_number(suggest_distance(a, b, 5), 1);
    b[62] = 'b'; // the last one counts
    assert_number(suggest_distance(a, b, 5), 2);
    a[63] = b[63] = 'a';
    a[64] = b[64] = '\0';
    assert_number(suggest_distance(a, b, 5), 6);
    assert_number(suggest_distance(a, a, 5), 0);
    a[63] = '\0';
    assert_number(suggest_distance(a, b, 5), 6);
}

static const char *
best_of(const char *typed, const char *const *known)
{
    struct suggest suggest = suggest_begin(typed);
    for (; *known != NULL; known++) {
        suggest_offer(&suggest, *known);
    }
    return suggest.best;
}

static void
the_nearest_offer_is_best(void **state)
{
    (void)state;
    static const char *const KNOWN[] = {"practice", "interview", "stats",
                                        "lab",      "status",    NULL};
    assert_text(best_of("intervew", KNOWN), "interview");
    assert_text(best_of("pratcice", KNOWN), "practice");
    assert_text(best_of("statuss", KNOWN), "status");
    assert_text(best_of("stat", KNOWN), "stats");
    assert_text(best_of("lab", KNOWN), "lab");
}

static void
the_first_of_two_as_near_is_best(void **state)
{
    (void)state;
    static const char *const KNOWN[] = {"gc-a", "gc-b", NULL};
    assert_ptr_equal(best_of("gc-c", KNOWN), KNOWN[0]);
}

static void
nothing_near_is_nothing(void **state)
{
    (void)state;
    static const char *const KNOWN[] = {"practice", "interview", NULL};
    assert_null(best_of("zzzzzzzz", KNOWN));
    assert_null(best_of("", KNOWN));
    assert_null(suggest_begin("practice").best);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(edits_are_counted_as_the_definition_says),
        cmocka_unit_test(the_distance_lies_between_its_bounds),
        cmocka_unit_test(the_way_round_can_be_shorter),
        cmocka_unit_test(words_beyond_63_bytes_are_only_equal_or_apart),
        cmocka_unit_test(the_nearest_offer_is_best),
        cmocka_unit_test(the_first_of_two_as_near_is_best),
        cmocka_unit_test(nothing_near_is_nothing),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
