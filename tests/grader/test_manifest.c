#include <stdio.h>
#include <stdlib.h>

#include "grader/manifest.h"
#include "labs/testing.h"
#include "tests/support/tempdir.h"

/* A manifest with all that must be there. */
#define WHOLE                                                                 \
    "manifest 1\n"                                                            \
    "lab 01_test\n"                                                           \
    "kind build\n"                                                            \
    "exports rt_one rt_two\n"                                                 \
    "allow malloc free\n"                                                     \
    "time_ms 2000\n"                                                          \
    "memory_mib 64\n"                                                         \
    "output_kib 128\n"                                                        \
    "case first 3\n"

/* Reads text as a manifest: 0 and *manifest, or -1 and the reason. */
static int
read_text(struct manifest *manifest, const char *text, size_t length,
          char reason[256])
{
    char *folder = tempdir_make();
    char *path = tempdir_write(folder, "lab.manifest", "");
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_number(fwrite(text, 1, length, file), length);
    fclose(file);
    int result = manifest_read(manifest, path, reason, 256);
    free(path);
    tempdir_remove(folder);
    return result;
}

static void
a_whole_manifest_is_read(void **state)
{
    static const char TEXT[] = WHOLE "sanitizer yes\n"
                                     "replaces object.c\n"
                                     "title.en A title\n"
                                     "title.ru Название\n"
                                     "case.title.en first Counts one\n"
                                     "case.title.ru first Считает один\n"
                                     "case.help.en first Look again\n"
                                     "case second 2 first\n"
                                     "prototype rt_one int rt_one(void)\n";
    struct manifest manifest;
    char reason[256];
    (void)state;
    assert_number(read_text(&manifest, TEXT, sizeof(TEXT) - 1, reason), 0);
    assert_text(manifest.lab, "01_test");
    assert_text(manifest.kind, "build");
    assert_text(manifest.replaces, "object.c");
    assert_true(manifest.sanitizer);
    assert_number(manifest.time_ms, 2000);
    assert_number(manifest.memory_mib, 64);
    assert_number(manifest.output_kib, 128);
    assert_text(manifest.title[0], "A title");
    assert_text(manifest.title[1], "Название");
    assert_number(manifest.case_count, 2);
    assert_text(manifest.cases[0].name, "first");
    assert_number(manifest.cases[0].points, 3);
    assert_text(manifest.cases[0].title[0], "Counts one");
    assert_text(manifest.cases[0].title[1], "Считает один");
    assert_text(manifest.cases[0].help[0], "Look again");
    assert_null(manifest.cases[0].help[1]);
    assert_false(manifest_lists(manifest.cases[0].needs, "first"));
    assert_true(manifest_lists(manifest.cases[1].needs, "first"));
    assert_text(manifest_prototype(&manifest, "rt_one"), "int rt_one(void)");
    assert_text(manifest_prototype(&manifest, "rt_two"), "rt_two");
    manifest_release(&manifest);
    manifest_release(&manifest);
}

static void
a_list_is_searched_by_whole_words(void **state)
{
    (void)state;
    assert_true(manifest_lists(" malloc free ", "free"));
    assert_true(manifest_lists(" malloc free ", "malloc"));
    assert_false(manifest_lists(" malloc free ", "alloc"));
    assert_false(manifest_lists(" malloc free ", "mall"));
    assert_false(manifest_lists(" mallocs free ", "malloc"));
    assert_true(manifest_lists(" aa a ", "a"));
    assert_false(manifest_lists("  ", "a"));
}

static void
bad_lines_are_named_with_their_number(void **state)
{
    static const char *const LINES[] = {
        "nonsense",
        "nonsense 1",
        "manifest 2",
        "manifest",
        "time_ms 0",
        "time_ms -5",
        "time_ms",
        "time_ms soon",
        "time_ms 5x",
        "time_ms 99999999999999999999",
        "memory_mib 4294967296",
        "output_kib ",
        "sanitizer maybe",
        "case",
        "case second",
        "case  3",
        "case second many",
        "case second -1",
        "case second 3x",
        "case first 1", // a second of that name
        "case.title.en unknown Text",
        "case.title.de first Text",
        "case.title first Text",
        "case. first Text",
        " lab 02_test",
        "LAB 02_test",
        "\tlab x",
        "lab\x1b x",
    };
    char reason[256];
    struct manifest manifest;
    (void)state;
    for (size_t i = 0; i < sizeof(LINES) / sizeof(*LINES); i++) {
        char text[512];
        snprintf(text, sizeof(text), "%s%s\n", WHOLE, LINES[i]);
        if (read_text(&manifest, text, strlen(text), reason) != -1) {
            fail_msg("'%s' was taken", LINES[i]);
        }
        assert_contains(reason, "lab.manifest:10: bad line");
        assert_number(manifest.case_count, 0);
    }
}

static void
a_manifest_that_lacks_something_is_not_whole(void **state)
{
    static const char *const NEEDED[] = {
        "lab ",  "exports ",    "allow ",     "time_ms ",
        "case ", "memory_mib ", "output_kib "};
    char reason[256];
    struct manifest manifest;
    (void)state;
    for (size_t i = 0; i < sizeof(NEEDED) / sizeof(*NEEDED); i++) {
        char text[] = WHOLE;
        char *line = strstr(text, NEEDED[i]);
        char *next = strchr(line, '\n') + 1;
        memmove(line, next, strlen(next) + 1);
        assert_number(read_text(&manifest, text, strlen(text), reason), -1);
        assert_contains(reason, "is not whole");
    }
    assert_number(read_text(&manifest, "", 0, reason), -1);
    assert_contains(reason, "is not whole");
    assert_number(read_text(&manifest, "\n\n\n", 3, reason), -1);
    assert_contains(reason, "is not whole");
}

static void
the_last_line_needs_no_end(void **state)
{
    char reason[256];
    struct manifest manifest;
    (void)state;
    assert_number(read_text(&manifest, WHOLE, sizeof(WHOLE) - 2, reason), 0);
    manifest_release(&manifest);
}

static void
bytes_that_are_no_text_are_refused(void **state)
{
    static const char ZERO[] = WHOLE "\0nonsense\n";
    char reason[256];
    struct manifest manifest;
    (void)state;
    assert_number(read_text(&manifest, ZERO, sizeof(ZERO) - 1, reason), -1);
    assert_contains(reason, "is no text");
}

/* One line over and over. */
static int
read_repeated(const char *format, int count, char reason[256])
{
    char *text = NULL;
    size_t size = 0;
    struct manifest manifest;
    FILE *out = open_memstream(&text, &size);
    fputs(WHOLE, out);
    for (int i = 0; i < count; i++) {
        fprintf(out, "%s%d 1\n", format, i);
    }
    fclose(out);
    int result = read_text(&manifest, text, size, reason);
    if (result == 0) {
        manifest_release(&manifest);
    }
    free(text);
    return result;
}

static void
more_cases_or_prototypes_than_fit_are_refused(void **state)
{
    char reason[256];
    (void)state;
    assert_number(read_repeated("case c", MANIFEST_CASES - 1, reason), 0);
    assert_number(read_repeated("case c", MANIFEST_CASES, reason), -1);
    assert_contains(reason, "bad line 'case'");
    assert_number(read_repeated("prototype p", MANIFEST_EXPORTS, reason), 0);
    assert_number(read_repeated("prototype p", MANIFEST_EXPORTS + 1, reason),
                  -1);
    assert_contains(reason, "bad line 'prototype'");
}

static void
the_last_of_two_lines_of_a_key_holds(void **state)
{
    char reason[256];
    struct manifest manifest;
    static const char TEXT[] = WHOLE "lab 02_other\nexports rt_three\n";
    (void)state;
    assert_number(read_text(&manifest, TEXT, sizeof(TEXT) - 1, reason), 0);
    assert_text(manifest.lab, "02_other");
    assert_text(manifest.exports, " rt_three ");
    manifest_release(&manifest);
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
    char reason[256];
    struct manifest manifest;
    (void)state;
    assert_number(manifest_read(&manifest, "/nowhere/lab.manifest", reason,
                                sizeof(reason)),
                  -1);
    assert_contains(reason, "cannot read '/nowhere/lab.manifest': No such");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_whole_manifest_is_read),
        cmocka_unit_test(a_list_is_searched_by_whole_words),
        cmocka_unit_test(bad_lines_are_named_with_their_number),
        cmocka_unit_test(a_manifest_that_lacks_something_is_not_whole),
        cmocka_unit_test(the_last_line_needs_no_end),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(more_cases_or_prototypes_than_fit_are_refused),
        cmocka_unit_test(the_last_of_two_lines_of_a_key_holds),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
