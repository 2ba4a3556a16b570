/* `ouro lab` from outside: the built program in an empty folder, on a pipe. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labs/testing.h"
#include "tests/support/program.h"
#include "tests/support/pty.h"
#include "tests/support/submission.h"
#include "tests/support/tempdir.h"

static char *folder; // the current folder of a case; the profile is in it
static char *before;
static char *reference; // the right solution of lab 01

static int
find_reference(void **state)
{
    (void)state;
    char *ouro = program_path("ouro");
    char *path = NULL;
    *strrchr(ouro, '/') = '\0';
    if (asprintf(&path, "%s/../../labs/runtime/object.c", ouro) < 0) {
        return -1;
    }
    reference = tempdir_read(path);
    free(path);
    free(ouro);
    return reference != NULL ? 0 : -1;
}

static int
forget_reference(void **state)
{
    (void)state;
    free(reference);
    return 0;
}

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

/* `ouro lab WORDS` in English with the case's own profile. */
static struct program_result
lab(const char *input, const char *words)
{
    return program_line(input, "ouro --profile profile --lang en lab %s",
                        words);
}

static void
check_status(const char *words, int status)
{
    struct program_result result = lab(NULL, words);
    if (result.status != status) {
        fail_msg("ouro lab %s: exit status %d, expected %d\n%s%s", words,
                 result.status, status, result.out, result.err);
    }
    program_release(&result);
}

static void
check_error(const char *words, int status, const char *part)
{
    struct program_result result = lab(NULL, words);
    assert_number(result.status, status);
    assert_contains(result.err, part);
    program_release(&result);
}

/* The document that a command prints; json_decref() it. */
static json_t *
document_of(const char *words, int status, const char *schema)
{
    struct program_result result = lab(NULL, words);
    if (result.status != status) {
        fail_msg("ouro lab %s: exit status %d\n%s", words, result.status,
                 result.err);
    }
    json_error_t error;
    json_t *document = json_loads(result.out, 0, &error);
    if (document == NULL) {
        fail_msg("ouro lab %s: %s\n%s", words, error.text, result.out);
    }
    assert_text(json_string_value(json_object_get(document, "schema")),
                schema);
    program_release(&result);
    return document;
}

static void
write_file(const char *name, const char *text)
{
    free(tempdir_write(folder, name, text));
}

static void
assert_file(const char *path, const char *part)
{
    char *text = tempdir_read(path);
    assert_contains(text, part);
    free(text);
}

static void
the_list_shows_every_lab_and_creates_nothing(void **state)
{
    (void)state;
    struct program_result result = lab(NULL, "list");
    assert_number(result.status, 0);
    assert_contains(result.out, "01_refcount");
    assert_contains(result.out, "junior");
    assert_null(strchr(result.out, '\033'));
    program_release(&result);
    assert_number(access("profile/progress.db", F_OK), -1);
}

static void
the_list_is_json_on_request(void **state)
{
    (void)state;
    json_t *document = document_of("list --json", 0, "ouro.lab.list/1");
    json_t *first = json_array_get(json_object_get(document, "labs"), 0);
    assert_text(json_string_value(json_object_get(first, "lab")),
                "01_refcount");
    assert_false(json_is_true(
        json_object_get(json_object_get(first, "state"), "passed")));
    json_decref(document);
}

static void
a_lab_has_three_names(void **state)
{
    (void)state;
    check_status("show 01", 0);
    check_status("show refcount", 0);
    check_status("show 01_refcount", 0);
}

static void
a_mistyped_name_gets_a_suggestion(void **state)
{
    (void)state;
    check_error("show refcuont", 2, "did you mean 'refcount'?");
    check_error("gradee 01", 2, "did you mean 'grade'?");
    check_error("show zzzzzzzz", 2, "ouro lab list");
}

static void
wrong_usage_is_status_two(void **state)
{
    (void)state;
    check_error("grade", 2, "which lab?");
    check_error("show 01 and more", 2, "one word too many");
    check_error("grade 01 --seed x", 2, "seed");
    check_status("grade 01 --no-such-option", 2);
}

static void
start_makes_the_folder_and_says_what_is_next(void **state)
{
    (void)state;
    struct program_result result = lab(NULL, "start 01");
    assert_number(result.status, 0);
    assert_contains(result.out, "ouro lab watch 01_refcount");
    program_release(&result);
    assert_file("ouro-labs/01_refcount/object.c", "TODO 1");
    assert_file("ouro-labs/01_refcount/task.md", "# The life of an object");
    assert_file("ouro-labs/01_refcount/compile_flags.txt", "-std=c11");
}

static void
the_task_is_in_the_chosen_language(void **state)
{
    (void)state;
    struct program_result result =
        program_line(NULL, "ouro --profile profile --lang ru lab start 01 x");
    assert_number(result.status, 0);
    program_release(&result);
    assert_file("x/task.md", "# Жизнь объекта");
}

static void
start_never_overwrites(void **state)
{
    (void)state;
    write_file("mine/object.c", "my work\n");
    struct program_result result = lab(NULL, "start 01 mine");
    assert_number(result.status, 0);
    assert_contains(result.out, "nothing in it was changed");
    program_release(&result);
    assert_file("mine/object.c", "my work");
}

static void
grading_before_the_start_says_how_to_start(void **state)
{
    (void)state;
    check_error("grade 01", 2, "ouro lab start 01_refcount");
}

static void
the_starter_does_not_pass(void **state)
{
    (void)state;
    check_status("start 01", 0);
    struct program_result result = lab(NULL, "grade 01 --seed 7");
    assert_number(result.status, 1);
    assert_contains(result.out, "A new object has one reference");
    assert_contains(result.out, "expected");
    assert_contains(result.out, "--seed 7");
    assert_null(strchr(result.out, '\033'));
    program_release(&result);
}

static void
the_reference_passes_and_is_recorded(void **state)
{
    (void)state;
    write_file("object.c", reference);
    json_t *document =
        document_of("grade 01 object.c --json", 0, "ouro.lab.grade/1");
    assert_text(json_string_value(json_object_get(document, "verdict")),
                "pass");
    json_decref(document);

    document = document_of("show 01 --json", 0, "ouro.lab/1");
    const json_t *done = json_object_get(document, "state");
    assert_true(json_is_true(json_object_get(done, "passed")));
    assert_number(json_integer_value(json_object_get(done, "attempts")), 1);
    json_decref(document);
}

static bool
is_cached(const char *arguments)
{
    json_t *document = document_of(arguments, 0, "ouro.lab.grade/1");
    bool cached = json_is_true(json_object_get(document, "cached"));
    json_decref(document);
    return cached;
}

static void
an_unchanged_file_is_not_checked_again_unless_asked(void **state)
{
    (void)state;
    write_file("object.c", reference);
    assert_false(is_cached("grade 01 object.c --json --seed 3"));
    assert_true(is_cached("grade 01 object.c --json"));
    assert_true(is_cached("grade 01 object.c --json --seed 3"));
    assert_false(is_cached("grade 01 object.c --json --seed 4"));
    assert_false(is_cached("grade 01 object.c --json --no-cache"));
    struct program_result result = lab(NULL, "grade 01 object.c");
    assert_number(result.status, 0);
    assert_contains(result.out, "Nothing has changed");
    program_release(&result);
}

static void
a_file_that_does_not_compile_shows_the_compilers_error(void **state)
{
    (void)state;
    write_file("object.c", "int broken( {\n");
    struct program_result result = lab(NULL, "grade 01 object.c");
    assert_number(result.status, 1);
    assert_contains(result.out, "object.c:1");
    program_release(&result);
}

static void
the_first_error_is_told_in_the_learners_language(void **state)
{
    (void)state;
    write_file("object.c", "int f(void) { retrun 1; }\n"
                           "int g(void) { return nowhere }\n");
    struct program_result result = lab(NULL, "grade 01 object.c --lang ru");
    assert_number(result.status, 1);
    const char *ours = strstr(result.out, "object.c:1:15: Здесь такое имя");
    const char *theirs = strstr(result.out, "gcc: ‘retrun’ undeclared");
    const char *others = strstr(result.out, "И ещё, словами gcc:\nobject.c:");
    assert_non_null(ours);
    assert_true(theirs > ours && others > theirs);
    program_release(&result);
}

/* The text is one that submission_of() understands, from the folder of the
 * sources. */
static void
write_submission(const char *text)
{
    char *here = getcwd(NULL, 0);
    assert_int_equal(chdir(before), 0);
    char *whole = submission_of(text);
    assert_int_equal(chdir(here), 0);
    write_file("object.c", whole);
    free(whole);
    free(here);
}

static void
what_a_failed_case_has_printed_is_shown(void **state)
{
    (void)state;
    write_submission("// replaces: rt_new_ref\n"
                     "#include <stdio.h>\n"
                     "struct rt_object *\n"
                     "rt_new_ref(struct rt_object *object)\n"
                     "{\n"
                     "    printf(\"one\\ntwo \\033[2J\\n\");\n"
                     "    for (int i = 0; i < 20; i++) {\n"
                     "        fprintf(stderr, \"%d\\n\", i);\n"
                     "    }\n"
                     "    printf(\"before the end\");\n"
                     "    return object;\n"
                     "}\n");
    struct program_result result = lab(NULL, "grade 01 object.c");
    assert_number(result.status, 1);
    assert_contains(result.out, "it printed:\n    one\n    two \\x1b[2J\n"
                                "    0\n");
    assert_contains(result.out, "\n    5\n    ...\n");
    program_release(&result);
}

static void
an_error_that_confuses_the_compiler_is_told(void **state)
{
    (void)state;
    write_file("object.c", "int f(void)\n"
                           "{\n"
                           "    int (*g)(int);\n"
                           "    int sum = g(1) + g(2);\n"
                           "    int g;\n"
                           "    return sum;\n"
                           "}\n");
    struct program_result result = lab(NULL, "grade 01 object.c");
    assert_number(result.status, 1);
    assert_contains(result.out, "object.c:5:9: ");
    assert_contains(result.out, "conflicting types for");
    assert_null(strstr(result.out, "bailing out"));
    program_release(&result);
}

static void
a_long_line_is_cut_round_the_mistake(void **state)
{
    (void)state;
    write_file("object.c", "int f(void) { return 1 + 2 + 3 + 4 + 5 + 6 + 7 + "
                           "8 + 9 + nobody; }\n");
    struct program_result result =
        program_line(NULL, "ouro --profile profile --lang en --width 30 lab "
                           "grade 01 object.c");
    const char *caret = strstr(result.out, " ^");
    assert_non_null(caret);
    const char *line = caret + 1; // of the caret, then the one above it
    while (line[-1] != '\n') {
        line--;
    }
    size_t column = (size_t)(caret + 1 - line);
    const char *above = line - 1;
    while (above[-1] != '\n') {
        above--;
    }
    assert_true(column < 30);
    assert_true((size_t)(line - 1 - above) <= 30);
    assert_memory_equal(above + column, "nobody", strlen("nobody"));
    program_release(&result);
}

static void
a_missing_function_is_named(void **state)
{
    (void)state;
    write_file("object.c", "int nothing_here;\n");
    struct program_result result = lab(NULL, "grade 01 object.c");
    assert_number(result.status, 1);
    assert_contains(result.out, "rt_object_init");
    program_release(&result);
}

static void
a_missing_file_is_status_three(void **state)
{
    (void)state;
    check_error("grade 01 nowhere.c", 3, "nowhere.c");
}

static void
hints_come_one_by_one_and_are_remembered(void **state)
{
    (void)state;
    for (int number = 1; number <= 4; number++) {
        json_t *document = document_of("hint 01 --json", 0, "ouro.lab.hint/1");
        const json_t *hint =
            json_array_get(json_object_get(document, "hints"), 0);
        assert_number(json_integer_value(json_object_get(hint, "number")),
                      number);
        json_decref(document);
    }
    json_t *document =
        document_of("hint 01 --seen --json", 0, "ouro.lab.hint/1");
    assert_number(json_array_size(json_object_get(document, "hints")), 4);
    assert_number(json_integer_value(json_object_get(document, "left")), 0);
    assert_number(json_integer_value(json_object_get(document, "cost_so_far")),
                  10);
    json_decref(document);
}

static void
the_solution_is_locked_before_a_pass(void **state)
{
    (void)state;
    check_error("solution 01", 1, "--spoil");
    write_file("object.c", "int x;\n");
    check_error("diff 01 object.c", 1, "--spoil");
}

static void
spoil_opens_the_solution_for_good(void **state)
{
    (void)state;
    json_t *document =
        document_of("solution 01 --spoil --json", 0, "ouro.lab.solution/1");
    assert_text(json_string_value(json_object_get(document, "solution")),
                reference);
    json_decref(document);
    check_status("solution 01", 0);
}

static void
after_a_pass_the_diff_is_open(void **state)
{
    (void)state;
    write_file("object.c", reference);
    check_status("grade 01 object.c", 0);
    struct program_result result = lab(NULL, "diff 01 object.c");
    assert_number(result.status, 0);
    assert_contains(result.out, "line for line");
    program_release(&result);
}

static void
reset_asks_and_keeps_a_backup(void **state)
{
    (void)state;
    check_status("start 01 d", 0);
    write_file("d/object.c", "my work\n");
    struct program_result result = lab("n\n", "reset 01");
    assert_number(result.status, 1);
    assert_contains(result.out, "object.c");
    program_release(&result);
    assert_file("d/object.c", "my work");

    result = lab("y\n", "reset 01");
    assert_number(result.status, 0);
    program_release(&result);
    assert_file("d/object.c", "TODO 1");
    assert_file("d/object.c.bak", "my work");
}

static void
watch_on_a_pipe_takes_lines(void **state)
{
    (void)state;
    write_file("object.c", reference);
    struct program_result result = lab("h\nr\nq\n", "watch 01 object.c");
    assert_number(result.status, 0);
    assert_contains(result.out, "Hint 1 of 4");
    assert_null(strchr(result.out, '\033'));
    program_release(&result);
    json_t *document = document_of("show 01 --json", 0, "ouro.lab/1");
    const json_t *done = json_object_get(document, "state");
    assert_number(json_integer_value(json_object_get(done, "attempts")), 2);
    json_decref(document);
}

/* What stands in a line that the next stage takes must not be two. */
static void
stages_keep_to_the_width_of_the_terminal(void **state)
{
    (void)state;
    enum {
        NARROW = 30
    };
    static const char *const GRADE[] = {"--profile", "profile",  "--lang",
                                        "ru",        "lab",      "grade",
                                        "01",        "object.c", NULL};
    write_file("object.c", reference);
    struct pty *pty = pty_start("ouro", GRADE, NARROW, NULL);
    pty_expect(pty, "Сдано");
    assert_contains(pty_output(pty), "; \n✓");
    assert_number(pty_finish(pty, NULL), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(stages_keep_to_the_width_of_the_terminal),
        CASE(the_list_shows_every_lab_and_creates_nothing),
        CASE(the_list_is_json_on_request),
        CASE(a_lab_has_three_names),
        CASE(a_mistyped_name_gets_a_suggestion),
        CASE(wrong_usage_is_status_two),
        CASE(start_makes_the_folder_and_says_what_is_next),
        CASE(the_task_is_in_the_chosen_language),
        CASE(start_never_overwrites),
        CASE(grading_before_the_start_says_how_to_start),
        CASE(the_starter_does_not_pass),
        CASE(the_reference_passes_and_is_recorded),
        CASE(an_unchanged_file_is_not_checked_again_unless_asked),
        CASE(a_file_that_does_not_compile_shows_the_compilers_error),
        CASE(the_first_error_is_told_in_the_learners_language),
        CASE(what_a_failed_case_has_printed_is_shown),
        CASE(an_error_that_confuses_the_compiler_is_told),
        CASE(a_long_line_is_cut_round_the_mistake),
        CASE(a_missing_function_is_named),
        CASE(a_missing_file_is_status_three),
        CASE(hints_come_one_by_one_and_are_remembered),
        CASE(the_solution_is_locked_before_a_pass),
        CASE(spoil_opens_the_solution_for_good),
        CASE(after_a_pass_the_diff_is_open),
        CASE(reset_asks_and_keeps_a_backup),
        CASE(watch_on_a_pipe_takes_lines),
    };
    return cmocka_run_group_tests(cases, find_reference, forget_reference);
}
