#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/workspace.h"
#include "tests/support/tempdir.h"

/* Every case runs in an empty folder of its own. */
static char *folder;
static char *before;

static int
enter(void **state)
{
    (void)state;
    before = getcwd(NULL, 0);
    folder = tempdir_make();
    return chdir(folder);
}

static int
leave(void **state)
{
    (void)state;
    int result = chdir(before);
    tempdir_remove(folder);
    free(before);
    return result;
}

static void
assert_file(const char *path, const char *expected)
{
    char *text = tempdir_read(path);
    assert_text(text, expected);
    free(text);
}

static void
put_makes_the_folder_and_the_file(void **state)
{
    (void)state;
    struct error err;
    bool written = false;
    assert_number(
        workspace_put("ouro-labs/01_x", "object.c", "hi\n", &written, &err),
        0);
    assert_true(written);
    assert_file("ouro-labs/01_x/object.c", "hi\n");
}

static void
put_leaves_an_existing_file_alone(void **state)
{
    (void)state;
    struct error err;
    bool written = true;
    free(tempdir_write(folder, "mine/object.c", "my work\n"));
    assert_number(workspace_put("mine", "object.c", "new\n", &written, &err),
                  0);
    assert_false(written);
    assert_file("mine/object.c", "my work\n");
}

static void
the_default_folder_is_found(void **state)
{
    (void)state;
    free(tempdir_write(folder, "ouro-labs/01_x/object.c", ""));
    char *found = workspace_find("state", "01_x", "object.c");
    assert_text(found, "ouro-labs/01_x/object.c");
    free(found);
}

static void
the_lab_is_found_from_inside_its_folder(void **state)
{
    (void)state;
    free(tempdir_write(folder, "01_x/object.c", ""));
    assert_number(chdir("01_x"), 0);
    char *found = workspace_find("state", "01_x", "object.c");
    assert_text(found, "object.c");
    free(found);
}

static void
a_remembered_folder_is_found_from_anywhere(void **state)
{
    (void)state;
    struct error err;
    char *state_folder = xasprintf("%s/state", folder);
    char *file = tempdir_write(folder, "my place/object.c", "");
    assert_number(workspace_remember(state_folder, "01_x", "my place", &err),
                  0);
    assert_number(chdir("/"), 0);
    char *found = workspace_find(state_folder, "01_x", "object.c");
    assert_non_null(found);
    assert_number(access(found, F_OK), 0);
    assert_contains(found, "my place/object.c");
    free(found);
    free(file);
    free(state_folder);
}

static void
nothing_is_found_before_the_start(void **state)
{
    (void)state;
    assert_null(workspace_find("state", "01_x", "object.c"));
}

static void
set_aside_keeps_every_backup(void **state)
{
    (void)state;
    struct error err;
    char *backup = NULL;
    free(tempdir_write(folder, "object.c", "first\n"));
    assert_number(workspace_set_aside("object.c", &backup, &err), 0);
    assert_text(backup, "object.c.bak");
    free(backup);
    free(tempdir_write(folder, "object.c", "second\n"));
    assert_number(workspace_set_aside("object.c", &backup, &err), 0);
    assert_text(backup, "object.c.bak.2");
    free(backup);
    assert_file("object.c.bak", "first\n");
    assert_file("object.c.bak.2", "second\n");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(put_makes_the_folder_and_the_file),
        CASE(put_leaves_an_existing_file_alone),
        CASE(the_default_folder_is_found),
        CASE(the_lab_is_found_from_inside_its_folder),
        CASE(a_remembered_folder_is_found_from_anywhere),
        CASE(nothing_is_found_before_the_start),
        CASE(set_aside_keeps_every_backup),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
