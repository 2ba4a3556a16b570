/* ouro lab: which of its commands is meant, with which options. */
#include "quiz/cmd/lab.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/core/error.h"
#include "quiz/core/suggest.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/shelf.h"
#include "quiz/io/workspace.h"

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
/* --- the sub-commands ---------------------------------------------------- */

/* Runs one of the three that work on the learner's file. */
static int
with_file(const struct lab_request *request,
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
grade(const struct lab_request *request)
{
    return with_file(request, lab_grade);
}

static int
watch(const struct lab_request *request)
{
    return with_file(request, lab_watch);
}

static int
diff(const struct lab_request *request)
{
    return with_file(request, lab_diff);
}

static const struct action {
    const char *name;
    bool needs_lab, takes_place;
    int (*run)(const struct lab_request *request);
} ACTIONS[] = {
    {"list", false, false, lab_list},
    {"show", true, false, lab_show},
    {"start", true, true, lab_start},
    {"grade", true, true, grade},
    {"watch", true, true, watch},
    {"hint", true, false, lab_hint},
    {"diff", true, true, diff},
    {"reset", true, true, lab_reset},
    {"solution", true, false, lab_solution},
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
        {"no-cache", no_argument, NULL, 'c'},
        {"unsafe-no-namespaces", no_argument, NULL, 'u'},
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
        case 'c':
            request->fresh = true;
            break;
        case 'u':
            request->may_be_open = true;
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
