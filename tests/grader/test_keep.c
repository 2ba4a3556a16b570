#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grader/keep.h"
#include "labs/testing.h"
#include "tests/support/tempdir.h"

static char *folder;
static char reason[512];

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

static void
assert_key(const char *name, const char *expected)
{
    char *key = keep_key(name);
    assert_string_equal(key, expected);
    free(key);
}

static void
a_key_is_a_file_name_in_the_folder(void **state)
{
    (void)state;
    assert_key("anna.c", "anna.c");
    assert_key("anna/object.c", "anna_object.c");
    assert_key("./anna/object.c", "anna_object.c");
    assert_key("/etc/passwd", "etc_passwd");
    assert_key("../../up.c", "_.._.._up.c");
    assert_key("..", "_..");
}

static void
long_names_stay_file_names_and_stay_apart(void **state)
{
    (void)state;
    char name[255];
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    char *one = keep_key(name);
    name[sizeof(name) - 2] = 'y';
    char *other = keep_key(name);
    assert_true(strlen(one) < 200);
    assert_string_not_equal(one, other);
    free(one);
    free(other);
}

static void
the_folder_is_made_with_those_above_it(void **state)
{
    (void)state;
    char path[512];
    struct stat about;
    snprintf(path, sizeof(path), "%s/a/b/c/", folder);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(keep_open(path, reason, sizeof(reason)), 0);
        assert_int_equal(stat(path, &about), 0);
    }
}

static void
a_file_in_the_folders_place_is_told(void **state)
{
    (void)state;
    char *file = tempdir_write(folder, "file", "");
    assert_int_equal(keep_open(file, reason, sizeof(reason)), -1);
    assert_non_null(strstr(reason, "Not a directory"));
    free(file);
}

static void
what_is_written_is_there_and_nothing_beside_it(void **state)
{
    (void)state;
    assert_int_equal(
        keep_write(folder, "anna", ".json", "{}\n", 3, reason, sizeof(reason)),
        0);
    assert_true(keep_has(folder, "anna", ".json"));
    keep_remove(folder, "anna", ".json");
    assert_false(keep_has(folder, "anna", ".json"));
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
}

static void
a_folder_that_is_gone_is_told(void **state)
{
    (void)state;
    assert_int_equal(
        keep_write("/nowhere", "a", ".json", "", 0, reason, sizeof(reason)),
        -1);
    assert_non_null(strstr(reason, "cannot write '/nowhere/a.json'"));
}

static uint64_t
seed_of(uint64_t wanted, bool is_given)
{
    assert_int_equal(
        keep_seed(folder, &wanted, is_given, reason, sizeof(reason)), 0);
    return wanted;
}

static void
the_first_seed_stays_until_another_is_given(void **state)
{
    (void)state;
    assert_number(seed_of(7, false), 7);
    assert_number(seed_of(8, false), 7);
    assert_number(seed_of(9, true), 9);
    assert_number(seed_of(10, false), 9);
}

static bool
parses(const char *text)
{
    struct record record;
    return record_parse(text, strlen(text), &record);
}

#define RECORD(verdict, rest)                                                 \
    "{\"verdict\": \"" verdict                                                \
    "\", \"fingerprint\": \"ab\", \"score\": 1, \"max_score\": 2" rest

static void
half_a_record_is_none(void **state)
{
    (void)state;
    static const char WHOLE[] = RECORD("pass", ", \"timing_ms\": "
                                               "{\"total\": 3.5}}");
    struct record record;
    assert_true(record_parse(WHOLE, strlen(WHOLE), &record));
    assert_string_equal(record.verdict, "pass");
    assert_string_equal(record.fingerprint, "ab");
    assert_number(record.score, 1);
    assert_number(record.max_score, 2);
    assert_true(record.time_ms > 3.4 && record.time_ms < 3.6);
    for (size_t length = 0; length < strlen(WHOLE); length++) {
        assert_false(record_parse(WHOLE, length, &record));
    }
}

static void
what_is_no_record_is_refused(void **state)
{
    (void)state;
    assert_false(parses(""));
    assert_false(parses("[]"));
    assert_false(parses("{}"));
    assert_false(parses(RECORD("pass", "}")));
    assert_false(parses(RECORD("a verdict that is longer than any that is",
                               ", \"timing_ms\": {\"total\": 3.5}}")));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_key_is_a_file_name_in_the_folder),
        cmocka_unit_test(long_names_stay_file_names_and_stay_apart),
        IN_FOLDER(the_folder_is_made_with_those_above_it),
        IN_FOLDER(a_file_in_the_folders_place_is_told),
        IN_FOLDER(what_is_written_is_there_and_nothing_beside_it),
        cmocka_unit_test(a_folder_that_is_gone_is_told),
        IN_FOLDER(the_first_seed_stays_until_another_is_given),
        cmocka_unit_test(half_a_record_is_none),
        cmocka_unit_test(what_is_no_record_is_refused),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
