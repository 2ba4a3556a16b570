/* The compiler's and the assembler's own programs, as gcc would start them,
 * were written down when the labs were built (the artifact "tools"); gcc
 * itself is started only where they have moved since. A small program in the
 * box, the builder, runs them side by side, hands the object over, links, and
 * hands the part over.
 *
 * The flags are those of the Makefile's PART_CFLAGS. The version script
 * exports the lab's functions alone, so that whatever else the file defines
 * stays its own business. What it may use of the C library has its versions
 * from the artifact libc.so, see labs/libc.sh. */
#include "grader/compile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "grader/artifact.h"
#include "grader/language.h"

enum {
    COMPILE_CPU_S = 5, // ten times what a long file takes
    COMPILE_WALL_MS = 60000,
    MOST_BYTES = 64 << 10 // of the tools' lines
};

const char *
compile_find_compiler(void)
{
    return access("/usr/bin/gcc", X_OK) == 0 ? "/usr/bin/gcc" : NULL;
}

const char *
compile_find_quick(void)
{
    return access("/usr/bin/tcc", X_OK) == 0 ? "/usr/bin/tcc" : NULL;
}

/* { global: rt_incref; …; local: *; }; */
static void
write_exports(struct buffer *map, const char *exports)
{
    buffer_format(map, "{ global:");
    for (const char *at = exports + strspn(exports, " "); *at != '\0';) {
        size_t length = strcspn(at, " ");
        buffer_format(map, " %.*s;", (int)length, at);
        at += length;
        at += strspn(at, " ");
    }
    buffer_format(map, " local: *; };\n");
}

static void
add_word(struct compilation *compilation, const char *word)
{
    if (compilation->word_count + 1 < COMPILE_WORDS) {
        compilation->words[compilation->word_count++] = word;
    }
}

/* Adds the words of a line, and ends each of them there. */
static void
add_line(struct compilation *compilation, char *line)
{
    for (char *word = NULL; (word = strsep(&line, " ")) != NULL;) {
        if (word[0] != '\0') {
            add_word(compilation, word);
        }
    }
}

/* What comes to the compiler's line for each track. The plain one says what is
 * to be warned of. */
static void
add_flags(struct compilation *compilation, enum compile_track track)
{
    static const char *const SANITIZERS[] = {
        "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined",
        "-fno-omit-frame-pointer",
        // What a file could part itself
        // from them with.
        "-U__SANITIZE_ADDRESS__",
        "-Dno_sanitize(...)=", "-D__no_sanitize__(...)=",
        "-Dno_sanitize_address=", "-D__no_sanitize_address__=",
        "-Dno_sanitize_undefined=", "-D__no_sanitize_undefined__="};
    add_word(compilation, "-fdiagnostics-format=json");
    if (track == COMPILE_ANXIOUS) {
        add_word(compilation, "-Wfatal-errors");
    }
    if (track != COMPILE_CHECKED) {
        add_word(compilation, "-Wall");
        add_word(compilation, "-Wextra");
        return;
    }
    add_word(compilation, "-w");
    for (size_t i = 0; i < sizeof(SANITIZERS) / sizeof(*SANITIZERS); i++) {
        add_word(compilation, SANITIZERS[i]);
    }
}

/* What the compiler calls for what the processor has no instruction for lies
 * beside it: divisions of 128 bits, __builtin_popcount. */
static void
find_helpers(struct compilation *compilation, const char *compiler)
{
    const char *slash = strrchr(compiler, '/');
    int length = slash != NULL ? (int)(slash - compiler) : 0;
    if (snprintf(compilation->helpers, sizeof(compilation->helpers),
                 "%.*s/libgcc.a", length,
                 compiler) >= (int)sizeof(compilation->helpers) ||
        access(compilation->helpers, R_OK) != 0) {
        compilation->helpers[0] = '\0';
    }
}

/* The line of the tools that were found when the labs were built; false when
 * the compiler is not there any more. */
static bool
add_tools(struct compilation *compilation, enum compile_track track)
{
    char *line = compilation->tools.bytes;
    char *newline = line != NULL ? strchr(line, '\n') : NULL;
    char path[PATH_MAX];
    if (newline == NULL) {
        return false;
    }
    snprintf(path, sizeof(path), "%.*s", (int)strcspn(line, " "), line);
    if (access(path, X_OK) != 0) {
        return false;
    }
    find_helpers(compilation, path);
    *newline = '\0';
    add_line(compilation, line);
    add_flags(compilation, track);
    add_word(compilation, "--");
    line = newline + 1;
    line[strcspn(line, "\n")] = '\0';
    add_line(compilation, line);
    return true;
}

static void
add_words(struct compilation *compilation, const char *const *words)
{
    for (; *words != NULL; words++) {
        add_word(compilation, *words);
    }
}

static void
write_command(struct compilation *compilation, enum compile_track track)
{
    // It links, too: what a linker of its own would hide does no harm in a
    // guess.
    static const char *const TCC[] = {
        "/usr/bin/tcc", "-std=c11", "-D_GNU_SOURCE", "-Iinclude",
        "-w",           "-shared",  "-nostdlib",     "-Wl,-Bsymbolic",
        "-o",           "part.so",  "learner.c",     "--",
        "--",           NULL};
    static const char *const GCC[] = {"/usr/bin/gcc",  "-pipe",     "-std=c11",
                                      "-D_GNU_SOURCE", "-Iinclude", "-O0",
                                      "-fPIC",         "-c",        "-o",
                                      "learner.o",     "learner.c", NULL};
    static const char *const LINKER[] = {
        "--", "ld", "-shared",
        // What it calls of itself is none of
        // the calls that are counted.
        "-Bsymbolic-functions", "-z", "noexecstack",
        // Two mappings instead of four.
        "-z", "noseparate-code", "--version-script=exports.map", "-o",
        "part.so", "learner.o", "libc.so", NULL};
    add_word(compilation, "./builder");
    if (compilation->source >= 0) {
        add_word(compilation, "-w");
        add_word(compilation, compilation->skipped);
        add_word(compilation, compilation->line);
    }
    if (track == COMPILE_QUICK) {
        add_words(compilation, TCC);
        return;
    }
    if (!add_tools(compilation, track)) {
        add_words(compilation, GCC);
        add_flags(compilation, track);
        add_word(compilation, "--");
    }
    add_words(compilation, LINKER);
    if (compilation->helpers[0] != '\0') {
        add_word(compilation, compilation->helpers);
    }
}

// --- the sanitizers --------------------------------------------------------

/* Behind the places where a line goes on in the next one: "\\" or "?\?/". */
static const char *
skip_joints(const char *at, const char *end)
{
    for (;;) {
        const char *next = at;
        if (next < end && *next == '\\') {
            next++;
        }
        else if (end - next >= 3 && memcmp(next, "?\?/", 3) == 0) {
            next += 3;
        }
        else {
            return at;
        }
        while (next < end && strchr(" \t\v\f\r", *next) != NULL) {
            next++;
        }
        if (next == end || *next != '\n') {
            return at;
        }
        at = next + 1;
    }
}

/* The last byte of a name that begins here, or NULL. */
static const char *
end_of_name(const char *at, const char *end, const char *name)
{
    for (;; at++) {
        at = skip_joints(at, end);
        if (at == end || *at != *name++) {
            return NULL;
        }
        if (*name == '\0') {
            return at;
        }
    }
}

/* What a file would know its checked compilation by, or part itself from the
 * sanitizers with, becomes another name of the same length: macros of ours it
 * could define anew. */
static void
disarm(struct buffer *copy, const struct buffer *source)
{
    static const char *const NAMES[] = {"no_sanitize", "__SANITIZE_",
                                        "no_address_safety_analysis"};
    buffer_add(copy, buffer_string(source), source->length);
    const char *end = copy->bytes + copy->length;
    for (size_t i = 0; i < copy->length; i++) {
        const char *at = copy->bytes + i;
        for (size_t n = 0; n < sizeof(NAMES) / sizeof(*NAMES); n++) {
            const char *last =
                *at == NAMES[n][0] ? end_of_name(at, end, NAMES[n]) : NULL;
            if (last != NULL) {
                copy->bytes[last - copy->bytes] = 'X';
            }
        }
    }
}

/* What the compiler gets to see of the file. */
static const struct buffer *
source_for(struct compilation *compilation, const struct buffer *source)
{
    if (compilation->track != COMPILE_CHECKED) {
        return source;
    }
    buffer_release(&compilation->disarmed);
    disarm(&compilation->disarmed, source);
    return &compilation->disarmed;
}

// --- what lies in the box --------------------------------------------------

static int
make_files(struct compilation *compilation, const struct compile_task *task,
           char *reason, size_t reason_size)
{
    compilation->builder =
        artifact_find(task->artifacts, ".", "builder", reason, reason_size);
    compilation->libc = artifact_find(task->artifacts, task->lab_id, "libc.so",
                                      reason, reason_size);
    if (compilation->builder == NULL || compilation->libc == NULL ||
        artifact_read(&compilation->tools, task->artifacts, ".", "tools",
                      MOST_BYTES, reason, reason_size) != 0) {
        return -1;
    }
    write_exports(&compilation->exports, task->manifest->exports);
    compilation->files[0] =
        (struct sandbox_file){.name = "builder", .path = compilation->builder};
    compilation->files[1] =
        (struct sandbox_file){.name = "libc.so", .path = compilation->libc};
    compilation->files[2] =
        (struct sandbox_file){.name = "exports.map",
                              .bytes = buffer_string(&compilation->exports),
                              .length = compilation->exports.length};
    const struct buffer *source = task->waits
                                      ? &compilation->beginning
                                      : source_for(compilation, task->source);
    compilation->files[3] =
        (struct sandbox_file){.name = "learner.c",
                              .bytes = buffer_string(source),
                              .length = source->length};
    compilation->files[4] =
        (struct sandbox_file){.name = "rest", .is_pipe = true};
    return 0;
}

// --- a file that is not there yet -------------------------------------------

/* Lets the compiler begin with what the file probably begins with. */
static int
expect_source(struct compilation *compilation, const struct buffer *source)
{
    const char *text = buffer_string(source);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    compilation->source = ends[0];
    compilation->task.input = ends[1];
    compilation->task.file_count++;
    compilation->preamble = preamble_of(text, source->length);
    const struct preamble *known = &compilation->preamble;
    snprintf(compilation->skipped, sizeof(compilation->skipped), "%zu",
             known->bytes);
    snprintf(compilation->line, sizeof(compilation->line), "%d",
             known->lines + 1);
    buffer_add(&compilation->beginning, text, known->bytes);
    buffer_format(&compilation->beginning, "#include \"rest\"\n");
    return 0;
}

bool
compile_can_take(const struct compilation *compilation,
                 const struct buffer *source)
{
    size_t known = compilation->preamble.bytes;
    return compilation->source >= 0 && source->length >= known &&
           memcmp(buffer_string(source),
                  buffer_string(&compilation->beginning), known) == 0 &&
           preamble_may_cut(buffer_string(source), source->length) &&
           sandbox_lives(compilation->sandbox);
}

void
compile_give(struct compilation *compilation, const struct buffer *source)
{
    source = source_for(compilation, source);
    sandbox_allow(compilation->sandbox, compilation->task.wall_ms);
    sandbox_send(compilation->source, buffer_string(source), source->length);
    close(compilation->source);
    compilation->source = -1;
}

// --- all of it -------------------------------------------------------------

int
compile_start(struct compilation *compilation, const struct compile_task *task,
              enum compile_track track, char *reason, size_t reason_size)
{
    static const char *const FOLDERS[] = {
        "/usr", "/bin", "/lib", "/lib64", "/etc/alternatives", NULL};
    *compilation = (struct compilation){
        .track = track,
        .task = {.arguments = compilation->words,
                 .folders = FOLDERS,
                 .hidden = task->hidden,
                 .mounted = task->include,
                 .files = compilation->files,
                 .file_count = 4,
                 .keeps_tools = true,
                 .niceness = track == COMPILE_CHECKED ? 5 : 0,
                 .wall_ms = track == COMPILE_QUICK ? 300 : COMPILE_WALL_MS,
                 .cpu_s = COMPILE_CPU_S,
                 .memory_bytes = (int64_t)3 << 29, // 1.5 GiB
                 .file_bytes = 48 << 20,
                 .processes = 32,
                 .output_limit = 256 * 1024},
        .source = -1};
    compilation->object = memfd_create("object", MFD_CLOEXEC);
    compilation->part = memfd_create("part", MFD_CLOEXEC);
    if (compilation->object < 0 || compilation->part < 0) {
        snprintf(reason, reason_size, say("cannot make a file in memory: %s"),
                 strerror(errno));
        return -1;
    }
    compilation->task.passed[0] = compilation->object;
    compilation->task.passed[1] = compilation->part;
    if (task->waits && expect_source(compilation, task->source) != 0) {
        snprintf(reason, reason_size, say("cannot make a pipe: %s"),
                 strerror(errno));
        return -1;
    }
    if (make_files(compilation, task, reason, reason_size) != 0) {
        return -1;
    }
    write_command(compilation, track);
    compilation->sandbox = sandbox_start(&compilation->task);
    if (task->waits) {
        close(compilation->task.input);
    }
    return 0;
}

/* What the builder said of the linker; it cannot have been more than all. */
static int64_t
read_time(const struct buffer *out, int64_t most_us)
{
    char *end = NULL;
    int64_t time_us = strtoll(buffer_string(out), &end, 10);
    return end == buffer_string(out) || time_us < 0 || time_us > most_us
               ? -1
               : time_us;
}

void
compile_wait(struct compilation *compilation)
{
    sandbox_wait(compilation->sandbox, &compilation->result);
    compilation->sandbox = NULL;
    compilation->link_us =
        read_time(&compilation->result.out, compilation->result.wall_us);
}

void
compile_watch(struct compilation *compilation)
{
    sandbox_watch(compilation->sandbox, NULL, NULL);
}

void
compile_release(struct compilation *compilation)
{
    if (compilation->sandbox != NULL) { // nobody wants it any more
        sandbox_end(compilation->sandbox, &compilation->result);
    }
    free(compilation->builder);
    free(compilation->libc);
    buffer_release(&compilation->exports);
    buffer_release(&compilation->tools);
    buffer_release(&compilation->beginning);
    buffer_release(&compilation->disarmed);
    if (compilation->source > 0) {
        close(compilation->source);
    }
    if (compilation->object > 0) {
        close(compilation->object);
    }
    if (compilation->part > 0) {
        close(compilation->part);
    }
    sandbox_result_release(&compilation->result);
    *compilation = (struct compilation){0};
}
