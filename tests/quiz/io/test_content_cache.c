#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "labs/testing.h"
#include "quiz/core/bank.h"
#include "quiz/core/error.h"
#include "quiz/core/passage.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/content.h"
#include "quiz/io/content_cache.h"
#include "quiz/io/paths.h"
#include "tests/support/dice.h"
#include "tests/support/tempdir.h"

static char *folder;

static const char ONE[] = "topic: test\n"
                          "title: {en: Test, ru: Проверка}\n"
                          "checked_with: \"3.11\"\n"
                          "questions:\n"
                          "  - id: test-one\n"
                          "    kind: true_false\n"
                          "    level: junior\n"
                          "    ask: {en: Is it so, ru: Так ли это}\n"
                          "    why_asked: {en: To see, ru: Чтобы узнать}\n"
                          "    explain: {en: Because, ru: Потому}\n"
                          "    see: Python/gc.c\n"
                          "    answer: true\n";

static int
enter(void **state)
{
    (void)state;
    folder = tempdir_make();
    free(tempdir_write(folder, "content/questions/01_test.yaml", ONE));
    return 0;
}

static int
leave(void **state)
{
    (void)state;
    tempdir_remove(folder);
    return 0;
}

/* The bank of the folder, by way of its cache. */
static struct bank *
open_bank(void)
{
    struct bank *bank = bank_new();
    char *content = paths_join(folder, "content");
    char *cache = paths_join(folder, "cache");
    content_open_bank(content, cache, bank, NULL);
    free(content);
    free(cache);
    return bank;
}

/* What the first question asks, by way of the cache; new. */
static char *
asked(void)
{
    struct bank *bank = open_bank();
    char *ask =
        xstrdup(bank_count(bank) > 0 ? bank_at(bank, 0)->ask.in[LANG_EN] : "");
    bank_free(bank);
    return ask;
}

static void
expect_asked(const char *expected)
{
    char *ask = asked();
    assert_text(ask, expected);
    free(ask);
}

/* The path of the only cache, new; NULL if there is none. */
static char *
cache_file(void)
{
    char command[512];
    char line[512] = "";
    snprintf(command, sizeof(command), "ls '%s'/cache/bank-* 2>/dev/null",
             folder);
    FILE *out = popen(command, "r");
    bool there = fgets(line, sizeof(line), out) != NULL;
    pclose(out);
    line[strcspn(line, "\n")] = '\0';
    return there ? xstrdup(line) : NULL;
}

/* Puts another text of the same length into the cache, whose checksum is
 * right again: what shows that the cache is really used. */
static void
mark_cache(void)
{
    char *path = cache_file();
    char *bytes = NULL;
    size_t length = 0;
    assert_non_null(path);
    assert_number(paths_read_file(path, 1 << 20, &bytes, &length, NULL), 0);
    char *at = memmem(bytes, length, "Is it so", 8);
    assert_non_null(at);
    memcpy(at, "Is it no", 8);
    content_cache_seal(bytes, length);
    assert_number(paths_write_file(path, bytes, length, NULL), 0);
    free(bytes);
    free(path);
}

static void
write_question(const char *ask)
{
    struct text text = {0};
    const char *at = strstr(ONE, "Is it so");
    text_add_bytes(&text, ONE, (size_t)(at - ONE));
    text_add(&text, ask);
    text_add(&text, at + strlen("Is it so"));
    free(tempdir_write(folder, "content/questions/01_test.yaml",
                       text_string(&text)));
    text_release(&text);
}

// --- the bytes -------------------------------------------------------------

/* Every kind of question is in the program's own content. */
static void
a_bank_comes_back_as_it_was(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    struct bank *again = bank_new();
    size_t length = 0;
    size_t other_length = 0;
    assert_number(content_load_bank("content", bank, NULL, NULL), 0);
    char *bytes = content_cache_make("content", bank, &length);
    assert_number(content_cache_read(bytes, length, NULL, again), 0);
    assert_number(bank_count(again), bank_count(bank));
    char *other = content_cache_make("content", again, &other_length);
    assert_number(other_length, length);
    assert_memory_equal(other, bytes, length);
    bank_free(again);
    bank_free(bank);
    free(bytes);
    free(other);
}

/* Touches everything that a bank refers to. */
static void
walk(const struct passage *passage, void *data)
{
    size_t *sum = data;
    *sum +=
        strlen(passage->text.in[LANG_EN]) + strlen(passage->text.in[LANG_RU]);
}

static void
read_damaged(const char *bytes, size_t length)
{
    // A block of its own, so that a byte too far is noticed.
    char *copy = xmalloc(length + 1);
    struct bank *bank = bank_new();
    size_t sum = 0;
    memcpy(copy, bytes, length);
    content_cache_seal(copy, length);
    if (content_cache_read(copy, length, NULL, bank) == 0) {
        for (size_t i = 0; i < bank_count(bank); i++) {
            passage_each(bank_at(bank, i), walk, &sum);
        }
    }
    bank_free(bank);
    free(copy);
}

static void
damaged_bytes_are_survived(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    struct dice dice = {.seed = 17};
    size_t length = 0;
    assert_number(content_load_file("tests/data/content/good/open.yaml", bank,
                                    NULL, NULL),
                  0);
    char *bytes = content_cache_make("content", bank, &length);
    for (size_t cut = 0; cut < length; cut++) {
        read_damaged(bytes, cut);
    }
    for (int i = 0; i < 20000; i++) {
        size_t at = dice_roll(&dice, length);
        char before = bytes[at];
        bytes[at] = (char)dice_roll(&dice, 256);
        read_damaged(bytes, length);
        bytes[at] = before;
    }
    bank_free(bank);
    free(bytes);
}

static void
a_wrong_byte_is_found_by_the_checksum(void **state)
{
    (void)state;
    struct bank *bank = open_bank();
    size_t length = 0;
    char *content = paths_join(folder, "content");
    char *bytes = content_cache_make(content, bank, &length);
    for (size_t at = 0; at < length; at++) {
        struct bank *other = bank_new();
        bytes[at] = (char)(bytes[at] ^ 1);
        assert_true(content_cache_read(bytes, length, NULL, other) != 0 ||
                    bank_at(other, 0)->status == STATUS_RETIRED);
        bytes[at] = (char)(bytes[at] ^ 1);
        bank_free(other);
    }
    bank_free(bank);
    free(content);
    free(bytes);
}

// --- the file --------------------------------------------------------------

static void
the_second_opening_reads_the_cache(void **state)
{
    (void)state;
    expect_asked("Is it so");
    mark_cache();
    expect_asked("Is it no");
}

static void
a_damaged_question_is_read_from_its_file(void **state)
{
    (void)state;
    expect_asked("Is it so");
    char *path = cache_file();
    char *bytes = NULL;
    size_t length = 0;
    assert_number(paths_read_file(path, 1 << 20, &bytes, &length, NULL), 0);
    char *at = memmem(bytes, length, "Is it so", 8);
    memcpy(at, "Is it no", 8);
    assert_number(paths_write_file(path, bytes, length, NULL), 0);
    expect_asked("Is it so");
    free(bytes);
    free(path);
}

static void
a_changed_file_makes_the_cache_anew(void **state)
{
    (void)state;
    expect_asked("Is it so");
    mark_cache();
    write_question("Is it on");
    expect_asked("Is it on");
    write_question("Is it here");
    expect_asked("Is it here");
}

static void
a_new_file_makes_the_cache_anew(void **state)
{
    (void)state;
    expect_asked("Is it so");
    free(tempdir_write(folder, "content/questions/00_other.yaml",
                       "topic: [\n"));
    struct bank *bank = open_bank();
    assert_number(bank_count(bank), 1);
    bank_free(bank);
    free(tempdir_write(folder, "content/questions/00_other.yaml", ""));
    bank = open_bank();
    assert_number(bank_count(bank), 1);
    bank_free(bank);
}

static void
the_same_bytes_with_another_time_are_not_read_again(void **state)
{
    (void)state;
    expect_asked("Is it so");
    mark_cache();
    char *path = paths_join(folder, "content/questions/01_test.yaml");
    const struct timespec times[] = {{1000, 0}, {1000, 0}};
    assert_number(utimensat(AT_FDCWD, path, times, 0), 0);
    expect_asked("Is it no");
    free(path);
}

static void
what_is_no_cache_is_left_aside_and_made_anew(void **state)
{
    static const char *const OTHERS[] = {
        "", "ouro bank 1", "ouro bank 9 and much more of it, and yet more",
        "SQLite format 3 and so on and so on and so on and so on and so on"};
    (void)state;
    expect_asked("Is it so");
    char *path = cache_file();
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(*OTHERS); i++) {
        assert_number(
            paths_write_file(path, OTHERS[i], strlen(OTHERS[i]), NULL), 0);
        expect_asked("Is it so");
        mark_cache();
        expect_asked("Is it no");
    }
    unlink(path);
    assert_number(symlink("/dev/zero", path), 0);
    expect_asked("Is it so");
    free(path);
}

static void
what_has_faults_is_never_kept(void **state)
{
    (void)state;
    free(tempdir_write(folder, "content/questions/02_bad.yaml", "topic: [\n"));
    expect_asked("Is it so");
    assert_null(cache_file());
}

static void
without_a_place_for_it_the_files_are_read(void **state)
{
    (void)state;
    free(tempdir_write(folder, "cache", "a file\n"));
    expect_asked("Is it so");
    struct bank *bank = bank_new();
    char *content = paths_join(folder, "content");
    assert_number(content_open_bank(content, NULL, bank, NULL), 0);
    assert_number(bank_count(bank), 1);
    bank_free(bank);
    free(content);
}

static void
a_folder_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct bank *bank = bank_new();
    struct error err;
    assert_number(content_open_bank("no/such", folder, bank, &err), -1);
    assert_non_null(strstr(err.message, "no/such"));
    bank_free(bank);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_bank_comes_back_as_it_was),
        cmocka_unit_test(damaged_bytes_are_survived),
        cmocka_unit_test_setup_teardown(a_wrong_byte_is_found_by_the_checksum,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(the_second_opening_reads_the_cache,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(
            a_damaged_question_is_read_from_its_file, enter, leave),
        cmocka_unit_test_setup_teardown(a_changed_file_makes_the_cache_anew,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(a_new_file_makes_the_cache_anew, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(
            the_same_bytes_with_another_time_are_not_read_again, enter, leave),
        cmocka_unit_test_setup_teardown(
            what_is_no_cache_is_left_aside_and_made_anew, enter, leave),
        cmocka_unit_test_setup_teardown(what_has_faults_is_never_kept, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(
            without_a_place_for_it_the_files_are_read, enter, leave),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_told,
                                        enter, leave),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
