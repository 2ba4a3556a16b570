/* Nineteen planted defects of memory (defects/), each in a file that is right
 * but for it. A line that ends with "// defect: WORDS" is where it is; the
 * grader must name that line, and say these words of it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "grader/grade.h"
#include "labs/testing.h"
#include "tests/support/submission.h"
#include "tests/support/workshop.h"

enum {
    DEFECTS = 19
};

/* What a file says of its own defect. */
struct defect {
    int line;
    char words[80];
};

static struct defect
read_defect(const char *text)
{
    static const char MARK[] = "// defect: ";
    struct defect defect = {.line = 1};
    const char *at = strstr(text, MARK);
    assert_non_null(at);
    snprintf(defect.words, sizeof(defect.words), "%.*s",
             (int)strcspn(at + sizeof(MARK) - 1, "\n"), at + sizeof(MARK) - 1);
    for (const char *c = text; c < at; c++) {
        defect.line += *c == '\n';
    }
    return defect;
}

/* Whether a message of the compiler or the detail of a case says it. */
static bool
is_said(const struct grade_result *result, const struct defect *defect)
{
    char line[32];
    snprintf(line, sizeof(line), "line %d", defect->line);
    for (size_t i = 0; i < result->message_count; i++) {
        const struct grade_message *message = &result->messages[i];
        if (message->line == defect->line &&
            strstr(message->hint, defect->words) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < result->case_count; i++) {
        const char *detail = result->cases[i].detail;
        const char *place = strstr(detail, line);
        if (strstr(detail, defect->words) != NULL && place != NULL &&
            (place[strlen(line)] < '0' || place[strlen(line)] > '9')) {
            return true;
        }
    }
    return false;
}

static bool
is_found(const char *name)
{
    char path[512];
    char reason[512] = "";
    snprintf(path, sizeof(path), "tests/hostile/defects/%s", name);
    char *text = submission_read(path);
    const struct defect defect = read_defect(text);
    const struct grade_task task = workshop_task();
    struct grade_result result;
    workshop_save(text);
    if (grade_file(&task, &result, reason, sizeof(reason)) != 0) {
        fail_msg("%s: %s", name, reason);
    }
    bool found = is_said(&result, &defect);
    for (size_t i = 0; i < result.message_count && !found; i++) {
        print_message("%d: %s\n", result.messages[i].line,
                      result.messages[i].text);
    }
    for (size_t i = 0; i < result.case_count && !found; i++) {
        print_message("%s: %s\n", result.cases[i].name,
                      result.cases[i].detail);
    }
    if (!found) {
        print_message("%s: %s (%s), but not \"%s\" in line %d\n", name,
                      verdict_name(result.verdict), result.reason,
                      defect.words, defect.line);
    }
    grade_release(&result);
    free(text);
    return found;
}

static void
defects_are_named_with_their_lines(void **state)
{
    (void)state;
    struct dirent **entries = NULL;
    int count = scandir("tests/hostile/defects", &entries, NULL, alphasort);
    int files = 0;
    int found = 0;
    for (int i = 0; i < count; i++) {
        if (strstr(entries[i]->d_name, ".c") != NULL) {
            files++;
            found += is_found(entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    print_message("%d of %d defects named with their lines\n", found, files);
    assert_number(files, DEFECTS);
    assert_number(found, DEFECTS);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(defects_are_named_with_their_lines),
    };
    return cmocka_run_group_tests(cases, workshop_enter, workshop_leave);
}
