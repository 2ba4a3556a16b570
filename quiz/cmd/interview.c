#include "quiz/cmd/interview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "quiz/cmd/assess.h"
#include "quiz/core/bank.h"
#include "quiz/core/rating.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/store.h"
#include "quiz/io/term.h"

enum {
    DEFAULT_MINUTES = 30,
    MOST_MINUTES = 240
};

struct options {
    struct interview_wish wish;
    const char *report; // file, or NULL
};

/* An interview that is going on. */
struct conversation {
    struct context *context;
    struct term *term;
    struct view view;
    struct interview interview;
    int64_t start_ms; // CLOCK_MONOTONIC
    bool over;        // the person wants to stop
};

// --- options ---------------------------------------------------------------

static bool
ends_with(const char *path, const char *end)
{
    size_t length = strlen(path);
    size_t wanted = strlen(end);
    return length > wanted && strcmp(path + length - wanted, end) == 0;
}

static int
take_option(struct options *options, int option, const char *value)
{
    enum level level = LEVEL_JUNIOR;
    long number = 0;
    switch (option) {
    case 'm':
        if (command_number(value, 1, MOST_MINUTES, &number) != 0) {
            return command_usage("mock",
                                 tr("'%s' is no time: 1 to %d minutes"), value,
                                 MOST_MINUTES);
        }
        options->wish.minutes = (int)number;
        return 0;
    case 's':
        if (command_number(value, 0, 2147483647, &number) != 0) {
            return command_usage("mock", tr("'%s' is no seed"), value);
        }
        options->wish.seed = (uint64_t)number;
        return 0;
    case 'L':
        if (level_from_name(value, &level) != 0) {
            return command_usage(
                "mock", tr("unknown level '%s': junior, middle or senior"),
                value);
        }
        options->wish.level = (int)level;
        return 0;
    case 'r':
        if (!ends_with(value, ".md") && !ends_with(value, ".json")) {
            return command_usage(
                "mock", tr("the report '%s' must end in .md or .json"), value);
        }
        options->report = value;
        return 0;
    default:
        return command_usage("mock", NULL);
    }
}

static int
parse_options(struct options *options, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"minutes", required_argument, NULL, 'm'},
        {"seed", required_argument, NULL, 's'},
        {"level", required_argument, NULL, 'L'},
        {"report", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0}};
    unsigned seed = 0;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        seed = (unsigned)command_now_ms();
    }
    *options = (struct options){.wish = {.minutes = DEFAULT_MINUTES,
                                         .level = -1,
                                         .seed = seed % 1000000}};
    optind = 0;
    for (int option = 0;
         (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        int status = take_option(options, option, optarg);
        if (status != 0) {
            return status;
        }
    }
    return optind < argc
               ? command_usage("mock", tr("unexpected '%s'"), argv[optind])
               : 0;
}

/* A report replaces nothing but an earlier report. */
static int
check_report(const char *path, struct error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    if (path == NULL) {
        return 0;
    }
    if (access(path, F_OK) != 0) {
        // Better said now than after half an hour of answers.
        return paths_may_create(path, err);
    }
    if (paths_read_file(path, (size_t)64 * 1024 * 1024, &bytes, &length,
                        err) != 0) {
        return -1;
    }
    bool own = strncmp(bytes, "# Ouro", 6) == 0 ||
               strstr(bytes, "\"ouro.mock/") != NULL;
    free(bytes);
    return own ? 0
               : error_set(err,
                           tr("'%s' is no report of an interview, so it is "
                              "not replaced: name another file"),
                           path);
}

// --- the conversation ------------------------------------------------------

static int
seconds_left(const struct conversation *talk)
{
    int64_t used = (command_monotonic_ms() - talk->start_ms) / 1000;
    return talk->interview.minutes * 60 - (int)used;
}

static void
show_time(const struct conversation *talk)
{
    char line[96];
    int left = seconds_left(talk);
    if (left >= 0) {
        snprintf(line, sizeof(line), tr("Time left: %d:%02d"), left / 60,
                 left % 60);
    }
    else {
        snprintf(line, sizeof(line), tr("Over time: %d:%02d"), -left / 60,
                 -left % 60);
    }
    view_paragraph(&talk->view, left >= 0 ? VIEW_DIM : VIEW_NOTICE, 0, "",
                   line);
}

static void
show_question(const struct conversation *talk, const struct question *question,
              const char *label)
{
    const struct view *view = &talk->view;
    const struct topic *topic =
        bank_find_topic(talk->context->bank, question->topic);
    struct text heading = {0};
    text_add_format(&heading, "%s · %s", label,
                    topic != NULL ? lang_pick(topic->title) : question->topic);
    view_gap(view);
    view_heading(view, text_string(&heading));
    text_release(&heading);
    show_time(talk);
    view_gap(view);
    view_markdown(view, lang_pick(question->ask), 0);
    if (question->code != NULL) {
        view_gap(view);
        view_code(view, question->code, question->code_lang, 4);
    }
    view_gap(view);
}

static void
show_help(const struct conversation *talk)
{
    view_paragraph(&talk->view, VIEW_DIM, 0, "",
                   tr("An empty line ends your answer. /skip: no answer  "
                      "/lang (or Ctrl-L): other language  /quit (or Ctrl-C): "
                      "end the interview  /help: this"));
}

enum reply {
    REPLY_TEXT,
    REPLY_SKIP,
    REPLY_QUIT
};

/* What a line that is a command asks for; -1 if it is none. */
static int
command_of(const char *line)
{
    static const char *const WORDS[] = {"/skip", "/quit", "/lang", "/help"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(line, WORDS[i]) == 0) {
            return i;
        }
    }
    return -1;
}

/* A reply that is being typed. */
struct typing {
    struct conversation *talk;
    const struct question *question;
    const char *label;
    struct text text; // the lines so far
    char *draft;      // what the next line begins with, or NULL
    enum reply reply;
};

static void
switch_language(struct typing *typing)
{
    lang_choose(lang_current() == LANG_EN ? LANG_RU : LANG_EN, NULL);
    show_question(typing->talk, typing->question, typing->label);
    if (typing->text.length > 0) {
        view_paragraph(&typing->talk->view, VIEW_DIM, 0, "",
                       text_string(&typing->text));
    }
}

/* Takes a line that was typed whole. False when the reply is over. */
static bool
take_line(struct typing *typing, const char *line)
{
    switch (command_of(line)) {
    case 0:
        typing->reply = REPLY_SKIP;
        return false;
    case 1:
        typing->reply = REPLY_QUIT;
        return false;
    case 2:
        switch_language(typing);
        return true;
    case 3:
        show_help(typing->talk);
        return true;
    default:
        break;
    }
    if (strcmp(line, ".") == 0) {
        return false;
    }
    if (line[strspn(line, " \t")] == '\0') {
        return typing->text.length == 0; // none yet: go on
    }
    text_add_format(&typing->text, "%s%s", typing->text.length > 0 ? "\n" : "",
                    line);
    return true;
}

/* Reads and takes one line. False when the reply is over. */
static bool
type_line(struct typing *typing)
{
    char *line = NULL;
    bool more = true;
    enum term_line_end end = term_read_line(
        typing->talk->term, typing->talk->context->json ? "" : "> ", NULL,
        typing->draft, &line);
    free(typing->draft);
    typing->draft = NULL;
    switch (end) {
    case TERM_LINE_OK:
        more = take_line(typing, line);
        break;
    case TERM_LINE_LANGUAGE:
        switch_language(typing);
        typing->draft = line;
        return true;
    case TERM_LINE_HELP:
        show_help(typing->talk);
        typing->draft = line;
        return true;
    case TERM_LINE_INTERRUPT:
        typing->reply = REPLY_QUIT;
        more = false;
        break;
    case TERM_LINE_END_OF_INPUT:
        typing->reply = typing->text.length > 0 ? REPLY_TEXT : REPLY_QUIT;
        more = false;
        break;
    }
    free(line);
    return more;
}

/* Reads an answer of several lines, up to an empty one, a "." or the end. */
static enum reply
read_reply(struct conversation *talk, const struct question *question,
           const char *label, char **answer)
{
    struct typing typing = {
        .talk = talk, .question = question, .label = label};
    while (type_line(&typing)) {
    }
    if (typing.reply == REPLY_TEXT && typing.text.length == 0) {
        typing.reply = REPLY_SKIP;
    }
    *answer = typing.reply == REPLY_TEXT ? text_steal(&typing.text) : NULL;
    text_release(&typing.text);
    return typing.reply;
}

/* The person's own grade beside ours, on a terminal; -1 without. */
static double
ask_self_level(struct conversation *talk, double level)
{
    if (!term_is_interactive(talk->term)) {
        return -1;
    }
    char prompt[160];
    snprintf(prompt, sizeof(prompt),
             tr("My grade: %.1f of 4. Yours, 0 to 4 (Enter: no opinion): "),
             level);
    char *line = NULL;
    double own = -1;
    long number = 0;
    if (term_read_line(talk->term, prompt, NULL, NULL, &line) ==
            TERM_LINE_OK &&
        command_number(line, 0, 4, &number) == 0) {
        own = (double)number;
    }
    free(line);
    return own;
}

static int
log_answer(struct conversation *talk, const struct exchange *exchange,
           struct error *err)
{
    struct review review = {
        .question_id = exchange->question->id,
        .topic = exchange->question->topic,
        .mode = REVIEW_MODE_MOCK,
        .lang = lang_current(),
        .time_ms = command_now_ms(),
        .duration_ms = exchange->seconds * 1000,
        .score = exchange->assessment.score,
        .rating = rating_from_score(exchange->assessment.score, 0, 1),
        .answer = exchange->answer};
    return store_add_review(talk->context->store, &review, NULL, err);
}

/* Asks one question and adds the exchange; its place in *at. 0, or -1 with
 * err. Nothing is added when the person wants to stop. */
static int
ask(struct conversation *talk, const struct question *question,
    const struct question *follows, const char *label, struct error *err)
{
    struct exchange exchange = {
        .question = question, .follows = follows, .self_level = -1};
    struct scorer *scorer = command_open_scorer(talk->context, err);
    if (scorer == NULL) {
        return -1;
    }
    show_question(talk, question, label);
    int64_t start = command_monotonic_ms();
    if (read_reply(talk, question, label, &exchange.answer) == REPLY_QUIT) {
        talk->over = true;
        return 0;
    }
    exchange.seconds = (int)((command_monotonic_ms() - start) / 1000);
    if (exchange.answer != NULL &&
        scorer_assess(scorer, question, lang_current(), exchange.answer,
                      &exchange.assessment, err) != 0) {
        free(exchange.answer);
        return -1;
    }
    if (exchange.answer != NULL) {
        exchange.self_level = ask_self_level(talk, exchange.assessment.level);
    }
    int logged = log_answer(talk, &exchange, err);
    interview_add(&talk->interview, &exchange);
    return logged;
}

static void
coach(const struct conversation *talk, const struct question *question)
{
    const struct view *view = &talk->view;
    view_gap(view);
    view_paragraph(view, VIEW_STRONG, 0, "", tr("At the interview:"));
    view_markdown(view, lang_pick(question->open.at_interview), 2);
}

/* A main question with its follow-ups. */
static int
ask_with_follow_ups(struct conversation *talk, const struct question *question,
                    size_t number, struct error *err)
{
    char label[64];
    snprintf(label, sizeof(label), tr("Question %zu of %zu"), number,
             talk->interview.planned);
    size_t before = talk->interview.count;
    if (ask(talk, question, NULL, label, err) != 0) {
        return -1;
    }
    if (talk->over) {
        return 0;
    }
    const struct question *next[INTERVIEW_FOLLOW_UPS];
    struct exchange main = talk->interview.items[before];
    size_t count = interview_follow_ups(&talk->interview, talk->context->bank,
                                        &main, next);
    for (size_t i = 0; i < count && !talk->over && seconds_left(talk) > 0;
         i++) {
        if (ask(talk, next[i], question, tr("Follow-up"), err) != 0) {
            return -1;
        }
    }
    coach(talk, question);
    return 0;
}

static void
introduce(const struct conversation *talk)
{
    const struct view *view = &talk->view;
    char line[160];
    view_heading(view, tr("Mock interview"));
    snprintf(line, sizeof(line),
             tr("%d minutes, %zu questions, follow-ups where they are due. "
                "Answer as you would aloud."),
             talk->interview.minutes, talk->interview.planned);
    view_paragraph(view, VIEW_PLAIN, 0, "", line);
    view_gap(view);
    show_help(talk);
}

// --- the end ---------------------------------------------------------------

static int
save(struct conversation *talk, const struct options *options,
     struct error *err)
{
    json_t *document = interview_json(&talk->interview);
    char *json = json_dumps(document, JSON_INDENT(2));
    int64_t now = command_now_ms();
    struct interview_record record = {
        .start_ms = now - (int64_t)talk->interview.seconds * 1000,
        .end_ms = now,
        .seed = talk->interview.seed,
        .level = options->wish.level < 0
                     ? NULL
                     : level_name((enum level)options->wish.level),
        .score = interview_score(&talk->interview),
        .report = json};
    int result = 0;
    if (talk->interview.count > 0) {
        result = store_add_interview(talk->context->store, &record, err);
    }
    if (options->report != NULL) {
        bool machine = ends_with(options->report, ".json");
        char *text = machine
                         ? xasprintf("%s\n", json)
                         : interview_markdown(&talk->interview, talk->context);
        result |= paths_write_file(options->report, text, strlen(text), err);
        free(text);
    }
    free(json);
    json_decref(document);
    return result;
}

static int
finish(struct conversation *talk, const struct options *options)
{
    struct error err;
    talk->interview.seconds =
        (int)((command_monotonic_ms() - talk->start_ms) / 1000);
    // What cannot be saved is shown all the same.
    int result = save(talk, options, &err);
    if (talk->context->json) {
        json_t *document = interview_json(&talk->interview);
        struct error *kept = result == 0 ? &err : NULL;
        result |= json_write(stdout, document, kept);
    }
    else {
        char *card = interview_markdown(&talk->interview, talk->context);
        view_gap(&talk->view);
        view_rule(&talk->view);
        view_markdown(&talk->view, card, 0);
        free(card);
        if (options->report != NULL && result == 0) {
            view_gap(&talk->view);
            view_paragraph(&talk->view, VIEW_DIM, 0, tr("The report is in "),
                           options->report);
        }
    }
    return result != 0                                 ? command_fail(&err)
           : interview_score(&talk->interview) >= 0.75 ? EXIT_STATUS_DONE
                                                       : EXIT_STATUS_MISSED;
}

static int
hold(struct conversation *talk, const struct options *options)
{
    const struct question *questions[INTERVIEW_MAIN];
    struct error err;
    struct interview *interview = &talk->interview;
    interview->planned =
        interview_draw(talk->context->bank, &options->wish, questions);
    if (interview->planned == 0) {
        error_set(&err, tr("there is no open question of this level"));
        return command_fail(&err);
    }
    introduce(talk);
    for (size_t i = 0; i < interview->planned && !talk->over; i++) {
        if (i > 0 && seconds_left(talk) <= 0) {
            break; // the time is over; nobody is cut off in mid-answer
        }
        if (ask_with_follow_ups(talk, questions[i], i + 1, &err) != 0) {
            return command_fail(&err);
        }
    }
    interview->broken_off = talk->over;
    return finish(talk, options);
}

int
interview_command(struct context *context, int argc, char **argv)
{
    struct options options;
    struct error err;
    int status = parse_options(&options, argc, argv);
    if (status != 0) {
        return status;
    }
    if (check_report(options.report, &err) != 0 ||
        command_open_bank(context, &err) != 0 ||
        command_open_store(context, &err) != 0) {
        return command_fail(&err);
    }
    struct conversation talk = {.context = context,
                                .term = command_open_term(context),
                                .view = command_view(context),
                                .interview = {.minutes = options.wish.minutes,
                                              .level = options.wish.level,
                                              .seed = options.wish.seed},
                                .start_ms = command_monotonic_ms()};
    if (context->json) {
        talk.view.out = stderr;
    }
    status = hold(&talk, &options);
    interview_release(&talk.interview);
    return status;
}
