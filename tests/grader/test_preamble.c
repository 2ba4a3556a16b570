#include <stdio.h>
#include <string.h>

#include "grader/preamble.h"
#include "labs/testing.h"

/* A text whose first bytes are known: what is behind "|" is not. */
static void
check(const char *text)
{
    char whole[512] = "";
    int lines = 0;
    const char *bar = strchr(text, '|');
    size_t known = (size_t)(bar - text);
    snprintf(whole, sizeof(whole), "%.*s%s", (int)known, text, bar + 1);
    for (size_t i = 0; i < known; i++) {
        lines += whole[i] == '\n';
    }
    struct preamble preamble = preamble_of(whole, strlen(whole));
    if (preamble.bytes != known || preamble.lines != lines) {
        fail_msg("%zu bytes, %d lines: %s", preamble.bytes, preamble.lines,
                 text);
    }
}

static void
it_ends_behind_the_last_header(void **state)
{
    (void)state;
    check("|");
    check("|int a;\n");
    check("#include <a.h>\n|");
    check("#include <a.h>\n|int a;\n#include <b.h>\n");
    check("// first\n\n#include <a.h>\n  # include\t\"labs/b.h\" // "
          "why\n|\n/* c "
          "*/\n");
    check("/* two\n lines */ #include <a.h>\r\n\r\n#include <b.h>\r\n|int a;");
    check("#include <a.h>\n|#include <b.h>");
}

static void
what_could_mean_something_else_ends_it(void **state)
{
    (void)state;
    check("#include <a.h>\n|#define A\n#include <b.h>\n");
    check("#include <a.h>\n|#if 1\n#include <b.h>\n#endif\n");
    check("#include <a.h>\n|#include \"mine.h\"\n");
    check("#include <a.h>\n|#include \"./labs/b.h\"\n");
    check("#include <a.h>\n|#include NAME\n");
    check("#include <a.h>\n|#include <b.h> /* goes\n on */\n");
    check("#include <a.h>\n|#include <b.h> int a;\n");
    check("#include <a.h>\n|#include <b.h\n>\n");
    check("#include <a.h>\n|/* never closed\n#include <b.h>\n");
    check("#include <a.h>\n|#includes <b.h>\n");
}

static void
joined_lines_are_not_known(void **state)
{
    (void)state;
    check("|// joined \\\n#include <a.h>\n");
    check("|// joined ?\?/\n#include <a.h>\n");
    check("|#include <a.h>\n// joined \\\n#include <b.h>\n");
    check("#include <a.h>\n|// joined \\\nint a;\n");
}

static void
what_asks_where_it_is_included_may_not_be_cut(void **state)
{
    (void)state;
    static const char *const ASKS[] = {"int a = __INCLUDE_LEVEL__;",
                                       "#pragma once\n", "_Pragma(\"x\")",
                                       "__TIMESTAMP__", "\xEF\xBB\xBFint a;"};
    for (size_t i = 0; i < sizeof(ASKS) / sizeof(*ASKS); i++) {
        assert_false(preamble_may_cut(ASKS[i], strlen(ASKS[i])));
    }
    assert_true(preamble_may_cut("int a; // once\n", 15));
    assert_true(preamble_may_cut("", 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ends_behind_the_last_header),
        cmocka_unit_test(what_could_mean_something_else_ends_it),
        cmocka_unit_test(joined_lines_are_not_known),
        cmocka_unit_test(what_asks_where_it_is_included_may_not_be_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
