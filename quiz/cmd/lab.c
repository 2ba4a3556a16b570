/* ouro lab: from a lab's list to its solution. Grading is in lab_grade.c, the
 * loop that grades at every save in lab_watch.c. */
#include "quiz/cmd/lab.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/core/diff.h"
#include "quiz/core/error.h"
#include "quiz/core/suggest.h"
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

static const char *
in_language(struct bilingual text)
{
    return text.in[lang_current()];
}

void
lab_say(const struct lab_request *request, const char *format, ...)
{
    char *line = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&line, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        view_paragraph(&request->view, VIEW_PLAIN, 0, "", line);
        free(line);
    }
}

json_t *
lab_document(const char *schema, const struct lab *lab)
{
    json_t *document = json_document(schema);
    json_object_set_new(document, "lab", json_string(lab->id));
    return document;
}

int
lab_write(json_t *document)
{
    struct error err;
    if (json_write(stdout, document, &err) != 0) {
        return command_fail(&err);
    }
    return EXIT_STATUS_DONE;
}

int
lab_load_state(const struct lab_request *request, struct lab_state *state,
               struct error *err)
{
    *state = (struct lab_state){0};
    if (command_open_store(request->context, err) != 0) {
        return -1;
    }
    return store_lab_state(request->context->store, request->lab->id, state,
                           err);
}

char *
lab_find_file(const struct lab_request *request, struct error *err)
{
    if (request->place != NULL) {
        return xstrdup(request->place);
    }
    const struct lab *lab = request->lab;
    char *file = workspace_find(request->context->paths.state, lab->id,
                                lab_file_name(lab));
    if (file == NULL) {
        error_set_status(err, EXIT_STATUS_USAGE,
                         tr("lab '%s' has not been started here: type ouro "
                            "lab start %s, or name your file"),
                         lab->id, lab->id);
    }
    return file;
}

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
    json_object_set_new(object, "title", json_text(in_language(lab->title)));
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
    char *name = xasprintf("%s: %s", lab->id, in_language(lab->title));
    char *about = describe(lab, state);
    view_paragraph(view, state->passed ? VIEW_RIGHT : VIEW_STRONG, 0, mark,
                   name);
    view_paragraph(view, VIEW_DIM, 2, "", about);
    free(about);
    free(name);
}

static int
list(struct lab_request *request)
{
    struct error err;
    json_t *document = json_document("ouro.lab.list/1");
    json_t *labs = json_array();
    json_object_set_new(document, "labs", labs);
    for (size_t i = 0; i < shelf_count(request->shelf); i++) {
        struct lab_state state;
        request->lab = shelf_at(request->shelf, i);
        if (lab_load_state(request, &state, &err) != 0) {
            json_decref(document);
            return command_fail(&err);
        }
        json_t *object = json_object();
        describe_json(object, request->lab, &state);
        json_array_append_new(labs, object);
        if (!request->context->json) {
            show_in_list(request, request->lab, &state);
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

static int
show(struct lab_request *request)
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

static int
start(struct lab_request *request)
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

/* --- hint, diff, solution ------------------------------------------------ */

static void
show_hint(const struct lab_request *request, int number)
{
    const struct lab_hint *hint = &request->lab->hints[number];
    char *title = xasprintf(tr("Hint %d of %zu (costs %d)"), number + 1,
                            request->lab->hint_count, hint->cost);
    view_styled(&request->view, VIEW_STRONG, title);
    fputc('\n', request->view.out);
    view_markdown(&request->view, in_language(hint->text), 2);
    free(title);
}

static json_t *
hint_json(const struct lab *lab, int number)
{
    json_t *object = json_object();
    json_object_set_new(object, "number", json_integer(number + 1));
    json_object_set_new(object, "cost", json_integer(lab->hints[number].cost));
    json_object_set_new(object, "text",
                        json_text(in_language(lab->hints[number].text)));
    return object;
}

/* Shows the hints from number first up to behind. */
static int
show_hints(const struct lab_request *request, int first, int behind)
{
    const struct lab *lab = request->lab;
    int last = (int)lab->hint_count;
    if (request->context->json) {
        json_t *document = lab_document("ouro.lab.hint/1", lab);
        json_t *hints = json_array();
        for (int i = first; i < behind; i++) {
            json_array_append_new(hints, hint_json(lab, i));
        }
        json_object_set_new(document, "hints", hints);
        json_object_set_new(document, "left", json_integer(last - behind));
        json_object_set_new(document, "cost_so_far",
                            json_integer(lab_hints_cost(lab, behind)));
        return lab_write(document);
    }
    for (int i = first; i < behind; i++) {
        show_hint(request, i);
        view_gap(&request->view);
    }
    if (behind == 0) {
        lab_say(request, tr("No hint has been shown yet."));
    }
    else if (behind == last) {
        lab_say(request,
                tr("That was the last hint. All of them again: ouro "
                   "lab hint %s --seen"),
                lab->id);
    }
    return EXIT_STATUS_DONE;
}

int
lab_hint(const struct lab_request *request)
{
    struct error err;
    struct lab_state state;
    if (lab_load_state(request, &state, &err) != 0) {
        return command_fail(&err);
    }
    int count = (int)request->lab->hint_count;
    int seen = state.hints_seen < count ? state.hints_seen : count;
    if (request->seen) {
        return show_hints(request, 0, seen);
    }
    if (seen == count) { // nothing new: the last one again, for nothing
        return show_hints(request, count - 1, count);
    }
    if (store_add_hint(request->context->store, request->lab->id, seen,
                       command_now_ms(), &err) != 0) {
        return command_fail(&err);
    }
    return show_hints(request, seen, seen + 1);
}

static int
hint(struct lab_request *request)
{
    return lab_hint(request);
}

/* Whether the solution may be shown: after a pass, or when the person insists,
 * which is recorded as one hint beyond the last. 0, or the exit status. */
static int
unlock(const struct lab_request *request)
{
    struct error err;
    struct lab_state state;
    const struct lab *lab = request->lab;
    if (lab_load_state(request, &state, &err) != 0) {
        return command_fail(&err);
    }
    if (state.passed || state.hints_seen > (int)lab->hint_count) {
        return 0;
    }
    if (!request->spoil) {
        error_set_status(&err, EXIT_STATUS_MISSED,
                         tr("lab '%s' is not passed yet; to give it up and "
                            "see the solution, add --spoil: that costs all "
                            "its points"),
                         lab->id);
        return command_fail(&err);
    }
    for (int number = state.hints_seen; number <= (int)lab->hint_count;
         number++) {
        if (store_add_hint(request->context->store, lab->id, number,
                           command_now_ms(), &err) != 0) {
            return command_fail(&err);
        }
    }
    return 0;
}

/* What to go on with after the lab. */
static void
show_further(const struct lab_request *request)
{
    const struct lab *lab = request->lab;
    struct text see = {0};
    for (size_t i = 0; i < lab->see.count; i++) {
        text_add_format(&see, "%s%s", i > 0 ? ", " : "", lab->see.items[i]);
    }
    view_gap(&request->view);
    if (see.length > 0) {
        lab_say(request, tr("In CPython: %s"), text_string(&see));
    }
    for (size_t i = 0; i < lab->follow_up.count; i++) {
        lab_say(request, tr("An interviewer goes on with: ouro explain %s"),
                lab->follow_up.items[i]);
    }
    text_release(&see);
}

static void
show_diff_lines(const struct view *view, const char *diff)
{
    while (*diff != '\0') {
        size_t length = strcspn(diff, "\n");
        char *line = xstrndup(diff, length);
        enum view_style style = line[0] == '-'   ? VIEW_WRONG
                                : line[0] == '+' ? VIEW_RIGHT
                                : line[0] == '@' ? VIEW_DIM
                                                 : VIEW_PLAIN;
        view_styled(view, style, line);
        fputc('\n', view->out);
        free(line);
        diff += length + (diff[length] == '\n');
    }
}

static int
show_diff(const struct lab_request *request, const char *diff)
{
    if (request->context->json) {
        json_t *document = lab_document("ouro.lab.diff/1", request->lab);
        json_object_set_new(document, "diff", json_text(diff));
        return lab_write(document);
    }
    if (diff[0] == '\0') {
        lab_say(request, tr("Your file is the reference, line for line."));
    }
    else {
        show_diff_lines(&request->view, diff);
        view_gap(&request->view);
        lab_say(request,
                tr("Another way is not a worse one. Ask of each difference: "
                   "does it change what happens, or only how it reads?"));
    }
    show_further(request);
    return EXIT_STATUS_DONE;
}

int
lab_diff(const struct lab_request *request, const char *file)
{
    struct error err;
    char *yours = NULL;
    char *reference = NULL;
    size_t length = 0;
    int status = unlock(request);
    if (status != 0) {
        return status;
    }
    if (paths_read_file(file, FILE_LIMIT_BYTES, &yours, &length, &err) != 0) {
        return command_fail(&err);
    }
    reference = shelf_read_reference(request->shelf, request->lab, &err);
    if (reference == NULL) {
        status = command_fail(&err);
    }
    else {
        struct text diff = {0};
        diff_unified(&diff, file, yours, tr("reference"), reference);
        status = show_diff(request, text_string(&diff));
        text_release(&diff);
    }
    free(reference);
    free(yours);
    return status;
}

static int
solution(struct lab_request *request)
{
    struct error err;
    int status = unlock(request);
    if (status != 0) {
        return status;
    }
    char *text = shelf_read_reference(request->shelf, request->lab, &err);
    if (text == NULL) {
        return command_fail(&err);
    }
    if (request->context->json) {
        json_t *document = lab_document("ouro.lab.solution/1", request->lab);
        json_object_set_new(document, "solution", json_text(text));
        status = lab_write(document);
    }
    else {
        view_code(&request->view, text, CODE_C, 0);
        show_further(request);
    }
    free(text);
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

static int
reset(struct lab_request *request)
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

/* --- the sub-commands ---------------------------------------------------- */

/* Runs one of the three that work on the learner's file. */
static int
with_file(struct lab_request *request,
          int (*run)(const struct lab_request *, const char *))
{
    struct error err;
    char *file = lab_find_file(request, &err);
    if (file == NULL) {
        return command_fail(&err);
    }
    int status = run(request, file);
    free(file);
    return status;
}

static int
grade(struct lab_request *request)
{
    return with_file(request, lab_grade);
}

static int
watch(struct lab_request *request)
{
    return with_file(request, lab_watch);
}

static int
diff(struct lab_request *request)
{
    return with_file(request, lab_diff);
}

static const struct action {
    const char *name;
    bool needs_lab, takes_place;
    int (*run)(struct lab_request *request);
} ACTIONS[] = {
    {"list", false, false, list}, {"show", true, false, show},
    {"start", true, true, start}, {"grade", true, true, grade},
    {"watch", true, true, watch}, {"hint", true, false, hint},
    {"diff", true, true, diff},   {"solution", true, false, solution},
    {"reset", true, true, reset},
};

enum {
    ACTION_COUNT = sizeof(ACTIONS) / sizeof(*ACTIONS)
};

static const struct action *
find_action(const char *name)
{
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (strcmp(ACTIONS[i].name, name) == 0) {
            return &ACTIONS[i];
        }
    }
    return NULL;
}

static int
unknown_action(const char *name)
{
    struct suggest suggest = suggest_begin(name);
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        suggest_offer(&suggest, ACTIONS[i].name);
    }
    if (suggest.best != NULL) {
        return command_usage(
            "lab", tr("unknown lab command '%s': did you mean '%s'?"), name,
            suggest.best);
    }
    return command_usage("lab", tr("unknown lab command '%s'"), name);
}

static int
parse_seed(const char *text, uint64_t *seed)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' ||
        number > INT64_MAX) {
        return command_usage("lab", tr("'%s' is no seed: a number"), text);
    }
    *seed = number;
    return 0;
}

/* The options into request; 0, or the exit status. */
static int
parse_options(struct lab_request *request, int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"seed", required_argument, NULL, 'e'},
        {"spoil", no_argument, NULL, 's'},
        {"yes", no_argument, NULL, 'y'},
        {"poll", no_argument, NULL, 'p'},
        {"seen", no_argument, NULL, 'n'},
        {NULL, 0, NULL, 0},
    };
    int option = 0;
    int status = 0;
    while (status == 0 &&
           (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'e':
            request->has_seed = true;
            status = parse_seed(optarg, &request->seed);
            break;
        case 's':
            request->spoil = true;
            break;
        case 'y':
            request->yes = true;
            break;
        case 'p':
            request->poll = true;
            break;
        case 'n':
            request->seen = true;
            break;
        default:
            status = command_usage("lab", NULL);
        }
    }
    return status;
}

/* The words after the options: ACTION [ID [PLACE]]. */
static int
run_action(struct lab_request *request, int count, char **words)
{
    struct error err;
    const struct action *action =
        find_action(count > 0 ? words[0] : ACTIONS[0].name);
    if (action == NULL) {
        return unknown_action(words[0]);
    }
    if (action->needs_lab && count < 2) {
        return command_usage("lab", tr("which lab? ouro lab %s ID"),
                             action->name);
    }
    if (count > 1 + action->needs_lab + action->takes_place) {
        return command_usage(
            "lab", tr("'%s' is one word too many"),
            words[1 + action->needs_lab + action->takes_place]);
    }
    if (shelf_load(&request->shelf, request->context->paths.labs, &err) != 0) {
        return command_fail(&err);
    }
    if (action->needs_lab) {
        request->lab = shelf_find(request->shelf, words[1], &err);
        if (request->lab == NULL) {
            return command_fail(&err);
        }
    }
    request->place = count > 2 ? words[2] : NULL;
    request->view = command_view(request->context);
    return action->run(request);
}

int
lab_command(struct context *context, int argc, char **argv)
{
    struct lab_request request = {.context = context};
    int status = parse_options(&request, argc, argv);
    if (status == 0) {
        status = run_action(&request, argc - optind, argv + optind);
    }
    shelf_free(request.shelf);
    return status;
}
