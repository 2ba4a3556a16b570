/* ouro lab hint, diff, solution: what helps, at its price. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/lab.h"
#include "quiz/core/diff.h"
#include "quiz/core/error.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/paths.h"
#include "quiz/io/shelf.h"

enum {
    FILE_LIMIT_BYTES = 1 << 20
};

/* --- hint, diff, solution ------------------------------------------------ */

static void
show_hint(const struct lab_request *request, int number)
{
    const struct lab_hint *hint = &request->lab->hints[number];
    char *title = xasprintf(tr("Hint %d of %zu (costs %d)"), number + 1,
                            request->lab->hint_count, hint->cost);
    view_styled(&request->view, VIEW_STRONG, title);
    fputc('\n', request->view.out);
    view_markdown(&request->view, lang_pick(hint->text), 2);
    free(title);
}

static json_t *
hint_json(const struct lab *lab, int number)
{
    json_t *object = json_object();
    json_object_set_new(object, "number", json_integer(number + 1));
    json_object_set_new(object, "cost", json_integer(lab->hints[number].cost));
    json_object_set_new(object, "text",
                        json_text(lang_pick(lab->hints[number].text)));
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

int
lab_solution(const struct lab_request *request)
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
