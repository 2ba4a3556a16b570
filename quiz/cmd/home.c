#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/core/bank.h"
#include "quiz/core/lab.h"
#include "quiz/core/question.h"
#include "quiz/io/json.h"
#include "quiz/io/shelf.h"
#include "quiz/io/store.h"
#include "quiz/io/term.h"

enum {
    DUE_COUNTED = 999
};

/* What the first screen shows. */
struct home {
    size_t due;                 // counted up to DUE_COUNTED
    size_t fresh;               // never answered
    char lab_id[64];            // the first lab not passed, or ""
    struct bilingual lab_title; // of it; borrowed from the shelf
};

static int
count_questions(struct context *context, struct home *home, struct error *err)
{
    struct cards cards = {0};
    if (store_count_due(context->store, command_now_ms(), DUE_COUNTED,
                        &home->due, err) != 0 ||
        store_cards(context->store, &cards, err) != 0) {
        return -1;
    }
    size_t ready = 0;
    for (size_t i = 0; i < bank_count(context->bank); i++) {
        ready += bank_brief(context->bank, i)->status == STATUS_READY;
    }
    size_t known = 0;
    for (size_t i = 0; i < cards.count; i++) {
        const struct question *question =
            bank_find(context->bank, cards.items[i].question_id);
        known += question != NULL && question->status == STATUS_READY &&
                 cards.items[i].phase != SCHEDULE_NEW;
    }
    home->fresh = ready - known;
    cards_release(&cards);
    return 0;
}

static int
find_next_lab(struct context *context, const struct shelf *shelf,
              struct home *home, struct error *err)
{
    for (size_t i = 0; i < shelf_count(shelf); i++) {
        const struct lab *lab = shelf_at(shelf, i);
        struct lab_state state = {0};
        if (store_lab_state(context->store, lab->id, &state, err) != 0) {
            return -1;
        }
        if (!state.passed) {
            snprintf(home->lab_id, sizeof(home->lab_id), "%s", lab->id);
            home->lab_title = lab->title;
            return 0;
        }
    }
    return 0;
}

static void
show_menu(const struct view *view)
{
    static const struct {
        const char *key, *words;
    } MENU[] = {{"q", TR_LATER("practise questions")},
                {"l", TR_LATER("labs: write CPython's core")},
                {"m", TR_LATER("a mock interview of 10 minutes")},
                {"s", TR_LATER("how far you are")},
                {"d", TR_LATER("what is due when")},
                {"r", TR_LATER("по-русски")},
                {"?", TR_LATER("all commands")},
                {"x", TR_LATER("leave")}};
    for (size_t i = 0; i < sizeof(MENU) / sizeof(*MENU); i++) {
        fputs("  ", view->out);
        view_styled(view, VIEW_KEY, MENU[i].key);
        fputs("  ", view->out);
        view_styled(view, VIEW_PLAIN, tr(MENU[i].words));
        fputc('\n', view->out);
    }
}

static void
show_home(const struct view *view, const struct home *home, bool menu)
{
    char line[256];
    view_heading(view, "Ouro");
    snprintf(line, sizeof(line), tr("Due now: %zu%s. New: %zu."), home->due,
             home->due == DUE_COUNTED ? "+" : "", home->fresh);
    view_paragraph(view, VIEW_STRONG, 0, "", line);
    if (home->lab_id[0] != '\0') {
        snprintf(line, sizeof(line), tr("Next lab: %s, %s."), home->lab_id,
                 lang_pick(home->lab_title));
        view_paragraph(view, VIEW_PLAIN, 0, "", line);
    }
    view_gap(view);
    if (menu) {
        show_menu(view);
    }
    else {
        view_paragraph(view, VIEW_DIM, 0, "",
                       tr("Begin with: ouro quiz, ouro lab list, ouro mock. "
                          "All commands: ouro help."));
    }
}

static int
write_home(const struct home *home)
{
    struct error err;
    json_t *document = json_document("ouro.home/1");
    json_object_set_new(document, "due", json_integer((json_int_t)home->due));
    json_object_set_new(document, "new",
                        json_integer((json_int_t)home->fresh));
    json_object_set_new(document, "next_lab",
                        home->lab_id[0] != '\0' ? json_text(home->lab_id)
                                                : json_null());
    return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                   : EXIT_STATUS_DONE;
}

/* Runs a command as if it had been typed, and waits for a key if what it
 * showed would be covered by the menu. */
static int
run_line(struct context *context, const char *const *words, bool pauses)
{
    char *arguments[8] = {NULL};
    int count = 0;
    for (; words[count] != NULL; count++) {
        arguments[count] = strdup(words[count]);
    }
    term_clear(context->term);
    int status = command_find(words[0])->run(context, count, arguments);
    for (int i = 0; i < count; i++) {
        free(arguments[i]);
    }
    if (pauses || status == EXIT_STATUS_CONTENT) {
        struct view view = command_view(context);
        view_gap(&view);
        view_paragraph(&view, VIEW_DIM, 0, "", tr("Press any key."));
        term_read_key(context->term, -1);
    }
    return status;
}

/* One key of the menu. False to leave. */
static bool
take_key(struct context *context, int key)
{
    static const char *const QUIZ[] = {"quiz", NULL};
    static const char *const LABS[] = {"lab", "list", NULL};
    static const char *const MOCK[] = {"mock", "--minutes", "10", NULL};
    static const char *const STATS[] = {"stats", NULL};
    static const char *const DUE[] = {"due", NULL};
    static const char *const HELP[] = {"help", NULL};
    static const struct {
        int key;
        const char *const *words;
        bool pauses;
    } KEYS[] = {{'q', QUIZ, true},  {TERM_KEY_ENTER, QUIZ, true},
                {'l', LABS, true},  {'m', MOCK, true},
                {'s', STATS, true}, {'d', DUE, true},
                {'?', HELP, true},  {'/', HELP, true}};
    int latin = term_latin(key);
    if (latin == 'x' || key == TERM_KEY_ESCAPE || key == TERM_KEY_INTERRUPT ||
        key == TERM_KEY_END_OF_INPUT) {
        return false;
    }
    if (latin == 'r') {
        lang_choose(lang_current() == LANG_EN ? LANG_RU : LANG_EN, NULL);
    }
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(*KEYS); i++) {
        if (KEYS[i].key == latin) {
            run_line(context, KEYS[i].words, KEYS[i].pauses);
            break;
        }
    }
    return true;
}

int
home_command(struct context *context, int argc, char **argv)
{
    struct home home = {0};
    struct shelf *shelf = NULL;
    struct error err;
    int status = EXIT_STATUS_DONE;
    (void)argc;
    (void)argv;
    if (command_open_bank(context, &err) != 0 ||
        command_open_store(context, &err) != 0 ||
        shelf_load(&shelf, context->paths.labs, &err) != 0) {
        return command_fail(&err);
    }
    struct term *term = command_open_term(context);
    bool interactive = term_is_interactive(term) && !context->json;
    do {
        home = (struct home){0};
        if (count_questions(context, &home, &err) != 0 ||
            find_next_lab(context, shelf, &home, &err) != 0) {
            status = command_fail(&err);
            break;
        }
        if (context->json) {
            status = write_home(&home);
            break;
        }
        struct view view = command_view(context);
        term_clear(term);
        show_home(&view, &home, interactive);
    } while (interactive && take_key(context, term_read_key(term, -1)));
    shelf_free(shelf);
    return status;
}
