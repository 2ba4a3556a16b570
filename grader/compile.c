/* One shell in one box compiles, hands the object over, links, and hands the
 * part over. The flags are those of the Makefile's PART_CFLAGS. The version
 * script exports the lab's functions alone, so that whatever else the file
 * defines stays its own business. Without -lc the imported functions would
 * have no version, and the loader would take the oldest of each: conditions
 * that know no monotonic clock, for one. */
#include "grader/compile.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "grader/language.h"

/* $1: flags of the sanitizers or nothing. 3: the object, 4: the part. */
static const char SCRIPT[] =
    "gcc -std=c11 -D_GNU_SOURCE -I/w -Wall -Wextra -O0 -g1 -fPIC "
    "-fdiagnostics-format=json -ffile-prefix-map=/w/= $1 -c -o learner.o "
    "learner.c || exit 1\n"
    "cat learner.o >&3 || exit 2\n"
    "ld -shared --version-script=exports.map -o part.so learner.o -lc "
    ">&2 || exit 3\n"
    "cat part.so >&4 || exit 4\n";
static const char SANITIZERS[] =
    "-fsanitize=address,undefined -fno-sanitize-recover=undefined "
    "-fno-omit-frame-pointer";

const char *
compile_find_compiler(void)
{
    return access("/usr/bin/gcc", X_OK) == 0 ? "/usr/bin/gcc" : NULL;
}

/* Adds a file of the box whose bytes are in contents already. */
static void
add_file(struct compilation *compilation, char *name)
{
    size_t at = compilation->task.file_count;
    compilation->names[at] = name;
    compilation->files[at] = (struct sandbox_file){
        .name = name,
        .bytes = buffer_string(&compilation->contents[at]),
        .length = compilation->contents[at].length};
    compilation->task.file_count++;
}

static int
add_headers(struct compilation *compilation, const char *include, char *reason,
            size_t reason_size)
{
    char folder[4096];
    snprintf(folder, sizeof(folder), "%s/labs/runtime", include);
    DIR *entries = opendir(folder);
    int result = -1;
    if (entries == NULL) {
        snprintf(reason, reason_size, say("cannot open '%s': %s"), folder,
                 strerror(errno));
        return -1;
    }
    for (struct dirent *entry = NULL; (entry = readdir(entries)) != NULL;) {
        size_t length = strlen(entry->d_name);
        char *path = NULL;
        char *name = NULL;
        size_t at = compilation->task.file_count;
        if (length < 3 || strcmp(entry->d_name + length - 2, ".h") != 0) {
            continue;
        }
        if (at == COMPILE_HEADERS ||
            asprintf(&path, "%s/%s", folder, entry->d_name) < 0) {
            snprintf(reason, reason_size, say("cannot read the header '%s'"),
                     entry->d_name);
            goto out;
        }
        int failed = buffer_read_file(&compilation->contents[at], path,
                                      (size_t)1 << 20);
        free(path);
        if (failed || asprintf(&name, "labs/runtime/%s", entry->d_name) < 0) {
            snprintf(reason, reason_size, say("cannot read the header '%s'"),
                     entry->d_name);
            goto out;
        }
        add_file(compilation, name);
    }
    result = 0;
out:
    closedir(entries);
    return result;
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

int
compile_start(struct compilation *compilation, const char *include,
              const char *const *hidden, const struct manifest *manifest,
              const struct buffer *source, bool sanitizers, char *reason,
              size_t reason_size)
{
    static const char *const FOLDERS[] = {
        "/usr", "/bin", "/lib", "/lib64", "/etc/alternatives", NULL};
    static const char *const PLAIN[] = {"/bin/sh", "-c", SCRIPT,
                                        "sh",      "",   NULL};
    static const char *const CHECKED[] = {"/bin/sh", "-c",       SCRIPT,
                                          "sh",      SANITIZERS, NULL};
    *compilation = (struct compilation){
        .task = {.arguments = sanitizers ? CHECKED : PLAIN,
                 .folders = FOLDERS,
                 .hidden = hidden,
                 .files = compilation->files,
                 .keeps_tools = true,
                 .wall_ms = 60000,
                 .cpu_s = 8,
                 .memory_bytes = (int64_t)3 << 29, // 1.5 GiB
                 .file_bytes = 48 << 20,
                 .processes = 32,
                 .output_limit = 256 * 1024}};
    compilation->object = memfd_create("object", MFD_CLOEXEC);
    compilation->part = memfd_create("part", MFD_CLOEXEC);
    if (compilation->object < 0 || compilation->part < 0) {
        snprintf(reason, reason_size, say("cannot make a file in memory: %s"),
                 strerror(errno));
        return -1;
    }
    compilation->task.passed[0] = compilation->object;
    compilation->task.passed[1] = compilation->part;
    if (add_headers(compilation, include, reason, reason_size) != 0) {
        return -1;
    }
    size_t at = compilation->task.file_count;
    buffer_add(&compilation->contents[at], buffer_string(source),
               source->length);
    add_file(compilation, strdup("learner.c"));
    write_exports(&compilation->contents[at + 1], manifest->exports);
    add_file(compilation, strdup("exports.map"));
    compilation->sandbox = sandbox_start(&compilation->task);
    return 0;
}

void
compile_wait(struct compilation *compilation)
{
    sandbox_wait(compilation->sandbox, &compilation->result);
    compilation->sandbox = NULL;
}

void
compile_release(struct compilation *compilation)
{
    if (compilation->sandbox != NULL) {
        compile_wait(compilation);
    }
    for (size_t i = 0; i < COMPILE_HEADERS + 2; i++) {
        buffer_release(&compilation->contents[i]);
        free(compilation->names[i]);
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

// --- messages --------------------------------------------------------------

void
messages_release(struct messages *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        union {
            const char *given;
            char *owned;
        } text = {.given = messages->items[i].text};
        free(text.owned);
    }
    *messages = (struct messages){0};
}

static void
add_message(struct messages *messages, int line, int column, bool is_error,
            const char *text)
{
    struct buffer clean = {0};
    if (messages->count == COMPILE_MESSAGES) {
        return;
    }
    buffer_add_clean(&clean, text, strlen(text), 400);
    messages->has_error |= is_error;
    messages->items[messages->count++] =
        (struct grade_message){.line = line,
                               .column = column,
                               .is_error = is_error,
                               .text = clean.bytes};
}

/* One diagnostic of gcc's JSON. Those in headers of ours are told by their
 * text alone. */
static void
add_diagnostic(struct messages *messages, const json_t *diagnostic)
{
    const char *kind = json_string_value(json_object_get(diagnostic, "kind"));
    const char *text =
        json_string_value(json_object_get(diagnostic, "message"));
    const json_t *caret = json_object_get(
        json_array_get(json_object_get(diagnostic, "locations"), 0), "caret");
    const char *file = json_string_value(json_object_get(caret, "file"));
    bool own = file != NULL && strcmp(file, "learner.c") == 0;
    if (kind == NULL || text == NULL || strcmp(kind, "note") == 0) {
        return;
    }
    add_message(
        messages,
        own ? (int)json_integer_value(json_object_get(caret, "line")) : 0,
        own ? (int)json_integer_value(json_object_get(caret, "column")) : 0,
        strcmp(kind, "warning") != 0, text);
}

void
compile_messages(const struct compilation *compilation,
                 struct messages *messages)
{
    const struct buffer *err = &compilation->result.err;
    const char *text = buffer_string(err);
    size_t left = err->length;
    *messages = (struct messages){0};
    // An array, followed by what the linker or the shell said.
    json_error_t error;
    json_t *array = json_loadb(text, left, JSON_DISABLE_EOF_CHECK, &error);
    if (json_is_array(array)) {
        size_t index = 0;
        json_t *diagnostic = NULL;
        json_array_foreach(array, index, diagnostic)
        {
            add_diagnostic(messages, diagnostic);
        }
        text += error.position;
    }
    json_decref(array);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length > 0 && messages->count < COMPILE_MESSAGES) {
            char *line = strndup(text, length);
            if (line != NULL) {
                add_message(messages, 0, 0, true, line);
            }
            free(line);
        }
        text += length + (text[length] == '\n');
    }
}
