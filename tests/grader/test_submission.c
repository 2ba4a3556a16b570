#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grader/submission.h"
#include "labs/testing.h"
#include "tests/support/tempdir.h"

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

static void
put(const char *name)
{
    free(tempdir_write(folder, name, "int x;\n"));
}

static char *
path_of(const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    return path;
}

static struct submissions
gather(const char *kept)
{
    struct submissions list = {0};
    char reason[256] = "";
    assert_int_equal(submissions_add(&list, folder, "object.c", kept, reason,
                                     sizeof(reason)),
                     0);
    return list;
}

/* The only submission's file behind the class's folder, or its problem. */
static void
assert_only(const char *name, const char *file, const char *problem)
{
    struct submissions list = gather(NULL);
    assert_number(list.count, 1);
    assert_string_equal(list.items[0].name, name);
    if (problem == NULL) {
        assert_null(list.items[0].problem);
        assert_string_equal(list.items[0].file + strlen(folder) + 1, file);
    }
    else {
        assert_non_null(list.items[0].problem);
        assert_non_null(strstr(list.items[0].problem, problem));
    }
    submissions_release(&list);
}

static void
of_a_class_each_file_and_folder_is_one_by_name(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"anna.c", "boris", "clara.c"};
    put("clara.c");
    put("anna.c");
    put("boris/x.c");
    put(".git/x.c");
    put("__MACOSX/x.c");
    struct submissions list = gather(NULL);
    assert_number(list.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(list.items[i].name, NAMES[i]);
        assert_null(list.items[i].problem);
    }
    submissions_release(&list);
}

static void
a_folders_only_c_file_is_taken_wherever_it_is(void **state)
{
    (void)state;
    put("anna/src/deep/mine.c");
    put("anna/README");
    put("anna/.git/object.c");
    assert_only("anna", "anna/src/deep/mine.c", NULL);
}

static void
of_several_the_one_with_the_labs_name_is_taken(void **state)
{
    (void)state;
    put("anna/a.c");
    put("anna/src/object.c");
    put("anna/z.c");
    assert_only("anna", "anna/src/object.c", NULL);
}

static void
of_several_none_is_guessed(void **state)
{
    (void)state;
    put("anna/a.c");
    put("anna/b.c");
    assert_only("anna", NULL, "2 C files in the folder, and none");
}

static void
two_of_the_labs_name_are_a_problem(void **state)
{
    (void)state;
    put("anna/object.c");
    put("anna/old/object.c");
    assert_only("anna", NULL, "more than one is called 'object.c'");
}

static void
an_empty_folder_is_a_problem(void **state)
{
    (void)state;
    char *path = path_of("anna");
    assert_int_equal(mkdir(path, 0755), 0);
    assert_only("anna", NULL, "no C file");
    free(path);
}

static void
a_link_is_not_followed(void **state)
{
    (void)state;
    char *link = path_of("anna.c");
    assert_int_equal(symlink("/etc/hostname", link), 0);
    assert_only("anna.c", NULL, "no regular file");
    free(link);
}

static void
a_link_in_a_folder_is_not_seen(void **state)
{
    (void)state;
    put("anna/README");
    char *link = path_of("anna/object.c");
    char *loop = path_of("anna/loop");
    assert_int_equal(symlink("/etc/hostname", link), 0);
    assert_int_equal(symlink(".", loop), 0);
    assert_only("anna", NULL, "no C file");
    free(link);
    free(loop);
}

static void
a_pipe_is_a_problem_and_is_not_opened(void **state)
{
    (void)state;
    char *path = path_of("anna.c");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_only("anna.c", NULL, "no regular file");
    free(path);
}

static void
another_kind_of_file_is_a_problem(void **state)
{
    (void)state;
    put("anna.zip");
    assert_only("anna.zip", NULL, "no C file");
}

static void
the_folder_that_is_kept_is_no_submission(void **state)
{
    (void)state;
    put("anna.c");
    put("results/anna.c.json");
    char *kept = path_of("results");
    struct submissions list = gather(kept);
    assert_number(list.count, 1);
    submissions_release(&list);
    free(kept);
}

static void
files_stay_in_the_order_in_which_they_are_named(void **state)
{
    (void)state;
    struct submissions list = {0};
    char reason[256];
    put("b.c");
    put("a.c");
    char *b = path_of("b.c");
    char *a = path_of("a.c");
    const char *const PATHS[] = {b, a, "nowhere.c"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(submissions_add(&list, PATHS[i], NULL, NULL, reason,
                                         sizeof(reason)),
                         0);
        assert_string_equal(list.items[i].name, PATHS[i]);
    }
    assert_null(list.items[1].problem);
    assert_string_equal(list.items[2].problem, "No such file or directory");
    submissions_release(&list);
    free(a);
    free(b);
}

static struct submissions
numbered(int count)
{
    struct submissions list = {0};
    char reason[256];
    for (int i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof(name), "/nowhere/student %d", i);
        submissions_add(&list, name, NULL, NULL, reason, sizeof(reason));
    }
    return list;
}

static void
shards_are_disjoint_and_complete(void **state)
{
    enum {
        STUDENTS = 300,
        SHARDS = 7
    };
    (void)state;
    int seen[STUDENTS] = {0};
    for (unsigned shard = 1; shard <= SHARDS; shard++) {
        struct submissions list = numbered(STUDENTS);
        submissions_shard(&list, shard, SHARDS);
        assert_true(list.count > STUDENTS / SHARDS / 2);
        for (size_t i = 0; i < list.count; i++) {
            seen[atoi(strrchr(list.items[i].name, ' '))]++;
        }
        submissions_release(&list);
    }
    for (int i = 0; i < STUDENTS; i++) {
        assert_number(seen[i], 1);
    }
}

static void
a_shard_depends_on_the_name_and_not_on_the_others(void **state)
{
    (void)state;
    for (unsigned shard = 1; shard <= 3; shard++) {
        struct submissions many = numbered(30);
        struct submissions few = numbered(10);
        submissions_shard(&many, shard, 3);
        submissions_shard(&few, shard, 3);
        for (size_t i = 0; i < few.count; i++) {
            assert_string_equal(few.items[i].name, many.items[i].name);
        }
        submissions_release(&many);
        submissions_release(&few);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        IN_FOLDER(of_a_class_each_file_and_folder_is_one_by_name),
        IN_FOLDER(a_folders_only_c_file_is_taken_wherever_it_is),
        IN_FOLDER(of_several_the_one_with_the_labs_name_is_taken),
        IN_FOLDER(of_several_none_is_guessed),
        IN_FOLDER(two_of_the_labs_name_are_a_problem),
        IN_FOLDER(an_empty_folder_is_a_problem),
        IN_FOLDER(a_link_is_not_followed),
        IN_FOLDER(a_link_in_a_folder_is_not_seen),
        IN_FOLDER(a_pipe_is_a_problem_and_is_not_opened),
        IN_FOLDER(another_kind_of_file_is_a_problem),
        IN_FOLDER(the_folder_that_is_kept_is_no_submission),
        IN_FOLDER(files_stay_in_the_order_in_which_they_are_named),
        cmocka_unit_test(shards_are_disjoint_and_complete),
        cmocka_unit_test(a_shard_depends_on_the_name_and_not_on_the_others),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
