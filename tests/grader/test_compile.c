/* A file that was waited for compiles to what it compiles to at once. */
#include <glob.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grader/builder.h"
#include "grader/compile.h"
#include "labs/testing.h"
#include "tests/support/child.h"
#include "tests/support/program.h"
#include "tests/support/tempdir.h"

enum {
    EVERY = 12, // of the hostile files
    OBJECT_BYTES = 64 << 20
};

static char *artifacts, *headers;
static struct manifest manifest;

static int
enter(void **state)
{
    (void)state;
    char reason[256];
    char *path = program_path("labs/01_refcount/lab.manifest");
    artifacts = program_path("labs");
    headers = program_path("labs/include");
    int result = manifest_read(&manifest, path, reason, sizeof(reason));
    free(path);
    return result;
}

static int
leave(void **state)
{
    (void)state;
    free(artifacts);
    free(headers);
    manifest_release(&manifest);
    return 0;
}

static void
start(struct compilation *compilation, const struct buffer *source, bool waits,
      enum compile_track track)
{
    char reason[256] = "";
    const struct compile_task task = {.artifacts = artifacts,
                                      .lab_id = "01_refcount",
                                      .include = headers,
                                      .manifest = &manifest,
                                      .source = source,
                                      .waits = waits};
    if (compile_start(compilation, &task, track, reason, sizeof(reason)) !=
        0) {
        fail_msg("%s", reason);
    }
}

/* Whether both said the same. The assembler may say it sooner or later, and
 * where the place is not known it is asked again. */
static bool
said_the_same(const char *one, const char *other)
{
    return strstr(other, COMPILE_NOWHERE) != NULL ||
           strstr(one, "Assembler messages") != NULL ||
           strstr(one, "out of memory") != NULL || // after how much, it says
           strcmp(one, other) == 0;
}

/* The same bytes and words. With sanitizers what is run before all else is
 * said to be at the file's end, of which it does not know the line. */
static void
assert_same(const struct compilation *one, const struct compilation *other,
            enum compile_track track, const char *name)
{
    struct buffer objects[2] = {{0}};
    const char *said = buffer_string(&other->result.err);
    bool same = one->result.status == other->result.status &&
                said_the_same(buffer_string(&one->result.err), said);
    assert_number(buffer_read_whole(&objects[0], one->object, OBJECT_BYTES),
                  0);
    assert_number(buffer_read_whole(&objects[1], other->object, OBJECT_BYTES),
                  0);
    same = same && objects[0].length == objects[1].length &&
           (track == COMPILE_CHECKED ||
            memcmp(buffer_string(&objects[0]), buffer_string(&objects[1]),
                   objects[0].length) == 0);
    if (!same) {
        fail_msg("%s: %d %zu %s\n but waited for: %d %zu %s", name,
                 one->result.status, objects[0].length,
                 buffer_string(&one->result.err), other->result.status,
                 objects[1].length, said);
    }
    buffer_release(&objects[0]);
    buffer_release(&objects[1]);
}

/* Compiles it at once, and by a compiler that waits for what begins like
 * before, if it takes it. */
static bool
compile_both(const char *name, const char *before, const char *text,
             enum compile_track track)
{
    struct compilation at_once;
    struct compilation awaited;
    struct buffer expected = {0};
    struct buffer source = {0};
    buffer_format(&expected, "%s", before);
    buffer_format(&source, "%s", text);
    start(&awaited, &expected, true, track);
    bool takes = compile_can_take(&awaited, &source);
    if (takes) {
        start(&at_once, &source, false, track);
        compile_wait(&at_once);
        compile_give(&awaited, &source);
        compile_wait(&awaited);
        assert_same(&at_once, &awaited, track, name);
        compile_release(&at_once);
    }
    compile_release(&awaited);
    buffer_release(&expected);
    buffer_release(&source);
    return takes;
}

static const char BEGINNING[] =
    "/* Lab 01: counting.\n *\n * // not over */ // but now\n\n"
    "#include \"labs/runtime/object.h\"\n"
    "#  include\t<stddef.h> // for NULL\r\n"
    "/* more */ /* of it */\n"
    "#include <string.h>\n";

static char *
behind(const char *rest)
{
    char *text = NULL;
    if (asprintf(&text, "%s%s", BEGINNING, rest) < 0) {
        abort();
    }
    return text;
}

/* Linking is told apart, once there is something to link. */
static void
linking_has_its_time(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool links;
    } FILES[] = {{"int a;\n", true}, {"int\n", false}};
    for (size_t i = 0; i < sizeof(FILES) / sizeof(*FILES); i++) {
        struct compilation compilation;
        struct buffer source = {0};
        buffer_format(&source, "%s", FILES[i].text);
        start(&compilation, &source, false, COMPILE_PLAIN);
        compile_wait(&compilation);
        assert_true(compilation.link_us < compilation.result.wall_us);
        assert_true(FILES[i].links ? compilation.link_us > 0
                                   : compilation.link_us == -1);
        compile_release(&compilation);
        buffer_release(&source);
    }
}

static enum builder_ending
ending_of(struct compilation *compilation)
{
    compile_wait(compilation);
    int status = compilation->result.status;
    assert_true(WIFEXITED(status));
    compile_release(compilation);
    return (enum builder_ending)WEXITSTATUS(status);
}

static void
how_it_has_ended_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum builder_ending ending;
    } FILES[] = {
        {"int a;\n", BUILDER_DONE},
        {"int\n", BUILDER_NOT_COMPILED},
        {"char a[100000000] = {1};\n", BUILDER_TOO_LARGE},
        {"__asm__(\".fill 100000000\");\n", BUILDER_TOO_LARGE},
        {"int __attribute__((visibility(\"hidden\"))) f(void);\n"
         "int g(void) { return f(); }\n",
         BUILDER_NOT_LINKED},
    };
    for (size_t i = 0; i < sizeof(FILES) / sizeof(*FILES); i++) {
        struct compilation compilation;
        struct buffer source = {0};
        buffer_format(&source, "%s", FILES[i].text);
        start(&compilation, &source, false, COMPILE_PLAIN);
        if (ending_of(&compilation) != FILES[i].ending) {
            fail_msg("not %d: %s", (int)FILES[i].ending, FILES[i].text);
        }
        buffer_release(&source);
    }
}

/* As the kernel stops what has used up its time. */
static void
a_compiler_that_was_killed_was_stopped(void **state)
{
    enum {
        FEEDER,
        COMPILER,
        ASSEMBLER,
        PROGRAMS
    };
    (void)state;
    struct compilation compilation;
    struct buffer source = {0};
    pid_t box = 0;
    pid_t programs[PROGRAMS];
    buffer_format(&source, "%s", BEGINNING);
    start(&compilation, &source, true, COMPILE_PLAIN);
    if (child_list(getpid(), &box, 1) == 0) {
        skip(); // this machine keeps no such books
    }
    while (child_list(box, programs, PROGRAMS) < PROGRAMS &&
           compile_can_take(&compilation, &source)) {
        sched_yield();
    }
    assert_number(child_list(box, programs, PROGRAMS), PROGRAMS);
    assert_number(kill(programs[COMPILER], SIGKILL), 0);
    assert_number(ending_of(&compilation), BUILDER_STOPPED);
    buffer_release(&source);
}

static void
files_come_out_the_same(void **state)
{
    (void)state;
    static const char *const RESTS[] = {
        "int",
        "\n\nvoid rt_incref(struct rt_object *o)\n{\n    o->unknown = 1;\n}\n",
        "int f(int a) { int b; return a; }\nint g(void) { return f(); }\n",
        "const char *where = __FILE__; int line = __LINE__;\n",
        "const char *base = __BASE_FILE__; int count = __COUNTER__;\n",
        "#line 5 \"else.c\"\nint f(void) { return x; }\n",
        "#if 1\nint f(void);\n",
        "#endif\n",
        "/* never closed\n",
        "static int never_used(void) { return 1; }\nstatic const int C = 2;\n",
        "#include <missing.h>\n",
        "#include \"rest\"\n",
        "#include <stdlib.h>\nint f(void) { return abs(-1) + y; }\n",
        "#error stop here\n",
        "\xEF\xBB\xBFint f(void);\n",
        "int \xD0\xBF = 1; int f(void) { return \xD0\xBF + \"\xD1\x8F\"; }\n",
        "int f(void) { asm(\"nonsense\"); return 1 }\n",
        "void f(int *p) { p[1 << 33] = 1 / 0; }\n#define X \\\n 1\n",
        "int a = 1;\\"};
    for (size_t i = 0; i < sizeof(RESTS) / sizeof(*RESTS); i++) {
        char *text = behind(RESTS[i]);
        assert_true(compile_both(RESTS[i], BEGINNING, text, COMPILE_PLAIN));
        assert_true(compile_both(RESTS[i], BEGINNING, text, COMPILE_CHECKED));
        free(text);
    }
}

/* Longer than what a pipe holds. */
static void
a_long_file_comes_through(void **state)
{
    (void)state;
    struct buffer rest = {0};
    for (int i = 0; i < 20000; i++) {
        buffer_format(&rest, "int a_name_of_some_length_%d;\n", i);
    }
    char *text = behind(buffer_string(&rest));
    assert_true(compile_both("long", BEGINNING, text, COMPILE_PLAIN));
    free(text);
    buffer_release(&rest);
}

static void
references_and_hostile_files_come_out_the_same(void **state)
{
    (void)state;
    glob_t found = {0};
    const char *every = getenv("OURO_EVERY"); // of the hostile files
    size_t taken = 0;
    size_t step = every != NULL ? (size_t)atoi(every) : EVERY;
    assert_number(glob("labs/runtime/*.c", 0, NULL, &found), 0);
    assert_number(glob("tests/hostile/*.c", GLOB_APPEND, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i += step) {
        char *text = tempdir_read(found.gl_pathv[i]);
        taken += compile_both(found.gl_pathv[i], text, text, COMPILE_PLAIN);
        free(text);
    }
    assert_true(taken > found.gl_pathc / step / 2);
    globfree(&found);
}

static void
what_begins_otherwise_is_not_taken(void **state)
{
    (void)state;
    static const char *const OTHERS[] = {
        "", "#include <string.h>\n",
        "\xEF\xBB\xBF#include \"labs/runtime/object.h\"\n"};
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(*OTHERS); i++) {
        assert_false(
            compile_both(OTHERS[i], BEGINNING, OTHERS[i], COMPILE_PLAIN));
    }
}

static void
what_asks_where_it_is_included_is_not_taken(void **state)
{
    (void)state;
    static const char *const ASKS[] = {
        "int level = __INCLUDE_LEVEL__;\n", "#pragma GCC system_header\n",
        "_Pragma(\"once\")\n", "const char *s = __TIMESTAMP__;\n",
        "#include_next <stdio.h>\n"};
    for (size_t i = 0; i < sizeof(ASKS) / sizeof(*ASKS); i++) {
        char *text = behind(ASKS[i]);
        assert_false(compile_both(ASKS[i], BEGINNING, text, COMPILE_PLAIN));
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linking_has_its_time),
        cmocka_unit_test(how_it_has_ended_is_told),
        cmocka_unit_test(a_compiler_that_was_killed_was_stopped),
        cmocka_unit_test(files_come_out_the_same),
        cmocka_unit_test(a_long_file_comes_through),
        cmocka_unit_test(references_and_hostile_files_come_out_the_same),
        cmocka_unit_test(what_begins_otherwise_is_not_taken),
        cmocka_unit_test(what_asks_where_it_is_included_is_not_taken),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
