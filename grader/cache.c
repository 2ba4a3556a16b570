#include "grader/cache.h"

#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "grader/buffer.h"
#include "grader/compile.h"
#include "grader/language.h"
#include "grader/seal.h"
#include "grader/sha256.h"

enum {
    ENTRY_BYTES = 8 << 20, // of an entry, at most
    FORMAT = 2             // of entries; another one, another key
};

#define SUFFIX ".verdict"

// --- the key ---------------------------------------------------------------

/* What tells a file from what it was before. */
static void
add_identity(struct buffer *list, const char *path)
{
    struct stat about = {0};
    if (stat(path, &about) != 0) {
        about = (struct stat){0};
    }
    buffer_format(list,
                  "%s %" PRIuMAX " %" PRIuMAX " %jd %jd.%09ld %jd.%09ld\n",
                  path, (uintmax_t)about.st_dev, (uintmax_t)about.st_ino,
                  (intmax_t)about.st_size, (intmax_t)about.st_mtim.tv_sec,
                  about.st_mtim.tv_nsec, (intmax_t)about.st_ctim.tv_sec,
                  about.st_ctim.tv_nsec);
}

/* The tools' own programs, from the artifact "tools", and what they load. */
static void
add_tools(struct buffer *list, const char *artifacts)
{
    static const char *const TOOLS[] = {"/usr/bin/gcc", "/usr/bin/as",
                                        "/usr/bin/ld", "/etc/ld.so.cache",
                                        "/proc/self/exe"};
    char path[PATH_MAX];
    struct buffer lines = {0};
    for (size_t i = 0; i < sizeof(TOOLS) / sizeof(*TOOLS); i++) {
        add_identity(list, TOOLS[i]);
    }
    snprintf(path, sizeof(path), "%s/tools", artifacts);
    if (buffer_read_file(&lines, path, ENTRY_BYTES) == 0) {
        const char *line = buffer_string(&lines);
        snprintf(path, sizeof(path), "%.*s", (int)strcspn(line, " \n"), line);
        add_identity(list, path);
    }
    buffer_release(&lines);
}

void
cache_base(const struct grade_task *task, char base[FINGERPRINT_SIZE])
{
    struct buffer list = {0};
    struct utsname system = {0};
    char folder[PATH_MAX];
    uname(&system);
    // The texts of a verdict are in the language of who asked.
    buffer_format(&list, "%d %s %d %d %d %d %s %s %s\n", FORMAT, task->lab_id,
                  task->until_failure, task->time_ms, task->may_be_open,
                  (int)geteuid(), system.release, system.machine,
                  say("out of memory"));
    add_tools(&list, task->artifacts);
    fingerprint_add_folder(&list, task->artifacts, add_identity);
    snprintf(folder, sizeof(folder), "%s/%s", task->artifacts, task->lab_id);
    fingerprint_add_folder(&list, folder, add_identity);
    snprintf(folder, sizeof(folder), "%s/labs/runtime", task->include);
    fingerprint_add_folder(&list, folder, add_identity);
    sha256_hex(buffer_string(&list), list.length, base);
    buffer_release(&list);
}

// --- writing ---------------------------------------------------------------

static json_t *
pack_case(const struct grade_case *one)
{
    const struct grade_divergence *at = &one->divergence;
    return json_pack(
        "{s:s, s:i, s:i, s:s, s:s?, s:i, s:s, s:s, s:s, s:s, s:s, s:I}",
        "name", one->name, "points", one->points, "state", (int)one->state,
        "verdict", verdict_name(one->verdict), "needs", one->needs, "step",
        at->step, "type", at->type != NULL ? at->type : "", "expected",
        at->expected != NULL ? at->expected : "", "yours",
        at->yours != NULL ? at->yours : "", "diff",
        at->diff != NULL ? at->diff : "", "detail",
        one->detail != NULL ? one->detail : "", "time_us",
        (json_int_t)one->time_us);
}

static json_t *
pack_message(const struct grade_message *message)
{
    return json_pack("{s:i, s:i, s:b, s:s, s:s, s:s, s:s}", "line",
                     message->line, "column", message->column, "is_error",
                     message->is_error, "text", message->text, "code",
                     message->code, "hint", message->hint, "excerpt",
                     message->excerpt);
}

static json_t *
pack(const struct grade_result *result)
{
    json_t *cases = json_array();
    json_t *messages = json_array();
    for (size_t i = 0; i < result->case_count; i++) {
        json_array_append_new(cases, pack_case(&result->cases[i]));
    }
    for (size_t i = 0; i < result->message_count; i++) {
        json_array_append_new(messages, pack_message(&result->messages[i]));
    }
    return json_pack("{s:s, s:i, s:i, s:I, s:s, s:s, s:s, s:o, s:o}",
                     "verdict", verdict_name(result->verdict), "score",
                     result->score, "max_score", result->max_score, "seed",
                     (json_int_t)result->seed, "reason", result->reason,
                     "file_sha256", result->file_sha256, "level",
                     result->level, "cases", cases, "messages", messages);
}

/* Whether the same file would come out the same. */
static bool
is_lasting(const struct grade_result *result)
{
    bool lasting = result->verdict != VERDICT_INTERNAL_ERROR &&
                   result->verdict != VERDICT_TIMED_OUT &&
                   result->verdict != VERDICT_OVER_MEMORY &&
                   !result->is_open && result->seed <= INT64_MAX;
    for (size_t i = 0; i < result->case_count; i++) {
        const struct grade_case *one = &result->cases[i];
        lasting &= !one->flaky && one->verdict != VERDICT_TIMED_OUT &&
                   one->verdict != VERDICT_OVER_MEMORY &&
                   one->verdict != VERDICT_INTERNAL_ERROR;
    }
    // The compiler's time is the machine's, too: it has no message of its own.
    return lasting && (result->verdict != VERDICT_COMPILE_ERROR ||
                       result->message_count > 0);
}

static int
is_entry(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > sizeof(SUFFIX) - 1 &&
           strcmp(entry->d_name + length - (sizeof(SUFFIX) - 1), SUFFIX) == 0;
}

/* Removes an entry that was not written for long when there are too many. */
static void
make_room(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_entry, NULL);
    char oldest[PATH_MAX] = "";
    struct timespec then = {0};
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        struct stat about;
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        if (stat(path, &about) == 0 &&
            (oldest[0] == '\0' || about.st_mtim.tv_sec < then.tv_sec ||
             (about.st_mtim.tv_sec == then.tv_sec &&
              about.st_mtim.tv_nsec < then.tv_nsec))) {
            memcpy(oldest, path, sizeof(oldest));
            then = about.st_mtim;
        }
        free(entries[i]);
    }
    free(entries);
    if (count > CACHE_ENTRIES) {
        unlink(oldest);
    }
}

void
cache_store(const char *folder, const char *key,
            const struct grade_result *result)
{
    json_t *document = is_lasting(result) ? pack(result) : NULL;
    char *text = document == NULL ? NULL : json_dumps(document, JSON_COMPACT);
    json_decref(document);
    if (text == NULL) {
        return;
    }
    if (seal_write(folder, key, SUFFIX, text, strlen(text))) {
        make_room(folder);
    }
    free(text);
}

// --- reading ---------------------------------------------------------------

struct cached {
    json_t *document; // holds the texts
    struct grade_case *cases;
    struct grade_message *messages;
};

void
cache_release(struct cached *cached)
{
    if (cached != NULL) {
        json_decref(cached->document);
        free(cached->cases);
        free(cached->messages);
        free(cached);
    }
}

static bool
find_verdict(const char *name, enum verdict *verdict)
{
    for (int i = 0; i < VERDICT_COUNT; i++) {
        if (strcmp(verdict_name((enum verdict)i), name) == 0) {
            *verdict = (enum verdict)i;
            return true;
        }
    }
    return false;
}

static bool
unpack_case(json_t *object, struct grade_case *one)
{
    const char *verdict = "";
    json_t *needs = NULL;
    int state = 0;
    json_int_t time_us = 0;
    struct grade_divergence *at = &one->divergence;
    bool whole =
        json_unpack(
            object,
            "{s:s, s:i, s:i, s:s, s:o, s:i, s:s, s:s, s:s, s:s, s:s, s:I}",
            "name", &one->name, "points", &one->points, "state", &state,
            "verdict", &verdict, "needs", &needs, "step", &at->step, "type",
            &at->type, "expected", &at->expected, "yours", &at->yours, "diff",
            &at->diff, "detail", &one->detail, "time_us", &time_us) == 0 &&
        state >= 0 && state <= (int)GRADE_CASE_NOT_RUN &&
        find_verdict(verdict, &one->verdict);
    one->state = (enum grade_case_state)state;
    one->needs = json_string_value(needs); // NULL if it is null
    one->time_us = time_us;
    return whole;
}

static bool
unpack_message(json_t *object, struct grade_message *message)
{
    int is_error = 0;
    bool whole =
        json_unpack(object, "{s:i, s:i, s:b, s:s, s:s, s:s, s:s}", "line",
                    &message->line, "column", &message->column, "is_error",
                    &is_error, "text", &message->text, "code", &message->code,
                    "hint", &message->hint, "excerpt", &message->excerpt) == 0;
    message->is_error = is_error != 0;
    return whole;
}

static bool
unpack_rows(struct cached *cached, json_t *cases, json_t *messages,
            struct grade_result *result)
{
    result->case_count = json_array_size(cases);
    result->message_count = json_array_size(messages);
    cached->cases = calloc(result->case_count + 1, sizeof(*cached->cases));
    cached->messages =
        calloc(result->message_count + 1, sizeof(*cached->messages));
    bool whole = cached->cases != NULL && cached->messages != NULL;
    for (size_t i = 0; i < result->case_count && whole; i++) {
        whole = unpack_case(json_array_get(cases, i), &cached->cases[i]);
    }
    for (size_t i = 0; i < result->message_count && whole; i++) {
        whole =
            unpack_message(json_array_get(messages, i), &cached->messages[i]);
    }
    result->cases = cached->cases;
    result->messages = cached->messages;
    return whole;
}

static bool
unpack(struct cached *cached, struct grade_result *result)
{
    const char *verdict = "";
    json_int_t seed = 0;
    json_t *cases = NULL;
    json_t *messages = NULL;
    bool whole = json_unpack(cached->document,
                             "{s:s, s:i, s:i, s:I, s:s, s:s, s:s, s:o, s:o}",
                             "verdict", &verdict, "score", &result->score,
                             "max_score", &result->max_score, "seed", &seed,
                             "reason", &result->reason, "file_sha256",
                             &result->file_sha256, "level", &result->level,
                             "cases", &cases, "messages", &messages) == 0 &&
                 find_verdict(verdict, &result->verdict) && seed >= 0 &&
                 unpack_rows(cached, cases, messages, result);
    result->seed = (uint64_t)seed;
    return whole;
}

/* The document of an entry, new, if it is as it was written. */
static json_t *
read_entry(const char *folder, const char *key)
{
    struct buffer text = {0};
    json_t *document = NULL;
    if (seal_read(&text, folder, key, SUFFIX, ENTRY_BYTES)) {
        document = json_loadb(buffer_string(&text), text.length,
                              JSON_REJECT_DUPLICATES, NULL);
    }
    buffer_release(&text);
    return document;
}

struct cached *
cache_find(const char *folder, const char *key, const uint64_t *seed,
           struct grade_result *result)
{
    struct cached *cached = calloc(1, sizeof(*cached));
    struct grade_result found = {.is_cached = true};
    if (cached == NULL) {
        return NULL;
    }
    cached->document = read_entry(folder, key);
    if (cached->document == NULL || !unpack(cached, &found) ||
        (seed != NULL && found.seed != *seed)) {
        cache_release(cached);
        return NULL;
    }
    *result = found;
    return cached;
}
