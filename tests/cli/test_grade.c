/* ouro-grade from outside: its options, a class of thirty of whom some mean
 * harm, and calls that were broken off. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/testing.h"
#include "tests/support/child.h"
#include "tests/support/program.h"
#include "tests/support/tempdir.h"

#define LAB "01_refcount"
#define MUTANTS "labs/01_refcount/mutants/"

static char *folder; // of one test: class/ and results/

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

// --- a class ---------------------------------------------------------------

/* Hands in a text as class/NAME. */
static void
hand_in_text(const char *name, const char *text)
{
    char place[256];
    snprintf(place, sizeof(place), "class/%s", name);
    free(tempdir_write(folder, place, text));
}

static void
hand_in(const char *name, const char *path)
{
    char *text = tempdir_read(path);
    assert_non_null(text);
    hand_in_text(name, text);
    free(text);
}

/* Hands in a file of tests/hostile, which takes the place of a function. */
static void
hand_in_hostile(const char *what)
{
    char path[256];
    char function[64] = "";
    char *text = NULL;
    snprintf(path, sizeof(path), "tests/hostile/%s", what);
    char *hostile = tempdir_read(path);
    char *right = tempdir_read("labs/runtime/object.c");
    assert_non_null(hostile);
    assert_non_null(right);
    assert_int_equal(sscanf(hostile, "// replaces: %63s", function), 1);
    assert_true(asprintf(&text, "#define %s honest_%s\n%s\n#undef %s\n%s",
                         function, function, right, function, hostile) > 0);
    hand_in_text(what, text);
    free(text);
    free(right);
    free(hostile);
}

static const struct {
    const char *name, *path, *verdict;
} ORDINARY[] = {
    {"s01/object.c", "labs/runtime/object.c", "pass"},
    {"s02/src/mine.c", "labs/runtime/object.c", "pass"},
    {"s03.c", "labs/runtime/object.c", "pass"},
    {"s04.c", "labs/01_refcount/starter.c", "fail"},
    {"s05.c", MUTANTS "clear_leaves_the_pointer.c", "partial"},
    {"s06.c", MUTANTS "decref_never_deallocates.c", "partial"},
    {"s07.c", MUTANTS "dealloc_frees_the_memory.c", "sanitizer"},
    {"s08.c", MUTANTS "set_ref_forgets_the_old.c", "partial"},
    {"s09.c", MUTANTS "new_ref_borrows.c", "partial"},
    {"s10.c", MUTANTS "new_fails_silently.c", "partial"},
    {"s11.c", MUTANTS "resurrection_is_ignored.c", "partial"},
    {"=1+1.c", "labs/runtime/object.c", "pass"},
};

static const char *const HOSTILE[] = {
    "loops_for_ever_timed_out.c",        "sleeps_for_ever_timed_out.c",
    "prints_for_ever_over_output.c",     "prints_escapes_pass.c",
    "takes_all_memory_over_memory.c",    "overflows_the_stack_crashed.c",
    "writes_to_every_descriptor_fail.c", "forks_forbidden.c",
    "opens_a_socket_forbidden.c",        "noisy_but_right_pass.c"};

#define POINTS "37" // of the lab

enum {
    ORDINARY_COUNT = sizeof(ORDINARY) / sizeof(*ORDINARY),
    HOSTILE_COUNT = sizeof(HOSTILE) / sizeof(*HOSTILE),
    STUDENTS = 30,
    MEGABYTES = 2 << 20
};

static void
hand_in_the_broken(void)
{
    char path[512];
    char *large = malloc(MEGABYTES + 1);
    assert_non_null(large);
    memset(large, ' ', MEGABYTES);
    large[MEGABYTES] = '\0';
    hand_in_text("t1_too_large.c", large);
    free(large);
    hand_in_text("t2_no_c.zip", "PK");
    hand_in_text("t3_bytes.c", "\xFF\xFE\x01\x7F");
    hand_in_text("t4_nothing.c", "");
    hand_in_text("t5_two/a.c", "");
    hand_in_text("t5_two/b.c", "");
    hand_in_text("t6_syntax.c", "int f( {\n");
    snprintf(path, sizeof(path), "%s/class/t7_empty", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/class/t8_link.c", folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
}

static void
hand_in_all(void)
{
    for (size_t i = 0; i < ORDINARY_COUNT; i++) {
        hand_in(ORDINARY[i].name, ORDINARY[i].path);
    }
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        hand_in_hostile(HOSTILE[i]);
    }
    hand_in_the_broken();
}

static struct program_result
grade_class(const char *more)
{
    return program_line(NULL,
                        "ouro-grade " LAB " %s/class --keep %s/results%s",
                        folder, folder, more);
}

/* What the summary of the class says of a submission: "verdict,score". */
static void
assert_row(const char *submission, const char *expected)
{
    char path[512];
    char start[256];
    snprintf(path, sizeof(path), "%s/results/summary.csv", folder);
    snprintf(start, sizeof(start), "\n\"%s\",%s,", submission, expected);
    char *table = tempdir_read(path);
    assert_non_null(table);
    if (strstr(table, start) == NULL) {
        fail_msg("no row %s in\n%s", start + 1, table);
    }
    free(table);
}

static size_t
count_files(const char *pattern)
{
    char path[512];
    glob_t found;
    snprintf(path, sizeof(path), "%s/results/%s", folder, pattern);
    size_t count = glob(path, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return count;
}

/* Holds the files of a format to its rules, if there is a Python for that. */
static void
assert_keeps_rules(const char *format, const char *pattern)
{
    char command[1024];
    snprintf(command, sizeof(command),
             "for file in '%s'/results/%s; do for python in python3 "
             "/usr/bin/python3; do $python tests/grader/check_report.py %s "
             "\"$file\" && break; test $? = 77 || exit 1; done; done "
             ">/dev/null",
             folder, pattern, format);
    assert_int_equal(system(command), 0);
}

static void
assert_said(const struct program_result *result, const char *words)
{
    if (strstr(result->out, words) == NULL) {
        fail_msg("not said: '%s' in\n%s\n%s", words, result->out, result->err);
    }
}

static void
a_class_of_thirty_is_graded_whatever_they_do(void **state)
{
    (void)state;
    hand_in_all();
    struct program_result result =
        grade_class(" --seed 5 --jobs 3 --format tap");
    assert_number(result.status, 3); // some files are none
    assert_said(&result, "30 submissions: 6 pass, 19 do not, 5 could not be "
                         "judged (0 unchanged)");
    for (size_t i = 0; i < ORDINARY_COUNT; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s%s",
                 ORDINARY[i].name[0] == '=' ? "'" : "", ORDINARY[i].name);
        name[strcspn(name, "/")] = '\0';
        assert_row(name, ORDINARY[i].verdict);
    }
    assert_row("loops_for_ever_timed_out.c", "timed_out");
    // It sleeps by a call of its own.
    assert_row("sleeps_for_ever_timed_out.c", "forbidden");
    assert_row("prints_for_ever_over_output.c", "over_output");
    assert_row("prints_escapes_pass.c", "pass");
    assert_row("forks_forbidden.c", "forbidden");
    assert_row("t1_too_large.c", "bad_file");
    assert_row("t3_bytes.c", "compile_error");
    assert_row("t4_nothing.c", "link_error");
    assert_row("t5_two", "bad_file");
    assert_row("t8_link.c", "bad_file");
    assert_number(count_files("*.json"), STUDENTS);
    assert_number(count_files("*.tap"), STUDENTS);
    assert_number(count_files(".unfinished*"), 0);
    assert_keeps_rules("json", "*.json");
    assert_keeps_rules("tap", "*.tap");
    program_release(&result);
}

// --- again -----------------------------------------------------------------

static void
hand_in_three(void)
{
    hand_in("anna.c", "labs/runtime/object.c");
    hand_in("boris.c", MUTANTS "new_ref_borrows.c");
    hand_in("clara.c", "labs/01_refcount/starter.c");
}

static void
what_has_not_changed_is_not_graded_again(void **state)
{
    (void)state;
    hand_in_three();
    struct program_result first = grade_class("");
    assert_number(first.status, 1);
    assert_said(&first, "(0 unchanged)");
    struct program_result second = grade_class("");
    assert_number(second.status, 1);
    assert_said(&second, "(3 unchanged)");
    assert_row("anna.c", "pass," POINTS "," POINTS);
    hand_in("boris.c", "labs/runtime/object.c");
    struct program_result third = grade_class("");
    assert_said(&third, "boris.c: pass, " POINTS " of " POINTS " points\n");
    assert_said(&third, "(2 unchanged)");
    assert_row("boris.c", "pass," POINTS "," POINTS);
    program_release(&first);
    program_release(&second);
    program_release(&third);
}

static void
another_seed_and_another_format_are_graded_again(void **state)
{
    (void)state;
    hand_in_three();
    struct program_result first = grade_class(" --seed 1");
    struct program_result same = grade_class("");
    struct program_result seed = grade_class(" --seed 2");
    struct program_result format = grade_class(" --format junit");
    assert_said(&same, "(3 unchanged)");
    assert_said(&seed, "(0 unchanged)");
    assert_said(&format, "(0 unchanged)");
    assert_number(count_files("*.xml"), 3);
    assert_number(count_files("*.txt"), 0);
    assert_keeps_rules("junit", "*.xml");
    program_release(&first);
    program_release(&same);
    program_release(&seed);
    program_release(&format);
}

static void
half_a_record_is_graded_again(void **state)
{
    (void)state;
    hand_in_three();
    struct program_result first = grade_class("");
    free(tempdir_write(folder, "results/anna.c.json", "{\"verdict\": \"pa"));
    struct program_result second = grade_class("");
    assert_said(&second, "(2 unchanged)");
    assert_row("anna.c", "pass," POINTS "," POINTS);
    program_release(&first);
    program_release(&second);
}

static void
shards_make_up_the_class(void **state)
{
    (void)state;
    hand_in_three();
    size_t graded = 0;
    for (int shard = 1; shard <= 3; shard++) {
        char more[64];
        snprintf(more, sizeof(more), " --shard %d/3", shard);
        struct program_result result = grade_class(more);
        assert_true(result.status < 2);
        size_t now = count_files("*.json");
        assert_true(now >= graded);
        graded = now;
        program_release(&result);
    }
    assert_number(graded, 3);
    assert_number(count_files("summary-?-of-3.csv"), 3);
    struct program_result whole = grade_class("");
    assert_said(&whole, "(3 unchanged)");
    program_release(&whole);
}

// --- broken off ------------------------------------------------------------

/* A call that runs; its first line was read. */
struct call {
    pid_t program;
    FILE *out;
};

static struct call
start_class(void)
{
    char *path = program_path("ouro-grade");
    char class[512];
    char results[512];
    char line[256] = "";
    int ends[2];
    snprintf(class, sizeof(class), "%s/class", folder);
    snprintf(results, sizeof(results), "%s/results", folder);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    struct call call = {.program = fork()};
    assert_true(call.program >= 0);
    if (call.program == 0) {
        program_prepare();
        dup2(ends[1], STDOUT_FILENO);
        execl(path, path, LAB, class, "--keep", results, "--jobs", "2",
              (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    call.out = fdopen(ends[0], "r");
    assert_non_null(call.out);
    assert_non_null(fgets(line, sizeof(line), call.out));
    assert_string_equal(line, "a.c: pass, " POINTS " of " POINTS " points\n");
    free(path);
    return call;
}

/* The status of its end, and all that it has left has ended, too. */
static int
end_call(struct call *call)
{
    int status = 0;
    assert_int_equal(waitpid(call->program, &status, 0), call->program);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
    fclose(call->out);
    return status;
}

/* One is done at once, and then there are those that take long. */
static void
hand_in_the_slow(void)
{
    hand_in("a.c", "labs/runtime/object.c");
    hand_in_hostile("sleeps_for_ever_timed_out.c");
    hand_in_hostile("loops_for_ever_timed_out.c");
    hand_in("z.c", "labs/runtime/object.c");
}

static void
goes_on_after(int number)
{
    hand_in_the_slow();
    struct call call = start_class();
    kill(call.program, number);
    int status = end_call(&call);
    assert_true(WIFSIGNALED(status));
    assert_number(WTERMSIG(status), number);
    assert_true(count_files("*.json") < 4);
    assert_keeps_rules("json", "*.json");
    struct program_result rest = grade_class("");
    assert_number(rest.status, 1);
    assert_said(&rest,
                "a.c: pass, " POINTS " of " POINTS " points (unchanged)\n");
    assert_said(&rest, "4 submissions: 2 pass, 2 do not, 0 could not");
    assert_number(count_files("*.json"), 4);
    program_release(&rest);
}

static void
a_call_that_was_killed_is_gone_on_with(void **state)
{
    (void)state;
    goes_on_after(SIGKILL);
}

static void
an_interrupted_call_is_gone_on_with(void **state)
{
    (void)state;
    goes_on_after(SIGINT);
}

static void
a_grader_that_breaks_is_an_error_of_one_alone(void **state)
{
    (void)state;
    hand_in_the_slow();
    struct call call = start_class();
    pid_t grader = 0;
    assert_number(child_list(call.program, &grader, 1), 1);
    kill(grader, SIGKILL);
    while (fgetc(call.out) != EOF) {
    }
    int status = end_call(&call);
    assert_true(WIFEXITED(status));
    assert_number(WEXITSTATUS(status), 70);
    assert_number(count_files("*.json"), 4);
    assert_keeps_rules("json", "*.json");
    struct program_result rest = grade_class("");
    assert_number(rest.status, 1);
    assert_said(&rest, "0 could not be judged (3 unchanged)");
    program_release(&rest);
}

// --- to stdout -------------------------------------------------------------

static void
reports_come_in_the_order_of_the_files(void **state)
{
    (void)state;
    struct program_result result = program_line(
        NULL,
        "ouro-grade " LAB " labs/runtime/object.c labs/%s/starter.c "
        "labs/runtime/object.c nowhere.c --jobs 4 --format json --seed 9",
        LAB);
    assert_number(result.status, 3);
    const char *at = result.out;
    static const char *const ORDER[] = {
        "\"verdict\":\"pass\"", "\"verdict\":\"fail\"", "\"verdict\":\"pass\"",
        "\"verdict\":\"bad_file\""};
    for (size_t i = 0; i < 4; i++) {
        at = strstr(at, ORDER[i]);
        assert_non_null(at);
        at++;
    }
    program_release(&result);
}

static void
what_a_file_prints_is_not_in_the_stream(void **state)
{
    (void)state;
    hand_in_hostile("noisy_but_right_pass.c");
    hand_in_hostile("prints_a_stream_fail.c");
    struct program_result result =
        program_line(NULL, "ouro-grade " LAB " %s/class --format tap", folder);
    assert_number(result.status, 1);
    free(tempdir_write(folder, "results/all.tap", result.out));
    assert_keeps_rules("tap", "all.tap");
    program_release(&result);
}

static void
usage_and_what_is_missing_have_their_exit_codes(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *line, *said; // on stderr
    } CALLS[] = {
        {0, "--help", ""},
        {0, "-h", ""},
        {0, "--version", ""},
        {0, LAB " labs/runtime/object.c --format gradescope", ""},
        {2, "", "name a lab"},
        {2, LAB, "name a lab"},
        {2, LAB " x.c --format html", "the format is"},
        {2, LAB " x.c --jobs 0", "the jobs are"},
        {2, LAB " x.c --jobs -1", "the jobs are"},
        {2, LAB " x.c --jobs 1x", "the jobs are"},
        {2, LAB " x.c --seed -1", "the seed is"},
        {2, LAB " x.c --seed 99999999999999999999", "the seed is"},
        {2, LAB " x.c --shard 0/3", "the shard is"},
        {2, LAB " x.c --shard 4/3", "the shard is"},
        {2, LAB " x.c --shard 1", "the shard is"},
        {2, LAB " x.c --shard 1/3/4", "the shard is"},
        {2, LAB " x.c --nonsense", "usage"},
        {2, LAB " labs labs --format gradescope", "--keep"},
        {3, LAB " nowhere.c", "No such file"},
        {3, LAB " /dev/null", "no regular file"},
        {3, "99_nothing labs/runtime/object.c", "there is no lab"},
        {3, "../labs labs/runtime/object.c", "there is no lab"},
        {4, LAB " x.c --labs /nowhere", "cannot find the labs"},
        {4, LAB " labs/runtime/object.c --keep /dev/null/x", "cannot write"},
    };
    for (size_t i = 0; i < sizeof(CALLS) / sizeof(*CALLS); i++) {
        struct program_result result =
            program_line(NULL, "ouro-grade %s", CALLS[i].line);
        if (result.status != CALLS[i].status ||
            strstr(result.err, CALLS[i].said) == NULL) {
            fail_msg("ouro-grade %s: %d %s", CALLS[i].line, result.status,
                     result.err);
        }
        program_release(&result);
    }
}

static void
two_of_one_name_are_not_kept(void **state)
{
    (void)state;
    struct program_result result = program_line(
        NULL,
        "ouro-grade " LAB " labs/runtime/object.c ./labs/runtime/object.c "
        "--keep %s/results",
        folder);
    assert_number(result.status, 2);
    assert_non_null(strstr(result.err, "two submissions are called"));
    program_release(&result);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        IN_FOLDER(a_class_of_thirty_is_graded_whatever_they_do),
        IN_FOLDER(what_has_not_changed_is_not_graded_again),
        IN_FOLDER(another_seed_and_another_format_are_graded_again),
        IN_FOLDER(half_a_record_is_graded_again),
        IN_FOLDER(shards_make_up_the_class),
        IN_FOLDER(a_call_that_was_killed_is_gone_on_with),
        IN_FOLDER(an_interrupted_call_is_gone_on_with),
        IN_FOLDER(a_grader_that_breaks_is_an_error_of_one_alone),
        IN_FOLDER(reports_come_in_the_order_of_the_files),
        IN_FOLDER(what_a_file_prints_is_not_in_the_stream),
        cmocka_unit_test(usage_and_what_is_missing_have_their_exit_codes),
        IN_FOLDER(two_of_one_name_are_not_kept),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
