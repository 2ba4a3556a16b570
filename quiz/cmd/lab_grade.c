/* ouro lab grade: one check of the learner's file, shown and recorded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "grader/grade.h"
#include "quiz/cmd/command.h"
#include "quiz/cmd/lab.h"
#include "quiz/core/error.h"
#include "quiz/core/text.h"
#include "quiz/core/width.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/paths.h"
#include "quiz/io/term.h"

enum {
    MESSAGES_SHOWN = 10
};

/* One check and what the person has paid for hints before it. */
struct check {
    const struct lab_request *request;
    const char *file;
    struct grade_result result;
    int hints_cost;
};

/* What a verdict means, said to the learner. */
static const char *const SENTENCES[VERDICT_COUNT] = {
    [VERDICT_PASS] = TR_LATER("Passed."),
    [VERDICT_PARTIAL] = TR_LATER("Not passed yet: some cases are right."),
    [VERDICT_FAIL] = TR_LATER("Not passed yet."),
    [VERDICT_CRASHED] = TR_LATER("It crashed."),
    [VERDICT_LEAKED] = TR_LATER("Memory was lost."),
    [VERDICT_SANITIZER] =
        TR_LATER("Memory is misused, or something undefined is done."),
    [VERDICT_OVER_OUTPUT] = TR_LATER("It printed too much."),
    [VERDICT_OVER_MEMORY] = TR_LATER("It took too much memory."),
    [VERDICT_TIMED_OUT] = TR_LATER("It took too long."),
    [VERDICT_LINK_ERROR] = TR_LATER("A function is missing."),
    [VERDICT_COMPILE_ERROR] = TR_LATER("It does not compile."),
    [VERDICT_FORBIDDEN] =
        TR_LATER("It asks for something that this lab does not allow."),
    [VERDICT_INTERNAL_ERROR] =
        TR_LATER("The check itself failed; this does not count."),
};

/* --- for a person -------------------------------------------------------- */

static const char *
mark_of(const struct view *view, enum grade_case_state state)
{
    static const char *const plain[] = {"+ ", "x ", ". "};
    static const char *const utf8[] = {"✓ ", "✗ ", "· "};
    return view->utf8 ? utf8[state] : plain[state];
}

static size_t
count_cases(const struct grade_result *result, enum grade_case_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < result->case_count; i++) {
        count += result->cases[i].state == state;
    }
    return count;
}

/* A mark for each case in order, then how many are right. */
static void
show_row(const struct check *check)
{
    const struct view *view = &check->request->view;
    const struct grade_result *result = &check->result;
    static const enum view_style styles[] = {VIEW_RIGHT, VIEW_WRONG, VIEW_DIM};
    for (size_t i = 0; i < result->case_count; i++) {
        enum grade_case_state state = result->cases[i].state;
        char *mark = xstrdup(mark_of(view, state));
        mark[strlen(mark) - 1] = '\0'; // without its space
        view_styled(view, styles[state], mark);
        free(mark);
    }
    fputc('\n', view->out);
    lab_say(check->request, tr("%zu of %zu cases, %d of %d points"),
            count_cases(result, GRADE_CASE_PASSED), result->case_count,
            result->score, result->max_score);
}

/* The lines of a text that came from outside, each for itself. */
static void
show_lines(const struct view *view, int indent, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        char *line = xstrndup(text, length);
        view_paragraph(view, VIEW_NOTICE, indent, "", line);
        free(line);
        text += length + (text[length] == '\n');
    }
}

/* One side of a difference, its label filled up to columns. */
static void
show_side(const struct view *view, enum view_style style, const char *label,
          size_t columns, const char *observation)
{
    char *first =
        xasprintf("%s%*s  ", label, (int)(columns - width_of(label)), "");
    view_paragraph(view, style, 4, first,
                   observation[0] != '\0' ? observation : tr("nothing more"));
    free(first);
}

/* What happened round the difference, unless it is a single value that is
 * another one: then the two sides have said it all. */
static void
show_diff(const struct view *view, const char *diff)
{
    size_t changed = 0;
    for (const char *at = diff; *at != '\0'; at++) {
        bool begins = at == diff || at[-1] == '\n';
        changed += begins && *at != ' ';
    }
    if (changed <= 2) {
        return;
    }
    view_gap(view);
    while (*diff != '\0') {
        size_t length = strcspn(diff, "\n");
        char *line = xstrndup(diff, length);
        view_paragraph(view,
                       diff[0] == '-'   ? VIEW_RIGHT
                       : diff[0] == '+' ? VIEW_WRONG
                                        : VIEW_DIM,
                       4, "", line);
        free(line);
        diff += length + (diff[length] == '\n');
    }
}

static void
show_divergence(const struct view *view,
                const struct grade_divergence *divergence)
{
    const char *expected = tr("expected");
    const char *yours = tr("yours");
    size_t columns = width_of(expected) > width_of(yours) ? width_of(expected)
                                                          : width_of(yours);
    char *step = xasprintf(tr("At step %d:"), divergence->step);
    view_paragraph(view, VIEW_PLAIN, 2, "", step);
    show_side(view, VIEW_RIGHT, expected, columns, divergence->expected);
    show_side(view, VIEW_WRONG, yours, columns, divergence->yours);
    free(step);
    show_diff(view, divergence->diff);
}

static const char *
title_of(const struct lab *lab, const char *case_name)
{
    const struct lab_case *lab_case = lab_find_case(lab, case_name);
    return lab_case == NULL ? case_name : lang_pick(lab_case->title);
}

/* Everything about a case that failed. */
static void
explain_case(const struct check *check, const struct grade_case *failed)
{
    const struct view *view = &check->request->view;
    const struct lab *lab = check->request->lab;
    const struct lab_case *lab_case = lab_find_case(lab, failed->name);

    view_paragraph(view, VIEW_STRONG, 0, mark_of(view, failed->state),
                   title_of(lab, failed->name));
    if (failed->verdict != VERDICT_FAIL) {
        view_paragraph(view, VIEW_WRONG, 2, "",
                       tr(SENTENCES[failed->verdict]));
    }
    show_lines(view, 2, failed->detail);
    if (failed->divergence.step > 0) {
        show_divergence(view, &failed->divergence);
    }
    if (lab_case != NULL) {
        view_gap(view);
        view_markdown(view, lang_pick(lab_case->help), 2);
    }
}

/* The first failing case in full, the others by name: the first mistake is
 * often the cause of the rest. */
static void
show_failures(const struct check *check)
{
    const struct grade_result *result = &check->result;
    const struct view *view = &check->request->view;
    size_t waiting = count_cases(result, GRADE_CASE_NOT_RUN);
    size_t failed = 0;
    for (size_t i = 0; i < result->case_count; i++) {
        const struct grade_case *one = &result->cases[i];
        if (one->state != GRADE_CASE_FAILED) {
            continue;
        }
        failed++;
        if (failed == 1) {
            view_gap(view);
            explain_case(check, one);
            continue;
        }
        if (failed == 2) {
            view_gap(view);
        }
        view_paragraph(view, VIEW_PLAIN, 0, mark_of(view, one->state),
                       title_of(check->request->lab, one->name));
    }
    if (failed == 1 && waiting > 0) {
        view_gap(view);
    }
    if (waiting > 0) {
        lab_say(check->request,
                trn("%zu case waits for these.", "%zu cases wait for these.",
                    waiting),
                waiting);
    }
}

/* Of a line, the columns from one on, as many as there is room for. */
static void
show_columns(const struct view *view, const char *line, int from, int room)
{
    int column = 0;
    int columns = 0;
    fputs("    ", view->out);
    for (size_t length = 0;
         line[0] != '\n' && (length = width_cluster(line, &columns)) > 0;
         line += length) {
        if (column >= from && column + columns <= from + room) {
            fwrite(line, 1, length, view->out);
        }
        column += columns;
    }
    fputc('\n', view->out);
}

/* The line of source with its caret, as it stands, but as much of it round the
 * caret as the screen is wide. */
static void
show_excerpt(const struct view *view, const struct grade_message *message)
{
    const char *line = message->excerpt;
    const char *caret = strchr(line, '\n');
    int room = view->width - 4;
    if (caret != NULL) {
        int place = (int)strcspn(caret + 1, "^");
        int from = place < room ? 0 : place - room / 2;
        show_columns(view, line, from, room);
        show_columns(view, caret + 1, from, room);
    }
}

/* Behind its place in the file. */
static void
show_words(const struct check *check, const struct grade_message *message,
           const char *words)
{
    const char *slash = strrchr(check->file, '/');
    const char *name = slash != NULL ? slash + 1 : check->file;
    char *place = message->line > 0 ? xasprintf("%s:%d:%d: ", name,
                                                message->line, message->column)
                                    : xstrdup("");
    view_paragraph(&check->request->view,
                   message->is_error ? VIEW_WRONG : VIEW_NOTICE, 0, place,
                   words);
    free(place);
}

/* In our words, if there are some: the compiler speaks English, and of tokens.
 * What it said stands below. */
static void
explain_message(const struct check *check, const struct grade_message *message)
{
    const struct view *view = &check->request->view;
    bool is_known = message->hint[0] != '\0';
    show_words(check, message, is_known ? message->hint : message->text);
    show_excerpt(view, message);
    if (is_known) {
        view_paragraph(view, VIEW_DIM, 2, "gcc: ", message->text);
    }
}

/* What the compiler or linker said, the first message in full. */
static void
show_messages(const struct check *check)
{
    const struct grade_result *result = &check->result;
    for (size_t i = 0; i < result->message_count && i < MESSAGES_SHOWN; i++) {
        const struct grade_message *message = &result->messages[i];
        if (i == 0) {
            explain_message(check, message);
            continue;
        }
        if (i == 1) {
            lab_say(check->request, tr("And, in the words of gcc:"));
        }
        show_words(check, message, message->text);
    }
    if (result->message_count > MESSAGES_SHOWN) {
        lab_say(check->request,
                tr("... and %zu more; the first is often the "
                   "cause of the others"),
                result->message_count - MESSAGES_SHOWN);
    }
}

static void
show_score(const struct check *check)
{
    const struct grade_result *result = &check->result;
    if (check->hints_cost > 0) {
        int left = result->score > check->hints_cost
                       ? result->score - check->hints_cost
                       : 0;
        lab_say(check->request, tr("After the hints (-%d): %d of %d points."),
                check->hints_cost, left, result->max_score);
    }
}

/* How to throw the same dice again. */
static void
show_replay(const struct check *check)
{
    const struct lab_request *request = check->request;
    const char *place = request->place;
    char *again =
        xasprintf("ouro lab grade %s%s%s --seed %llu", request->lab->id,
                  place != NULL ? " " : "", place != NULL ? place : "",
                  (unsigned long long)check->result.seed);
    lab_say(request, tr("The same check again: %s"), again);
    free(again);
}

static void
show(const struct check *check)
{
    const struct grade_result *result = &check->result;
    const struct lab_request *request = check->request;
    const struct view *view = &request->view;
    enum verdict verdict = result->verdict;

    view_gap(view);
    if (result->is_cached) {
        lab_say(request, tr("Nothing has changed since it was checked before. "
                            "Anew: --no-cache."));
    }
    if (result->is_open) {
        view_paragraph(view, VIEW_NOTICE, 0, "",
                       tr("Checked without namespaces "
                          "(--unsafe-no-namespaces): a hostile file could "
                          "have reached this machine."));
    }
    if (result->case_count > 0) {
        show_row(check);
    }
    view_paragraph(view, verdict == VERDICT_PASS ? VIEW_RIGHT : VIEW_WRONG, 0,
                   "", tr(SENTENCES[verdict]));
    show_lines(view, 2, result->reason);
    show_messages(check);
    show_failures(check);
    view_gap(view);
    if (verdict == VERDICT_PASS) {
        show_score(check);
        lab_say(request, tr("See how the reference does it: ouro lab diff %s"),
                request->lab->id);
        return;
    }
    if (result->case_count > 0) {
        show_replay(check);
    }
}

/* --- for a machine ------------------------------------------------------- */

static json_t *
case_json(const struct lab *lab, const struct grade_case *one)
{
    static const char *const states[] = {"passed", "failed", "not_run"};
    const struct lab_case *lab_case = lab_find_case(lab, one->name);
    json_t *object = json_object();
    json_object_set_new(object, "name", json_text(one->name));
    json_object_set_new(object, "title", json_text(title_of(lab, one->name)));
    json_object_set_new(object, "points", json_integer(one->points));
    json_object_set_new(object, "state", json_string(states[one->state]));
    if (one->state != GRADE_CASE_FAILED) {
        return object;
    }
    json_object_set_new(object, "verdict",
                        json_string(verdict_name(one->verdict)));
    json_object_set_new(object, "detail", json_text(one->detail));
    json_object_set_new(object, "flaky", json_boolean(one->flaky));
    if (one->divergence.step > 0) {
        json_t *place = json_object();
        json_object_set_new(place, "step", json_integer(one->divergence.step));
        json_object_set_new(place, "expected",
                            json_text(one->divergence.expected));
        json_object_set_new(place, "yours", json_text(one->divergence.yours));
        json_object_set_new(place, "type", json_text(one->divergence.type));
        json_object_set_new(place, "diff", json_text(one->divergence.diff));
        json_object_set_new(object, "divergence", place);
    }
    if (lab_case != NULL) {
        json_object_set_new(object, "help",
                            json_text(lang_pick(lab_case->help)));
    }
    return object;
}

static json_t *
message_json(const struct grade_message *message)
{
    json_t *object = json_object();
    json_object_set_new(object, "line", json_integer(message->line));
    json_object_set_new(object, "column", json_integer(message->column));
    json_object_set_new(object, "severity",
                        json_string(message->is_error ? "error" : "warning"));
    json_object_set_new(object, "text", json_text(message->text));
    json_object_set_new(object, "code", json_text(message->code));
    json_object_set_new(object, "hint", json_text(message->hint));
    json_object_set_new(object, "excerpt", json_text(message->excerpt));
    return object;
}

static json_t *
check_json(const struct check *check)
{
    const struct grade_result *result = &check->result;
    const struct lab *lab = check->request->lab;
    json_t *document = lab_document("ouro.lab.grade/1", lab);
    json_t *cases = json_array();
    json_t *messages = json_array();
    for (size_t i = 0; i < result->case_count; i++) {
        json_array_append_new(cases, case_json(lab, &result->cases[i]));
    }
    for (size_t i = 0; i < result->message_count; i++) {
        json_array_append_new(messages, message_json(&result->messages[i]));
    }
    json_object_set_new(document, "file", json_text(check->file));
    json_object_set_new(document, "file_sha256",
                        json_text(result->file_sha256));
    json_object_set_new(document, "verdict",
                        json_string(verdict_name(result->verdict)));
    json_object_set_new(document, "reason", json_text(result->reason));
    json_object_set_new(document, "score", json_integer(result->score));
    json_object_set_new(document, "max_score",
                        json_integer(result->max_score));
    json_object_set_new(document, "hints_cost",
                        json_integer(check->hints_cost));
    json_object_set_new(document, "seed",
                        json_integer((json_int_t)result->seed));
    json_object_set_new(document, "level", json_text(result->level));
    json_object_set_new(document, "unsafe", json_boolean(result->is_open));
    json_object_set_new(document, "cached", json_boolean(result->is_cached));
    json_object_set_new(document, "compile_ms",
                        json_integer(result->compile_ms));
    json_object_set_new(document, "run_ms", json_integer(result->run_ms));
    json_object_set_new(document, "cases", cases);
    json_object_set_new(document, "messages", messages);
    return document;
}

/* --- the check ----------------------------------------------------------- */

/* A seed that nobody can know before; short enough to be typed again. */
static uint64_t
fresh_seed(void)
{
    uint32_t seed = 0;
    if (getentropy(&seed, sizeof(seed)) != 0) {
        seed = (uint32_t)command_now_ms();
    }
    return seed;
}

/* The first difference in one line, new, or NULL if there is none. */
static char *
first_divergence(const struct grade_result *result)
{
    for (size_t i = 0; i < result->case_count; i++) {
        const struct grade_case *one = &result->cases[i];
        if (one->state == GRADE_CASE_FAILED) {
            return xasprintf("%s, %d: %s / %s", one->name,
                             one->divergence.step, one->divergence.expected,
                             one->divergence.yours);
        }
    }
    return NULL;
}

/* Logs the attempt, unless the grader itself failed. */
static int
record(const struct check *check, struct error *err)
{
    const struct grade_result *result = &check->result;
    if (result->verdict == VERDICT_INTERNAL_ERROR) {
        return 0;
    }
    char *divergence = first_divergence(result);
    const struct attempt attempt = {
        .lab_id = check->request->lab->id,
        .time_ms = command_now_ms(),
        .verdict = verdict_name(result->verdict),
        .score = result->score,
        .max_score = result->max_score,
        .hints_cost = check->hints_cost,
        .seed = result->seed,
        .file_sha256 = result->file_sha256,
        .first_divergence = divergence,
    };
    int status =
        store_add_attempt(check->request->context->store, &attempt, err);
    free(divergence);
    return status;
}

/* On a terminal, the newest stage stands in a line that the next one takes. */
#define CLEAR_LINE "\r\033[K"

static bool
shows_stages(const struct lab_request *request)
{
    const char *kind = getenv("TERM");
    return !request->context->json && !request->context->quiet &&
           isatty(fileno(request->view.out)) && kind != NULL &&
           strcmp(kind, "dumb") != 0;
}

/* As much of it as stands in one line, which can be cleared again. */
static void
show_line(const struct view *view, const char *line)
{
    int left = view->width - 1;
    fputs(CLEAR_LINE, view->out);
    while (*line != '\0') {
        int columns = 0;
        size_t bytes = width_cluster(line, &columns);
        left -= columns;
        if (left < 0) {
            break;
        }
        fwrite(line, 1, bytes, view->out);
        line += bytes;
    }
    fflush(view->out);
}

static void
show_stage(void *context, enum grade_stage stage,
           const struct grade_result *so_far)
{
    const struct check *check = context;
    struct text line = {0};
    if (stage == GRADE_STAGE_TICK) {
        text_add_format(
            &line,
            tr("At first sight %d of %d quick cases pass; compiling ..."),
            so_far->tick_passed, so_far->tick_cases);
    }
    else if (stage == GRADE_STAGE_COMPILED &&
             so_far->verdict == VERDICT_PASS) {
        text_add(&line, tr("It compiles; the cases run ..."));
    }
    else if (stage == GRADE_STAGE_RUN) {
        text_add_format(
            &line, tr("%zu of %zu cases pass; looking for defects ..."),
            count_cases(so_far, GRADE_CASE_PASSED), so_far->case_count);
    }
    if (line.length > 0) {
        show_line(&check->request->view, text_string(&line));
    }
    text_release(&line);
}

/* Whether a check that has failed lacked something here. */
static bool
machine_lacks_something(void)
{
    struct grade_machine machine;
    grade_look_at_machine(&machine);
    return machine.compiler == NULL || !machine.sandbox;
}

/* What is asked of the grader; the cache's folder is the caller's. */
static struct grade_task
task_of(struct check *check, const char *cache)
{
    const struct lab_request *request = check->request;
    return (struct grade_task){
        .artifacts = request->context->paths.artifacts,
        .include = request->context->paths.include,
        .lab_id = request->lab->id,
        .file = check->file,
        .seed = request->has_seed ? request->seed : fresh_seed(),
        .cache = cache,
        .any_seed = !request->has_seed,
        .must_be_fresh = request->fresh,
        .standby = request->standby,
        .may_be_open = request->may_be_open,
        .wants_tick = true,
        .known = shows_stages(request) ? show_stage : NULL,
        .known_context = check,
    };
}

static char *
cache_of(const struct check *check)
{
    return paths_join(check->request->context->paths.cache, "verdicts");
}

static int
judge(struct check *check, struct error *err)
{
    const struct lab_request *request = check->request;
    struct lab_state state;
    char reason[1024] = "";
    if (access(check->file, R_OK) != 0) {
        return error_set(err, tr("cannot open '%s': %s"), check->file,
                         strerror(errno));
    }
    if (lab_load_state(request, &state, err) != 0) {
        return -1;
    }
    if (!request->context->json && !request->context->quiet) {
        lab_say(request, tr("Checking %s ..."), check->file);
        fflush(request->view.out);
    }
    check->hints_cost = lab_hints_cost(request->lab, state.hints_seen);
    char *cache = cache_of(check);
    const struct grade_task task = task_of(check, cache);
    int status = grade_file(&task, &check->result, reason, sizeof(reason));
    free(cache);
    if (task.known != NULL) {
        fputs(CLEAR_LINE, request->view.out);
    }
    if (status != 0) {
        return error_set_status(
            err,
            machine_lacks_something() ? EXIT_STATUS_MACHINE
                                      : EXIT_STATUS_CONTENT,
            tr("cannot check '%s': %s"), check->file, reason);
    }
    return 0;
}

/* The verdict is told and kept; what comes now saves the next one time. */
static void
prepare_next(struct check *check)
{
    const struct lab_request *request = check->request;
    char *cache = cache_of(check);
    const struct grade_task task = task_of(check, cache);
    fflush(request->view.out);
    fflush(stdout);
    if (request->standby == NULL) {
        grade_prepare(&task);
    }
    else if (*request->standby == NULL) {
        *request->standby = grade_stand_by(&task);
    }
    free(cache);
}

static int
exit_status_of(enum verdict verdict)
{
    if (verdict == VERDICT_PASS) {
        return EXIT_STATUS_DONE;
    }
    if (verdict != VERDICT_INTERNAL_ERROR) {
        return EXIT_STATUS_MISSED;
    }
    return machine_lacks_something() ? EXIT_STATUS_MACHINE
                                     : EXIT_STATUS_INTERNAL;
}

int
lab_grade(const struct lab_request *request, const char *file)
{
    struct error err;
    struct check check = {.request = request, .file = file};
    if (judge(&check, &err) != 0) {
        return command_fail(&err);
    }
    int status = exit_status_of(check.result.verdict);
    if (request->context->json) {
        lab_write(check_json(&check));
    }
    else {
        show(&check);
    }
    if (record(&check, &err) != 0) {
        status = command_fail(&err);
    }
    bool was_cached = check.result.is_cached; // and took nothing
    grade_release(&check.result);
    if ((!was_cached || request->standby != NULL) &&
        (status == EXIT_STATUS_DONE || status == EXIT_STATUS_MISSED)) {
        prepare_next(&check);
    }
    return status;
}
