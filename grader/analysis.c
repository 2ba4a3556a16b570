#include "grader/analysis.h"

#include <jansson.h>
#include <string.h>

#include "grader/language.h"

/* The analyzer knows malloc(), so the runtime's memory goes by that name. */
static const char *const ARGUMENTS[] = {"/usr/bin/gcc",
                                        "-std=c11",
                                        "-D_GNU_SOURCE",
                                        "-Iinclude",
                                        "-O1",
                                        "-fanalyzer",
                                        "-Drt_alloc=malloc",
                                        "-Drt_realloc=realloc",
                                        "-Drt_free=free",
                                        "-fdiagnostics-format=json",
                                        "-S",
                                        "-o",
                                        "learner.s",
                                        "learner.c",
                                        NULL};

void
analysis_start(struct analysis *analysis, const struct compile_task *what)
{
    static const char *const FOLDERS[] = {
        "/usr", "/bin", "/lib", "/lib64", "/etc/alternatives", NULL};
    *analysis =
        (struct analysis){.file = {.name = "learner.c",
                                   .bytes = buffer_string(what->source),
                                   .length = what->source->length},
                          .task = {.arguments = ARGUMENTS,
                                   .folders = FOLDERS,
                                   .hidden = what->hidden,
                                   .mounted = what->include,
                                   .files = &analysis->file,
                                   .file_count = 1,
                                   .passed = {-1, -1},
                                   .keeps_tools = true,
                                   .niceness = 5,
                                   .wall_ms = 8000,
                                   .cpu_s = 2,
                                   .memory_bytes = (int64_t)1 << 30,
                                   .file_bytes = 16 << 20,
                                   .processes = 16,
                                   .output_limit = 256 * 1024}};
    if (strstr(analysis->file.bytes, "alloc(") != NULL) {
        analysis->sandbox = sandbox_start(&analysis->task);
    }
}

/* "use of uninitialized value ‘block[2]’": what stands in the quotes, if it is
 * from the file and not the compiler's own name for it. */
static void
add_value(struct buffer *words, const char *message)
{
    const char *begin = strstr(message, "‘");
    const char *end = begin != NULL ? strstr(begin, "’") : NULL;
    if (end == NULL || begin[strlen("‘")] == '*' ||
        begin[strlen("‘")] == '<') {
        buffer_format(words, "%s", say("a value"));
        return;
    }
    begin += strlen("‘");
    buffer_add_clean(words, begin, (size_t)(end - begin), 80);
}

/* The first message about it, if there is one. */
static void
add_finding(const json_t *messages, struct buffer *words)
{
    size_t index = 0;
    const json_t *message = NULL;
    json_array_foreach(messages, index, message)
    {
        const char *text = NULL;
        const char *option = NULL;
        const char *file = NULL;
        int line = 0;
        if (json_unpack((json_t *)(uintptr_t)message,
                        "{s:s, s:s, s:[{s:{s:s, s:i}}]}", "message", &text,
                        "option", &option, "locations", "caret", "file", &file,
                        "line", &line) == 0 &&
            strcmp(option, "-Wanalyzer-use-of-uninitialized-value") == 0 &&
            strcmp(file, "learner.c") == 0) {
            struct buffer value = {0};
            add_value(&value, text);
            buffer_format(words,
                          say("line %d: %s is read and was never "
                              "written, as the compiler sees it\n"),
                          line, buffer_string(&value));
            buffer_release(&value);
            return;
        }
    }
}

void
analysis_end(struct analysis *analysis, struct buffer *words)
{
    if (analysis->sandbox == NULL) {
        return;
    }
    struct sandbox_result result;
    sandbox_wait(analysis->sandbox, &result);
    analysis->sandbox = NULL;
    json_t *messages =
        json_loadb(buffer_string(&result.err), result.err.length,
                   JSON_DISABLE_EOF_CHECK, NULL);
    add_finding(messages, words);
    json_decref(messages);
    sandbox_result_release(&result);
}
