/* ouro content watch: a question as the quiz shows it, in both languages, and
 * what is to be said about it, at every save. On a pipe it is shown once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/content.h"
#include "quiz/cmd/explain.h"
#include "quiz/cmd/practice.h"
#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/content.h"
#include "quiz/io/json.h"
#include "quiz/io/term.h"
#include "quiz/io/watch.h"

enum {
    LOOK_EVERY_MS = 100,
    COLUMN_LEAST = 50, // columns that a language needs to stand beside another
    FAULTS_KEPT = 5000
};

struct watching {
    struct context *context;
    const char *id;
    char *file; // of the question, as questions name it; NULL: never seen
    struct faults faults;
    struct bank *bank;
    const struct question *question; // NULL: it is not there just now
};

static void
forget(struct watching *watching)
{
    faults_release(&watching->faults);
    bank_free(watching->bank);
    watching->bank = NULL;
    watching->question = NULL;
}

/* Reads and looks through everything anew. */
static void
look(struct watching *watching)
{
    const char *folder = watching->context->paths.content;
    forget(watching);
    watching->bank = bank_new();
    watching->faults.limit = FAULTS_KEPT;
    content_load_bank(folder, watching->bank, &watching->faults, NULL);
    content_check_bank(watching->context, watching->bank, folder, folder,
                       &watching->faults);
    watching->question = bank_find(watching->bank, watching->id);
    if (watching->question != NULL) {
        free(watching->file);
        watching->file = xstrdup(watching->question->file);
    }
}

/* The line in which the next question of the file begins. */
static int
end_line(const struct watching *watching)
{
    const struct question *question = watching->question;
    int end = 1 << 30;
    for (size_t i = 0; i < bank_count(watching->bank); i++) {
        const struct question *other = bank_at(watching->bank, i);
        if (strcmp(other->file, question->file) == 0 &&
            other->line > question->line && other->line < end) {
            end = other->line;
        }
    }
    return end;
}

/* Whether a fault is about the question, or, when it cannot be read, about
 * its file. */
static bool
concerns(const struct watching *watching, const struct fault *fault, int end)
{
    const struct question *question = watching->question;
    return watching->file != NULL &&
           strcmp(fault->file, watching->file) == 0 &&
           (question == NULL
                ? fault->severity == FAULT_ERROR
                : fault->line >= question->line && fault->line < end);
}

/* What one language looks like, new: the question as it is asked, and what is
 * said after the answer. */
static char *
draw(const struct watching *watching, enum lang lang, struct view view)
{
    char *bytes = NULL;
    size_t length = 0;
    enum lang before = lang_current();
    view.out = open_memstream(&bytes, &length);
    if (view.out == NULL) {
        return xstrdup("");
    }
    lang_choose(lang, NULL);
    struct context context = *watching->context;
    context.bank = watching->bank;
    struct practice practice = {.context = &context,
                                .term = command_open_term(watching->context),
                                .view = view,
                                .number = 1,
                                .count = 1};
    practice_preview(&practice, watching->question);
    view_rule(&view);
    explain_show_answer(&view, watching->question);
    fclose(view.out);
    lang_choose(before, NULL);
    return bytes;
}

/* The columns of a line, its colours left aside. */
static int
columns_of(const struct view *view, const char *line, size_t length)
{
    struct text plain = {0};
    for (size_t i = 0; i < length; i++) {
        if (line[i] == '\033') {
            i += strcspn(line + i, "m");
        }
        else {
            text_add_char(&plain, line[i]);
        }
    }
    int columns = view_columns(view, text_string(&plain));
    text_release(&plain);
    return columns;
}

/* The next line of a text, without its end; *at is moved on. */
static size_t
take_line(const char **at, const char **line)
{
    *line = *at;
    size_t length = strcspn(*at, "\n");
    *at += length + ((*at)[length] == '\n');
    return length;
}

static void
print_beside(const struct view *view, const char *left, const char *right,
             int column)
{
    while (*left != '\0' || *right != '\0') {
        const char *one = NULL;
        const char *other = NULL;
        size_t one_length = take_line(&left, &one);
        size_t other_length = take_line(&right, &other);
        int gap = column - columns_of(view, one, one_length);
        fprintf(view->out, "%.*s%*s %s %.*s\n", (int)one_length, one,
                gap > 0 ? gap : 0, "", view->utf8 ? "│" : "|",
                (int)other_length, other);
    }
}

static void
print_question(const struct watching *watching, const struct view *view)
{
    int column = (view->width - 3) / 2;
    bool beside = column >= COLUMN_LEAST;
    struct view narrow = *view;
    narrow.width = beside ? column : view->width;
    char *english = draw(watching, LANG_EN, narrow);
    char *russian = draw(watching, LANG_RU, narrow);
    if (beside) {
        print_beside(view, english, russian, column);
    }
    else {
        fprintf(view->out, "%s\n%s", english, russian);
    }
    free(english);
    free(russian);
}

/* The faults that concern the question; how many are errors. */
static size_t
print_faults(const struct watching *watching, const struct view *view)
{
    size_t errors = 0;
    int end = watching->question != NULL ? end_line(watching) : 0;
    for (size_t i = 0; i < watching->faults.count; i++) {
        const struct fault *fault = &watching->faults.items[i];
        if (!concerns(watching, fault, end)) {
            continue;
        }
        bool error = fault->severity == FAULT_ERROR;
        struct text line = {0};
        text_add_format(&line, "%s:%d:%d: %s", fault->file, fault->line,
                        fault->column, fault->message);
        view_paragraph(view, error ? VIEW_WRONG : VIEW_NOTICE, 0, "",
                       text_string(&line));
        text_release(&line);
        errors += error;
    }
    return errors;
}

static int
show(const struct watching *watching)
{
    struct view view = command_view(watching->context);
    if (watching->question != NULL) {
        print_question(watching, &view);
        view_rule(&view);
    }
    size_t errors = print_faults(watching, &view);
    if (watching->question == NULL) {
        view_paragraph(&view, VIEW_WRONG, 0, "",
                       tr("the question cannot be read just now"));
    }
    return errors > 0 || watching->question == NULL ? EXIT_STATUS_CONTENT
                                                    : EXIT_STATUS_DONE;
}

static int
write_watched(const struct watching *watching)
{
    struct error err;
    json_t *document = json_document("ouro.content.watch/1");
    json_t *faults = json_array();
    int end = watching->question != NULL ? end_line(watching) : 0;
    size_t errors = 0;
    for (size_t i = 0; i < watching->faults.count; i++) {
        const struct fault *fault = &watching->faults.items[i];
        if (concerns(watching, fault, end)) {
            json_array_append_new(faults, content_fault_json(fault));
            errors += fault->severity == FAULT_ERROR;
        }
    }
    json_object_set_new(document, "id", json_text(watching->id));
    json_object_set_new(document, "file", json_text(watching->file));
    json_object_set_new(document, "faults", faults);
    int status = errors > 0 ? EXIT_STATUS_CONTENT : EXIT_STATUS_DONE;
    return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                   : status;
}

/* Until q: a screen at every save, and when the window changes. */
static int
watch_keys(struct watching *watching, struct term *term, struct watch *watch)
{
    int status = EXIT_STATUS_DONE;
    for (int key = 'r'; key != 'q' && key != TERM_KEY_END_OF_INPUT &&
                        key != TERM_KEY_INTERRUPT;) {
        bool saved = watch_changed(watch, command_monotonic_ms());
        if (saved || key == 'r') {
            look(watching);
        }
        if (saved || key == 'r' || key == TERM_KEY_RESIZE) {
            term_clear(term);
            status = show(watching);
            struct view view = command_view(watching->context);
            view_paragraph(&view, VIEW_DIM, 0, "", tr("[r] again  [q] quit"));
            fflush(term_out(term));
        }
        key =
            term_read_key_beside(term, watch_descriptor(watch), LOOK_EVERY_MS);
        key = key < TERM_KEY_NONE ? term_latin(key) : key;
    }
    return status;
}

static int
watch_file(struct watching *watching, struct term *term)
{
    struct error err;
    struct watch *watch = NULL;
    char *path = paths_join(watching->context->paths.content, watching->file);
    int status = watch_open(&watch, path, false, &err) != 0
                     ? command_fail(&err)
                     : watch_keys(watching, term, watch);
    watch_close(watch);
    free(path);
    return status;
}

int
content_watch(struct context *context, const char *id)
{
    struct error err;
    struct watching watching = {.context = context, .id = id};
    struct term *term = command_open_term(context);
    int status = EXIT_STATUS_CONTENT;
    look(&watching);
    if (watching.question == NULL) {
        const char *near = bank_suggest(watching.bank, id);
        error_set(&err,
                  near != NULL ? tr("there is no question '%s'; did you mean "
                                    "'%s'?")
                               : tr("there is no question '%s'%s"),
                  id, near != NULL ? near : "");
        status = command_fail(&err);
    }
    else if (context->json) {
        status = write_watched(&watching);
    }
    else if (term_is_interactive(term)) {
        status = watch_file(&watching, term);
    }
    else {
        status = show(&watching);
    }
    forget(&watching);
    free(watching.file);
    return status;
}
