/* The reader of content against files that are right and files that are not,
 * each with the fault of its name (tests/support/expected.h). */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/error.h"
#include "quiz/core/question.h"
#include "quiz/io/content.h"
#include "tests/support/expected.h"
#include "tests/support/tempdir.h"

#include <cmocka.h>

#define GOOD "tests/data/content/good"
#define BAD "tests/data/content/bad"

struct loaded {
    struct bank *bank;
    struct faults faults;
    struct error err;
    int result;
};

static struct loaded
load_file(const char *path)
{
    struct loaded loaded = {.bank = bank_new()};
    loaded.result =
        content_load_file(path, loaded.bank, &loaded.faults, &loaded.err);
    return loaded;
}

static struct loaded
load_text(const char *folder, const char *text)
{
    char *path = tempdir_write(folder, "f.yaml", text);
    struct loaded loaded = load_file(path);
    free(path);
    return loaded;
}

static void
release(struct loaded *loaded)
{
    faults_release(&loaded->faults);
    bank_free(loaded->bank);
}

// --- the files -------------------------------------------------------------

static int
load(const char *path, struct faults *faults)
{
    struct bank *bank = bank_new();
    int result = content_load_file(path, bank, faults, NULL);
    if (result == 0 && bank_count(bank) == 0) {
        result = -1;
    }
    bank_free(bank);
    return result;
}

static void
good_files_have_no_faults(void **state)
{
    (void)state;
    int wrong = 0;
    assert_true(expected_good(GOOD, load, &wrong) >= 12);
    assert_int_equal(wrong, 0);
}

static void
bad_files_have_the_faults_they_name(void **state)
{
    (void)state;
    int wrong = 0;
    assert_true(expected_bad(BAD, load, &wrong) >= 100);
    assert_int_equal(wrong, 0);
}

/* Reads a file's beginnings of every length, and the file with a byte changed,
 * for each byte. Nothing to assert but that the reader lives and keeps its
 * word: no question without a fault that the whole file does not have. */
static void
damage(const char *path, void *data)
{
    const char *folder = data;
    char *whole = tempdir_read(path);
    struct loaded full = load_file(path);
    size_t questions = bank_count(full.bank);
    size_t length = strlen(whole);
    for (size_t i = 0; i < length; i++) {
        char kept = whole[i];
        whole[i] = '\0';
        struct loaded cut = load_text(folder, whole);
        assert_true(bank_count(cut.bank) <= questions);
        assert_true((cut.result == 0) == (cut.faults.errors == 0));
        release(&cut);
        whole[i] = "\t:-\xFF\"[&*{#"[i % 10];
        struct loaded changed = load_text(folder, whole);
        assert_true((changed.result == 0) == (changed.faults.errors == 0));
        release(&changed);
        whole[i] = kept;
    }
    release(&full);
    free(whole);
}

static void
damaged_files_are_survived(void **state)
{
    (void)state;
    char *folder = tempdir_make();
    assert_true(expected_each(GOOD, damage, folder) >= 12);
    tempdir_remove(folder);
}

// --- what is read ----------------------------------------------------------

static void
every_common_key_is_read(void **state)
{
    (void)state;
    struct loaded loaded = load_file(GOOD "/every_common_key.yaml");
    const struct question *question = bank_find(loaded.bank, "test-one");
    assert_non_null(question);
    assert_string_equal(question->topic, "test");
    assert_int_equal(question->kind, QUESTION_TRUE_FALSE);
    assert_int_equal(question->level, LEVEL_JUNIOR);
    assert_int_equal(question->status, STATUS_DRAFT);
    assert_string_equal(question->ask.in[LANG_EN], "Is it so");
    assert_string_equal(question->ask.in[LANG_RU], "Так ли это");
    assert_string_equal(question->code, "pass");
    assert_int_equal(question->code_lang, CODE_C);
    assert_string_equal(question->why_asked.in[LANG_EN], "To see");
    assert_string_equal(question->explain.in[LANG_RU], "Потому");
    assert_int_equal(question->mistake_count, 1);
    assert_string_equal(question->mistakes[0].in[LANG_EN], "To hurry");
    assert_string_equal(question->python, ">=3.8, <3.14");
    assert_string_equal(question->try_it, "python3 -c 'pass'");
    assert_string_equal(question->translated_from, "ru-0123abcd");
    assert_string_equal(question->proof.code, "print(1)");
    assert_string_equal(question->proof.prints, "1");
    assert_int_equal(question->see.count, 1);
    assert_int_equal(question->seeds.count, 2);
    assert_string_equal(question->seeds.items[1], "X02");
    assert_int_equal(question->tags.count, 2);
    assert_string_equal(question->lab, "01_refcount");
    assert_int_equal(question->seconds, 90);
    assert_int_equal(question->line, 6);
    assert_true(question->true_false.answer);
    release(&loaded);
}

static const struct question *
only_question(struct loaded *loaded, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), GOOD "/%s.yaml", name);
    *loaded = load_file(path);
    assert_int_equal(loaded->result, 0);
    assert_true(bank_count(loaded->bank) > 0);
    return bank_at(loaded->bank, 0);
}

static void
each_kind_is_read_with_its_own_keys(void **state)
{
    (void)state;
    static const char *const NAMES[QUESTION_KIND_COUNT] = {
        "choice", "true_false", "output", "number", "order",
        "match",  "cloze",      "short",  "open"};
    struct loaded loaded;
    for (int kind = 0; kind < QUESTION_KIND_COUNT; kind++) {
        const struct question *question = only_question(&loaded, NAMES[kind]);
        assert_string_equal(question_kind_name(question->kind), NAMES[kind]);
        release(&loaded);
    }
    const struct question *question = only_question(&loaded, "choice");
    assert_int_equal(question->choice.count, 2);
    assert_true(question->choice.options[0].right);
    assert_false(question->choice.options[1].right);
    release(&loaded);
    question = only_question(&loaded, "output");
    assert_string_equal(question->output.answer, "2\n3");
    release(&loaded);
    question = only_question(&loaded, "open");
    assert_true(question->open.rubric.key_point_count > 0);
    assert_true(question->open.rubric.key_points[0].match.count > 0);
    release(&loaded);
}

static void
faults_are_told_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct loaded loaded = load_file(BAD "/all_faults_are_reported.yaml");
    assert_true(loaded.faults.count > 1);
    for (size_t i = 1; i < loaded.faults.count; i++) {
        assert_true(loaded.faults.items[i - 1].line <=
                    loaded.faults.items[i].line);
    }
    // The summary begins with the first of them.
    assert_non_null(strstr(loaded.err.message, ":14:12: "));
    release(&loaded);
}

static void
questions_without_faults_are_kept_beside_faulty_ones(void **state)
{
    (void)state;
    struct loaded loaded =
        load_file(BAD "/faults_before_a_syntax_error_are_reported.yaml");
    assert_null(bank_find(loaded.bank, "test-one"));
    assert_non_null(bank_find(loaded.bank, "test-two"));
    release(&loaded);
}

// --- files and folders -----------------------------------------------------

static void
an_id_is_unique_among_all_files(void **state)
{
    (void)state;
    char *folder = tempdir_make();
    char *text = tempdir_read(GOOD "/true_false.yaml");
    free(tempdir_write(folder, "questions/01_test.yaml", text));
    free(tempdir_write(folder, "questions/02_test.yaml", text));
    struct loaded loaded = {.bank = bank_new()};
    assert_int_equal(
        content_load_bank(folder, loaded.bank, &loaded.faults, &loaded.err),
        -1);
    bool taken = false;
    for (size_t i = 0; i < loaded.faults.count; i++) {
        const struct fault *fault = &loaded.faults.items[i];
        taken |= strstr(fault->file, "02_test.yaml") != NULL &&
                 strstr(fault->message, "already taken") != NULL &&
                 strstr(fault->message, "01_test.yaml") != NULL;
    }
    assert_true(taken);
    release(&loaded);
    free(text);
    tempdir_remove(folder);
}

static void
a_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct loaded loaded = load_file("no/such/file.yaml");
    assert_int_equal(loaded.result, -1);
    assert_non_null(strstr(loaded.err.message, "no/such/file.yaml"));
    release(&loaded);
    loaded = load_file("tests"); // a folder
    assert_int_equal(loaded.result, -1);
    assert_non_null(strstr(loaded.err.message, "tests"));
    release(&loaded);
}

static void
an_empty_file_is_said_to_be_empty(void **state)
{
    (void)state;
    char *folder = tempdir_make();
    struct loaded loaded = load_text(folder, "");
    assert_int_equal(loaded.result, -1);
    assert_non_null(strstr(loaded.err.message, "the file is empty"));
    release(&loaded);
    tempdir_remove(folder);
}

static void
synonyms_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } BAD_ONES[] = {
        {"- a\n", "found a list, expected a mapping"},
        {"schema: 1\ngroups: {one: []}\n", "a list of 0, expected"},
        {"schema: 1\ngroups: {One Two: [a]}\n", "One Two"},
        {"schema: 1\n", "'groups' is missing"},
    };
    char *folder = tempdir_make();
    for (size_t i = 0; i < sizeof(BAD_ONES) / sizeof(*BAD_ONES); i++) {
        struct arena *arena = arena_new();
        struct faults faults = {0};
        struct synonyms synonyms;
        struct error err;
        char *path = tempdir_write(folder, "s.yaml", BAD_ONES[i].text);
        assert_int_equal(
            content_load_synonyms(path, arena, &synonyms, &faults, &err), -1);
        if (strstr(err.message, BAD_ONES[i].words) == NULL) {
            fail_msg("'%s' is not in '%s'", BAD_ONES[i].words, err.message);
        }
        free(path);
        faults_release(&faults);
        arena_free(arena);
    }
    tempdir_remove(folder);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(good_files_have_no_faults),
        cmocka_unit_test(bad_files_have_the_faults_they_name),
        cmocka_unit_test(damaged_files_are_survived),
        cmocka_unit_test(every_common_key_is_read),
        cmocka_unit_test(each_kind_is_read_with_its_own_keys),
        cmocka_unit_test(faults_are_told_in_the_order_of_the_file),
        cmocka_unit_test(questions_without_faults_are_kept_beside_faulty_ones),
        cmocka_unit_test(an_id_is_unique_among_all_files),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(an_empty_file_is_said_to_be_empty),
        cmocka_unit_test(synonyms_are_checked),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
