#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/assess.h"
#include "quiz/cmd/command.h"
#include "quiz/core/bank.h"
#include "quiz/core/text.h"
#include "quiz/io/term.h"

enum {
    LONGEST_ANSWER = 1024 * 1024,
    PASSING_LEVEL = 3
};

/* The open question of an id, or NULL after a message. */
static const struct question *
find_open(const struct bank *bank, const char *id)
{
    const struct question *question = bank_find(bank, id);
    const char *near = bank_suggest(bank, id);
    if (question == NULL && near != NULL) {
        fprintf(stderr,
                tr("ouro: there is no question '%s'; did you mean "
                   "'%s'?\n"),
                id, near);
    }
    else if (question == NULL) {
        fprintf(stderr, tr("ouro: there is no question '%s'\n"), id);
    }
    else if (question->kind != QUESTION_OPEN) {
        fprintf(stderr,
                tr("ouro: '%s' is no open question: practise it with ouro "
                   "quiz\n"),
                id);
        question = NULL;
    }
    return question;
}

/* The answer from a file, or from the input up to its end; new. */
static int
read_answer(struct context *context, const struct question *question,
            const char *file, char **answer, struct error *err)
{
    size_t length = 0;
    if (file != NULL) {
        return paths_read_file(strcmp(file, "-") == 0 ? "/dev/stdin" : file,
                               LONGEST_ANSWER, answer, &length, err);
    }
    struct term *term = command_open_term(context);
    struct view view = command_view(context);
    struct text text = {0};
    bool interactive = term_is_interactive(term);
    if (interactive) {
        view_markdown(&view, lang_pick(question->ask), 0);
        view_gap(&view);
        view_paragraph(&view, VIEW_DIM, 0, "",
                       tr("Type your answer; an empty line ends it."));
    }
    for (;;) {
        char *line = NULL;
        enum term_line_end end =
            term_read_line(term, interactive ? "> " : "", NULL, NULL, &line);
        bool over = end != TERM_LINE_OK || (interactive && line[0] == '\0');
        if (!over) {
            text_add_format(&text, "%s\n", line);
        }
        free(line);
        if (over) {
            break;
        }
    }
    *answer = text_steal(&text);
    return 0;
}

static void
show(struct context *context, const struct question *question,
     const struct assessment *assessment, const char *answer)
{
    struct view view = command_view(context);
    char level[64];
    snprintf(level, sizeof(level), tr("Level %.1f of 4."), assessment->level);
    view_paragraph(&view, VIEW_STRONG, 0, "", level);
    view_gap(&view);
    assess_show(&view, question, assessment, answer, 0);
    view_gap(&view);
    view_paragraph(&view, VIEW_STRONG, 0, "", tr("A model answer:"));
    view_markdown(&view, lang_pick(question->open.model_short), 2);
}

static int
report(struct context *context, const struct question *question,
       const struct assessment *assessment, const char *answer)
{
    struct error err;
    int status = assessment->level >= PASSING_LEVEL ? EXIT_STATUS_DONE
                                                    : EXIT_STATUS_MISSED;
    if (!context->json) {
        show(context, question, assessment, answer);
        return status;
    }
    json_t *document = json_document("ouro.answer/1");
    json_object_set_new(document, "id", json_text(question->id));
    json_object_set_new(document, "lang",
                        json_text(lang_name(lang_current())));
    assess_json(document, question, assessment, answer, lang_current());
    return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                   : status;
}

int
answer_command(struct context *context, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"text-file", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
    const char *file = NULL;
    optind = 0;
    for (int option = 0;
         (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        if (option != 'f') {
            return command_usage("answer", NULL);
        }
        file = optarg;
    }
    if (optind + 1 != argc) {
        return command_usage("answer", tr("name one question"));
    }
    struct error err;
    if (command_open_bank(context, &err) != 0) {
        return command_fail(&err);
    }
    const struct question *question = find_open(context->bank, argv[optind]);
    if (question == NULL) {
        return EXIT_STATUS_CONTENT;
    }
    struct scorer *scorer = command_open_scorer(context, &err);
    struct assessment assessment = {0};
    char *answer = NULL;
    int status = EXIT_STATUS_DONE;
    if (scorer == NULL ||
        read_answer(context, question, file, &answer, &err) != 0 ||
        scorer_assess(scorer, question, lang_current(), answer, &assessment,
                      &err) != 0) {
        status = command_fail(&err);
    }
    else {
        status = report(context, question, &assessment, answer);
    }
    assessment_release(&assessment);
    free(answer);
    return status;
}
