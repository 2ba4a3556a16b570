#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "tests/support/dice.h"

static void
what_is_taken_is_zeroed_aligned_and_ones_own(void **state)
{
    (void)state;
    enum {
        PIECES = 3000
    };
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    struct dice dice = {.seed = 1};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < PIECES; i++) {
        // Mostly small, now and then about as large as a chunk or larger.
        sizes[i] = dice_roll(&dice, 50) == 0 ? dice_roll(&dice, 200000)
                                             : dice_roll(&dice, 300);
        pieces[i] = arena_take(arena, sizes[i]);
        assert_number((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_true(pieces[i][k] == 0);
        }
        memset(pieces[i], (int)(i % 251 + 1), sizes[i]);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_true(pieces[i][k] == i % 251 + 1);
        }
    }
    arena_free(arena);
}

static void
the_first_piece_may_be_larger_than_a_chunk(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char *large = arena_take(arena, 1000000);
    char *small = arena_take(arena, 1);
    large[0] = large[999999] = 'x';
    assert_true(*small == 0);
    arena_free(arena);
}

static void
a_string_is_cut_and_terminated(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char *cut = arena_string(arena, "hello", 4);
    char *none = arena_string(arena, "hello", 0);
    assert_text(cut, "hell");
    assert_text(none, "");
    assert_int_equal(memcmp(arena_string(arena, "a\0b", 3), "a\0b", 4), 0);
    arena_free(arena);
}

static void
a_copy_lives_apart_from_its_original(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    int numbers[3] = {1, 2, 3};
    int *copy = arena_copy(arena, numbers, sizeof(numbers));
    numbers[0] = 9;
    assert_number(copy[0], 1);
    assert_number(copy[2], 3);
    assert_non_null(arena_copy(arena, NULL, 0));
    arena_free(arena);
}

static void
nothing_can_be_freed(void **state)
{
    (void)state;
    arena_free(NULL);
    arena_free(arena_new());
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(what_is_taken_is_zeroed_aligned_and_ones_own),
        cmocka_unit_test(the_first_piece_may_be_larger_than_a_chunk),
        cmocka_unit_test(a_string_is_cut_and_terminated),
        cmocka_unit_test(a_copy_lives_apart_from_its_original),
        cmocka_unit_test(nothing_can_be_freed),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
