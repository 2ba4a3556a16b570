#include "quiz/cmd/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/rubric.h"
#include "quiz/core/suggest.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/content_cache.h"
#include "quiz/io/store.h"
#include "quiz/io/term.h"

static const char CONTENT_OPTIONS[] = TR_LATER(
    "  check [PATH]...   what is wrong with the questions, or with these "
    "files\n"
    "  list              id, file, line, topic, kind, level of every "
    "question\n"
    "  stats             how many there are, by topic, kind and level\n"
    "  new               a draft: asks for --topic T, --kind K and --id ID\n"
    "  watch ID          a question as it looks, at every save\n"
    "  coverage          which rows of content/seeds.yaml have questions\n"
    "  facts [PATH]      what the questions say Python does\n"
    "  manifest FILE     the grader's view of a lab.yaml\n");

static const char LAB_OPTIONS[] = TR_LATER(
    "  list                 all labs and how far you are\n"
    "  show ID              the task\n"
    "  start ID [DIR]       make a folder to work in (ouro-labs/ID)\n"
    "  grade ID [FILE]      check your file once\n"
    "  watch ID [FILE]      check it at every save\n"
    "  hint ID              one more hint; it costs points\n"
    "  diff ID [FILE]       your file beside the reference, after a pass\n"
    "  solution ID          the reference, after a pass\n"
    "  reset ID [FILE]      back to the starter; your file is kept aside\n"
    "  --seed N             grade: the dice of an earlier check\n"
    "  --no-cache           grade, watch: check an unchanged file anew\n"
    "  --seen               hint: the hints shown so far, for nothing\n"
    "  --spoil              diff, solution: before a pass, for all points\n"
    "  --poll               watch: look at the file every second\n"
    "  --yes                reset: do not ask\n"
    "  --unsafe-no-namespaces\n"
    "                       grade, watch: where this machine has no "
    "namespaces,\n"
    "                       check without; the verdict says so\n");

static const char PRACTICE_OPTIONS[] = TR_LATER(
    "  --topic T     only this topic (may be repeated)\n"
    "  --kind K      only this kind: choice, true_false, output, number,\n"
    "                order, match, cloze, short, open\n"
    "  --level L     only this level: junior, middle, senior\n"
    "  --count N     at most N questions (10)\n"
    "  --new         only questions never answered\n"
    "  --due         only what is due\n"
    "  --missed      only what was missed last time\n"
    "  --cram        extra practice: due dates stay as they are\n"
    "  --seed N      the same shuffle again\n");

static const char INTERVIEW_OPTIONS[] =
    TR_LATER("  --minutes N     how long (30)\n"
             "  --level L       only questions of this level\n"
             "  --seed N        the same questions again\n"
             "  --report FILE   the scorecard as FILE.md or FILE.json\n");

static const char ANSWER_OPTIONS[] =
    TR_LATER("  --text-file F   the answer is in F (- for the input)\n");

static const char HISTORY_OPTIONS[] =
    TR_LATER("  --count N        at most N answers (20)\n"
             "  --topic T        only answers of this topic\n");

static const char RESCHEDULE_OPTIONS[] = TR_LATER(
    "  --retention R    ask when recall has fallen to R (0.7 to 0.99; 0.9)\n"
    "  --max-days N     wait no longer than N days (1 to 36500; 36500)\n"
    "  --rollover H     a day ends at this hour, local time (0 to 23; 4)\n"
    "  --fuzz on|off    spread cards that were learned together (off)\n"
    "  --ordered on|off let a better grade always wait longer (off)\n"
    "  --weights W,...  the 21 (or 19, or 17) weights of FSRS, or default\n"
    "Settings stay until they are set again. Nothing of the log is "
    "changed.\n");

static const char PROGRESS_OPTIONS[] = TR_LATER(
    "  export [FILE]    everything as JSON lines, to FILE or stdout\n"
    "  import FILE      merge what export wrote; rows known are left out\n"
    "  backup [FILE]    copy the database, to FILE or the folder of backups\n"
    "  restore FILE     put a copy in place; what was there is kept\n");

static const char SCHEDULE_OPTIONS[] = TR_LATER(
    "  replay FILE      CSV with the columns card_id, review_rating (1-4) "
    "and\n"
    "                   review_time (ISO 8601, UTC without a zone; or\n"
    "                   milliseconds); - is stdin\n"
    "  --algorithm A    fsrs6, as in py-fsrs 6.3\n"
    "  --weights W,...  the 21 (or 19, or 17) weights\n"
    "  --unique         leave out rows that are like one before\n"
    "A day is a whole period of 24 hours; learning steps play no part. A card "
    "is\n"
    "due after the interval at which recall falls to 0.9, rounded to whole "
    "days\n"
    "(half to even), at least 1, counted from its last review.\n");

/* In the order of `ouro help`. */
const struct command COMMANDS[] = {
    {"quiz", "[OPTION]...",
     TR_LATER("practise: what is due, then something new"), PRACTICE_OPTIONS,
     practice_command},
    {"lab", "ACTION [ID [FILE]]",
     TR_LATER("build CPython's core, one file at a time"), LAB_OPTIONS,
     lab_command},
    {"mock", "[OPTION]...", TR_LATER("a mock interview with a scorecard"),
     INTERVIEW_OPTIONS, interview_command},
    {"answer", "ID [--text-file F]",
     TR_LATER("score one free-text answer against its rubric"), ANSWER_OPTIONS,
     answer_command},
    {"explain", "ID|TOPIC|TERM",
     TR_LATER("read about a question, a topic or a term"), NULL,
     explain_command},
    {"search", "WORD...", TR_LATER("find questions by their words"), NULL,
     search_command},
    {"content", "ACTION [PATH]...",
     TR_LATER("check, list and count the questions"), CONTENT_OPTIONS,
     content_command},
    {"doctor", "", TR_LATER("what works on this machine, and how to mend it"),
     NULL, doctor_command},
    {"due", "", TR_LATER("what is due today, by topic"), NULL, due_command},
    {"stats", "", TR_LATER("how far you are"), NULL, stats_command},
    {"history", "[--count N] [--topic T]", TR_LATER("your latest answers"),
     HISTORY_OPTIONS, history_command},
    {"undo", "", TR_LATER("take the latest answer back"), NULL, undo_command},
    {"reschedule", "[OPTION]...",
     TR_LATER("compute all due dates anew, with other settings if wanted"),
     RESCHEDULE_OPTIONS, reschedule_command},
    {"progress", "export|import|backup|restore [FILE]",
     TR_LATER("save, move and merge your progress"), PROGRESS_OPTIONS,
     progress_command},
    {"schedule", "replay FILE [--algorithm fsrs6] [--weights W,...]",
     TR_LATER("what the scheduler makes of a review log"), SCHEDULE_OPTIONS,
     schedule_command},
    {"help", "[COMMAND]", TR_LATER("this page, or the page of a command"),
     NULL, help_command},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct command *
command_find(const char *name)
{
    for (const struct command *row = COMMANDS; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

const char *
command_suggest(const char *name)
{
    struct suggest suggest = suggest_begin(name);
    for (const struct command *row = COMMANDS; row->name != NULL; row++) {
        suggest_offer(&suggest, row->name);
    }
    return suggest.best;
}

int
command_fail(const struct error *err)
{
    fprintf(stderr, "ouro: %s\n", err->message);
    return (int)err->status;
}

int
command_usage(const char *name, const char *format, ...)
{
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        fputs("ouro: ", stderr);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
    }
    const struct command *command = command_find(name);
    if (command != NULL) {
        fprintf(stderr, tr("usage: ouro %s %s\n"), name, command->usage);
    }
    fprintf(stderr, tr("see: ouro help %s\n"), name);
    return EXIT_STATUS_USAGE;
}

/* Where the cache is kept, or NULL: looking at things makes no profile. */
static const char *
cache_folder(const struct context *context)
{
    bool made =
        context->profile == NULL || access(context->profile, F_OK) == 0;
    return made ? context->paths.cache : NULL;
}

int
command_open_bank(struct context *context, struct error *err)
{
    if (context->bank != NULL) {
        return 0;
    }
    struct bank *bank = bank_new();
    struct error faults;
    if (content_open_bank(context->paths.content, cache_folder(context), bank,
                          &faults) != 0) {
        if (bank_count(bank) == 0) {
            bank_free(bank);
            *err = faults;
            return -1;
        }
        // What is faulty is left out; the rest can still be practised.
        fprintf(stderr, tr("ouro: some questions are left out:\n%s\n"),
                faults.message);
    }
    context->bank = bank;
    return 0;
}

int
command_open_store(struct context *context, struct error *err)
{
    if (context->store != NULL) {
        return 0;
    }
    return store_open(&context->store, context->paths.data, err);
}

struct term *
command_open_term(struct context *context)
{
    if (context->term == NULL) {
        char *history = paths_join(context->paths.state, "history");
        struct term_options options = {.no_color = context->no_color,
                                       .width = context->width,
                                       .history_file = history};
        context->term = term_open(&options);
        free(history);
    }
    return context->term;
}

struct view
command_view(struct context *context)
{
    struct term *term = command_open_term(context);
    return (struct view){.out = term_out(term),
                         .width = term_width(term),
                         .color = term_has_color(term),
                         .utf8 = term_is_utf8(term)};
}

void
command_release(struct context *context)
{
    term_close(context->term);
    scorer_free(context->scorer);
    arena_free(context->synonyms_arena);
    store_close(context->store);
    bank_free(context->bank);
    paths_release(&context->paths);
}

bool
command_has_lab(const struct context *context, const char *lab_id)
{
    if (lab_id == NULL) {
        return false;
    }
    char *path = xasprintf("%s/%s/lab.yaml", context->paths.labs, lab_id);
    bool there = access(path, R_OK) == 0;
    free(path);
    return there;
}

int64_t
command_now_ms(void)
{
    const char *fixed = getenv("OURO_NOW_MS");
    if (fixed != NULL && fixed[0] != '\0') {
        return strtoll(fixed, NULL, 10);
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
command_monotonic_ms(void)
{
    static int64_t looks;
    const char *step = getenv("OURO_STEP_MS");
    if (step != NULL && step[0] != '\0') {
        return ++looks * strtoll(step, NULL, 10);
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
command_number(const char *text, long low, long high, long *value)
{
    char *end = NULL;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < low ||
        number > high) {
        return -1;
    }
    *value = number;
    return 0;
}
