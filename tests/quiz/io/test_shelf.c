#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/io/shelf.h"
#include "tests/support/tempdir.h"

static const char YAML[] =
    "schema: 1\n"
    "id: %s\n"
    "topic: refcount\n"
    "level: junior\n"
    "minutes: 5\n"
    "title: {en: A lab, ru: Работа}\n"
    "kind: build\n"
    "replaces: object.c\n"
    "exports:\n"
    "  rt_incref: \"void rt_incref(struct rt_object *object)\"\n"
    "allow: [malloc]\n"
    "sanitizer: true\n"
    "limits: {time_ms: 1000, memory_mib: 256, output_kib: 64}\n"
    "cases:\n"
    "  - name: one\n"
    "    points: 1\n"
    "    title: {en: One, ru: Раз}\n"
    "    help: {en: Think, ru: Думайте}\n"
    "hints:\n"
    "  - {cost: 1, text: {en: Look, ru: Смотрите}}\n"
    "mutants: []\n"
    "see: [\"Objects/object.c\"]\n";

static char *folder;
static struct shelf *shelf;

static void
add_lab(const char *id)
{
    char name[64];
    char text[sizeof(YAML) + 64];
    snprintf(name, sizeof(name), "%s/lab.yaml", id);
    snprintf(text, sizeof(text), YAML, id);
    free(tempdir_write(folder, name, text));
}

static int
fill(void **state)
{
    (void)state;
    struct error err;
    folder = tempdir_make();
    add_lab("02_second");
    add_lab("01_first");
    free(tempdir_write(folder, "01_first/task.en.md", "# Task\n"));
    free(tempdir_write(folder, "runtime/object.c", "int reference;\n"));
    int result = shelf_load(&shelf, folder, &err);
    if (result != 0) {
        print_error("%s\n", err.message);
    }
    return result;
}

static int
empty(void **state)
{
    (void)state;
    shelf_free(shelf);
    tempdir_remove(folder);
    return 0;
}

static void
labs_stand_in_the_order_of_their_ids(void **state)
{
    (void)state;
    assert_number(shelf_count(shelf), 2);
    assert_text(shelf_at(shelf, 0)->id, "01_first");
    assert_text(shelf_at(shelf, 1)->id, "02_second");
}

static void
a_lab_is_found_by_its_short_names(void **state)
{
    (void)state;
    struct error err;
    assert_ptr_equal(shelf_find(shelf, "2", &err), shelf_at(shelf, 1));
    assert_ptr_equal(shelf_find(shelf, "first", &err), shelf_at(shelf, 0));
}

static void
an_unknown_name_is_wrong_usage_with_the_nearest_one(void **state)
{
    (void)state;
    struct error err;
    assert_null(shelf_find(shelf, "secnod", &err));
    assert_number(err.status, EXIT_STATUS_USAGE);
    assert_contains(err.message, "'second'");
}

static void
a_labs_files_and_its_reference_are_read(void **state)
{
    (void)state;
    struct error err;
    const struct lab *lab = shelf_at(shelf, 0);
    char *task = shelf_read(shelf, lab, "task.en.md", &err);
    assert_text(task, "# Task\n");
    free(task);
    char *reference = shelf_read_reference(shelf, lab, &err);
    assert_text(reference, "int reference;\n");
    free(reference);
    assert_null(shelf_read(shelf, lab, "nothing.md", &err));
}

static void
a_broken_lab_is_an_error_with_its_place(void **state)
{
    (void)state;
    struct error err;
    struct shelf *broken = NULL;
    free(tempdir_write(folder, "03_bad/lab.yaml", "schema: 1\nid: [\n"));
    assert_number(shelf_load(&broken, folder, &err), -1);
    assert_contains(err.message, "03_bad/lab.yaml");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fill, empty)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(labs_stand_in_the_order_of_their_ids),
        CASE(a_lab_is_found_by_its_short_names),
        CASE(an_unknown_name_is_wrong_usage_with_the_nearest_one),
        CASE(a_labs_files_and_its_reference_are_read),
        CASE(a_broken_lab_is_an_error_with_its_place),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
