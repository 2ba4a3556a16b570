/* ouro lab watch: the file is checked at every save, one screen at a time. On
 * a pipe the keys are lines: "r" and Enter checks again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grader/grade.h"
#include "quiz/cmd/command.h"
#include "quiz/cmd/lab.h"
#include "quiz/core/error.h"
#include "quiz/core/text.h"
#include "quiz/io/term.h"
#include "quiz/io/watch.h"

enum {
    LOOK_EVERY_MS = 100,
    SAVED = TERM_KEY_NONE - 1 // stands for a key: the file was saved
};

struct watching {
    struct lab_request request; // a copy: its view follows the window
    const char *file;
    struct term *term;
    struct watch *watch; // NULL on a pipe
    struct grade_standby *standby;
    int status;        // of the newest check
    bool always_fresh; // --no-cache
    bool over;
};

/* --- what each key does -------------------------------------------------- */

static const struct {
    char key;
    const char *label;
} KEYS[] = {
    {'r', TR_LATER("run")},      {'h', TR_LATER("hint")},
    {'d', TR_LATER("diff")},     {'l', TR_LATER("language")},
    {'?', TR_LATER("all keys")}, {'q', TR_LATER("quit")},
};

static void
show_keys(const struct watching *watching)
{
    /* A key and its word stay on one line. */
    const char *space = watching->request.view.utf8 ? "\u00a0" : " ";
    struct text line = {0};
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(*KEYS); i++) {
        text_add_format(&line, "%s[%c]%s%s", i > 0 ? "  " : "", KEYS[i].key,
                        space, tr(KEYS[i].label));
    }
    view_gap(&watching->request.view);
    view_paragraph(&watching->request.view, VIEW_DIM, 0, "",
                   text_string(&line));
    text_release(&line);
}

static void
explain_keys(const struct watching *watching)
{
    const struct lab_request *request = &watching->request;
    view_gap(&request->view);
    lab_say(request, tr("[r] check again now"));
    lab_say(request, tr("[h] one more hint; it costs points"));
    lab_say(request, tr("[d] your file beside the reference, once it passes"));
    lab_say(request, tr("[l] the other language"));
    lab_say(request, tr("[q] leave; your file stays as it is"));
}

/* A screen of its own for each check, where the terminal can do it. */
static void
clear_screen(const struct watching *watching)
{
    const char *kind = getenv("TERM");
    if (watching->watch != NULL && kind != NULL && strcmp(kind, "dumb") != 0) {
        fputs("\033[H\033[2J", watching->request.view.out);
    }
}

static void
check(struct watching *watching)
{
    watching->request.view = command_view(watching->request.context);
    clear_screen(watching);
    watching->status = lab_grade(&watching->request, watching->file);
    if (watching->request.context->json) {
        return;
    }
    const char *reason =
        watching->watch != NULL ? watch_reason(watching->watch) : NULL;
    if (reason != NULL) {
        view_gap(&watching->request.view);
        lab_say(&watching->request,
                tr("A save is noticed up to a second late: %s. Press r to "
                   "check at once."),
                reason);
    }
    show_keys(watching);
}

static void
act(struct watching *watching, int key)
{
    switch (key) {
    case 'r':
        watching->request.fresh = true;
        check(watching);
        watching->request.fresh = watching->always_fresh;
        break;
    case SAVED:
        check(watching);
        break;
    case 'h':
        view_gap(&watching->request.view);
        lab_hint(&watching->request);
        show_keys(watching);
        break;
    case 'd':
        view_gap(&watching->request.view);
        lab_diff(&watching->request, watching->file);
        show_keys(watching);
        break;
    case 'l':
        lang_choose(lang_current() == LANG_EN ? LANG_RU : LANG_EN, NULL);
        check(watching);
        break;
    case '?':
        explain_keys(watching);
        break;
    case 'q':
    case TERM_KEY_END_OF_INPUT:
    case TERM_KEY_INTERRUPT:
        watching->over = true;
        break;
    default:
        break;
    }
}

/* --- the two loops ------------------------------------------------------- */

/* What was typed while a check ran was not meant for its result. */
static void
forget_typed_keys(struct watching *watching)
{
    int key = 0;
    do {
        key = term_read_key(watching->term, 0);
        watching->over |=
            key == TERM_KEY_INTERRUPT || key == TERM_KEY_END_OF_INPUT;
    } while (key != TERM_KEY_NONE && !watching->over);
}

static void
watch_keys(struct watching *watching)
{
    check(watching);
    forget_typed_keys(watching);
    while (!watching->over) {
        fflush(watching->request.view.out);
        int key = term_read_key_beside(
            watching->term, watch_descriptor(watching->watch), LOOK_EVERY_MS);
        if (key == TERM_KEY_NONE &&
            watch_changed(watching->watch, command_monotonic_ms())) {
            key = SAVED;
        }
        else if (key < TERM_KEY_NONE) {
            key = term_latin(key);
        }
        act(watching, key);
        if (key == 'r' || key == SAVED || key == 'l') {
            forget_typed_keys(watching);
        }
    }
}

static void
watch_lines(struct watching *watching)
{
    check(watching);
    while (!watching->over) {
        char *line = NULL;
        fflush(watching->request.view.out);
        if (term_read_line(watching->term, "", NULL, NULL, &line) !=
            TERM_LINE_OK) {
            watching->over = true;
        }
        else {
            act(watching, line[0]);
        }
        free(line);
    }
}

int
lab_watch(const struct lab_request *request, const char *file)
{
    struct error err;
    struct watching watching = {
        .request = *request,
        .always_fresh = request->fresh,
        .file = file,
        .term = command_open_term(request->context),
    };
    watching.request.standby = &watching.standby;
    if (request->context->json || !term_is_interactive(watching.term)) {
        watch_lines(&watching);
        grade_standby_free(watching.standby);
        return watching.status;
    }
    if (watch_open(&watching.watch, file, request->poll, &err) != 0) {
        return command_fail(&err);
    }
    watch_keys(&watching);
    grade_standby_free(watching.standby);
    watch_close(watching.watch);
    view_gap(&request->view);
    lab_say(request, tr("To come back: ouro lab watch %s"), request->lab->id);
    return watching.status;
}
