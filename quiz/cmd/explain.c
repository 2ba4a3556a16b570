#include "quiz/cmd/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/core/answer.h"
#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"
#include "quiz/core/words.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/json.h"

static void
show_part(const struct view *view, const char *label, const char *markdown)
{
    view_paragraph(view, VIEW_STRONG, 0, "", label);
    view_markdown(view, markdown, 0);
    view_gap(view);
}

static void
show_proof(const struct view *view, const struct proof *proof)
{
    if (proof->code == NULL) {
        return;
    }
    view_paragraph(view, VIEW_STRONG, 0, "", tr("See it yourself:"));
    view_code(view, proof->code, CODE_PYTHON, 4);
    view_paragraph(view, VIEW_DIM, 0, "", tr("It prints:"));
    view_code(view, proof->prints, CODE_TEXT, 4);
    view_gap(view);
}

void
explain_show_answer(const struct view *view, const struct question *question)
{
    char *right = answer_right_text(question, lang_current());
    struct text sources = {0};
    if (question->kind == QUESTION_OPEN) {
        show_part(view, tr("A model answer:"),
                  lang_pick(question->open.model_long));
        show_part(view, tr("At the interview:"),
                  lang_pick(question->open.at_interview));
    }
    else {
        view_paragraph(view, VIEW_STRONG, 0, "", tr("The right answer:"));
        if (question->kind == QUESTION_OUTPUT) {
            view_code(view, right, CODE_TEXT, 4);
        }
        else {
            view_paragraph(view, VIEW_RIGHT, 4, "", right);
        }
        view_gap(view);
    }
    show_part(view, tr("Why:"), lang_pick(question->explain));
    for (size_t i = 0; i < question->mistake_count; i++) {
        if (i == 0) {
            view_paragraph(view, VIEW_STRONG, 0, "", tr("Typical mistakes:"));
        }
        view_markdown(view, lang_pick(question->mistakes[i]), 2);
    }
    if (question->mistake_count > 0) {
        view_gap(view);
    }
    show_part(view, tr("Why it is asked:"), lang_pick(question->why_asked));
    show_proof(view, &question->proof);
    for (size_t i = 0; i < question->see.count; i++) {
        text_add_format(&sources, "%s%s", i > 0 ? ", " : "",
                        question->see.items[i]);
    }
    view_paragraph(view, VIEW_DIM, 0, tr("Source: "), text_string(&sources));
    text_release(&sources);
    free(right);
}

static void
show_question(const struct view *view, const struct question *question)
{
    view_heading(view, question->id);
    view_markdown(view, lang_pick(question->ask), 0);
    view_gap(view);
    if (question->code != NULL) {
        view_code(view, question->code, question->code_lang, 4);
        view_gap(view);
    }
    explain_show_answer(view, question);
}

static json_t *
proof_json(const struct proof *proof)
{
    if (proof->code == NULL) {
        return json_null();
    }
    json_t *object = json_object();
    json_object_set_new(object, "code", json_text(proof->code));
    json_object_set_new(object, "prints", json_text(proof->prints));
    return object;
}

static int
write_question(const struct question *question)
{
    struct error err;
    json_t *document = json_document("ouro.explain/1");
    json_t *see = json_array();
    char *right = answer_right_text(question, lang_current());
    for (size_t i = 0; i < question->see.count; i++) {
        json_array_append_new(see, json_text(question->see.items[i]));
    }
    json_object_set_new(document, "id", json_text(question->id));
    json_object_set_new(document, "topic", json_text(question->topic));
    json_object_set_new(document, "kind",
                        json_text(question_kind_name(question->kind)));
    json_object_set_new(document, "level",
                        json_text(level_name(question->level)));
    json_object_set_new(document, "ask", json_text(lang_pick(question->ask)));
    json_object_set_new(document, "code", json_text(question->code));
    json_object_set_new(document, "answer", json_text(right));
    json_object_set_new(document, "explain",
                        json_text(lang_pick(question->explain)));
    json_object_set_new(document, "why_asked",
                        json_text(lang_pick(question->why_asked)));
    json_object_set_new(document, "python", json_text(question->python));
    json_object_set_new(document, "lab", json_text(question->lab));
    json_object_set_new(document, "proof", proof_json(&question->proof));
    json_object_set_new(document, "see", see);
    free(right);
    return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                   : EXIT_STATUS_DONE;
}

static int
explain_question(struct context *context, const struct question *question)
{
    if (context->json) {
        return write_question(question);
    }
    struct view view = command_view(context);
    show_question(&view, question);
    return EXIT_STATUS_DONE;
}

static int
explain_nothing(const struct context *context, const struct guide *guide,
                const char *name)
{
    struct error err;
    const char *near = bank_suggest(context->bank, name);
    if (near == NULL) {
        near = glossary_suggest(&guide->glossary, name);
    }
    error_set(&err,
              near != NULL ? tr("there is no question, topic or term '%s'; "
                                "did you mean '%s'?")
                           : tr("there is no question, topic or term '%s'%s"),
              name, near != NULL ? near : "");
    return command_fail(&err);
}

/* A question, else a topic, else a term: whatever has the name. */
static int
explain(struct context *context, const struct guide *guide, const char *name)
{
    const struct question *question = bank_find(context->bank, name);
    const struct chapter *chapter = syllabus_find(&guide->syllabus, name);
    const struct term *term = glossary_find(&guide->glossary, name);
    if (question != NULL) {
        return explain_question(context, question);
    }
    if (chapter != NULL) {
        return explain_topic(context, guide, chapter);
    }
    return term != NULL ? explain_term(context, guide, term)
                        : explain_nothing(context, guide, name);
}

int
explain_command(struct context *context, int argc, char **argv)
{
    struct error err;
    struct guide guide = {0};
    struct text name = {0};
    if (argc < 2) {
        return command_usage("explain",
                             tr("name a question, a topic or a term"));
    }
    for (int i = 1; i < argc; i++) {
        text_add_format(&name, "%s%s", i > 1 ? " " : "", argv[i]);
    }
    int status = command_open_bank(context, &err) != 0 ||
                         guide_open(&guide, context, &err) != 0
                     ? command_fail(&err)
                     : explain(context, &guide, text_string(&name));
    guide_release(&guide);
    text_release(&name);
    return status;
}

// --- search ----------------------------------------------------------------

/* Whether a folded word stands in one of the question's texts. */
static bool
holds(const struct question *question, const char *word)
{
    const struct bilingual *const TEXTS[] = {
        &question->ask, &question->explain, &question->why_asked};
    bool found = strstr(question->id, word) != NULL;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
        for (int lang = 0; !found && lang < LANG_COUNT; lang++) {
            const char *text = TEXTS[i]->in[lang];
            char *folded = words_fold(text, strlen(text));
            found = strstr(folded, word) != NULL;
            free(folded);
        }
    }
    if (!found && question->code != NULL) {
        char *folded = words_fold(question->code, strlen(question->code));
        found = strstr(folded, word) != NULL;
        free(folded);
    }
    return found;
}

static bool
holds_all(const struct question *question, char *const *words, int count)
{
    for (int i = 0; i < count; i++) {
        if (!holds(question, words[i])) {
            return false;
        }
    }
    return true;
}

int
search_command(struct context *context, int argc, char **argv)
{
    struct error err;
    if (argc < 2) {
        return command_usage("search", tr("say what to look for"));
    }
    if (command_open_bank(context, &err) != 0) {
        return command_fail(&err);
    }
    char **words = xcalloc((size_t)argc, sizeof(char *));
    for (int i = 1; i < argc; i++) {
        words[i - 1] = words_fold(argv[i], strlen(argv[i]));
    }
    struct view view = command_view(context);
    json_t *list = json_array();
    size_t found = 0;
    for (size_t i = 0; i < bank_count(context->bank); i++) {
        const struct question *question = bank_at(context->bank, i);
        if (!holds_all(question, words, argc - 1)) {
            continue;
        }
        found++;
        if (context->json) {
            json_t *row = json_object();
            json_object_set_new(row, "id", json_text(question->id));
            json_object_set_new(row, "ask",
                                json_text(lang_pick(question->ask)));
            json_array_append_new(list, row);
        }
        else {
            view_paragraph(&view, VIEW_STRONG, 0, "", question->id);
            view_markdown(&view, lang_pick(question->ask), 2);
        }
    }
    for (int i = 0; i < argc - 1; i++) {
        free(words[i]);
    }
    free(words);
    if (context->json) {
        json_t *document = json_document("ouro.search/1");
        json_object_set_new(document, "questions", list);
        return json_write(stdout, document, &err) != 0 ? command_fail(&err)
               : found > 0                             ? EXIT_STATUS_DONE
                                                       : EXIT_STATUS_MISSED;
    }
    json_decref(list);
    if (found == 0) {
        view_paragraph(&view, VIEW_PLAIN, 0, "",
                       tr("Nothing was found; try fewer words."));
    }
    return found > 0 ? EXIT_STATUS_DONE : EXIT_STATUS_MISSED;
}
