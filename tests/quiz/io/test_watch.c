#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/watch.h"
#include "tests/support/tempdir.h"

struct fixture {
    char *folder;
    char *path;
    struct watch *watch;
    int64_t now_ms;
};

static void
begin(struct fixture *fixture, bool poll)
{
    struct error err;
    *fixture = (struct fixture){.folder = tempdir_make()};
    fixture->path = tempdir_write(fixture->folder, "object.c", "one\n");
    assert_number(watch_open(&fixture->watch, fixture->path, poll, &err), 0);
}

static void
end(struct fixture *fixture)
{
    watch_close(fixture->watch);
    tempdir_remove(fixture->folder);
    free(fixture->path);
}

static void
save(struct fixture *fixture, const char *name, const char *text)
{
    free(tempdir_write(fixture->folder, name, text));
}

/* Looks as the command does, for ten of its seconds. */
static int
changes_seen(struct fixture *fixture)
{
    int changes = 0;
    for (int i = 0; i < 100; i++) {
        fixture->now_ms += 100;
        changes += watch_changed(fixture->watch, fixture->now_ms);
    }
    return changes;
}

static void
check_saves(bool poll)
{
    struct fixture fixture;
    begin(&fixture, poll);
    assert_number(changes_seen(&fixture), 0);
    save(&fixture, "object.c", "one\ntwo\n");
    assert_number(changes_seen(&fixture), 1);
    save(&fixture, "object.c", "one\ntwo\nthree\n");
    assert_number(changes_seen(&fixture), 1);
    assert_number(changes_seen(&fixture), 0);
    end(&fixture);
}

static void
each_save_is_seen_once(void **state)
{
    (void)state;
    check_saves(false);
}

static void
each_save_is_seen_once_when_polling(void **state)
{
    (void)state;
    check_saves(true);
}

static void
a_save_by_renaming_is_seen(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, false);
    char *other = tempdir_write(fixture.folder, "object.c~", "two\n");
    assert_number(rename(other, fixture.path), 0);
    assert_number(changes_seen(&fixture), 1);
    free(other);
    end(&fixture);
}

/* Whether it is seen before any time has passed. */
static bool
is_seen_at_once(struct fixture *fixture)
{
    if (watch_descriptor(fixture->watch) < 0) {
        skip(); // nobody tells on this file system
    }
    struct pollfd told = {.fd = watch_descriptor(fixture->watch),
                          .events = POLLIN};
    assert_number(poll(&told, 1, 0), 1);
    return watch_changed(fixture->watch, fixture->now_ms);
}

static void
a_file_that_was_closed_is_seen_at_once(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, false);
    assert_number(changes_seen(&fixture), 0);
    save(&fixture, "object.c", "one\ntwo\n");
    assert_true(is_seen_at_once(&fixture));
    char *other = tempdir_write(fixture.folder, "object.c~", "two\n");
    assert_number(rename(other, fixture.path), 0);
    assert_true(is_seen_at_once(&fixture));
    assert_number(changes_seen(&fixture), 0);
    free(other);
    end(&fixture);
}

static void
a_file_that_may_not_be_whole_is_looked_at_again(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, false);
    save(&fixture, "object.c", "");
    assert_false(is_seen_at_once(&fixture));
    FILE *file = fopen(fixture.path, "ae");
    fputs("one\n", file);
    fflush(file);
    assert_false(is_seen_at_once(&fixture));
    fputs("two\n", file);
    fflush(file);
    assert_false(is_seen_at_once(&fixture));
    assert_number(changes_seen(&fixture), 1);
    fclose(file);
    end(&fixture);
}

static void
other_files_of_the_folder_do_not_count(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, false);
    save(&fixture, "notes.txt", "something\n");
    assert_number(changes_seen(&fixture), 0);
    end(&fixture);
}

static void
a_file_may_vanish_and_come_back(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, false);
    assert_number(unlink(fixture.path), 0);
    assert_number(changes_seen(&fixture), 0);
    save(&fixture, "object.c", "again\n");
    assert_number(changes_seen(&fixture), 1);
    end(&fixture);
}

/* The kernel does not tell what happens in another folder. */
static void
a_link_is_followed(void **state)
{
    (void)state;
    struct fixture fixture;
    char *elsewhere = tempdir_make();
    char *target = tempdir_write(elsewhere, "object.c", "one\n");
    begin(&fixture, false);
    assert_number(unlink(fixture.path), 0);
    assert_number(symlink(target, fixture.path), 0);
    assert_number(changes_seen(&fixture), 1);
    free(tempdir_write(elsewhere, "object.c", "one\ntwo\n"));
    assert_number(changes_seen(&fixture), 1);
    end(&fixture);
    tempdir_remove(elsewhere);
    free(target);
}

static void
a_folder_may_be_replaced(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, false);
    tempdir_remove(fixture.folder);
    assert_number(changes_seen(&fixture), 0);
    fixture.folder = xstrdup(fixture.path);
    *strrchr(fixture.folder, '/') = '\0';
    assert_number(mkdir(fixture.folder, 0755), 0);
    save(&fixture, "object.c", "one\ntwo\n");
    assert_number(changes_seen(&fixture), 1);
    end(&fixture);
}

static void
polling_gives_its_reason(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, true);
    assert_non_null(watch_reason(fixture.watch));
    end(&fixture);
}

static void
a_missing_folder_is_an_error(void **state)
{
    (void)state;
    struct error err;
    struct watch *watch = NULL;
    assert_number(watch_open(&watch, "/nowhere/object.c", false, &err), -1);
    assert_contains(err.message, "/nowhere");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(each_save_is_seen_once),
        cmocka_unit_test(each_save_is_seen_once_when_polling),
        cmocka_unit_test(a_save_by_renaming_is_seen),
        cmocka_unit_test(a_file_that_was_closed_is_seen_at_once),
        cmocka_unit_test(a_file_that_may_not_be_whole_is_looked_at_again),
        cmocka_unit_test(other_files_of_the_folder_do_not_count),
        cmocka_unit_test(a_file_may_vanish_and_come_back),
        cmocka_unit_test(a_link_is_followed),
        cmocka_unit_test(a_folder_may_be_replaced),
        cmocka_unit_test(polling_gives_its_reason),
        cmocka_unit_test(a_missing_folder_is_an_error),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
