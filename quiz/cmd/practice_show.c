#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/assess.h"
#include "quiz/cmd/practice.h"
#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"
#include "quiz/core/width.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/term.h"

static const char *const KIND_LABELS[QUESTION_KIND_COUNT] = {
    [QUESTION_CHOICE] = TR_LATER("choice"),
    [QUESTION_TRUE_FALSE] = TR_LATER("true or false"),
    [QUESTION_OUTPUT] = TR_LATER("what does it print?"),
    [QUESTION_NUMBER] = TR_LATER("a number"),
    [QUESTION_ORDER] = TR_LATER("put in order"),
    [QUESTION_MATCH] = TR_LATER("match"),
    [QUESTION_CLOZE] = TR_LATER("fill the gaps"),
    [QUESTION_SHORT] = TR_LATER("a term"),
    [QUESTION_OPEN] = TR_LATER("in your own words"),
};
static const char *const LEVEL_LABELS[LEVEL_COUNT] = {
    TR_LATER("junior"), TR_LATER("middle"), TR_LATER("senior")};

static void
show_header(const struct practice *practice, const struct question *question)
{
    const struct topic *topic =
        bank_find_topic(practice->context->bank, question->topic);
    struct text left = {0};
    char right[32];
    snprintf(right, sizeof(right), "%d/%d", practice->number, practice->count);
    text_add_format(&left, "%s · %s · %s",
                    topic != NULL ? lang_pick(topic->title) : question->topic,
                    tr(LEVEL_LABELS[question->level]),
                    tr(KIND_LABELS[question->kind]));
    int gap = practice->view.width - (int)width_of(text_string(&left)) -
              (int)strlen(right);
    if (gap >= 2) {
        text_add_format(&left, "%*s%s", gap, "", right);
    }
    else {
        text_add_format(&left, " · %s", right);
    }
    view_paragraph(&practice->view, VIEW_DIM, 0, "", text_string(&left));
    view_rule(&practice->view);
    text_release(&left);
}

static int
count_right(const struct question *question)
{
    int rights = 0;
    for (size_t i = 0; i < question->choice.count; i++) {
        rights += question->choice.options[i].right;
    }
    return rights;
}

/* A line "mark text" whose text is Markdown of one paragraph. */
static void
show_item(const struct view *view, const char *mark, const char *markdown)
{
    fputs(mark, view->out);
    // The mark is printed by hand, so the first line begins behind it.
    FILE *out = NULL;
    size_t length = 0;
    char *bytes = NULL;
    int width = (int)width_of(mark);
    out = open_memstream(&bytes, &length);
    if (out == NULL) {
        return;
    }
    struct view inner = *view;
    inner.out = out;
    view_markdown(&inner, markdown, width);
    fclose(out);
    // Leave out the indentation of the first line: the mark stands there.
    fputs(length >= (size_t)width ? bytes + width : bytes, view->out);
    free(bytes);
}

static void
show_options(const struct practice *practice, const struct asking *asking)
{
    const struct question *question = asking->question;
    bool several = count_right(question) > 1;
    for (size_t i = 0; i < asking->shuffle.count; i++) {
        int place = asking->shuffle.shown[i];
        char mark[16];
        snprintf(mark, sizeof(mark), several ? " %c [%c] " : " %c) ",
                 'a' + (int)i, asking->answer.chosen[place] ? 'x' : ' ');
        show_item(&practice->view, mark,
                  lang_pick(question->choice.options[place].text));
    }
    view_gap(&practice->view);
    if (several) {
        char hint[128];
        snprintf(hint, sizeof(hint), tr("%d are right."),
                 count_right(question));
        view_paragraph(&practice->view, VIEW_DIM, 0, "", hint);
    }
}

static void
show_steps(const struct practice *practice, const struct asking *asking)
{
    bool interactive = term_is_interactive(practice->term);
    for (size_t i = 0; i < asking->shuffle.count; i++) {
        int shown = asking->order[i];
        bool here = interactive && (int)i == asking->cursor;
        char mark[24];
        snprintf(mark, sizeof(mark), "%s %d. ",
                 !here             ? " "
                 : asking->grabbed ? "*"
                                   : ">",
                 shown + 1);
        show_item(
            &practice->view, mark,
            lang_pick(
                asking->question->order.steps[asking->shuffle.shown[shown]]));
    }
    view_gap(&practice->view);
}

static void
show_pairs(const struct practice *practice, const struct asking *asking)
{
    const struct question *question = asking->question;
    bool interactive = term_is_interactive(practice->term);
    for (size_t i = 0; i < question->match.count; i++) {
        char mark[32];
        int given = asking->assigned[i];
        snprintf(mark, sizeof(mark), "%s %zu [%c] ",
                 interactive && (int)i == asking->cursor ? ">" : " ", i + 1,
                 given < 0 ? ' ' : 'a' + given);
        show_item(&practice->view, mark,
                  lang_pick(question->match.pairs[i].left));
    }
    view_gap(&practice->view);
    for (size_t i = 0; i < asking->shuffle.count; i++) {
        char mark[16];
        snprintf(mark, sizeof(mark), "  %c) ", 'a' + (int)i);
        show_item(
            &practice->view, mark,
            lang_pick(question->match.pairs[asking->shuffle.shown[i]].right));
    }
    view_gap(&practice->view);
}

/* The text with its gaps as numbered blanks, or with answers in them. */
static void
show_cloze(const struct practice *practice, const struct asking *asking)
{
    const struct question *question = asking->question;
    const char *at = lang_pick(question->cloze.text);
    struct text text = {0};
    for (const char *gap = NULL; (gap = strstr(at, "{{")) != NULL;) {
        const char *end = strstr(gap, "}}");
        text_add_bytes(&text, at, (size_t)(gap - at));
        for (size_t i = 0; end != NULL && i < question->cloze.count; i++) {
            const char *name = question->cloze.gaps[i].name;
            if (strlen(name) == (size_t)(end - gap - 2) &&
                strncmp(name, gap + 2, strlen(name)) == 0) {
                const char *typed = asking->answer.texts[i];
                text_add_format(&text, "**[%zu: %s]**", i + 1,
                                typed != NULL ? typed : "…");
            }
        }
        at = end != NULL ? end + 2 : gap + 2;
    }
    text_add(&text, at);
    view_markdown(&practice->view, text_string(&text), 0);
    view_gap(&practice->view);
    text_release(&text);
}

static const char *
keys_of(const struct asking *asking)
{
    switch (asking->question->kind) {
    case QUESTION_CHOICE:
        return count_right(asking->question) > 1
                   ? tr("letters: choose  Enter: answer")
                   : tr("letter: answer");
    case QUESTION_TRUE_FALSE:
        return tr("y: true  n: false");
    case QUESTION_ORDER:
        return tr("up/down: move  space: take and drop a step  digits: in "
                  "this order  Enter: answer");
    case QUESTION_MATCH:
        return tr("letters: the right-hand side  up/down: move  Enter: "
                  "answer");
    case QUESTION_OUTPUT:
    case QUESTION_NUMBER:
    case QUESTION_CLOZE:
    case QUESTION_SHORT:
    case QUESTION_OPEN:
    case QUESTION_KIND_COUNT:
        break;
    }
    return tr("type and press Enter  Ctrl-L: language  Ctrl-G: keys");
}

static void
show_keys(const struct practice *practice, const struct asking *asking)
{
    const struct view *view = &practice->view;
    bool typed = asking->question->kind == QUESTION_OUTPUT ||
                 asking->question->kind == QUESTION_NUMBER ||
                 asking->question->kind >= QUESTION_CLOZE;
    if (asking->notice != NULL) {
        view_paragraph(view, VIEW_NOTICE, 0, "! ", asking->notice);
    }
    if (!term_is_interactive(practice->term)) {
        return;
    }
    view_paragraph(view, VIEW_DIM, 0, "", keys_of(asking));
    if (asking->shows_keys) {
        view_paragraph(
            view, VIEW_DIM, 0, "",
            typed ? tr("/skip: skip  /quit or Ctrl-C: quit  /lang: other "
                       "language  Tab: complete  up: earlier lines")
                  : tr("s: skip  l: other language  q or Ctrl-C: quit  ?: "
                       "these keys"));
        view_paragraph(view, VIEW_DIM, 0, "",
                       tr("Every answer is saved when it is given; quitting "
                          "loses nothing."));
    }
    else if (!typed) {
        view_paragraph(view, VIEW_DIM, 0, "", tr("?: all keys"));
    }
}

static void
show_body(const struct practice *practice, const struct asking *asking)
{
    const struct question *question = asking->question;
    const struct view *view = &practice->view;
    show_header(practice, question);
    view_markdown(view, lang_pick(question->ask), 0);
    view_gap(view);
    if (question->code != NULL) {
        view_code(view, question->code, question->code_lang, 4);
        view_gap(view);
    }
    switch (question->kind) {
    case QUESTION_CHOICE:
        show_options(practice, asking);
        break;
    case QUESTION_ORDER:
        show_steps(practice, asking);
        break;
    case QUESTION_MATCH:
        show_pairs(practice, asking);
        break;
    case QUESTION_CLOZE:
        show_cloze(practice, asking);
        break;
    case QUESTION_TRUE_FALSE:
    case QUESTION_OUTPUT:
    case QUESTION_NUMBER:
    case QUESTION_SHORT:
    case QUESTION_OPEN:
    case QUESTION_KIND_COUNT:
        break;
    }
}

void
practice_show_question(const struct practice *practice,
                       const struct asking *asking)
{
    term_clear(practice->term);
    show_body(practice, asking);
    show_keys(practice, asking);
}

void
practice_preview(const struct practice *practice,
                 const struct question *question)
{
    struct asking asking;
    practice_start(&asking, question, 0);
    show_body(practice, &asking);
}

// --- feedback --------------------------------------------------------------

static const char *
mark_of(const struct view *view, bool right)
{
    return view->utf8 ? (right ? "✓ " : "✗ ") : (right ? "+ " : "x ");
}

/* The answer's sign and its colour. */
static enum view_style
sign_of(const struct practice *practice, const struct feedback *feedback,
        const char **sign)
{
    double score = feedback->judgement.score;
    bool right = score >= 0.999;
    if (feedback->skipped || (!right && score > 0)) {
        *sign = feedback->skipped ? "- " : "~ ";
        return VIEW_NOTICE;
    }
    *sign = mark_of(&practice->view, right);
    return right ? VIEW_RIGHT : VIEW_WRONG;
}

static void
show_verdict(const struct practice *practice, const struct feedback *feedback)
{
    double score = feedback->judgement.score;
    char partly[128];
    const char *sign = NULL;
    enum view_style style = sign_of(practice, feedback, &sign);
    snprintf(partly, sizeof(partly), tr("Partly right: %d %%."),
             (int)(score * 100 + 0.5));
    const char *words = feedback->skipped ? tr("Skipped.")
                        : score >= 0.999  ? tr("Right.")
                        : score > 0       ? partly
                                          : tr("Not right.");
    view_paragraph(&practice->view, style, 0, sign, words);
    view_gap(&practice->view);
}

static void
show_label(const struct view *view, const char *label)
{
    view_paragraph(view, VIEW_STRONG, 0, "", label);
}

static void
show_option_feedback(const struct practice *practice,
                     const struct feedback *feedback)
{
    const struct question *question = feedback->question;
    const struct view *view = &practice->view;
    for (size_t i = 0; i < feedback->asking->shuffle.count; i++) {
        int place = feedback->asking->shuffle.shown[i];
        const struct choice_option *option = &question->choice.options[place];
        bool chosen = feedback->asking->answer.chosen[place];
        char mark[24];
        snprintf(mark, sizeof(mark), "%s%c%c) ", mark_of(view, option->right),
                 chosen ? '>' : ' ', 'a' + (int)i);
        show_item(view, mark, lang_pick(option->text));
        view_markdown(view, lang_pick(option->why), 6);
    }
    view_gap(view);
}

static void
show_items_feedback(const struct practice *practice,
                    const struct feedback *feedback)
{
    const struct question *question = feedback->question;
    const struct view *view = &practice->view;
    bool order = question->kind == QUESTION_ORDER;
    show_label(view, tr("The right answer:"));
    for (size_t i = 0; i < answer_items(question); i++) {
        bool right = !feedback->skipped && feedback->judgement.right[i];
        struct text line = {0};
        char mark[40];
        snprintf(mark, sizeof(mark), "%s%zu. ", mark_of(view, right), i + 1);
        if (order) {
            text_add(&line, lang_pick(question->order.steps[i]));
        }
        else if (question->kind == QUESTION_MATCH) {
            text_add_format(&line, "%s → %s",
                            lang_pick(question->match.pairs[i].left),
                            lang_pick(question->match.pairs[i].right));
        }
        else {
            const struct accepted *accept = &question->cloze.gaps[i].accept;
            const char *typed = feedback->asking->answer.texts[i];
            text_add(&line, accept->in[lang_current()].items[0]);
            if (!right && typed != NULL) {
                text_add_format(&line, tr("  (you: %s)"), typed);
            }
        }
        show_item(view, mark, text_string(&line));
        text_release(&line);
    }
    view_gap(view);
}

static void
show_text_feedback(const struct practice *practice,
                   const struct feedback *feedback)
{
    const struct view *view = &practice->view;
    const struct question *question = feedback->question;
    const char *typed = feedback->asking->answer.texts[0];
    char *right = answer_right_text(question, lang_current());
    if (feedback->judgement.score < 0.999 && typed != NULL &&
        question->kind != QUESTION_TRUE_FALSE) {
        show_label(view, tr("Your answer:"));
        view_paragraph(view, VIEW_WRONG, 4, "", typed);
    }
    show_label(view, tr("The right answer:"));
    if (question->kind == QUESTION_OUTPUT) {
        view_code(view, right, CODE_TEXT, 4);
    }
    else {
        view_paragraph(view, VIEW_RIGHT, 4, "", right);
    }
    view_gap(view);
    free(right);
}

static void
show_assessment(const struct practice *practice,
                const struct feedback *feedback)
{
    const struct view *view = &practice->view;
    const char *answer = feedback->asking->answer.texts[0];
    if (feedback->assessment != NULL) {
        assess_show(view, feedback->question, feedback->assessment, answer, 0);
        if (term_is_interactive(practice->term)) {
            view_paragraph(view, VIEW_DIM, 0, "",
                           tr("Grade yourself with 1 to 4 if you see it "
                              "otherwise."));
        }
    }
    view_gap(view);
    show_label(view, tr("A model answer:"));
    view_markdown(view, lang_pick(feedback->question->open.model_short), 4);
    view_gap(view);
    show_label(view, tr("At the interview:"));
    view_markdown(view, lang_pick(feedback->question->open.at_interview), 4);
    view_gap(view);
}

static void
show_answer(const struct practice *practice, const struct feedback *feedback)
{
    switch (feedback->question->kind) {
    case QUESTION_CHOICE:
        show_option_feedback(practice, feedback);
        break;
    case QUESTION_ORDER:
    case QUESTION_MATCH:
    case QUESTION_CLOZE:
        show_items_feedback(practice, feedback);
        break;
    case QUESTION_OPEN:
        show_assessment(practice, feedback);
        break;
    case QUESTION_TRUE_FALSE:
    case QUESTION_OUTPUT:
    case QUESTION_NUMBER:
    case QUESTION_SHORT:
        show_text_feedback(practice, feedback);
        break;
    case QUESTION_KIND_COUNT:
        break;
    }
}

static void
show_sources(const struct practice *practice, const struct question *question)
{
    const struct view *view = &practice->view;
    struct text line = {0};
    for (size_t i = 0; i < question->see.count; i++) {
        text_add_format(&line, "%s%s", i > 0 ? ", " : "",
                        question->see.items[i]);
    }
    if (line.length > 0) {
        view_paragraph(view, VIEW_DIM, 0, tr("Source: "), text_string(&line));
    }
    if (question->python != NULL) {
        view_paragraph(view, VIEW_DIM, 0, tr("Python: "), question->python);
    }
    if (command_has_lab(practice->context, question->lab)) {
        view_paragraph(view, VIEW_DIM, 0, tr("Lab: "), question->lab);
    }
    text_release(&line);
}

void
practice_show_feedback(const struct practice *practice,
                       const struct feedback *feedback)
{
    const struct view *view = &practice->view;
    const struct question *question = feedback->question;
    term_clear(practice->term);
    if (term_is_interactive(practice->term)) {
        show_header(practice, question);
        view_markdown(view, lang_pick(question->ask), 0);
        view_gap(view);
        if (question->code != NULL) {
            view_code(view, question->code, question->code_lang, 4);
            view_gap(view);
        }
    }
    show_verdict(practice, feedback);
    show_answer(practice, feedback);
    show_label(view, tr("Why:"));
    view_markdown(view, lang_pick(question->explain), 0);
    view_gap(view);
    if (question->mistake_count > 0) {
        show_label(view, tr("Typical mistakes:"));
        for (size_t i = 0; i < question->mistake_count; i++) {
            show_item(view, view->utf8 ? "• " : "* ",
                      lang_pick(question->mistakes[i]));
        }
        view_gap(view);
    }
    show_label(view, tr("Why it is asked:"));
    view_markdown(view, lang_pick(question->why_asked), 0);
    view_gap(view);
    if (question->try_it != NULL) {
        show_label(view, tr("Try it:"));
        view_code(view, question->try_it, CODE_SHELL, 4);
        view_gap(view);
    }
    show_sources(practice, question);
    if (feedback->next_ms > 0) {
        // With the sign: the verdict may have left a small screen.
        const char *sign = NULL;
        enum view_style style = sign_of(practice, feedback, &sign);
        char *interval = practice_interval(feedback->next_ms);
        char *line = xasprintf("%s%s", tr("It comes back "), interval);
        view_paragraph(view, style, 0, sign, line);
        free(line);
        free(interval);
    }
}

char *
practice_interval(int64_t interval_ms)
{
    const int64_t MINUTE = 60000;
    int64_t minutes = (interval_ms + MINUTE / 2) / MINUTE;
    int64_t days = (interval_ms + 12 * 60 * MINUTE) / (24 * 60 * MINUTE);
    if (minutes < 60) {
        minutes = minutes < 1 ? 1 : minutes;
        return xasprintf(
            trn("in %lu minute", "in %lu minutes", (unsigned long)minutes),
            (unsigned long)minutes);
    }
    if (days < 1) {
        unsigned long hours = (unsigned long)((minutes + 30) / 60);
        return xasprintf(trn("in %lu hour", "in %lu hours", hours), hours);
    }
    return xasprintf(trn("in %lu day", "in %lu days", (unsigned long)days),
                     (unsigned long)days);
}
