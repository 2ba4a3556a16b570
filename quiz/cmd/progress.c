/* ouro progress: saving, moving and merging. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/progress_view.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/store.h"

/* What was done, for both faces. */
struct outcome {
    const char *action;
    const char *file; // or NULL
    const char *kept; // restore: the copy of what was there, or NULL
    struct import_counts counts;
};

static int
show(const struct context *context, const struct outcome *outcome,
     const char *message, struct error *err)
{
    if (context->json) {
        json_t *document = json_document("ouro.progress.done/1");
        json_object_set_new(document, "action", json_string(outcome->action));
        json_object_set_new(document, "file", json_text(outcome->file));
        json_object_set_new(document, "kept", json_text(outcome->kept));
        json_object_set_new(document, "added",
                            json_integer((json_int_t)outcome->counts.added));
        json_object_set_new(document, "known",
                            json_integer((json_int_t)outcome->counts.known));
        return json_write(stdout, document, err);
    }
    if (!context->quiet) {
        puts(message);
    }
    return 0;
}

static int
cannot_write(const char *path, struct error *err)
{
    return error_set_status(err, EXIT_STATUS_MACHINE,
                            tr("cannot write '%s': %s"), path,
                            strerror(errno));
}

/* An export replaces nothing but an earlier export. */
static int
check_target(const char *path, struct error *err)
{
    static const char START[] = "{\"schema\":\"ouro.progress/";
    char start[sizeof(START)] = "";
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0; // nothing there, or writing will say what is wrong
    }
    size_t got = fread(start, 1, sizeof(START) - 1, file);
    fclose(file);
    return got == 0 || strcmp(start, START) == 0
               ? 0
               : error_set(err,
                           tr("'%s' is no earlier export, so it is not "
                              "replaced: name another file"),
                           path);
}

/* By way of a temporary file beside it: the old one stays until the new one
 * is complete. */
static int
export_to_file(struct store *store, const char *path, struct error *err)
{
    char *temporary = xasprintf("%s.%ld.part", path, (long)getpid());
    FILE *out = fopen(temporary, "we");
    int result =
        out == NULL ? cannot_write(path, err) : store_export(store, out, err);
    if (result == 0 && fsync(fileno(out)) != 0) {
        result = cannot_write(path, err);
    }
    if (out != NULL && fclose(out) != 0 && result == 0) {
        result = cannot_write(path, err);
    }
    if (result == 0 && rename(temporary, path) != 0) {
        result = cannot_write(path, err);
    }
    if (result != 0 && out != NULL) {
        unlink(temporary);
    }
    free(temporary);
    return result;
}

static int
run_export(struct context *context, const char *file, struct error *err)
{
    if (command_open_store(context, err) != 0) {
        return -1;
    }
    if (file == NULL || strcmp(file, "-") == 0) {
        return store_export(context->store, stdout, err);
    }
    if (check_target(file, err) != 0 ||
        export_to_file(context->store, file, err) != 0) {
        return -1;
    }
    struct outcome outcome = {.action = "export", .file = file};
    char *message = xasprintf(tr("exported to %s"), file);
    int result = show(context, &outcome, message, err);
    free(message);
    return result;
}

static int
run_import(struct context *context, const char *file, struct error *err)
{
    struct outcome outcome = {.action = "import", .file = file};
    bool from_stdin = strcmp(file, "-") == 0;
    if (command_open_store(context, err) != 0) {
        return -1;
    }
    FILE *in = from_stdin ? stdin : fopen(file, "re");
    if (in == NULL) {
        return error_set(err, tr("cannot open '%s': %s"), file,
                         strerror(errno));
    }
    int result = store_import(context->store, in, from_stdin ? "stdin" : file,
                              &outcome.counts, err);
    if (!from_stdin) {
        fclose(in);
    }
    if (result == 0) {
        char *message = xasprintf(tr("%zu rows added, %zu were here already"),
                                  outcome.counts.added, outcome.counts.known);
        result = show(context, &outcome, message, err);
        free(message);
    }
    return result;
}

/* A name of its own in the folder of backups; new. */
static char *
backup_path(const struct context *context, struct error *err)
{
    char now[CALENDAR_TEXT_BYTES];
    calendar_format(command_now_ms(), now);
    for (char *colon = now; (colon = strchr(colon, ':')) != NULL;) {
        memmove(colon, colon + 1, strlen(colon));
    }
    char *folder = paths_join(context->paths.data, "backups");
    char *path = NULL;
    if (paths_make_folder(folder, err) == 0) {
        path = xasprintf("%s/progress-%s.db", folder, now);
    }
    free(folder);
    return path;
}

static int
run_backup(struct context *context, const char *file, struct error *err)
{
    if (command_open_store(context, err) != 0) {
        return -1;
    }
    if (!store_exists(context->store)) {
        return error_set(err, tr("there is no progress to copy yet"));
    }
    if (file != NULL && access(file, F_OK) == 0) {
        return error_set(err, tr("'%s' is there already; name another file"),
                         file);
    }
    char *path = file != NULL ? xstrdup(file) : backup_path(context, err);
    int result = path == NULL ? -1 : store_backup(context->store, path, err);
    if (result == 0) {
        struct outcome outcome = {.action = "backup", .file = path};
        char *message = xasprintf(tr("copied to %s"), path);
        result = show(context, &outcome, message, err);
        free(message);
    }
    free(path);
    return result;
}

static int
run_restore(struct context *context, const char *file, struct error *err)
{
    char *kept = NULL;
    if (store_restore(context->paths.data, file, &kept, err) != 0) {
        return -1;
    }
    struct outcome outcome = {.action = "restore", .file = file, .kept = kept};
    char *message =
        kept != NULL
            ? xasprintf(tr("restored from %s; what was there is now %s"), file,
                        kept)
            : xasprintf(tr("restored from %s"), file);
    int result = show(context, &outcome, message, err);
    free(message);
    free(kept);
    return result;
}

static const struct {
    const char *name;
    bool needs_file;
    int (*run)(struct context *context, const char *file, struct error *err);
} ACTIONS[] = {{"export", false, run_export},
               {"import", true, run_import},
               {"backup", false, run_backup},
               {"restore", true, run_restore}};

int
progress_command(struct context *context, int argc, char **argv)
{
    struct error err;
    if (argc < 2 || argc > 3) {
        return command_usage("progress", NULL);
    }
    for (size_t i = 0; i < sizeof(ACTIONS) / sizeof(*ACTIONS); i++) {
        if (strcmp(argv[1], ACTIONS[i].name) == 0) {
            if (ACTIONS[i].needs_file && argc < 3) {
                return command_usage("progress", tr("'%s' needs a file"),
                                     argv[1]);
            }
            return ACTIONS[i].run(context, argv[2], &err) == 0
                       ? EXIT_STATUS_DONE
                       : command_fail(&err);
        }
    }
    return command_usage("progress", tr("unexpected '%s'"), argv[1]);
}
