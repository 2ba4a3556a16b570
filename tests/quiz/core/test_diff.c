#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/diff.h"
#include "quiz/core/text.h"

static char *
diff_of(const char *old, const char *new)
{
    struct text out = {0};
    diff_unified(&out, "yours", old, "reference", new);
    return text_steal(&out);
}

static void
equal_texts_have_no_diff(void **state)
{
    (void)state;
    char *diff = diff_of("a\nb\n", "a\nb\n");
    assert_text(diff, "");
    free(diff);
}

static void
a_changed_line_is_dropped_and_added(void **state)
{
    (void)state;
    char *diff = diff_of("a\nb\nc\n", "a\nB\nc\n");
    assert_text(diff, "--- yours\n+++ reference\n@@ -1,3 +1,3 @@\n"
                      " a\n-b\n+B\n c\n");
    free(diff);
}

static void
three_lines_surround_a_change(void **state)
{
    (void)state;
    char *diff = diff_of("1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                         "1\n2\n3\n4\n5\nsix\n7\n8\n9\n");
    assert_text(diff, "--- yours\n+++ reference\n@@ -3,7 +3,7 @@\n"
                      " 3\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n");
    free(diff);
}

static void
distant_changes_are_separate_hunks(void **state)
{
    (void)state;
    char *diff =
        diff_of("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n");
    assert_contains(diff, "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 "
                          "@@\n 5\n 6\n 7\n-b\n+B\n");
    free(diff);
}

static void
near_changes_share_a_hunk(void **state)
{
    (void)state;
    char *diff =
        diff_of("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n");
    assert_contains(diff, "@@ -1,8 +1,8 @@\n");
    assert_null(strstr(diff + 40, "@@ -"));
    free(diff);
}

static void
an_empty_text_counts_from_zero(void **state)
{
    (void)state;
    char *diff = diff_of("", "a\nb");
    assert_text(diff, "--- yours\n+++ reference\n@@ -0,0 +1,2 @@\n+a\n+b\n");
    free(diff);
    diff = diff_of("a\n", "");
    assert_text(diff, "--- yours\n+++ reference\n@@ -1,1 +0,0 @@\n-a\n");
    free(diff);
}

/* Taking the "-" and " " lines gives the old text, "+" and " " the new one. */
static void
check_sides(const char *diff, const char *old, const char *new)
{
    struct text sides[2] = {{0}, {0}};
    for (const char *line = diff; *line != '\0';) {
        size_t length = strcspn(line, "\n") + 1;
        if (*line == ' ' || *line == '-') {
            text_add_bytes(&sides[0], line + 1, length - 1);
        }
        if (*line == ' ' || *line == '+') {
            text_add_bytes(&sides[1], line + 1, length - 1);
        }
        line += length;
    }
    assert_text(text_string(&sides[0]), old);
    assert_text(text_string(&sides[1]), new);
    text_release(&sides[0]);
    text_release(&sides[1]);
}

/* Four lines at most: the lines around a change are all that is kept. */
static void
random_texts_are_told_apart_and_rebuilt(void **state)
{
    (void)state;
    unsigned dice = 12345;
    for (int round = 0; round < 2000; round++) {
        char texts[2][16] = {"", ""};
        for (int side = 0; side < 2; side++) {
            dice = dice * 1103515245U + 12345U;
            size_t lines = (dice >> 16) % 5;
            for (size_t i = 0; i < lines; i++) {
                dice = dice * 1103515245U + 12345U;
                texts[side][2 * i] = (char)('a' + (dice >> 16) % 3);
                texts[side][2 * i + 1] = '\n';
                texts[side][2 * i + 2] = '\0';
            }
        }
        char *diff = diff_of(texts[0], texts[1]);
        if (strcmp(texts[0], texts[1]) == 0) {
            assert_text(diff, "");
        }
        else {
            const char *body = strchr(strstr(diff, "@@"), '\n') + 1;
            check_sides(body, texts[0], texts[1]);
        }
        free(diff);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(equal_texts_have_no_diff),
        cmocka_unit_test(a_changed_line_is_dropped_and_added),
        cmocka_unit_test(three_lines_surround_a_change),
        cmocka_unit_test(distant_changes_are_separate_hunks),
        cmocka_unit_test(near_changes_share_a_hunk),
        cmocka_unit_test(an_empty_text_counts_from_zero),
        cmocka_unit_test(random_texts_are_told_apart_and_rebuilt),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
