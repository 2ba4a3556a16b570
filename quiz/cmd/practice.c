#include "quiz/cmd/practice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "quiz/cmd/assess.h"
#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/core/session.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/json.h"
#include "quiz/io/store.h"
#include "quiz/io/term.h"

enum {
    DEFAULT_COUNT = 10,
    MOST_TOPICS = 32
};

struct options {
    struct session_wish wish;
    const char *topics[MOST_TOPICS + 1];
    size_t topic_count;
    bool cram;
};

/* What came out, question by question, and in all. */
struct result {
    json_t *answers;
    int asked, right, partly, missed, skipped;
};

// --- options ---------------------------------------------------------------

static int
wrong_name(const char *what, const char *name, const char *suggestion)
{
    if (suggestion != NULL) {
        return command_usage("quiz", tr("unknown %s '%s': did you mean '%s'?"),
                             what, name, suggestion);
    }
    return command_usage("quiz", tr("unknown %s '%s'"), what, name);
}

static int
add_topic(struct context *context, struct options *options, const char *topic)
{
    if (bank_find_topic(context->bank, topic) == NULL) {
        return wrong_name(tr("topic"), topic,
                          bank_suggest_topic(context->bank, topic));
    }
    if (options->topic_count == MOST_TOPICS) {
        return command_usage("quiz", tr("too many topics"));
    }
    options->topics[options->topic_count++] = topic;
    options->wish.topics = options->topics;
    return 0;
}

/* One option; 0, or an exit status. */
static int
take_option(struct context *context, struct options *options, int option,
            const char *value)
{
    enum question_kind kind = QUESTION_CHOICE;
    enum level level = LEVEL_JUNIOR;
    long number = 0;
    switch (option) {
    case 't':
        return add_topic(context, options, value);
    case 'k':
        if (question_kind_from_name(value, &kind) != 0) {
            return wrong_name(tr("kind"), value, NULL);
        }
        options->wish.kind = (int)kind;
        return 0;
    case 'L':
        if (level_from_name(value, &level) != 0) {
            return wrong_name(tr("level"), value, NULL);
        }
        options->wish.level = (int)level;
        return 0;
    case 'c':
        if (command_number(value, 1, 100000, &number) != 0) {
            return command_usage("quiz", tr("'%s' is no number of questions"),
                                 value);
        }
        options->wish.count = (int)number;
        return 0;
    case 's':
        if (command_number(value, 0, 2147483647, &number) != 0) {
            return command_usage("quiz", tr("'%s' is no seed"), value);
        }
        options->wish.seed = (unsigned long)number;
        return 0;
    case 'n':
        options->wish.pick = SESSION_NEW;
        return 0;
    case 'd':
        options->wish.pick = SESSION_DUE;
        return 0;
    case 'm':
        options->wish.pick = SESSION_MISSED;
        return 0;
    case 'C':
        options->wish.pick = SESSION_CRAM;
        options->cram = true;
        return 0;
    default:
        return command_usage("quiz", NULL);
    }
}

static int
parse_options(struct context *context, struct options *options, int argc,
              char **argv)
{
    static const struct option LONG[] = {
        {"topic", required_argument, NULL, 't'},
        {"kind", required_argument, NULL, 'k'},
        {"level", required_argument, NULL, 'L'},
        {"count", required_argument, NULL, 'c'},
        {"seed", required_argument, NULL, 's'},
        {"new", no_argument, NULL, 'n'},
        {"due", no_argument, NULL, 'd'},
        {"missed", no_argument, NULL, 'm'},
        {"cram", no_argument, NULL, 'C'},
        {NULL, 0, NULL, 0}};
    unsigned long seed = 0;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        seed = (unsigned long)command_now_ms();
    }
    *options = (struct options){
        .wish = {
            .kind = -1, .level = -1, .count = DEFAULT_COUNT, .seed = seed}};
    optind = 0;
    for (int option = 0;
         (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        int status = take_option(context, options, option, optarg);
        if (status != 0) {
            return status;
        }
    }
    return optind < argc
               ? command_usage("quiz", tr("unexpected '%s'"), argv[optind])
               : 0;
}

// --- one question ----------------------------------------------------------

static int
assess(struct practice *practice, const struct asking *asking,
       struct assessment *assessment, struct error *err)
{
    struct scorer *scorer = command_open_scorer(practice->context, err);
    return scorer == NULL
               ? -1
               : scorer_assess(scorer, asking->question, lang_current(),
                               asking->answer.texts[0], assessment, err);
}

void
practice_start(struct asking *asking, const struct question *question,
               unsigned long seed)
{
    *asking = (struct asking){.question = question,
                              .shuffle = answer_shuffle(question, seed)};
    for (int i = 0; i < ANSWER_ITEMS; i++) {
        asking->order[i] = i;
        asking->assigned[i] = -1;
    }
}

/* Logs the answer, or puts it in place of the row it was logged as before. */
static int
record(struct practice *practice, struct feedback *feedback,
       const struct options *options, int duration_ms, struct error *err)
{
    struct store *store = practice->context->store;
    char *text = feedback->skipped
                     ? NULL
                     : answer_text(feedback->question,
                                   &feedback->asking->answer, lang_current());
    struct review review = {.question_id = feedback->question->id,
                            .topic = feedback->question->topic,
                            .mode = options->cram ? REVIEW_MODE_CRAM
                                                  : REVIEW_MODE_SCHEDULED,
                            .lang = lang_current(),
                            .time_ms = command_now_ms(),
                            .duration_ms = duration_ms,
                            .score = feedback->judgement.score,
                            .rating = feedback->rating,
                            .answer = text,
                            .session_ms = practice->session_ms};
    int64_t before = feedback->review_id;
    int result = before == 0 ? store_add_review(store, &review,
                                                &feedback->review_id, err)
                             : store_replace_review(store, before, &review,
                                                    &feedback->review_id, err);
    struct card card = {0};
    feedback->next_ms = 0;
    if (result == 0 && !options->cram &&
        store_find_card(store, review.question_id, &card, err) > 0) {
        feedback->next_ms = card.due_ms - review.time_ms;
        free(card.question_id);
    }
    free(text);
    return result;
}

static enum rating
rating_of_key(const struct feedback *feedback, int key)
{
    switch (term_latin(key)) {
    case 'h':
        return RATING_HARD;
    case 'e':
        return RATING_EASY;
    default:
        break;
    }
    if (feedback->question->kind == QUESTION_OPEN && key >= '1' &&
        key <= '4') {
        return (enum rating)(key - '0');
    }
    return 0;
}

static void
show_feedback_keys(const struct practice *practice,
                   const struct feedback *feedback, bool all)
{
    const struct view *view = &practice->view;
    view_gap(view);
    view_paragraph(view, VIEW_DIM, 0, "",
                   all ? tr("Enter: next  e: it was easy  h: it was hard  u: "
                            "take the answer back  l: other language  q: "
                            "quit")
                       : tr("Enter: next  ?: all keys"));
    if (all && feedback->question->kind == QUESTION_OPEN) {
        view_paragraph(view, VIEW_DIM, 0, "",
                       tr("1 to 4: grade yourself, from again to easy"));
    }
}

/* Shows the feedback until the person goes on. Returns false to quit; *undone
 * says that the answer was taken back. -1 in *status when saving failed. */
static bool
discuss(struct practice *practice, struct feedback *feedback,
        const struct options *options, int duration_ms, bool *undone,
        int *status)
{
    struct error err;
    bool all = false;
    *undone = false;
    for (;;) {
        practice_show_feedback(practice, feedback);
        if (!term_is_interactive(practice->term)) {
            view_rule(&practice->view);
            return true;
        }
        show_feedback_keys(practice, feedback, all);
        int key = term_read_key(practice->term, -1);
        enum rating rating = rating_of_key(feedback, key);
        if (rating != 0 && !feedback->skipped) {
            feedback->rating = rating;
            if (record(practice, feedback, options, duration_ms, &err) != 0) {
                *status = command_fail(&err);
                return false;
            }
            return true;
        }
        switch (key < TERM_KEY_NONE ? term_latin(key) : key) {
        case TERM_KEY_ENTER:
        case ' ':
        case 'n':
            return true;
        case 'u':
            if (store_replace_review(practice->context->store,
                                     feedback->review_id, NULL, NULL,
                                     &err) != 0) {
                *status = command_fail(&err);
                return false;
            }
            *undone = true;
            return true;
        case 'l':
            practice_switch_language(practice);
            break;
        case 'q':
        case TERM_KEY_INTERRUPT:
        case TERM_KEY_END_OF_INPUT:
            return false;
        case '?':
        case '/':
            all = true;
            break;
        case TERM_KEY_RESIZE:
            practice->view.width = term_width(practice->term);
            break;
        default:
            break;
        }
    }
}

static void
count_answer(struct result *result, const struct feedback *feedback,
             int duration_ms)
{
    double score = feedback->judgement.score;
    result->asked++;
    result->skipped += feedback->skipped;
    result->right += !feedback->skipped && score >= 0.85;
    result->partly += !feedback->skipped && score > 0 && score < 0.85;
    result->missed += !feedback->skipped && score <= 0;
    json_t *row = json_object();
    char *answer = feedback->skipped ? NULL
                                     : answer_text(feedback->question,
                                                   &feedback->asking->answer,
                                                   lang_current());
    json_object_set_new(row, "id", json_text(feedback->question->id));
    json_object_set_new(
        row, "kind", json_text(question_kind_name(feedback->question->kind)));
    json_object_set_new(row, "score", json_real(score));
    json_object_set_new(row, "right", json_boolean(score >= 0.85));
    json_object_set_new(row, "skipped", json_boolean(feedback->skipped));
    json_object_set_new(row, "rating",
                        json_text(rating_name(feedback->rating)));
    json_object_set_new(row, "answer", json_text(answer));
    json_object_set_new(row, "duration_ms", json_integer(duration_ms));
    json_array_append_new(result->answers, row);
    free(answer);
}

/* Judges, records and discusses one answer. Returns false to end the
 * session. */
static bool
finish_question(struct practice *practice, struct session *session,
                struct asking *asking, bool skipped, int duration_ms,
                const struct options *options, struct result *result,
                int *status)
{
    struct error err;
    struct assessment assessment = {0};
    const struct question *question = asking->question;
    struct feedback feedback = {
        .question = question, .asking = asking, .skipped = skipped};
    bool undone = false;
    bool more = false;
    if (question->kind == QUESTION_OPEN && !skipped) {
        if (assess(practice, asking, &assessment, &err) != 0) {
            *status = command_fail(&err);
            return false;
        }
        feedback.assessment = &assessment;
        feedback.judgement.score = assessment.score;
    }
    else if (!skipped) {
        feedback.judgement = answer_judge(question, &asking->answer);
    }
    feedback.rating = rating_from_score(feedback.judgement.score, duration_ms,
                                        question->seconds);
    if (record(practice, &feedback, options, duration_ms, &err) != 0) {
        *status = command_fail(&err);
        goto out;
    }
    more = discuss(practice, &feedback, options, duration_ms, &undone, status);
    if (!undone) {
        count_answer(result, &feedback, duration_ms);
    }
    if (undone || (feedback.judgement.score < 0.5 &&
                   term_is_interactive(practice->term))) {
        session_return(session, question);
    }
out:
    assessment_release(&assessment);
    return more;
}

static int64_t
monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
run_session(struct practice *practice, struct session *session,
            const struct options *options, struct result *result, int *status)
{
    const struct question *question = NULL;
    practice->count = (int)session_count(session);
    while ((question = session_next(session)) != NULL) {
        struct asking asking;
        unsigned long seed = options->wish.seed + (unsigned long)result->asked;
        practice_start(&asking, question, seed);
        practice->number++;
        practice->left = session_left(session);
        if (practice->number > practice->count) {
            practice->count = practice->number + (int)practice->left;
        }
        int64_t start = monotonic_ms();
        enum practice_end end = practice_ask(practice, &asking);
        int duration_ms = (int)(monotonic_ms() - start);
        bool more = end != PRACTICE_QUIT &&
                    finish_question(practice, session, &asking,
                                    end == PRACTICE_SKIPPED, duration_ms,
                                    options, result, status);
        answer_release(&asking.answer);
        if (!more) {
            break;
        }
    }
}

// --- the beginning and the end ---------------------------------------------

static struct session *
make_session(struct context *context, const struct options *options,
             struct error *err)
{
    struct cards cards = {0};
    if (store_cards(context->store, &cards, err) != 0) {
        return NULL;
    }
    struct session_card *known = xcalloc(cards.count, sizeof(*known));
    for (size_t i = 0; i < cards.count; i++) {
        known[i] =
            (struct session_card){.question_id = cards.items[i].question_id,
                                  .due_ms = cards.items[i].due_ms,
                                  .missed = cards.items[i].last_missed};
    }
    struct session *session = session_new(context->bank, known, cards.count,
                                          command_now_ms(), &options->wish);
    free(known);
    cards_release(&cards);
    return session;
}

static void
welcome(const struct practice *practice)
{
    const struct view *view = &practice->view;
    view_heading(view, tr("Welcome to Ouro."));
    view_paragraph(view, VIEW_PLAIN, 0, "1. ",
                   tr("A question appears; you answer with a key or a line."));
    view_paragraph(view, VIEW_PLAIN, 0, "2. ",
                   tr("Right or wrong, you are told why."));
    view_paragraph(view, VIEW_PLAIN, 0, "3. ",
                   tr("It comes back when you are about to forget it."));
    view_paragraph(view, VIEW_PLAIN, 0, "4. ",
                   tr("? shows the keys, l switches to Russian and back, q "
                      "leaves. Nothing is ever lost."));
    view_gap(view);
    view_paragraph(view, VIEW_DIM, 0, "", tr("Press any key to begin."));
    term_read_key(practice->term, -1);
}

static void
say_goodbye(const struct practice *practice, const struct result *result)
{
    const struct view *view = &practice->view;
    char line[256];
    if (result->asked == 0) {
        return;
    }
    view_gap(view);
    snprintf(line, sizeof(line),
             tr("%d answered: %d right, %d partly, %d not right, %d skipped."),
             result->asked, result->right, result->partly, result->missed,
             result->skipped);
    view_paragraph(view, VIEW_STRONG, 0, "", line);
    if (!practice->context->quiet) {
        view_paragraph(view, VIEW_DIM, 0, "",
                       tr("Go on with: ouro quiz. What is due: ouro due."));
    }
}

static int
nothing_to_ask(const struct context *context, const struct practice *practice)
{
    if (context->json) {
        return EXIT_STATUS_DONE;
    }
    view_paragraph(&practice->view, VIEW_PLAIN, 0, "",
                   tr("Nothing to ask: nothing is due and nothing new is left "
                      "here. Extra practice: ouro quiz --cram."));
    return EXIT_STATUS_DONE;
}

static int
show_result(const struct context *context, struct result *result)
{
    struct error err;
    if (!context->json) {
        json_decref(result->answers);
        return 0;
    }
    json_t *document = json_document("ouro.quiz/1");
    json_object_set_new(document, "asked", json_integer(result->asked));
    json_object_set_new(document, "right", json_integer(result->right));
    json_object_set_new(document, "partly", json_integer(result->partly));
    json_object_set_new(document, "missed", json_integer(result->missed));
    json_object_set_new(document, "skipped", json_integer(result->skipped));
    json_object_set_new(document, "answers", result->answers);
    return json_write(stdout, document, &err) != 0 ? command_fail(&err) : 0;
}

int
practice_command(struct context *context, int argc, char **argv)
{
    struct options options;
    struct error err;
    struct result result = {0};
    if (command_open_bank(context, &err) != 0) {
        return command_fail(&err);
    }
    int status = parse_options(context, &options, argc, argv);
    if (status != 0) {
        return status;
    }
    if (command_open_store(context, &err) != 0) {
        return command_fail(&err);
    }
    struct session *session = make_session(context, &options, &err);
    if (session == NULL) {
        return command_fail(&err);
    }
    struct practice practice = {.context = context,
                                .term = command_open_term(context),
                                .view = command_view(context),
                                .session_ms = command_now_ms()};
    if (context->json) {
        practice.view.out = stderr;
    }
    result.answers = json_array();
    if (session_count(session) == 0) {
        status = nothing_to_ask(context, &practice);
    }
    else {
        if (term_is_interactive(practice.term) && !context->quiet &&
            !store_exists(context->store)) {
            welcome(&practice);
        }
        run_session(&practice, session, &options, &result, &status);
        say_goodbye(&practice, &result);
    }
    int failed = show_result(context, &result);
    bool all_right = result.right == result.asked;
    session_free(session);
    return status != 0   ? status
           : failed != 0 ? failed
           : all_right   ? EXIT_STATUS_DONE
                         : EXIT_STATUS_MISSED;
}
