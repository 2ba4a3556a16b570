/* Reports as libasan 8 (gcc 12 and 13) writes them with symbolize=0; gcc 13
 * adds the build id to a frame and says "after" where 12 says "to the right
 * of". Addresses are those of a part that is built here. */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "grader/evidence.h"
#include "grader/sandbox.h"
#include "labs/testing.h"
#include "tests/support/tempdir.h"

/* Each function's body is one line, so any address in it is that line. */
static const char SOURCE[] = "int reads(void) { return 1; }\n" // line 1
                             "int frees(void) { return 2; }\n"
                             "int takes(void) { return 3; }\n"
                             "int calls(void) { return 4; }\n"
                             "#include \"helps.h\"\n";
static const char HEADER[] = "\n\n\n\n\n\n\n\nint helps(void) { return 9; }\n";

static struct buffer part;
static unsigned long reads_at, frees_at, takes_at, calls_at, helps_at;

static unsigned long
offset_of(void *library, const char *name)
{
    Dl_info info;
    void *symbol = dlsym(library, name);
    assert_true(symbol != NULL && dladdr(symbol, &info) != 0);
    return (unsigned long)((char *)symbol - (char *)info.dli_fbase);
}

static int
build_part(void **state)
{
    char command[512];
    (void)state;
    char *folder = tempdir_make();
    char *source = tempdir_write(folder, "learner.c", SOURCE);
    char *header = tempdir_write(folder, "helps.h", HEADER);
    char *shared = tempdir_write(folder, "part.so", "");
    snprintf(command, sizeof(command),
             "cd '%s' && gcc -gdwarf-4 -O0 -fPIC -shared -o part.so learner.c",
             folder);
    if (system(command) != 0 ||
        buffer_read_file(&part, shared, (size_t)1 << 24) != 0) {
        return -1;
    }
    void *library = dlopen(shared, RTLD_NOW);
    reads_at = offset_of(library, "reads") + 4;
    frees_at = offset_of(library, "frees") + 4;
    takes_at = offset_of(library, "takes") + 4;
    calls_at = offset_of(library, "calls") + 4;
    helps_at = offset_of(library, "helps") + 4;
    dlclose(library);
    free(source);
    free(header);
    free(shared);
    tempdir_remove(folder);
    return 0;
}

static int
release_part(void **state)
{
    (void)state;
    buffer_release(&part);
    return 0;
}

/* What is said of a log; new. NULL if there is no finding in it. */
static char *
said(const char *log, size_t length)
{
    struct buffer detail = {0};
    bool found = evidence_read(&part, log, length, &detail);
    char *text = found ? strdup(buffer_string(&detail)) : NULL;
    if (!found) {
        assert_number(detail.length, 0);
    }
    buffer_release(&detail);
    return text;
}

static void
expect_said(const char *log, const char *expected)
{
    char *text = said(log, strlen(log));
    assert_text(text, expected);
    free(text);
}

/* Where the machine gives no box, addresses have no lines. */
static bool
has_lines(void)
{
    char failure[256];
    bool works = sandbox_works(failure, sizeof(failure));
    if (!works) {
        print_message("no sandbox here: %s\n", failure);
    }
    return works;
}

static char *
use_after_free(const char *build_id)
{
    char *log = NULL;
    assert_true(
        asprintf(
            &log,
            "================================================================="
            "\n"
            "==3==ERROR: AddressSanitizer: heap-use-after-free on address "
            "0x602000000010 at pc 0x7f1a20bb5353 bp 0x7ffc291284c0 sp "
            "0x7ffc291284b8\n"
            "READ of size 4 at 0x602000000010 thread T0\n"
            "    #0 0x7f1a20bb5352  (/w/part.so+0x%lx)%s\n"
            "    #1 0x7f1a20bb59a9  (/w/lab.so+0x29a9)%s\n"
            "    #2 0x7ff038e45249  "
            "(/lib/x86_64-linux-gnu/libc.so.6+0x27249)%s"
            "\n\n"
            "0x602000000010 is located 0 bytes inside of 4-byte region "
            "[0x602000000010,0x602000000014)\n"
            "freed by thread T0 here:\n"
            "    #0 0x7ff0398b76a8  "
            "(/lib/x86_64-linux-gnu/libasan.so.8+0xb76a8)%s\n"
            "    #1 0x7f1a20bb52f3  (/w/part.so+0x%lx)%s\n"
            "    #2 0x7f1a20bb59a9  (/w/lab.so+0x29a9)%s\n\n"
            "previously allocated by thread T0 here:\n"
            "    #0 0x7ff0398b89cf  "
            "(/lib/x86_64-linux-gnu/libasan.so.8+0xb89cf)%s\n"
            "    #1 0x7f1a20bb527a  (/w/lab.so+0x227a)%s\n"
            "    #2 0x7f1a20bb529b  (/w/part.so+0x%lx)%s\n\n"
            "SUMMARY: AddressSanitizer: heap-use-after-free "
            "(/w/part.so+0x%lx)%s \n"
            "Shadow bytes around the buggy address:\n"
            "  0x0c047fff7fb0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
            "==3==ABORTING\n",
            reads_at, build_id, build_id, build_id, build_id, frees_at,
            build_id, build_id, build_id, build_id, takes_at, build_id,
            reads_at, build_id) > 0);
    return log;
}

static const char BUILD_ID[] =
    " (BuildId: 1f3a9c5e7b2d4f60819a3c5e7f902b4d6a8c0e12)";

static void
a_use_after_free_names_three_lines(void **state)
{
    static const char *const IDS[] = {"", BUILD_ID};
    (void)state;
    if (!has_lines()) {
        skip();
    }
    for (int i = 0; i < 2; i++) {
        char *log = use_after_free(IDS[i]);
        expect_said(log, "memory is used after it was given back "
                         "(heap-use-after-free)\nread in line 1\n"
                         "freed in line 2\nallocated in line 3\n");
        assert_false(evidence_is_crash(log, strlen(log)));
        free(log);
    }
}

static void
a_write_past_the_end_names_the_allocation(void **state)
{
    static const char *const PLACES[] = {"to the right of", "after"};
    (void)state;
    if (!has_lines()) {
        skip();
    }
    for (int i = 0; i < 2; i++) {
        char log[4096];
        snprintf(log, sizeof(log),
                 "==3==ERROR: AddressSanitizer: heap-buffer-overflow on "
                 "address 0x602000000018 at pc 0x563b629513ea bp "
                 "0x7fffc54f63e0 sp 0x7fffc54f63d8\n"
                 "WRITE of size 1 at 0x602000000018 thread T0\n"
                 "    #0 0x563b629513e9  (/w/part.so+0x%lx)%s\n\n"
                 "0x602000000018 is located 0 bytes %s 8-byte region "
                 "[0x602000000010,0x602000000018)\n"
                 "allocated by thread T0 here:\n"
                 "    #0 0x7f9d458b89cf  "
                 "(/lib/x86_64-linux-gnu/libasan.so.8+0xb89cf)\n"
                 "    #1 0x563b6295136d  (/w/part.so+0x%lx)%s\n\n"
                 "SUMMARY: AddressSanitizer: heap-buffer-overflow "
                 "(/w/part.so+0x%lx) \n",
                 reads_at, i == 0 ? "" : BUILD_ID, PLACES[i], takes_at,
                 i == 0 ? "" : BUILD_ID, reads_at);
        expect_said(log, "more memory is used than was taken "
                         "(heap-buffer-overflow)\nwritten in line 1\n"
                         "allocated in line 3\n");
    }
}

static void
a_double_free_names_both(void **state)
{
    char log[4096];
    (void)state;
    if (!has_lines()) {
        skip();
    }
    snprintf(log, sizeof(log),
             "==3==ERROR: AddressSanitizer: attempting double-free on "
             "0x602000000010 in thread T0:\n"
             "    #0 0x7f6db84b76a8  "
             "(/lib/x86_64-linux-gnu/libasan.so.8+0xb76a8)\n"
             "    #1 0x55804af4342d  (/w/part.so+0x%lx)\n\n"
             "0x602000000010 is located 0 bytes inside of 8-byte region "
             "[0x602000000010,0x602000000018)\n"
             "freed by thread T0 here:\n"
             "    #0 0x7f6db84b76a8  "
             "(/lib/x86_64-linux-gnu/libasan.so.8+0xb76a8)\n"
             "    #1 0x55804af43421  (/w/part.so+0x%lx)\n\n"
             "previously allocated by thread T0 here:\n"
             "    #0 0x7f6db84b89cf  "
             "(/lib/x86_64-linux-gnu/libasan.so.8+0xb89cf)\n"
             "    #1 0x55804af43411  (/w/part.so+0x%lx)\n\n"
             "SUMMARY: AddressSanitizer: double-free "
             "(/lib/x86_64-linux-gnu/libasan.so.8+0xb76a8) \n",
             calls_at, frees_at, takes_at);
    expect_said(log, "the same memory is given back twice "
                     "(attempting double-free)\nin line 4\nfreed in line 2\n"
                     "allocated in line 3\n");
}

static void
a_line_of_a_header_is_not_taken_for_one_of_the_file(void **state)
{
    char log[1024];
    (void)state;
    if (!has_lines()) {
        skip();
    }
    snprintf(log, sizeof(log),
             "==3==ERROR: AddressSanitizer: SEGV on unknown address "
             "0x000000000008 (pc 0x7f bp 0x7f sp 0x7f T1)\n"
             "    #0 0x7f1a20bb5352  (/w/part.so+0x%lx)\n"
             "    #1 0x7f1a20bb5359  (/w/part.so+0x%lx)\n"
             "    #2 0x7f1a20bb59a9  (/w/lab.so+0x29a9)\n\n",
             helps_at, calls_at);
    expect_said(log, "a pointer is used that points nowhere (SEGV)\n"
                     "in line 4\n");
}

static void
an_assertion_says_what_does_not_hold(void **state)
{
    static const char SAID[] =
        "it was aborted: an assertion failed, in your file or in what it "
        "called, or abort() was called (ABRT)\n"
        "rt_list_at asserts what does not hold: index < size\n";
    static const char ABRT[] =
        "==3==ERROR: AddressSanitizer: ABRT on unknown address 0x03e8\n";
    static const char *const LOGS[] = {
        "a print without an end leaf: labs/runtime/list.c:12: rt_list_at: "
        "Assertion `index < size' failed.\n",
        "labs/runtime/list.c:12: rt_list_at: Assertion \"index < size\" "
        "failed: too far\n"};
    char log[512];
    (void)state;
    for (size_t i = 0; i < sizeof(LOGS) / sizeof(*LOGS); i++) {
        snprintf(log, sizeof(log), "%s%s", LOGS[i], ABRT);
        expect_said(log, SAID);
    }
    snprintf(log, sizeof(log), "f: Assertion `%s", ABRT);
    expect_said(log, "it was aborted: an assertion failed, in your file or in "
                     "what it called, or abort() was called (ABRT)\n");
}

/* Reports whose kind is not the word behind "ERROR: AddressSanitizer:". */
static void
every_report_has_a_kind_that_says_something(void **state)
{
    static const struct {
        const char *log, *kind;
    } REPORTS[] = {
        {"==3==ERROR: AddressSanitizer: SEGV on unknown address "
         "0x000000000000 (pc 0x000000000000 bp 0x7ffc sp 0x7ffc T1)\n"
         "==3==Hint: pc points to the zero page.\n",
         "a function is called through a pointer that is NULL (SEGV)\n"},
        {"==3==ERROR: AddressSanitizer: attempting free on address which was "
         "not malloc()-ed: 0x7ffec873c070 in thread T0\n"
         "    #0 0x7f3ddc6b76a8  (/lib/libasan.so.8+0xb76a8)\n"
         "SUMMARY: AddressSanitizer: bad-free (/lib/libasan.so.8+0xb76a8) \n",
         "memory is given back that was not taken, or not there (attempting "
         "free)\n"},
        {"==3==ERROR: AddressSanitizer: negative-size-param: (size=-2)\n"
         "    #0 0x7f614aa476e0  (/lib/libasan.so.8+0x476e0)\n"
         "SUMMARY: AddressSanitizer: negative-size-param (/lib/x+0x4) \n",
         "negative-size-param\n"},
        {"==3==ERROR: AddressSanitizer: negative-size-param: (size=-2)\n",
         "negative-size-param\n"},
        {"==3==ERROR: AddressSanitizer: requested allocation size "
         "0x4000000000000000 (0x4000000000001000 after adjustments for "
         "alignment, red zones etc.) exceeds maximum supported size of "
         "0x10000000000 (thread T0)\n"
         "    #0 0x7f4b4dcb89cf  (/lib/libasan.so.8+0xb89cf)\n"
         "SUMMARY: AddressSanitizer: allocation-size-too-big (/lib/x+0xb) \n",
         "more memory is asked for than there can be (requested allocation "
         "size)\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(REPORTS) / sizeof(*REPORTS); i++) {
        expect_said(REPORTS[i].log, REPORTS[i].kind);
    }
}

static void
undefined_behaviour_names_the_line(void **state)
{
    (void)state;
    expect_said("learner.c:28:14: runtime error: shift exponent 42 is too "
                "large for 32-bit type 'int'\n",
                "undefined behaviour: shift exponent 42 is too large for "
                "32-bit type 'int'\n"
                "a shift by more bits than the number has, or by a negative "
                "number\nin line 28\n");
    expect_said("/w/learner.c:7:5: runtime error: load of null pointer of "
                "type 'int'\n    #0 0x5 in f\n",
                "undefined behaviour: load of null pointer of type 'int'\n"
                "a NULL pointer is used as if it pointed to something\n"
                "in line 7\n");
    expect_said("labs/runtime/object.h:9:5: runtime error: member access "
                "within null pointer\n",
                "undefined behaviour: member access within null pointer\n"
                "a NULL pointer is used as if it pointed to something\n");
}

static void
a_crash_is_told_from_an_error_of_memory(void **state)
{
    static const char *const CRASHES[] = {
        "AddressSanitizer:DEADLYSIGNAL\n==3==ERROR: AddressSanitizer: SEGV on "
        "unknown address 0x000000000000 (pc 0x55 bp 0x7f sp 0x7f T0)\n"
        "==3==The signal is caused by a WRITE memory access.\n"
        "==3==Hint: address points to the zero page.\n",
        "==3==ERROR: AddressSanitizer: stack-overflow on address 0x7ffc\n",
        "==3==ERROR: AddressSanitizer: ABRT on unknown address 0x03e8\n"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(evidence_is_crash(CRASHES[i], strlen(CRASHES[i])));
    }
    assert_false(evidence_is_crash("", 0));
}

static void
what_a_program_prints_is_no_finding(void **state)
{
    static const char *const LOGS[] = {"",
                                       "\n\n\n",
                                       "runtime error\n",
                                       "SUMMARY: ",
                                       "==3==ERROR: \n",
                                       "ERROR: LeakSanitizer: leaks\n",
                                       "AddressSanitizer: SEGV\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(LOGS) / sizeof(*LOGS); i++) {
        assert_null(said(LOGS[i], strlen(LOGS[i])));
    }
}

static void
hostile_logs_are_cleaned_and_cut(void **state)
{
    char log[4096] = "runtime error: ";
    (void)state;
    memset(log + strlen(log), '\033', 2000);
    char *text = said(log, strlen(log));
    assert_non_null(text);
    assert_null(strchr(text, '\033'));
    assert_true(strlen(text) < 400);
    free(text);
    text = said("ERROR: AddressSanitizer: \xFF\xFE\x9B", 28);
    assert_text(text, "\\xff\\xfe\\x9b\n");
    free(text);
    text = said("ERROR: AddressSanitizer: READ of size\n    #0 (/w/part.so+0x"
                "ffffffffffffffffffff)\n",
                82);
    free(text);
}

/* Cut anywhere, with a byte changed anywhere; the boxes that look up a line
 * are left out: an empty part has none. */
static void
no_damaged_log_does_harm(void **state)
{
    (void)state;
    struct buffer kept = part;
    unsigned seed = 11;
    char *log = use_after_free("");
    size_t length = strlen(log);
    char *frame = NULL;
    while ((frame = strstr(log, "/w/part.so")) != NULL) {
        memcpy(frame, "/w/else.so", 10);
    }
    part = (struct buffer){0};
    for (size_t end = 0; end <= length; end++) {
        char *piece = malloc(end + 1); // of its exact size
        memcpy(piece, log, end);
        if (end > 0) {
            seed = seed * 1664525 + 1013904223;
            piece[(seed >> 8) % end] = (char)(seed >> 24);
        }
        free(said(piece, end));
        evidence_is_crash(piece, end);
        free(piece);
    }
    part = kept;
    free(log);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_use_after_free_names_three_lines),
        cmocka_unit_test(a_write_past_the_end_names_the_allocation),
        cmocka_unit_test(a_double_free_names_both),
        cmocka_unit_test(a_line_of_a_header_is_not_taken_for_one_of_the_file),
        cmocka_unit_test(an_assertion_says_what_does_not_hold),
        cmocka_unit_test(every_report_has_a_kind_that_says_something),
        cmocka_unit_test(undefined_behaviour_names_the_line),
        cmocka_unit_test(a_crash_is_told_from_an_error_of_memory),
        cmocka_unit_test(what_a_program_prints_is_no_finding),
        cmocka_unit_test(hostile_logs_are_cleaned_and_cut),
        cmocka_unit_test(no_damaged_log_does_harm),
    };
    return cmocka_run_group_tests(cases, build_part, release_part);
}
