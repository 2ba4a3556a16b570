#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "quiz/core/text.h"
#include "quiz/core/tokens.h"
#include "quiz/core/words.h"
#include "tests/support/dice.h"

static struct arena *arena;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    words_release();
    return 0;
}

static struct tokens
cut(const char *text)
{
    return tokens_of(arena, text, strlen(text));
}

/* The words of a text with "|" between them. */
static void
expect_words(const char *text, const char *expected)
{
    struct tokens tokens = cut(text);
    struct text words = {0};
    for (size_t i = 0; i < tokens.count; i++) {
        text_add(&words, i > 0 ? "|" : "");
        text_add(&words, tokens.items[i].word);
    }
    assert_text(text_string(&words), expected);
    text_release(&words);
}

/* The number of each word's sentence, or clause, one digit each. */
static void
expect_parts(const char *text, const char *expected, bool clauses)
{
    struct tokens tokens = cut(text);
    struct text parts = {0};
    int first = clauses ? tokens.items[0].clause : tokens.items[0].sentence;
    for (size_t i = 0; i < tokens.count; i++) {
        int part = clauses ? tokens.items[i].clause : tokens.items[i].sentence;
        text_add_char(&parts, (char)('0' + part - first));
    }
    assert_text(text_string(&parts), expected);
    text_release(&parts);
}

static void
words_are_folded_and_signs_left_out(void **state)
{
    (void)state;
    expect_words("The GIL — one lock, «на весь» процесс!",
                 "the|gil|one|lock|на|весь|процесс");
    expect_words("", "");
    expect_words(" .,;!? ", "");
}

static void
names_of_the_field_stay_whole(void **state)
{
    (void)state;
    expect_words("__del__ and ob_refcnt in 3.13",
                 "__del__|and|ob_refcnt|in|3.13");
    expect_words("call gc.collect() in O(n log n)",
                 "call|gc.collect|in|o(n log n)");
    expect_words("x += 1; a == b -> c != d", "x|+=|1|a|==|b|->|c|!=|d");
    expect_words("x² + y", "x2|+|y");
    expect_words("ids of -5 to 256", "ids|of|-5|to|256");
    expect_words("don’t", "don't");
}

static void
a_point_between_sentences_is_no_part_of_a_name(void **state)
{
    (void)state;
    expect_words("It ends.Then it starts. And", "it|ends|then|it|starts|and");
}

static void
a_compound_is_known_by_its_parts(void **state)
{
    (void)state;
    struct tokens tokens = cut("CPU-bound threads и/или");
    assert_number(tokens.count, 3);
    assert_true(token_has_key(&tokens.items[0], "cpu-bound"));
    assert_true(token_has_key(&tokens.items[0], "cpu"));
    assert_true(token_has_key(&tokens.items[0], "bound"));
    assert_true(token_has_key(&tokens.items[1], "threads"));
    assert_true(token_has_key(&tokens.items[1], "thread"));
    assert_true(token_has_key(&tokens.items[2], "или"));
    assert_false(token_has_key(&tokens.items[1], "thre"));
}

static void
another_spelling_is_known_by_the_usual_one(void **state)
{
    (void)state;
    struct tokens tokens = cut("ГИЛ, рефкаунт, мьютекс, frozen");
    assert_true(token_has_key(&tokens.items[0], "gil"));
    assert_true(token_has_key(&tokens.items[1], "refcount"));
    assert_true(token_has_key(&tokens.items[2], "lock"));
    assert_true(token_has_key(&tokens.items[3], "freeze"));
}

static void
sentences_end_at_their_signs(void **state)
{
    (void)state;
    expect_parts("one two. three! four? five; six … seven", "0012345", false);
    expect_parts("version 3.13 is out. Next", "00001", false);
    expect_parts("use threading.Lock here. Next", "00001", false);
}

static void
a_newline_ends_a_sentence_when_a_thought_begins(void **state)
{
    (void)state;
    expect_parts("one\ntwo three", "000", false);
    expect_parts("one\nTwo three", "011", false);
    expect_parts("один\nДва", "01", false);
    expect_parts("one\n- two\n- three", "012", false);
    expect_parts("one\n\ntwo", "01", false);
}

static void
clauses_end_at_commas_and_conjunctions(void **state)
{
    (void)state;
    expect_parts("one, two: three (four) five", "01234", true);
    expect_parts("one but two", "011", true);
    expect_parts("один хотя два", "011", true);
    expect_parts("one two three", "000", true);
}

static enum token_negation
negation_of(const char *text, size_t word)
{
    return cut(text).items[word].negation;
}

static void
negations_are_told_from_what_only_looks_like_one(void **state)
{
    (void)state;
    assert_number(negation_of("it does not count", 2), TOKEN_NEGATES);
    assert_number(negation_of("it doesn’t count", 1), TOKEN_NEGATES);
    assert_number(negation_of("без счёта", 0), TOKEN_NEGATES);
    assert_number(negation_of("никогда не", 0), TOKEN_NEGATES_ALSO);
    assert_number(negation_of("that is a myth", 3), TOKEN_DENIES_BEFORE);
    assert_number(negation_of("это неверно", 1), TOKEN_DENIES_BEFORE);
    assert_number(negation_of("not only this", 0), TOKEN_PLAIN);
    assert_number(negation_of("не только это", 0), TOKEN_PLAIN);
    assert_number(negation_of("no longer", 0), TOKEN_PLAIN);
    assert_number(negation_of("a note", 1), TOKEN_PLAIN);
}

static void
words_of_grammar_are_told_apart(void **state)
{
    (void)state;
    struct tokens tokens = cut("the thread и поток");
    assert_true(tokens.items[0].is_function);
    assert_false(tokens.items[1].is_function);
    assert_true(tokens.items[2].is_function);
    assert_false(tokens.items[3].is_function);
}

static void
relations_are_counted(void **state)
{
    (void)state;
    assert_number(cut("a → b; c == d").relations, 3);
    assert_number(cut("a and b, c").relations, 0);
}

static void
a_key_is_added_once_and_only_where_there_is_room(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"a", "b", "c", "d", "e", "f", "g",
                                       "h", "i", "j", "k", "l", "m"};
    struct token token = {0};
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof(KEYS) / sizeof(*KEYS); i++) {
            token_add_key(&token, KEYS[i]);
        }
    }
    for (int i = 0; i < TOKEN_KEYS; i++) {
        assert_text(token.keys[i], KEYS[i]);
    }
    assert_true(token_has_key(&token, "j"));
    assert_false(token_has_key(&token, "k"));
}

static void
any_text_is_cut_into_words_in_its_order(void **state)
{
    (void)state;
    struct dice dice = {.seed = 9};
    for (int round = 0; round < 2000; round++) {
        size_t count = dice_roll(&dice, 60);
        char *text = round % 2 == 0
                         ? dice_bytes(&dice, count)
                         : dice_text(&dice, DICE_HARD_PIECES, count);
        struct tokens tokens = cut(text);
        size_t at = 0;
        int sentence = 0;
        int clause = 0;
        for (size_t i = 0; i < tokens.count; i++) {
            const struct token *token = &tokens.items[i];
            assert_true(token->from >= at && token->from < token->to);
            assert_true(token->sentence >= sentence);
            assert_true(token->clause >= clause);
            assert_true(token_has_key(token, token->word));
            at = token->to;
            sentence = token->sentence;
            clause = token->clause;
        }
        assert_true(at <= strlen(text));
        free(text);
    }
}

static void
only_the_given_length_is_read(void **state)
{
    (void)state;
    struct tokens tokens = tokens_of(arena, "one two three", 6);
    assert_number(tokens.count, 2);
    assert_text(tokens.items[1].word, "tw");
    assert_number(tokens_of(arena, "a\0b", 3).count, 2);
    assert_number(tokens_of(arena, "gc.collect()", 11).items[0].to, 10);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(words_are_folded_and_signs_left_out),
        cmocka_unit_test(names_of_the_field_stay_whole),
        cmocka_unit_test(a_point_between_sentences_is_no_part_of_a_name),
        cmocka_unit_test(a_compound_is_known_by_its_parts),
        cmocka_unit_test(another_spelling_is_known_by_the_usual_one),
        cmocka_unit_test(sentences_end_at_their_signs),
        cmocka_unit_test(a_newline_ends_a_sentence_when_a_thought_begins),
        cmocka_unit_test(clauses_end_at_commas_and_conjunctions),
        cmocka_unit_test(negations_are_told_from_what_only_looks_like_one),
        cmocka_unit_test(words_of_grammar_are_told_apart),
        cmocka_unit_test(relations_are_counted),
        cmocka_unit_test(a_key_is_added_once_and_only_where_there_is_room),
        cmocka_unit_test(any_text_is_cut_into_words_in_its_order),
        cmocka_unit_test(only_the_given_length_is_read),
    };
    return cmocka_run_group_tests(cases, set_up, tear_down);
}
