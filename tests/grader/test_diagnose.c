/* What the compiler said, as a learner gets it. Each source is compiled here
 * as the grader does it. */
#include <stdio.h>
#include <stdlib.h>

#include "grader/diagnose.h"
#include "labs/testing.h"
#include "tests/support/tempdir.h"

static char *folder;
static char name[] = "f";
static char prototype[] = "int f(int n)";

static int
make_folder(void **state)
{
    (void)state;
    folder = tempdir_make();
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    tempdir_remove(folder);
    return 0;
}

/* Compiles a text, and reads what gcc says of it. */
static void
read_messages(const char *text, struct messages *messages)
{
    char command[1024];
    struct manifest manifest = {0};
    struct buffer source = {0};
    struct buffer said = {0};
    manifest.prototypes[0].name = name;
    manifest.prototypes[0].text = prototype;
    manifest.prototype_count = 1;
    free(tempdir_write(folder, "learner.c", text));
    snprintf(command, sizeof(command),
             "cd %s && LC_ALL=C.UTF-8 gcc -std=c11 -Wall -Wextra -O0 "
             "-fdiagnostics-format=json -c -o /dev/null learner.c 2> said",
             folder);
    (void)!system(command);
    snprintf(command, sizeof(command), "%s/said", folder);
    assert_number(buffer_read_file(&said, command, 1 << 20), 0);
    buffer_add(&source, text, strlen(text));
    diagnose(messages, &said, &source, &manifest);
    buffer_release(&said);
    buffer_release(&source);
}

/* The first message has this code and this line. */
static void
expect_first(const char *text, const char *code, int line)
{
    struct messages messages = {0};
    read_messages(text, &messages);
    assert_true(messages.count > 0);
    if (strcmp(messages.items[0].code, code) != 0) {
        print_error("%s\n%s\n", text, messages.items[0].text);
    }
    assert_text(messages.items[0].code, code);
    assert_number(messages.items[0].line, line);
    assert_true(messages.items[0].hint[0] != '\0');
    messages_release(&messages);
}

static void
common_mistakes_are_recognised(void **state)
{
    static const struct {
        const char *code;
        int line;
        const char *text;
    } MISTAKES[] = {
        {"missing_semicolon", 3,
         "int f(void) {\n    int a = 1\n    a++;\n"
         "    return a;\n}\n"},
        {"missing_brace", 4,
         "int f(void) {\n    if (1) {\n    return 1;\n}\n"},
        {"missing_parenthesis", 2,
         "int f(void) {\n    if (1 { }\n"
         "    return 1;\n}\n"},
        {"else_without_if", 4,
         "int f(int n) {\n    if (n);\n"
         "    n++;\n    else n--;\n    return n;\n}\n"},
        {"semicolon_before_body", 2, "int f(int n);\n{\n    return n;\n}\n"},
        {"code_outside_of_function", 2,
         "int f(void) { return 1; }\n"
         "return 2;\n"},
        {"undeclared", 2, "int f(void) {\n    return nobody;\n}\n"},
        {"unknown_type", 1, "object *f(void) { return 0; }\n"},
        {"unknown_function", 2, "int f(void) {\n    return g();\n}\n"},
        {"no_such_field", 2,
         "struct s { int a; };\n"
         "int f(struct s *s) { return s->b; }\n"},
        {"arrow_for_dot", 2,
         "struct s { int a; };\n"
         "int f(struct s *s) { return s.a; }\n"},
        {"dot_for_arrow", 2,
         "struct s { int a; };\n"
         "int f(struct s s) { return s->a; }\n"},
        {"not_a_pointer", 1, "int f(int n) { return *n; }\n"},
        {"too_few_arguments", 2,
         "int g(int a, int b);\n"
         "int f(int n) { return g(n); }\n"},
        {"too_many_arguments", 2,
         "int g(int a);\n"
         "int f(int n) { return g(n, n); }\n"},
        {"static_by_mistake", 2,
         "int f(int n);\n"
         "static int f(int n) { return n; }\n"},
        {"wrong_signature", 2,
         "int f(int n);\n"
         "void f(int n, int m) { n = m; }\n"},
        {"defined_twice", 2,
         "int f(int n) { return n; }\n"
         "int f(int n) { return n; }\n"},
        {"integer_from_pointer", 1,
         "int f(int *n) { int m = n; return m; }\n"},
        {"pointer_from_integer", 1,
         "int f(int n) { int *m = n; return *m; }\n"},
        {"other_pointer", 1, "int f(long *n) { int *m = n; return *m; }\n"},
        {"const_lost", 1, "int f(const int *n) { int *m = n; return *m; }\n"},
        {"const_written", 1, "int f(const int n) { n = 1; return n; }\n"},
        {"not_assignable", 1, "int f(int n) { 1 = n; return n; }\n"},
        {"no_return", 1, "int f(int n) { n++; }\n"},
        {"not_initialized", 1, "int f(void) { int n; return n; }\n"},
        {"assignment_as_condition", 1,
         "int f(int n) { if (n = 1) { n++; } "
         "return n; }\n"},
        {"unused", 1, "int f(int n) { return 1; }\n"},
        {"local_returned", 1, "int *f(void) { int n = 1; return &n; }\n"},
        {"no_such_header", 1, "#include \"nowhere.h\"\n"},
        {"unfinished_text", 1, "int f(void) { return g(\"no end;\n}\n"},
        {"not_called", 1, "int f(int n) { return n(1); }\n"},
        {"not_in_a_loop", 1, "int f(int n) { break; return n; }\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(MISTAKES) / sizeof(*MISTAKES); i++) {
        expect_first(MISTAKES[i].text, MISTAKES[i].code, MISTAKES[i].line);
    }
}

static void
a_wrong_signature_shows_the_prototype(void **state)
{
    struct messages messages = {0};
    (void)state;
    read_messages("int f(int n);\nvoid f(int n, int m) { n = m; }\n",
                  &messages);
    assert_contains(messages.items[0].hint, prototype);
    messages_release(&messages);
}

static void
an_error_comes_before_the_warnings(void **state)
{
    struct messages messages = {0};
    (void)state;
    read_messages("int f(int n) { int unused; return nobody; }\n", &messages);
    assert_true(messages.count >= 2);
    assert_true(messages.items[0].is_error);
    assert_true(messages.has_error);
    assert_text(messages.items[0].code, "undeclared");
    messages_release(&messages);
}

static void
the_caret_stands_below_the_place(void **state)
{
    struct messages messages = {0};
    (void)state;
    read_messages("int f(void)\n{\n\t/* \xC3\xA9 */ return nobody;\n}\n",
                  &messages);
    assert_text(messages.items[0].excerpt,
                " /* \xC3\xA9 */ return nobody;\n                ^");
    messages_release(&messages);
}

static void
what_is_no_json_is_told_line_by_line(void **state)
{
    const struct manifest manifest = {0};
    const struct buffer source = {0};
    struct messages messages = {0};
    struct buffer said = {0};
    (void)state;
    buffer_format(&said, "cc1: out of memory\n\033[2Jgave up\n");
    diagnose(&messages, &said, &source, &manifest);
    assert_number(messages.count, 2);
    assert_text(messages.items[1].text, "\\x1b[2Jgave up");
    messages_release(&messages);
    buffer_release(&said);
}

/* Where a macro came from it counts in lines of its own; and a list of the
 * compiler's that was cut off in its first message is nobody's language. */
static void
what_tells_nothing_is_left_out(void **state)
{
    const struct manifest manifest = {0};
    struct buffer source = {0};
    struct messages messages = {0};
    struct buffer said = {0};
    (void)state;
    buffer_format(&source, "int a;\nint b;\n");
    buffer_format(&said, "learner.c:9: Fatal error: macros nested too deeply\n"
                         "learner.c:2:  Info: macro invoked from here\n"
                         "learner.c:1:      Info: macro invoked from here\n"
                         "[{\"kind\": \"warning\", \"chil");
    diagnose(&messages, &said, &source, &manifest);
    assert_number(messages.count, 1);
    assert_contains(messages.items[0].text, "macros nested too deeply");
    assert_number(messages.items[0].line, 0);
    assert_true(messages.items[0].is_error);
    messages_release(&messages);
    buffer_release(&said);
    buffer_release(&source);
}

static void
places_that_cannot_be_have_no_excerpt(void **state)
{
    const struct manifest manifest = {0};
    struct buffer source = {0};
    struct messages messages = {0};
    struct buffer said = {0};
    (void)state;
    buffer_format(&source, "int a;\n");
    buffer_format(&said,
                  "[{\"kind\": \"error\", \"message\": \"x\", \"locations\": "
                  "[{\"caret\": {\"file\": \"learner.c\", \"line\": "
                  "99999999999999, \"byte-column\": 7}}]}, {\"kind\": "
                  "\"error\", \"message\": \"y\", \"locations\": [{\"caret\": "
                  "{\"file\": \"learner.c\", \"line\": 1, \"byte-column\": "
                  "800}}]}]");
    diagnose(&messages, &said, &source, &manifest);
    assert_number(messages.count, 2);
    assert_text(messages.items[0].excerpt, "");
    assert_text(messages.items[1].excerpt, "");
    messages_release(&messages);
    buffer_release(&said);
    buffer_release(&source);
}

/* What was said, said here. */
static struct messages
messages_of(const char *said_text, const char *source_text)
{
    struct messages messages = {0};
    const struct manifest manifest = {0};
    struct buffer source = {0};
    struct buffer said = {0};
    buffer_add(&source, source_text, strlen(source_text));
    buffer_add(&said, said_text, strlen(said_text));
    diagnose(&messages, &said, &source, &manifest);
    buffer_release(&said);
    buffer_release(&source);
    return messages;
}

static void
the_assembler_is_told_to_whom_it_speaks(void **state)
{
    (void)state;
    struct messages messages =
        messages_of("learner.c: Assembler messages:\n"
                    "learner.c:2: Error: no such instruction: `frob'\n"
                    "learner.c:2: Warning: mind the step\n"
                    "{standard input}:77: Error: expected symbol name\n"
                    "[]\n",
                    "int a;\n    asm(\"frob\");\n");
    assert_number(messages.count, 3);
    assert_number(messages.items[0].line, 2);
    assert_number(messages.items[0].column, 5);
    assert_text(messages.items[0].text,
                "in an asm statement: no such instruction: `frob'");
    assert_text(messages.items[0].excerpt, "    asm(\"frob\");\n    ^");
    assert_false(messages.items[1].is_error);
    assert_number(messages.items[2].line, 0);
    assert_text(messages.items[2].text,
                "in an asm outside of all functions: expected symbol name");
    messages_release(&messages);
}

/* The real ones: a statement's own line, wherever the compiler has put it. */
static void
a_bad_instruction_is_found_in_its_line(void **state)
{
    (void)state;
    struct messages messages = {0};
    read_messages("int f(int n) {\n    __asm__(\"frobnicate\");\n"
                  "    return n;\n}\n",
                  &messages);
    assert_number(messages.count, 1);
    assert_number(messages.items[0].line, 2);
    assert_contains(messages.items[0].text, "frobnicate");
    messages_release(&messages);
}

static void
what_stands_ahead_of_the_compilers_words_does_not_hide_them(void **state)
{
    (void)state;
    struct messages messages =
        messages_of("[no array\n[1,\nhello\n"
                    "[{\"kind\": \"error\", \"message\": \"E\"}]\nworld\n",
                    "");
    assert_text(messages.items[0].text, "E");
    assert_number(messages.count, 5);
    messages_release(&messages);
}

static void
what_a_dying_compiler_says_to_its_makers_is_left_out(void **state)
{
    (void)state;
    struct messages messages =
        messages_of("libbacktrace could not find executable to open\n"
                    "Please submit a full bug report, with source.\n"
                    "See <file:///usr/share/doc/gcc-12/README.Bugs>\n",
                    "");
    assert_number(messages.count, 0);
    messages_release(&messages);
}

static void
of_what_was_cut_off_the_beginning_is_told(void **state)
{
    (void)state;
    struct messages messages = messages_of(
        "[{\"kind\": \"error\", \"message\": \"E\"}, "
        "{\"kind\": \"error\", \"message\": \"F\"}, {\"kind\": \"err",
        "");
    assert_number(messages.count, 2);
    assert_text(messages.items[1].text, "F");
    messages_release(&messages);
}

static void
an_error_below_a_warning_is_found(void **state)
{
    (void)state;
    struct messages messages = messages_of(
        "[{\"kind\": \"warning\", \"message\": \"W\", \"children\": "
        "[{\"kind\": "
        "\"error\", \"message\": \"E\"}, {\"kind\": \"note\", \"message\": "
        "\"N\"}]}]\n",
        "");
    assert_number(messages.count, 2);
    assert_text(messages.items[0].text, "E");
    assert_true(messages.has_error);
    messages_release(&messages);
}

static void
bytes_that_are_no_letters_do_not_hide_a_message(void **state)
{
    (void)state;
    struct messages messages =
        messages_of("[{\"kind\": \"error\", \"message\": \"first\"}, "
                    "{\"kind\": \"error\", \"message\": "
                    "\"a\x1b\xFF\\0\\\\x b\"}]\n",
                    "");
    assert_number(messages.count, 2);
    assert_text(messages.items[1].text, "a?x1b?xff?0\\x b");
    messages_release(&messages);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(common_mistakes_are_recognised),
        cmocka_unit_test(a_wrong_signature_shows_the_prototype),
        cmocka_unit_test(an_error_comes_before_the_warnings),
        cmocka_unit_test(the_caret_stands_below_the_place),
        cmocka_unit_test(what_is_no_json_is_told_line_by_line),
        cmocka_unit_test(what_tells_nothing_is_left_out),
        cmocka_unit_test(places_that_cannot_be_have_no_excerpt),
        cmocka_unit_test(the_assembler_is_told_to_whom_it_speaks),
        cmocka_unit_test(a_bad_instruction_is_found_in_its_line),
        cmocka_unit_test(
            what_stands_ahead_of_the_compilers_words_does_not_hide_them),
        cmocka_unit_test(what_a_dying_compiler_says_to_its_makers_is_left_out),
        cmocka_unit_test(of_what_was_cut_off_the_beginning_is_told),
        cmocka_unit_test(an_error_below_a_warning_is_found),
        cmocka_unit_test(bytes_that_are_no_letters_do_not_hide_a_message),
    };
    return cmocka_run_group_tests(cases, make_folder, remove_folder);
}
