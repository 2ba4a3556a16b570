/* Objects are compiled here with gcc, as the grader's box does it. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

#include "grader/screen.h"
#include "labs/testing.h"
#include "tests/support/tempdir.h"

static char exports[] = " rt_one rt_two ";
static char allow[] = " malloc free memcpy ";
static const struct manifest MANIFEST = {.exports = exports, .allow = allow};
static const struct buffer NOTHING;

#define BOTH                                                                  \
    "#include <stdlib.h>\n"                                                   \
    "int rt_one(void);\nint rt_two(void);\n"                                  \
    "int rt_one(void) { return 1; }\n"                                        \
    "int rt_two(void) { free(malloc(1)); return 2; }\n"

/* The object that source becomes, with more options for gcc. */
static struct buffer
compile(const char *source, const char *options)
{
    char command[512];
    struct buffer object = {0};
    char *folder = tempdir_make();
    char *file = tempdir_write(folder, "learner.c", source);
    char *path = tempdir_write(folder, "learner.o", "");
    snprintf(command, sizeof(command),
             "cd '%s' && gcc -w -O0 -g -fPIC %s -c -o learner.o learner.c",
             folder, options);
    if (system(command) != 0 ||
        buffer_read_file(&object, path, (size_t)1 << 24) != 0) {
        fail_msg("cannot compile:\n%s", source);
    }
    free(path);
    free(file);
    tempdir_remove(folder);
    return object;
}

/* Expects a verdict on source, and a piece of the reason ("": none). */
static void
expect(const char *source, enum verdict verdict, const char *says)
{
    struct buffer object = compile(source, "");
    struct buffer reason = {0};
    struct buffer text = {0};
    buffer_format(&text, "%s", source);
    enum verdict found = screen_object(&object, &MANIFEST, &text, &reason);
    buffer_release(&text);
    if (found != verdict) {
        fail_msg("%s instead of %s (%s) of\n%s", verdict_name(found),
                 verdict_name(verdict), buffer_string(&reason), source);
    }
    if (says[0] == '\0') {
        assert_text(buffer_string(&reason), "");
    }
    assert_contains(buffer_string(&reason), says);
    buffer_release(&reason);
    buffer_release(&object);
}

static void
a_plain_object_passes(void **state)
{
    static const char *const OPTIONS[] = {
        "", "-O2", "-fstack-protector-all", "-ffunction-sections",
        "-g0 -fno-asynchronous-unwind-tables"};
    (void)state;
    for (size_t i = 0; i < sizeof(OPTIONS) / sizeof(*OPTIONS); i++) {
        struct buffer object = compile(BOTH, OPTIONS[i]);
        struct buffer reason = {0};
        assert_number(screen_object(&object, &MANIFEST, &NOTHING, &reason),
                      VERDICT_PASS);
        assert_text(buffer_string(&reason), "");
        buffer_release(&object);
        buffer_release(&reason);
    }
}

static void
what_is_only_inline_is_told_so(void **state)
{
    static const char *const HELPERS[] = {
        "inline int helper(int n) { return n; }",
        "__inline__ int\nhelper (int n)\n{ return n; }",
        ("__attribute__((hot)) inline __attribute__((hot)) int helper(int n) "
         "{}")};
    (void)state;
    for (size_t i = 0; i < sizeof(HELPERS) / sizeof(*HELPERS); i++) {
        char source[512];
        snprintf(source, sizeof(source),
                 "%s\n%s\nint f(void) { return helper(1); }\n", BOTH,
                 HELPERS[i]);
        expect(source, VERDICT_LINK_ERROR, "helper is inline and nothing");
    }
    expect("inline int rt_two(void) { return 2; }\n"
           "int rt_one(void);\nint rt_one(void) { return 1; }\n",
           VERDICT_LINK_ERROR, "rt_two is inline and nothing");
    expect(BOTH "__attribute__((noinline)) int helper(int n);\n"
                "int f(void) { return helper(1); }\n",
           VERDICT_FORBIDDEN, "does not allow the function helper");
    expect(BOTH "static inline int g(int n) { return n; }\n"
                "int f(void) { return g(1) + puts(\"\"); }\n",
           VERDICT_FORBIDDEN, "does not allow the function puts");
    expect(BOTH "inline int g(int n) { return n; }\n"
                "extern int g(int n);\nint f(void) { return g(1); }\n",
           VERDICT_PASS, "");
}

static void
functions_of_the_runtime_may_be_called(void **state)
{
    (void)state;
    expect(BOTH "int rt_three(void);\nint f(void) { return rt_three(); }\n",
           VERDICT_PASS, "");
}

static void
a_missing_function_is_named(void **state)
{
    (void)state;
    expect("int rt_one(void) { return 1; }\n", VERDICT_LINK_ERROR,
           "missing: rt_two");
    expect("int rt_two(void);\nint rt_one(void) { return rt_two(); }\n",
           VERDICT_LINK_ERROR, "missing: rt_two");
    expect("static int rt_two(void) { return 1; }\n"
           "int rt_one(void) { return rt_two(); }\n",
           VERDICT_LINK_ERROR, "rt_two is static");
    expect("int rt_two;\nint rt_one(void) { return rt_two; }\n",
           VERDICT_LINK_ERROR, "rt_two is no function");
    expect("", VERDICT_LINK_ERROR, "missing: rt_one\nmissing: rt_two\n");
}

static void
code_that_runs_by_itself_is_forbidden(void **state)
{
    static const char SAYS[] = "code that runs by itself is not allowed";
    (void)state;
    expect(BOTH "__attribute__((constructor)) static void f(void) {}\n",
           VERDICT_FORBIDDEN, SAYS);
    expect(BOTH "__attribute__((constructor(101))) void f(void) {}\n",
           VERDICT_FORBIDDEN, SAYS);
    expect(BOTH "__attribute__((destructor)) static void f(void) {}\n",
           VERDICT_FORBIDDEN, SAYS);
    expect(BOTH "static void f(void) {}\n"
                "__attribute__((section(\".init_array\"), used))\n"
                "static void (*const g)(void) = f;\n",
           VERDICT_FORBIDDEN, SAYS);
    expect(BOTH "static void f(void) {}\n"
                "__attribute__((section(\".ctors.65000\"), used))\n"
                "static void (*const g)(void) = f;\n",
           VERDICT_FORBIDDEN, SAYS);
    expect(BOTH "__attribute__((section(\".init\"), used))\n"
                "static void f(void) {}\n",
           VERDICT_FORBIDDEN, SAYS);
    expect(BOTH "__asm__(\".section harmless,\\\"aw\\\",@init_array\\n"
                ".quad rt_one\\n.text\");\n",
           VERDICT_FORBIDDEN, SAYS);
}

static void
a_section_of_ones_own_is_no_crime(void **state)
{
    (void)state;
    expect(BOTH "__attribute__((section(\".initial\"), used))\n"
                "static int data = 1;\n",
           VERDICT_PASS, "");
}

static void
what_keeps_the_books_is_forbidden(void **state)
{
    (void)state;
    expect(BOTH "void rt_alloc_set(void *);\n"
                "void f(void) { rt_alloc_set(0); }\n",
           VERDICT_FORBIDDEN, "does not allow the function rt_alloc_set");
    expect(BOTH "extern int rt_allocator_malloc;\n"
                "int f(void) { return rt_allocator_malloc; }\n",
           VERDICT_FORBIDDEN, "rt_allocator_malloc");
    expect(BOTH "void rt_alloc_set(void *p) { (void)p; }\n"
                "void f(void) { rt_alloc_set(0); }\n",
           VERDICT_PASS, ""); // its own
}

static void
a_sanitizer_s_name_is_forbidden_wherever_it_stands(void **state)
{
    static const char SAYS[] = "belongs to the sanitizers";
    (void)state;
    expect(BOTH "void __asan_report_load8(void *p) { (void)p; }\n",
           VERDICT_FORBIDDEN, SAYS);
    expect(BOTH "static void f(void) __asm__(\"__ubsan_handle_x\");\n"
                "__attribute__((used)) static void f(void) {}\n",
           VERDICT_FORBIDDEN, SAYS);
    expect(BOTH "int __sanitizer_syscall = 1;\n", VERDICT_FORBIDDEN, SAYS);
}

static void
a_section_of_the_linker_s_own_is_forbidden(void **state)
{
    static const char *const NAMES[] = {
        ".dynamic", ".interp", ".gnu.warning.rt_one",
        ".got.plt", ".hash",   ".gnu.version_d"};
    (void)state;
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        char source[512];
        snprintf(source, sizeof(source),
                 BOTH "__asm__(\".section %s,\\\"a\\\"\\n.quad "
                      "1\\n.text\");\n",
                 NAMES[i]);
        expect(source, VERDICT_FORBIDDEN, "is the linker's own");
    }
    expect(BOTH "int mine __attribute__((section(\".mine\"))) = 1;\n",
           VERDICT_PASS, "");
}

static void
an_indirect_function_is_forbidden(void **state)
{
    (void)state;
    expect(BOTH "static int f(void) { return 1; }\n"
                "static void *choose(void) { return f; }\n"
                "int g(void) __attribute__((ifunc(\"choose\")));\n",
           VERDICT_FORBIDDEN, "indirect functions are not allowed");
}

static void
a_main_of_ones_own_is_forbidden(void **state)
{
    (void)state;
    expect(BOTH "int main(void) { return 0; }\n", VERDICT_FORBIDDEN,
           "remove your own main");
}

static void
a_call_that_the_lab_does_not_allow_is_named(void **state)
{
    static const char *const CALLS[] = {
        "system(\"\")",   "_exit(0)",          "fork()",
        "dlsym(0, \"\")", "syscall(60, 0)",    "write(3, 0, 0)",
        "abort()",        "lab_main(0, 0, 0)", "observe_int(0, 0)"};
    (void)state;
    for (size_t i = 0; i < sizeof(CALLS) / sizeof(*CALLS); i++) {
        char source[1024];
        char says[128];
        snprintf(source, sizeof(source), "%sint f(void) { %s; return 0; }\n",
                 BOTH, CALLS[i]);
        snprintf(says, sizeof(says), "does not allow the function %.*s\n",
                 (int)strcspn(CALLS[i], "("), CALLS[i]);
        expect(source, VERDICT_FORBIDDEN, says);
    }
    expect(BOTH "extern int weak(void) __attribute__((weak));\n"
                "int f(void) { return weak ? weak() : 0; }\n",
           VERDICT_FORBIDDEN, "does not allow the function weak");
}

static void
who_asks_the_c_library_for_memory_is_told_where_it_is(void **state)
{
    (void)state;
    expect(BOTH "void *calloc(unsigned long, unsigned long);\n"
                "int f(void) { return calloc(1, 1) != 0; }\n",
           VERDICT_FORBIDDEN,
           "does not allow the function calloc\n"
           "memory comes from rt_alloc() and goes back to rt_free()");
}

/* Whoever defines malloc or write does not get round the list: the names they
 * are made of are looked at as any others. */
static void
interposed_functions_may_call_nothing_more(void **state)
{
    (void)state;
    expect(BOTH "void *dlsym(void *, const char *);\n"
                "void *malloc(size_t n) {\n"
                "    void *(*next)(size_t) = dlsym((void *)-1, \"malloc\");\n"
                "    return next(n);\n"
                "}\n",
           VERDICT_FORBIDDEN, "does not allow the function dlsym");
    expect(BOTH "long syscall(long, ...);\n"
                "long write(int f, const void *b, unsigned long n) {\n"
                "    return syscall(1, f, b, n);\n"
                "}\n",
           VERDICT_FORBIDDEN, "does not allow the function syscall");
}

static void
names_are_cleaned_before_they_are_shown(void **state)
{
    (void)state;
    // A CSI of one byte, as an assembler takes it.
    expect(BOTH "extern int f(void) __asm__(\"name\\xC2\\x9B\" \"2J\");\n"
                "int g(void) { return f(); }\n",
           VERDICT_FORBIDDEN, "the function name2J\n");
}

static void
a_reason_has_an_end(void **state)
{
    char *source = NULL;
    size_t size = 0;
    (void)state;
    FILE *out = open_memstream(&source, &size);
    fputs(BOTH "int f(void) {\n", out);
    for (int i = 0; i < 2000; i++) {
        fprintf(out, "forbidden_function_number_%d();\n", i);
    }
    fputs("}\n", out);
    fclose(out);
    struct buffer object = compile(source, "");
    struct buffer reason = {0};
    assert_number(screen_object(&object, &MANIFEST, &NOTHING, &reason),
                  VERDICT_FORBIDDEN);
    assert_true(reason.length < 8192);
    buffer_release(&reason);
    buffer_release(&object);
    free(source);
}

/* --- damaged objects ----------------------------------------------------- */

/* Screens length bytes of an object, in memory of their exact size, so that a
 * sanitizer sees every read behind them. */
static enum verdict
screen_bytes(const char *bytes, size_t length)
{
    struct buffer piece = {.bytes = malloc(length > 0 ? length : 1),
                           .length = length,
                           .capacity = length};
    struct buffer reason = {0};
    memcpy(piece.bytes, bytes, length);
    enum verdict verdict = screen_object(&piece, &MANIFEST, &NOTHING, &reason);
    if (verdict != VERDICT_PASS) {
        assert_true(reason.length > 0);
    }
    buffer_release(&reason);
    free(piece.bytes);
    return verdict;
}

static void
a_file_that_is_cut_anywhere_never_passes(void **state)
{
    (void)state;
    struct buffer object = compile(BOTH, "");
    for (size_t end = 0; end < object.length; end += 16) {
        assert_int_not_equal(screen_bytes(object.bytes, end), VERDICT_PASS);
    }
    assert_int_not_equal(screen_bytes(object.bytes, object.length - 1),
                         VERDICT_PASS);
    assert_number(screen_bytes(object.bytes, object.length), VERDICT_PASS);
    buffer_release(&object);
}

static void
changed_bytes_do_no_harm(void **state)
{
    (void)state;
    struct buffer object = compile(BOTH, "-g0");
    char *bytes = malloc(object.length);
    unsigned seed = 3;
    for (int round = 0; round < 20000; round++) {
        memcpy(bytes, object.bytes, object.length);
        for (int i = 0; i < 1 + round % 8; i++) {
            seed = seed * 1664525 + 1013904223;
            bytes[(seed >> 8) % object.length] = (char)(seed >> 24);
        }
        screen_bytes(bytes, object.length);
    }
    free(bytes);
    buffer_release(&object);
}

/* The two tables that lead everywhere else: each field at its extremes. */
static void
extreme_headers_do_no_harm(void **state)
{
    static const uint64_t VALUES[] = {
        0,          1,          7,         8,          0x7FFF,        0xFFFF,
        0x7FFFFFFF, 0xFFFFFFFF, INT64_MAX, UINT64_MAX, UINT64_MAX - 7};
    (void)state;
    struct buffer object = compile(BOTH, "-g0");
    const Elf64_Ehdr *header = (const void *)object.bytes;
    size_t sections = header->e_shoff;
    char *bytes = malloc(object.length);
    for (size_t at = 0; at + 8 <= object.length; at += 4) {
        if (at >= sizeof(*header) && at < sections) {
            continue;
        }
        for (size_t i = 0; i < sizeof(VALUES) / sizeof(*VALUES); i++) {
            memcpy(bytes, object.bytes, object.length);
            memcpy(bytes + at, &VALUES[i], at % 8 == 0 ? 8 : 4);
            screen_bytes(bytes, object.length);
        }
    }
    free(bytes);
    buffer_release(&object);
}

static void
what_is_no_object_is_refused(void **state)
{
    static const char *const FILES[] = {"", "\177", "\177ELF",
                                        "#!/bin/sh\nexit 0\n"};
    char zeros[4096] = "\177ELF";
    (void)state;
    for (size_t i = 0; i < sizeof(FILES) / sizeof(*FILES); i++) {
        assert_number(screen_bytes(FILES[i], strlen(FILES[i])),
                      VERDICT_FORBIDDEN);
    }
    assert_number(screen_bytes(zeros, sizeof(zeros)), VERDICT_FORBIDDEN);
    struct buffer none = {0};
    struct buffer reason = {0};
    assert_number(screen_object(&none, &MANIFEST, &NOTHING, &reason),
                  VERDICT_FORBIDDEN);
    assert_contains(buffer_string(&reason), "cannot be read");
    buffer_release(&reason);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_plain_object_passes),
        cmocka_unit_test(what_is_only_inline_is_told_so),
        cmocka_unit_test(functions_of_the_runtime_may_be_called),
        cmocka_unit_test(a_missing_function_is_named),
        cmocka_unit_test(code_that_runs_by_itself_is_forbidden),
        cmocka_unit_test(a_section_of_ones_own_is_no_crime),
        cmocka_unit_test(what_keeps_the_books_is_forbidden),
        cmocka_unit_test(a_sanitizer_s_name_is_forbidden_wherever_it_stands),
        cmocka_unit_test(a_section_of_the_linker_s_own_is_forbidden),
        cmocka_unit_test(an_indirect_function_is_forbidden),
        cmocka_unit_test(a_main_of_ones_own_is_forbidden),
        cmocka_unit_test(a_call_that_the_lab_does_not_allow_is_named),
        cmocka_unit_test(
            who_asks_the_c_library_for_memory_is_told_where_it_is),
        cmocka_unit_test(interposed_functions_may_call_nothing_more),
        cmocka_unit_test(names_are_cleaned_before_they_are_shown),
        cmocka_unit_test(a_reason_has_an_end),
        cmocka_unit_test(a_file_that_is_cut_anywhere_never_passes),
        cmocka_unit_test(changed_bytes_do_no_harm),
        cmocka_unit_test(extreme_headers_do_no_harm),
        cmocka_unit_test(what_is_no_object_is_refused),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
