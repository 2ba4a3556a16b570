/* The JSON Schemas beside the content say what the reader says: the same good
 * and bad files, judged by Debian's jsonschema. A bad file whose fault no
 * schema can see says so with a line "# beyond the schema". */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/tempdir.h"

#include <cmocka.h>

enum {
    NO_MODULES = 77
};

/* The modules belong to Debian's own Python, which need not come first. */
static const char *const PYTHONS[] = {"python3", "/usr/bin/python3"};

/* Runs the checker; its lines go to take. Skips the test if there is no Python
 * with the modules. Returns how many lines there were. */
static int
check(const char *schema, const char *files,
      void (*take)(const char *line, void *data), void *data)
{
    int status = NO_MODULES;
    for (size_t i = 0; i < 2; i++) {
        char command[512];
        char line[1024];
        int count = 0;
        snprintf(command, sizeof(command),
                 "%s tests/content/check_schema.py %s %s", PYTHONS[i], schema,
                 files);
        FILE *out = popen(command, "r");
        assert_non_null(out);
        while (fgets(line, sizeof(line), out) != NULL) {
            line[strcspn(line, "\n")] = '\0';
            take(line, data);
            count++;
        }
        status = WEXITSTATUS(pclose(out));
        if (status == 0) {
            return count;
        }
        if (status != NO_MODULES && status != 127) {
            fail_msg("check_schema.py: exit status %d", status);
        }
    }
    print_message("no python3 with yaml and jsonschema\n");
    skip();
    return 0;
}

static void
expect_valid(const char *line, void *data)
{
    int *wrong = data;
    if (strncmp(line, "valid ", 6) != 0 &&
        strncmp(line, "No module", 9) != 0) {
        print_error("%s\n", line);
        ++*wrong;
    }
}

static bool
is_beyond(const char *line)
{
    char path[512] = "";
    snprintf(path, sizeof(path), "%s", strchr(line, ' ') + 1);
    char *text = tempdir_read(path);
    bool beyond =
        text != NULL && strstr(text, "\n# beyond the schema\n") != NULL;
    free(text);
    return beyond;
}

static void
expect_invalid(const char *line, void *data)
{
    int *wrong = data;
    if (strncmp(line, "valid ", 6) == 0 && !is_beyond(line)) {
        print_error("%s, but the reader refuses it\n", line);
        ++*wrong;
    }
}

/* A schema, the content that it is about, and the folder of files to try it
 * with (NULL: there is none). */
static const struct {
    const char *schema, *content, *data;
} SCHEMAS[] = {
    {"content/schema.json", "content/questions/*.yaml", "content"},
    {"content/seeds.schema.json", "content/seeds.yaml", "seeds"},
    {"content/topics.schema.json", "content/topics.yaml", "topics"},
    {"content/glossary.schema.json", "content/glossary.yaml", "glossary"},
    {"content/synonyms.schema.json", "content/synonyms.yaml", NULL},
    {"content/lab.schema.json", "labs/*/lab.yaml", NULL},
};

/* Checks the files of every folder tests/data/NAME/kind. */
static int
check_data(const char *kind, void (*take)(const char *line, void *data))
{
    int wrong = 0;
    for (size_t i = 0; i < sizeof(SCHEMAS) / sizeof(*SCHEMAS); i++) {
        if (SCHEMAS[i].data != NULL) {
            char files[128];
            snprintf(files, sizeof(files), "tests/data/%s/%s/*.yaml",
                     SCHEMAS[i].data, kind);
            assert_true(check(SCHEMAS[i].schema, files, take, &wrong) > 0);
        }
    }
    return wrong;
}

static void
good_files_are_valid(void **state)
{
    (void)state;
    assert_int_equal(check_data("good", expect_valid), 0);
}

static void
bad_files_are_invalid(void **state)
{
    (void)state;
    assert_int_equal(check_data("bad", expect_invalid), 0);
}

static void
the_content_is_valid(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof(SCHEMAS) / sizeof(*SCHEMAS); i++) {
        assert_true(check(SCHEMAS[i].schema, SCHEMAS[i].content, expect_valid,
                          &wrong) > 0);
    }
    assert_int_equal(wrong, 0);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(good_files_are_valid),
        cmocka_unit_test(bad_files_are_invalid),
        cmocka_unit_test(the_content_is_valid),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
