#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/content.h"
#include "quiz/core/bank.h"
#include "quiz/core/lint.h"
#include "quiz/io/content.h"
#include "quiz/io/content_lint.h"
#include "quiz/io/json.h"

json_t *
content_fault_json(const struct fault *fault)
{
    json_t *object = json_object();
    bool error = fault->severity == FAULT_ERROR;
    json_object_set_new(object, "severity",
                        json_string(error ? "error" : "warning"));
    json_object_set_new(object, "file", json_text(fault->file));
    json_object_set_new(object, "line", json_integer(fault->line));
    json_object_set_new(object, "column", json_integer(fault->column));
    json_object_set_new(object, "message", json_text(fault->message));
    return object;
}

/* The result of a check. */
struct check {
    struct faults faults;
    size_t questions, topics;
};

enum {
    FAULTS_SHOWN = 5000
};

/* Those that were not kept are counted with them when no error is. */
static size_t
warnings(const struct faults *faults)
{
    return faults->count + faults->left_out - faults->errors;
}

static int
show_check(const struct context *context, const struct check *check)
{
    struct error err;
    int status =
        check->faults.errors > 0 ? EXIT_STATUS_CONTENT : EXIT_STATUS_DONE;
    if (context->json) {
        json_t *document = json_document("ouro.content.check/1");
        json_t *faults = json_array();
        for (size_t i = 0; i < check->faults.count; i++) {
            json_array_append_new(faults,
                                  content_fault_json(&check->faults.items[i]));
        }
        json_object_set_new(document, "ok",
                            json_boolean(check->faults.errors == 0));
        json_object_set_new(document, "questions",
                            json_integer((json_int_t)check->questions));
        json_object_set_new(document, "topics",
                            json_integer((json_int_t)check->topics));
        json_object_set_new(document, "errors",
                            json_integer((json_int_t)check->faults.errors));
        json_object_set_new(
            document, "warnings",
            json_integer((json_int_t)warnings(&check->faults)));
        json_object_set_new(document, "faults", faults);
        return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                       : status;
    }
    for (size_t i = 0; i < check->faults.count; i++) {
        const struct fault *fault = &check->faults.items[i];
        printf("%s:%d:%d: %s: %s\n", fault->file, fault->line, fault->column,
               fault->severity == FAULT_ERROR ? tr("error") : tr("warning"),
               fault->message);
    }
    if (check->faults.left_out > 0) {
        printf(tr("(and %zu more)\n"), check->faults.left_out);
    }
    if (!context->quiet) {
        printf(tr("%zu questions in %zu topics, %zu errors, %zu warnings\n"),
               check->questions, check->topics, check->faults.errors,
               warnings(&check->faults));
    }
    return status;
}

static bool
ends_with(const char *path, const char *end)
{
    size_t length = strlen(path);
    size_t wanted = strlen(end);
    return length >= wanted && strcmp(path + length - wanted, end) == 0;
}

/* Checks a path of any kind: a content folder, a file of questions, a
 * lab.yaml, a synonyms.yaml or a seeds.yaml. */
static int
check_path(const char *path, struct bank *bank, struct faults *faults,
           struct error *err)
{
    const struct lab *lab = NULL;
    struct synonyms synonyms;
    struct seeds seeds;
    struct syllabus syllabus;
    struct glossary glossary;
    if (ends_with(path, "lab.yaml")) {
        return content_load_lab(path, bank_arena(bank), &lab, faults, err);
    }
    if (ends_with(path, "seeds.yaml")) {
        return content_load_seeds(path, bank_arena(bank), &seeds, faults, err);
    }
    if (ends_with(path, "topics.yaml")) {
        return content_load_topics(path, bank_arena(bank), &syllabus, faults,
                                   err);
    }
    if (ends_with(path, "glossary.yaml")) {
        return content_load_glossary(path, bank_arena(bank), &glossary, faults,
                                     err);
    }
    if (ends_with(path, "synonyms.yaml")) {
        return content_load_synonyms(path, bank_arena(bank), &synonyms, faults,
                                     err);
    }
    return content_load_path(path, bank, faults, err);
}

/* What the questions are held against. */
struct ground {
    struct context *context;
    struct seeds seeds;
    struct syllabus syllabus;
    struct glossary glossary;
    struct synonyms synonyms;
};

static bool
has_lab(const char *id, void *data)
{
    const struct ground *ground = data;
    return command_has_lab(ground->context, id);
}

static bool
has_topic(const char *id, void *data)
{
    const struct ground *ground = data;
    return syllabus_find(&ground->syllabus, id) != NULL;
}

/* The path of a file of the folder, new; NULL if it is not there. */
static char *
beside(const char *folder, const char *name)
{
    char *path = paths_join(folder, name);
    if (access(path, F_OK) != 0) {
        free(path);
        path = NULL;
    }
    return path;
}

/* Reads the files beside the questions; what is not there stays empty. */
static void
read_ground(struct ground *ground, const char *folder, struct arena *arena,
            struct faults *faults)
{
    char *seeds = beside(folder, "seeds.yaml");
    char *topics = beside(folder, "topics.yaml");
    char *glossary = beside(folder, "glossary.yaml");
    char *synonyms = beside(folder, "synonyms.yaml");
    if (seeds != NULL) {
        content_load_seeds(seeds, arena, &ground->seeds, faults, NULL);
    }
    if (topics != NULL) {
        content_load_topics(topics, arena, &ground->syllabus, faults, NULL);
    }
    if (glossary != NULL) {
        content_load_glossary(glossary, arena, &ground->glossary, faults,
                              NULL);
    }
    if (synonyms != NULL) {
        content_load_synonyms(synonyms, arena, &ground->synonyms, faults,
                              NULL);
    }
    free(seeds);
    free(topics);
    free(glossary);
    free(synonyms);
}

void
content_check_bank(struct context *context, struct bank *bank,
                   const char *folder, const char *root, struct faults *faults)
{
    struct faults unseen = {0};
    struct ground ground = {.context = context};
    read_ground(&ground, folder, bank_arena(bank),
                root != NULL ? faults : &unseen);
    struct lint_context lint = {
        .bank = bank,
        .is_whole = root != NULL,
        .seeds = ground.seeds.count > 0 ? &ground.seeds : NULL,
        .glossary = ground.glossary.count > 0 ? &ground.glossary : NULL,
        .has_lab = has_lab,
        .has_topic = ground.syllabus.count > 0 ? has_topic : NULL,
        .data = &ground};
    content_lint(root, &lint, faults);
    faults_release(&unseen);
}

/* A folder is held against its own files; files against the program's. */
static void
lint_paths(struct context *context, struct bank *bank, char **paths,
           struct check *check)
{
    size_t folders = 0;
    for (char **path = paths; *path != NULL; path++) {
        folders += content_is_folder(*path);
    }
    if (folders == 1 && paths[1] == NULL) {
        content_check_bank(context, bank, paths[0], paths[0], &check->faults);
    }
    else if (folders == 0) {
        content_check_bank(context, bank, context->paths.content, NULL,
                           &check->faults);
    }
}

int
content_check(struct context *context, int count, char **paths)
{
    struct check check = {.faults = {.limit = FAULTS_SHOWN}};
    struct bank *bank = bank_new();
    struct error err;
    int status = EXIT_STATUS_DONE;
    char *own[] = {context->paths.content, NULL};
    paths = count > 0 ? paths : own;
    for (int i = 0; paths[i] != NULL && status == EXIT_STATUS_DONE; i++) {
        size_t errors = check.faults.errors;
        if (check_path(paths[i], bank, &check.faults, &err) != 0 &&
            check.faults.errors == errors) {
            status = command_fail(&err); // it could not be read at all
        }
    }
    if (status == EXIT_STATUS_DONE) {
        lint_paths(context, bank, paths, &check);
        check.questions = bank_count(bank);
        check.topics = bank_topic_count(bank);
        status = show_check(context, &check);
    }
    faults_release(&check.faults);
    bank_free(bank);
    return status;
}
