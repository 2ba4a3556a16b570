#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/arena.h"
#include "quiz/core/error.h"
#include "quiz/core/pattern.h"
#include "quiz/core/question.h"
#include "quiz/core/synonyms.h"
#include "quiz/core/text.h"
#include "quiz/core/words.h"
#include "tests/support/dice.h"

static const char *const LOCKS[] = {"lock", "mutex", "critical section"};
static const struct synonym_group GROUPS[] = {
    {.name = "lock", .words = {.items = LOCKS, .count = 3}}};
static const struct synonyms SYNONYMS = {.groups = GROUPS, .count = 1};

/* A pattern of the usual kind. */
static struct pattern
plain(const char *slots)
{
    return (struct pattern){
        .slots = slots, .window = 8, .polarity = POLARITY_POSITIVE};
}

/* Looks for the pattern in the text; says what the evidence is. */
static enum pattern_found
look(const struct pattern *pattern, const char *text, char *evidence,
     size_t room)
{
    struct error err;
    if (pattern_check(pattern, &SYNONYMS, &err) != 0) {
        fail_msg("%s", err.message);
    }
    struct arena *arena = arena_new();
    struct tokens tokens = tokens_of(arena, text, strlen(text));
    struct haystack *haystack = haystack_new(arena, &tokens, &SYNONYMS);
    size_t first = 0;
    size_t last = 0;
    enum pattern_found found = pattern_find(haystack, pattern, &first, &last);
    if (found != PATTERN_MISSING && evidence != NULL) {
        assert_true(first <= last && last < tokens.count);
        size_t from = tokens.items[first].from;
        snprintf(evidence, room, "%.*s", (int)(tokens.items[last].to - from),
                 text + from);
    }
    arena_free(arena);
    return found;
}

static bool
finds(const char *slots, const char *text)
{
    struct pattern pattern = plain(slots);
    return look(&pattern, text, NULL, 0) == PATTERN_FOUND;
}

// --- slots -----------------------------------------------------------------

static void
slots_stand_in_any_order(void **state)
{
    (void)state;
    assert_true(finds("count reference", "the reference count grows"));
    assert_true(finds("reference count", "counts each reference"));
    assert_false(finds("reference count", "the reference grows"));
    assert_false(finds("reference count", ""));
}

static void
a_word_counts_in_all_its_forms(void **state)
{
    (void)state;
    assert_true(finds("run", "it is running"));
    assert_true(finds("ссылка", "он стал ссылкой"));
    assert_false(finds("run", "a rung"));
}

static void
an_ordered_pattern_keeps_its_order(void **state)
{
    (void)state;
    struct pattern pattern = plain("reference count");
    pattern.ordered = true;
    assert_number(look(&pattern, "the reference count", NULL, 0),
                  PATTERN_FOUND);
    assert_number(look(&pattern, "counts each reference", NULL, 0),
                  PATTERN_MISSING);
}

static void
the_window_counts_words(void **state)
{
    (void)state;
    struct pattern pattern = plain("alpha omega");
    pattern.window = 4;
    assert_number(look(&pattern, "alpha b c omega", NULL, 0), PATTERN_FOUND);
    assert_number(look(&pattern, "alpha b c d omega", NULL, 0),
                  PATTERN_MISSING);
    // The nearest two count, not the first ones.
    assert_number(look(&pattern, "alpha b c d alpha omega", NULL, 0),
                  PATTERN_FOUND);
}

static void
slots_lie_in_one_sentence_unless_across(void **state)
{
    (void)state;
    struct pattern pattern = plain("alpha omega");
    assert_number(look(&pattern, "Alpha is here. Omega is there.", NULL, 0),
                  PATTERN_MISSING);
    pattern.across = true;
    assert_number(look(&pattern, "Alpha is here. Omega is there.", NULL, 0),
                  PATTERN_FOUND);
    assert_number(look(&pattern, "Alpha. Beta. Omega.", NULL, 0),
                  PATTERN_MISSING);
}

static void
two_slots_never_share_a_word(void **state)
{
    (void)state;
    assert_false(finds("object|thing object", "an object"));
    assert_true(finds("object|thing object", "an object, an object"));
}

static void
any_alternative_of_a_slot_will_do(void **state)
{
    (void)state;
    assert_true(finds("cat|dog|'guinea pig'", "a dog"));
    assert_true(finds("cat|dog|'guinea pig'", "two guinea pigs"));
    assert_false(finds("cat|dog|'guinea pig'", "a pig from guinea"));
    assert_false(finds("cat|dog", "a doggerel"));
}

static void
a_prefix_is_any_word_that_begins_so(void **state)
{
    (void)state;
    assert_true(finds("immut*", "immutability"));
    assert_true(finds("ссыл*", "ссылается"));
    assert_false(finds("immut*", "mutable"));
}

static void
a_group_is_any_of_its_words_and_phrases(void **state)
{
    (void)state;
    assert_true(finds("take @lock", "it takes the mutex"));
    assert_true(finds("enter @lock", "it enters a critical section"));
    assert_false(finds("enter @lock", "it enters a section"));
}

static void
an_optional_slot_need_not_be_there(void **state)
{
    (void)state;
    assert_true(finds("lock ?global", "a lock"));
    assert_true(finds("?global lock", "a global lock"));
    assert_false(finds("?global lock", "a global thing"));
}

static void
the_evidence_is_what_was_found(void **state)
{
    (void)state;
    char evidence[64] = "";
    struct pattern pattern = plain("count reference");
    assert_number(look(&pattern, "So each Reference is counted, of course.",
                       evidence, sizeof(evidence)),
                  PATTERN_FOUND);
    assert_text(evidence, "Reference is counted");
}

// --- negation --------------------------------------------------------------

static void
a_negated_claim_is_reversed(void **state)
{
    (void)state;
    static const char *const DENIALS[] = {
        "The collector does not free cycles",
        "The collector never frees cycles",
        "It is not true that the collector frees cycles",
        "It is false that the collector frees cycles",
        "It is wrong to say, that the collector frees cycles",
        "That the collector frees cycles is a myth",
        "Without freeing cycles the collector",
    };
    struct pattern pattern = plain("free cycle");
    for (size_t i = 0; i < sizeof(DENIALS) / sizeof(*DENIALS); i++) {
        if (look(&pattern, DENIALS[i], NULL, 0) != PATTERN_REVERSED) {
            fail_msg("not reversed: %s", DENIALS[i]);
        }
    }
    struct pattern russian = plain("освободить|освобождать цикл*");
    assert_number(look(&russian, "Сборщик не освобождает циклы", NULL, 0),
                  PATTERN_REVERSED);
    assert_number(
        look(&russian, "Сборщик никогда не освобождает циклы", NULL, 0),
        PATTERN_REVERSED);
}

static void
a_negation_elsewhere_does_not_count(void **state)
{
    (void)state;
    static const char *const CLAIMS[] = {
        "The counter does not help, but the collector frees cycles",
        "The collector not only counts: it frees cycles",
        "It is not magic. The collector frees cycles",
        "It is not true that it never frees cycles",
        "The collector frees cycles, counting does not",
    };
    struct pattern pattern = plain("free cycle");
    for (size_t i = 0; i < sizeof(CLAIMS) / sizeof(*CLAIMS); i++) {
        if (look(&pattern, CLAIMS[i], NULL, 0) != PATTERN_FOUND) {
            fail_msg("not found: %s", CLAIMS[i]);
        }
    }
}

static void
polarity_says_which_claim_is_meant(void **state)
{
    (void)state;
    struct pattern pattern = plain("free cycle");
    pattern.polarity = POLARITY_NEGATIVE;
    assert_number(look(&pattern, "it does not free cycles", NULL, 0),
                  PATTERN_FOUND);
    assert_number(look(&pattern, "it frees cycles", NULL, 0), PATTERN_MISSING);
    pattern.polarity = POLARITY_ANY;
    assert_number(look(&pattern, "it does not free cycles", NULL, 0),
                  PATTERN_FOUND);
    assert_number(look(&pattern, "it frees cycles", NULL, 0), PATTERN_FOUND);
}

static void
a_negation_inside_a_phrase_belongs_to_it(void **state)
{
    (void)state;
    assert_true(finds("'not hashable'", "a list is not hashable"));
    assert_true(finds("\"doesn't own\"", "the view doesn't own it"));
}

// --- typing mistakes -------------------------------------------------------

static void
a_mistyped_word_is_known_after_mending(void **state)
{
    (void)state;
    static const char *const WORDS[] = {"reference", "mutable"};
    struct pattern pattern = plain("reference");
    struct pattern other = plain("mutable");
    struct arena *arena = arena_new();
    const char *text = "Refrence of an immutable";
    struct tokens tokens = tokens_of(arena, text, strlen(text));
    struct haystack *haystack = haystack_new(arena, &tokens, NULL);
    size_t first = 9;
    size_t last = 9;
    assert_number(pattern_find(haystack, &pattern, &first, &last),
                  PATTERN_MISSING);
    haystack_mend_typos(haystack, WORDS, 2);
    assert_number(pattern_find(haystack, &pattern, &first, &last),
                  PATTERN_FOUND);
    assert_number(first, 0);
    assert_number(last, 0);
    assert_number(pattern_find(haystack, &other, &first, &last),
                  PATTERN_MISSING);
    // The tokens themselves are as they were.
    assert_false(token_has_key(&tokens.items[0], "reference"));
    arena_free(arena);
}

// --- checking --------------------------------------------------------------

static void
what_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"",
                                        "   ",
                                        "\n",
                                        "?",
                                        "a ?",
                                        "?a",
                                        "?a ?b",
                                        "|",
                                        "a|",
                                        "|a",
                                        "a||b",
                                        "a | b",
                                        "'",
                                        "'a b",
                                        "a|'b c",
                                        "''",
                                        "' '",
                                        "a|''",
                                        "'a'b",
                                        "'don't know'",
                                        "\"a b'",
                                        "*",
                                        "a|*",
                                        "@",
                                        "@nothing",
                                        "a|@nothing b",
                                        "?@nothing a",
                                        "a b c d e f g h i j k l m",
                                        "'a b c d e f g h i'"};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(*WRONG); i++) {
        struct pattern pattern = plain(WRONG[i]);
        struct error err = {0};
        if (pattern_check(&pattern, &SYNONYMS, &err) != -1) {
            fail_msg("\"%s\" was read", WRONG[i]);
        }
        assert_number(err.status, EXIT_STATUS_CONTENT);
        assert_true(err.message[0] != '\0');
    }
}

static void
what_can_be_read_is_none(void **state)
{
    (void)state;
    static const char *const RIGHT[] = {"a",
                                        " a  b ",
                                        "a\nb",
                                        "a|b|c ?d|e",
                                        "'a b'|\"don't know\" don't",
                                        "pre* 'many pre* words'",
                                        "@lock|a ?@lock",
                                        "== += ->",
                                        "a b c d e f g h i j k l",
                                        "'a b c d e f g h'"};
    for (size_t i = 0; i < sizeof(RIGHT) / sizeof(*RIGHT); i++) {
        struct pattern pattern = plain(RIGHT[i]);
        struct error err = {0};
        if (pattern_check(&pattern, &SYNONYMS, &err) != 0) {
            fail_msg("\"%s\": %s", RIGHT[i], err.message);
        }
    }
}

static void
without_synonyms_groups_are_not_looked_at(void **state)
{
    (void)state;
    struct error err;
    struct pattern pattern = plain("@nothing|a");
    assert_number(pattern_check(&pattern, NULL, &err), 0);
    pattern = plain("@nothing|");
    assert_number(pattern_check(&pattern, NULL, &err), -1);
}

static void
a_newline_parts_slots_like_a_space(void **state)
{
    (void)state;
    assert_true(finds("count\nreference", "the reference count grows"));
}

static void
any_pattern_is_looked_for_in_any_text(void **state)
{
    (void)state;
    static const char *const PIECES[] = {
        "a",     "b", "not", " ",      " ",     "|",    "'",  "\"", "*", "?",
        "@lock", "@", "\n",  "ссылка", "don't", "\xFF", "漢", ".",  NULL};
    struct dice dice = {.seed = 10};
    for (int round = 0; round < 5000; round++) {
        char *slots = dice_text(&dice, PIECES, 1 + dice_roll(&dice, 12));
        char *text = dice_text(&dice, PIECES, dice_roll(&dice, 30));
        struct pattern pattern = plain(slots);
        if (pattern_check(&pattern, &SYNONYMS, NULL) == 0) {
            look(&pattern, text, NULL, 0);
        }
        free(slots);
        free(text);
    }
}

// --- words -----------------------------------------------------------------

static void
collect(const char *word, size_t length, void *data)
{
    struct text *words = data;
    text_add(words, words->length > 0 ? "," : "");
    text_add_bytes(words, word, length);
}

static void
all_words_of_a_pattern_are_visited(void **state)
{
    (void)state;
    struct text words = {0};
    struct pattern pattern = plain("a|pre* ?'b c' @lock");
    pattern_words(&pattern, &SYNONYMS, collect, &words);
    assert_text(text_string(&words), "a,pre,b,c,lock,mutex,critical,section");
    text_release(&words);
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
        cmocka_unit_test(slots_stand_in_any_order),
        cmocka_unit_test(a_word_counts_in_all_its_forms),
        cmocka_unit_test(an_ordered_pattern_keeps_its_order),
        cmocka_unit_test(the_window_counts_words),
        cmocka_unit_test(slots_lie_in_one_sentence_unless_across),
        cmocka_unit_test(two_slots_never_share_a_word),
        cmocka_unit_test(any_alternative_of_a_slot_will_do),
        cmocka_unit_test(a_prefix_is_any_word_that_begins_so),
        cmocka_unit_test(a_group_is_any_of_its_words_and_phrases),
        cmocka_unit_test(an_optional_slot_need_not_be_there),
        cmocka_unit_test(the_evidence_is_what_was_found),
        cmocka_unit_test(a_negated_claim_is_reversed),
        cmocka_unit_test(a_negation_elsewhere_does_not_count),
        cmocka_unit_test(polarity_says_which_claim_is_meant),
        cmocka_unit_test(a_negation_inside_a_phrase_belongs_to_it),
        cmocka_unit_test(a_mistyped_word_is_known_after_mending),
        cmocka_unit_test(what_cannot_be_read_is_an_error),
        cmocka_unit_test(what_can_be_read_is_none),
        cmocka_unit_test(without_synonyms_groups_are_not_looked_at),
        cmocka_unit_test(a_newline_parts_slots_like_a_space),
        cmocka_unit_test(any_pattern_is_looked_for_in_any_text),
        cmocka_unit_test(all_words_of_a_pattern_are_visited),
    };
    return cmocka_run_group_tests(cases, NULL, tear_down);
}
