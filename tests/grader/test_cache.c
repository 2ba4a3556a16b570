#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grader/cache.h"
#include "labs/testing.h"
#include "tests/support/tempdir.h"

static const char KEY[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char SHA[] =
    "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
static char *folder;

static int
enter(void **state)
{
    (void)state;
    folder = tempdir_make();
    return 0;
}

static int
leave(void **state)
{
    (void)state;
    tempdir_remove(folder);
    return 0;
}

static const struct grade_case CASES[] = {
    {.name = "first",
     .points = 2,
     .state = GRADE_CASE_PASSED,
     .divergence = {.type = "", .expected = "", .yours = "", .diff = ""},
     .detail = "",
     .time_us = 417},
    {.name = "second",
     .points = 3,
     .state = GRADE_CASE_FAILED,
     .verdict = VERDICT_SANITIZER,
     .divergence = {.step = 4,
                    .type = "int",
                    .expected = "count: 1",
                    .yours = "count: «2»",
                    .diff = "- count: 1\n+ count: 2\n"},
     .detail = "read after free\nin line 7\n"},
    {.name = "third",
     .points = 1,
     .state = GRADE_CASE_NOT_RUN,
     .needs = "second",
     .divergence = {.type = "", .expected = "", .yours = "", .diff = ""},
     .detail = ""},
};

static const struct grade_message MESSAGE = {.line = 3,
                                             .column = 9,
                                             .is_error = true,
                                             .text = "expected ';'",
                                             .code = "missing_semicolon",
                                             .hint = "a hint",
                                             .excerpt = "int x\n     ^"};

static struct grade_result
some_result(void)
{
    return (struct grade_result){.verdict = VERDICT_SANITIZER,
                                 .score = 2,
                                 .max_score = 6,
                                 .seed = 77,
                                 .cases = CASES,
                                 .case_count = 3,
                                 .messages = &MESSAGE,
                                 .message_count = 1,
                                 .reason = "",
                                 .file_sha256 = SHA,
                                 .level = "user pid mount"};
}

static bool
is_kept(const struct grade_result *result)
{
    struct grade_result found;
    cache_store(folder, KEY, result);
    struct cached *cached = cache_find(folder, KEY, NULL, &found);
    cache_release(cached);
    return cached != NULL;
}

static char *
entry_path(void)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s.verdict", folder, KEY) < 0) {
        abort();
    }
    return path;
}

static void
what_was_kept_is_found_with_all_that_it_said(void **state)
{
    (void)state;
    const struct grade_result kept = some_result();
    struct grade_result found;
    cache_store(folder, KEY, &kept);
    struct cached *cached = cache_find(folder, KEY, NULL, &found);
    assert_non_null(cached);
    assert_true(found.is_cached);
    assert_number(found.verdict, VERDICT_SANITIZER);
    assert_number(found.score, 2);
    assert_number(found.max_score, 6);
    assert_number((int)found.seed, 77);
    assert_string_equal(found.file_sha256, SHA);
    assert_string_equal(found.level, "user pid mount");
    assert_number((int)found.case_count, 3);
    assert_number((int)found.cases[0].time_us, 417);
    assert_number(found.cases[1].state, GRADE_CASE_FAILED);
    assert_number(found.cases[1].verdict, VERDICT_SANITIZER);
    assert_number(found.cases[1].divergence.step, 4);
    assert_string_equal(found.cases[1].divergence.yours, "count: «2»");
    assert_string_equal(found.cases[1].detail, "read after free\nin line 7\n");
    assert_null(found.cases[1].needs);
    assert_string_equal(found.cases[2].needs, "second");
    assert_number((int)found.message_count, 1);
    assert_true(found.messages[0].is_error);
    assert_number(found.messages[0].column, 9);
    assert_string_equal(found.messages[0].excerpt, "int x\n     ^");
    cache_release(cached);
}

static void
other_dice_are_another_verdict(void **state)
{
    (void)state;
    const struct grade_result kept = some_result();
    const uint64_t same = 77;
    const uint64_t other = 78;
    struct grade_result found;
    cache_store(folder, KEY, &kept);
    assert_null(cache_find(folder, KEY, &other, &found));
    struct cached *cached = cache_find(folder, KEY, &same, &found);
    assert_non_null(cached);
    cache_release(cached);
}

static void
an_unknown_key_is_not_found(void **state)
{
    (void)state;
    const struct grade_result kept = some_result();
    struct grade_result found;
    cache_store(folder, KEY, &kept);
    assert_null(cache_find(folder, SHA, NULL, &found));
    assert_null(cache_find("/nowhere/at/all", KEY, NULL, &found));
}

/* A lab's artifacts and headers, as far as a key looks at them. */
static struct grade_task
some_task(char *artifacts)
{
    free(tempdir_write(folder, "build/leaf", "leaf"));
    free(tempdir_write(folder, "build/tools", "/usr/bin/gcc -c\nas\n"));
    free(tempdir_write(folder, "build/lab/lab.so", "lab"));
    free(tempdir_write(folder, "build/labs/runtime/object.h", "struct x;"));
    snprintf(artifacts, 512, "%s/build", folder);
    return (struct grade_task){
        .artifacts = artifacts, .include = artifacts, .lab_id = "lab"};
}

static void
find_key(const struct grade_task *task, const char *sha256,
         char key[FINGERPRINT_SIZE])
{
    char base[FINGERPRINT_SIZE];
    cache_base(task, base);
    fingerprint_of(base, sha256, key);
}

static bool
changes_key(const struct grade_task *task, const char *sha256,
            const char *before)
{
    char key[FINGERPRINT_SIZE];
    find_key(task, sha256, key);
    return strcmp(key, before) != 0;
}

static void
the_key_is_of_all_that_the_task_says(void **state)
{
    (void)state;
    char artifacts[512];
    char key[FINGERPRINT_SIZE];
    const struct grade_task task = some_task(artifacts);
    find_key(&task, SHA, key);
    assert_false(changes_key(&task, SHA, key));
    assert_true(changes_key(&task, KEY, key));
    struct grade_task other = task;
    other.lab_id = "another";
    assert_true(changes_key(&other, SHA, key));
    other = task;
    other.time_ms = 50;
    assert_true(changes_key(&other, SHA, key));
    other = task;
    other.until_failure = true;
    assert_true(changes_key(&other, SHA, key));
    other = task;
    other.may_be_open = true;
    assert_true(changes_key(&other, SHA, key));
    other = task;
    other.seed = 5; // is a part of the verdict
    assert_false(changes_key(&other, SHA, key));
}

static void
the_key_is_of_each_file_that_was_built(void **state)
{
    (void)state;
    static const char *const FILES[] = {
        "build/leaf",       "build/tools", "build/lab/lab.so",
        "build/lab/new.so", "build/new",   "build/labs/runtime/object.h"};
    char artifacts[512];
    const struct grade_task task = some_task(artifacts);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(*FILES); i++) {
        char key[FINGERPRINT_SIZE];
        find_key(&task, SHA, key);
        free(tempdir_write(folder, FILES[i], "this is something else"));
        assert_true(changes_key(&task, SHA, key));
    }
}

static void
a_damaged_entry_is_as_if_it_were_not_there(void **state)
{
    (void)state;
    const struct grade_result kept = some_result();
    struct grade_result found;
    char *path = entry_path();
    cache_store(folder, KEY, &kept);
    char *text = tempdir_read(path);
    assert_non_null(text);
    size_t length = strlen(text);
    for (size_t cut = 0; cut < length; cut += 13) {
        char *half = strndup(text, cut);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(half, file);
        fclose(file);
        assert_null(cache_find(folder, KEY, NULL, &found));
        free(half);
    }
    for (size_t at = 0; at < length; at += 13) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        text[at] ^= 1;
        fwrite(text, 1, length, file);
        text[at] ^= 1;
        fclose(file);
        assert_null(cache_find(folder, KEY, NULL, &found));
    }
    cache_store(folder, KEY, &kept); // and is mended
    struct cached *cached = cache_find(folder, KEY, NULL, &found);
    assert_non_null(cached);
    cache_release(cached);
    free(text);
    free(path);
}

static void
what_might_come_out_otherwise_is_not_kept(void **state)
{
    (void)state;
    struct grade_case cases[3];
    struct grade_result result = some_result();
    result.verdict = VERDICT_INTERNAL_ERROR;
    assert_false(is_kept(&result));
    result.verdict = VERDICT_TIMED_OUT;
    assert_false(is_kept(&result));
    result.verdict = VERDICT_OVER_MEMORY;
    assert_false(is_kept(&result));
    result = some_result();
    result.is_open = true;
    assert_false(is_kept(&result));
    result = some_result();
    memcpy(cases, CASES, sizeof(cases));
    result.cases = cases;
    cases[1].flaky = true;
    assert_false(is_kept(&result));
    cases[1].flaky = false;
    cases[1].verdict = VERDICT_TIMED_OUT;
    assert_false(is_kept(&result));
    cases[1].verdict = VERDICT_FAIL;
    assert_true(is_kept(&result));
}

static void
a_compiler_that_took_too_long_is_asked_again(void **state)
{
    (void)state;
    struct grade_result result = some_result();
    result.verdict = VERDICT_COMPILE_ERROR;
    result.case_count = 0;
    result.message_count = 0;
    assert_false(is_kept(&result));
    result.message_count = 1;
    assert_true(is_kept(&result));
}

static void
a_folder_that_cannot_be_is_no_reason_to_fail(void **state)
{
    (void)state;
    const struct grade_result kept = some_result();
    struct grade_result found;
    char below[512];
    char *file = tempdir_write(folder, "file", "");
    snprintf(below, sizeof(below), "%s/verdicts", file);
    cache_store(below, KEY, &kept);
    assert_null(cache_find(below, KEY, NULL, &found));
    cache_store("/proc/self/verdicts", KEY, &kept);
    assert_null(cache_find("/proc/self/verdicts", KEY, NULL, &found));
    cache_store("/dev/full", KEY, &kept);
    assert_null(cache_find("/dev/full", KEY, NULL, &found));
    free(file);
}

static void
the_folder_is_made_for_its_owner_alone(void **state)
{
    (void)state;
    const struct grade_result kept = some_result();
    struct stat about;
    char below[512];
    snprintf(below, sizeof(below), "%s/cache/verdicts", folder);
    cache_store(below, KEY, &kept);
    assert_number(stat(below, &about), 0);
    assert_number((int)(about.st_mode & 0777), 0700);
}

static void
the_oldest_make_room(void **state)
{
    (void)state;
    const struct grade_result kept = some_result();
    struct grade_result found;
    char key[FINGERPRINT_SIZE];
    for (int i = 0; i <= CACHE_ENTRIES; i++) {
        snprintf(key, sizeof(key), "%064d", i);
        cache_store(folder, key, &kept);
    }
    snprintf(key, sizeof(key), "%064d", 0);
    assert_null(cache_find(folder, key, NULL, &found));
    snprintf(key, sizeof(key), "%064d", CACHE_ENTRIES);
    struct cached *cached = cache_find(folder, key, NULL, &found);
    assert_non_null(cached);
    cache_release(cached);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(what_was_kept_is_found_with_all_that_it_said),
        IN_A_FOLDER(other_dice_are_another_verdict),
        IN_A_FOLDER(an_unknown_key_is_not_found),
        IN_A_FOLDER(the_key_is_of_all_that_the_task_says),
        IN_A_FOLDER(the_key_is_of_each_file_that_was_built),
        IN_A_FOLDER(a_damaged_entry_is_as_if_it_were_not_there),
        IN_A_FOLDER(what_might_come_out_otherwise_is_not_kept),
        IN_A_FOLDER(a_compiler_that_took_too_long_is_asked_again),
        IN_A_FOLDER(a_folder_that_cannot_be_is_no_reason_to_fail),
        IN_A_FOLDER(the_folder_is_made_for_its_owner_alone),
        IN_A_FOLDER(the_oldest_make_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
