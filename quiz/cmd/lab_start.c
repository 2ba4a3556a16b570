/* ouro lab list, show, start, reset: from the shelf to a file of one's own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/lab.h"
#include "quiz/core/error.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/paths.h"
#include "quiz/io/shelf.h"
#include "quiz/io/term.h"
#include "quiz/io/workspace.h"

enum {
    FILE_LIMIT_BYTES = 1 << 20
};

static const char *const LEVELS[LEVEL_COUNT] = {
    [LEVEL_JUNIOR] = TR_LATER("junior"),
    [LEVEL_MIDDLE] = TR_LATER("middle"),
    [LEVEL_SENIOR] = TR_LATER("senior"),
};

/* --- list ---------------------------------------------------------------- */

static json_t *
state_json(const struct lab_state *state)
{
    json_t *object = json_object();
    json_object_set_new(object, "attempts", json_integer(state->attempts));
    json_object_set_new(object, "best_score", json_integer(state->best_score));
    json_object_set_new(object, "hints_seen", json_integer(state->hints_seen));
    json_object_set_new(object, "passed", json_boolean(state->passed));
    return object;
}

static void
describe_json(json_t *object, const struct lab *lab,
              const struct lab_state *state)
{
    json_object_set_new(object, "lab", json_string(lab->id));
    json_object_set_new(object, "title", json_text(lang_pick(lab->title)));
    json_object_set_new(object, "topic", json_string(lab->topic));
    json_object_set_new(object, "level", json_string(level_name(lab->level)));
    json_object_set_new(object, "minutes", json_integer(lab->minutes));
    json_object_set_new(object, "kind",
                        json_string(lab->is_fix ? "fix" : "build"));
    json_object_set_new(object, "points", json_integer(lab_points(lab)));
    json_object_set_new(object, "file", json_string(lab_file_name(lab)));
    json_object_set_new(object, "state", state_json(state));
}

/* "junior, 40 minutes; 12 of 36 points after 3 attempts" */
static char *
describe(const struct lab *lab, const struct lab_state *state)
{
    struct text text = {0};
    text_add_format(&text, tr("%s, about %d minutes"), tr(LEVELS[lab->level]),
                    lab->minutes);
    text_add(&text, "; ");
    if (state->passed) {
        text_add_format(&text, tr("passed with %d of %d points"),
                        state->best_score, lab_points(lab));
    }
    else if (state->attempts > 0) {
        text_add_format(&text, tr("%d of %d points so far"), state->best_score,
                        lab_points(lab));
    }
    else {
        text_add_format(&text, tr("%d points"), lab_points(lab));
    }
    return text_steal(&text);
}

static void
show_in_list(const struct lab_request *request, const struct lab *lab,
             const struct lab_state *state)
{
    const struct view *view = &request->view;
    const char *mark = state->passed         ? (view->utf8 ? "✓ " : "+ ")
                       : state->attempts > 0 ? (view->utf8 ? "◐ " : "~ ")
                                             : (view->utf8 ? "○ " : "- ");
    char *name = xasprintf("%s: %s", lab->id, lang_pick(lab->title));
    char *about = describe(lab, state);
    view_paragraph(view, state->passed ? VIEW_RIGHT : VIEW_STRONG, 0, mark,
                   name);
    view_paragraph(view, VIEW_DIM, 2, "", about);
    free(about);
    free(name);
}

int
lab_list(const struct lab_request *request)
{
    struct error err;
    json_t *document = json_document("ouro.lab.list/1");
    json_t *labs = json_array();
    json_object_set_new(document, "labs", labs);
    for (size_t i = 0; i < shelf_count(request->shelf); i++) {
        struct lab_state state;
        struct lab_request one = *request;
        one.lab = shelf_at(request->shelf, i);
        if (lab_load_state(&one, &state, &err) != 0) {
            json_decref(document);
            return command_fail(&err);
        }
        json_t *object = json_object();
        describe_json(object, one.lab, &state);
        json_array_append_new(labs, object);
        if (!request->context->json) {
            show_in_list(&one, one.lab, &state);
        }
    }
    if (request->context->json) {
        return lab_write(document);
    }
    json_decref(document);
    view_gap(&request->view);
    lab_say(request, tr("Read a task: ouro lab show ID. Begin: ouro lab start "
                        "ID. ID may be short: 01 or refcount."));
    return EXIT_STATUS_DONE;
}

/* --- show, start --------------------------------------------------------- */

/* The task in the chosen language, new. */
static char *
read_task(const struct lab_request *request, struct error *err)
{
    char *name = xasprintf("task.%s.md", lang_name(lang_current()));
    char *task = shelf_read(request->shelf, request->lab, name, err);
    free(name);
    return task;
}

int
lab_show(const struct lab_request *request)
{
    struct error err;
    struct lab_state state;
    const struct lab *lab = request->lab;
    char *task = read_task(request, &err);
    if (task == NULL || lab_load_state(request, &state, &err) != 0) {
        free(task);
        return command_fail(&err);
    }
    if (request->context->json) {
        json_t *document = json_document("ouro.lab/1");
        describe_json(document, lab, &state);
        json_object_set_new(document, "task", json_text(task));
        free(task);
        return lab_write(document);
    }
    char *about = describe(lab, &state);
    view_markdown(&request->view, task, 0);
    view_gap(&request->view);
    view_paragraph(&request->view, VIEW_DIM, 0, "", about);
    lab_say(request, tr("Begin: ouro lab start %s"), lab->id);
    free(about);
    free(task);
    return EXIT_STATUS_DONE;
}

/* Puts the starter, the task and the flags for editors into folder. */
static int
furnish(const struct lab_request *request, const char *folder, bool *written,
        struct error *err)
{
    const struct lab *lab = request->lab;
    bool ignored = false;
    char *flags = xasprintf("-std=c11\n-D_GNU_SOURCE\n-Wall\n-Wextra\n-I%s\n",
                            request->context->paths.include);
    char *task = read_task(request, err);
    char *starter = NULL;
    int result = -1;
    if (task != NULL) {
        starter = shelf_read(request->shelf, lab, "starter.c", err);
    }
    if (starter != NULL &&
        workspace_put(folder, lab_file_name(lab), starter, written, err) ==
            0 &&
        workspace_put(folder, "task.md", task, &ignored, err) == 0 &&
        workspace_put(folder, "compile_flags.txt", flags, &ignored, err) ==
            0 &&
        workspace_remember(request->context->paths.state, lab->id, folder,
                           err) == 0) {
        result = 0;
    }
    free(starter);
    free(task);
    free(flags);
    return result;
}

int
lab_start(const struct lab_request *request)
{
    struct error err;
    const struct lab *lab = request->lab;
    char *folder = request->place != NULL ? xstrdup(request->place)
                                          : workspace_default(lab->id);
    bool written = false;
    int status = EXIT_STATUS_DONE;
    if (furnish(request, folder, &written, &err) != 0) {
        status = command_fail(&err);
    }
    else if (request->context->json) {
        json_t *document = lab_document("ouro.lab.start/1", lab);
        json_object_set_new(document, "folder", json_text(folder));
        json_object_set_new(document, "file", json_string(lab_file_name(lab)));
        json_object_set_new(document, "written", json_boolean(written));
        status = lab_write(document);
    }
    else {
        lab_say(request,
                written ? tr("Your folder is %s: write %s, the task is in "
                             "task.md.")
                        : tr("%s already has your %s; nothing in it was "
                             "changed."),
                folder, lab_file_name(lab));
        view_gap(&request->view);
        lab_say(request, tr("Read the task: ouro lab show %s"), lab->id);
        lab_say(request, tr("Check at every save: ouro lab watch %s"),
                lab->id);
        lab_say(request, tr("Check once: ouro lab grade %s"), lab->id);
    }
    free(folder);
    return status;
}

/* --- reset --------------------------------------------------------------- */

/* Yes, in either language. Keys are taken as typed: the key of the Russian
 * "no" is the Latin "y". */
static bool
means_yes(const char *answer)
{
    static const char *const yes[] = {"y", "Y", "д", "Д"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
        if (strncmp(answer, yes[i], strlen(yes[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Asks whether the file may be put aside. */
static bool
confirms_reset(const struct lab_request *request, const char *file)
{
    struct term *term = command_open_term(request->context);
    char *question = xasprintf(
        tr("Put %s aside and begin again with the starter? (y/n) "), file);
    char *answer = NULL;
    bool yes =
        term_read_line(term, question, NULL, NULL, &answer) == TERM_LINE_OK &&
        means_yes(answer);
    free(answer);
    free(question);
    return yes;
}

static int
put_starter_back(const struct lab_request *request, const char *file,
                 struct error *err)
{
    char *backup = NULL;
    char *starter = shelf_read(request->shelf, request->lab, "starter.c", err);
    int result = -1;
    if (starter != NULL && workspace_set_aside(file, &backup, err) == 0) {
        result = paths_write_file(file, starter, strlen(starter), err);
    }
    if (result == 0 && request->context->json) {
        json_t *document = lab_document("ouro.lab.reset/1", request->lab);
        json_object_set_new(document, "file", json_text(file));
        json_object_set_new(document, "backup", json_text(backup));
        result = lab_write(document) == EXIT_STATUS_DONE ? 0 : -1;
    }
    else if (result == 0) {
        lab_say(request, tr("%s is the starter again; yours is %s."), file,
                backup);
    }
    free(backup);
    free(starter);
    return result;
}

int
lab_reset(const struct lab_request *request)
{
    struct error err;
    if (request->context->json && !request->yes) {
        return command_usage("lab",
                             tr("reset --json asks nothing: say --yes"));
    }
    char *file = lab_find_file(request, &err);
    if (file == NULL) {
        return command_fail(&err);
    }
    int status = EXIT_STATUS_DONE;
    if (!request->yes && !confirms_reset(request, file)) {
        lab_say(request, tr("Nothing was changed."));
        status = EXIT_STATUS_MISSED;
    }
    else if (put_starter_back(request, file, &err) != 0) {
        status = command_fail(&err);
    }
    free(file);
    return status;
}
