#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/practice.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/term.h"

void
practice_switch_language(struct practice *practice)
{
    (void)practice;
    lang_choose(lang_current() == LANG_EN ? LANG_RU : LANG_EN, NULL);
}

static void
set_notice(struct asking *asking, const char *notice)
{
    free(asking->notice);
    asking->notice = notice != NULL ? xstrdup(notice) : NULL;
}

/* What a key did to the answer. */
enum step {
    STEP_DRAW,
    STEP_ANSWERED,
    STEP_SKIPPED,
    STEP_QUIT,
    STEP_NOTHING
};

/* Keys that mean the same for every question that is answered by keys. */
static enum step
common_key(struct practice *practice, struct asking *asking, int key)
{
    switch (key) {
    case TERM_KEY_INTERRUPT:
    case TERM_KEY_END_OF_INPUT:
        return STEP_QUIT;
    case TERM_KEY_RESIZE:
        practice->view.width = term_width(practice->term);
        return STEP_DRAW;
    default:
        break;
    }
    switch (term_latin(key)) {
    case 'q':
        return STEP_QUIT;
    case 's':
        return STEP_SKIPPED;
    case 'l':
        practice_switch_language(practice);
        return STEP_DRAW;
    case '?':
        asking->shows_keys = !asking->shows_keys;
        return STEP_DRAW;
    default:
        break;
    }
    // On a Russian layout the question mark is elsewhere.
    if (key == ',' || key == '/') {
        asking->shows_keys = !asking->shows_keys;
        return STEP_DRAW;
    }
    return STEP_NOTHING;
}

static enum step
choice_key(struct asking *asking, int key)
{
    const struct question *question = asking->question;
    int rights = 0;
    int chosen = 0;
    for (size_t i = 0; i < question->choice.count; i++) {
        rights += question->choice.options[i].right;
        chosen += asking->answer.chosen[i];
    }
    int item = key >= '1' && key <= '9' ? key - '1' : term_latin(key) - 'a';
    if (item >= 0 && item < (int)question->choice.count) {
        int place = asking->shuffle.shown[item];
        asking->answer.chosen[place] = !asking->answer.chosen[place];
        set_notice(asking, NULL);
        return rights == 1 ? STEP_ANSWERED : STEP_DRAW;
    }
    if (key == TERM_KEY_ENTER) {
        if (chosen > 0) {
            return STEP_ANSWERED;
        }
        set_notice(asking, tr("choose at least one option first"));
        return STEP_DRAW;
    }
    return STEP_NOTHING;
}

static enum step
truth_key(struct asking *asking, int key)
{
    int latin = term_latin(key);
    // y, t and д (да) for true; n, f and н (нет) for false.
    if (latin == 'y' || latin == 't' || key == 0x434 || key == 0x414) {
        // The key of н is y's: the letter that was typed decides.
        if (key == 0x43D || key == 0x41D) {
            asking->answer.truth = false;
            return STEP_ANSWERED;
        }
        asking->answer.truth = true;
        return STEP_ANSWERED;
    }
    if (latin == 'n' || latin == 'f') {
        asking->answer.truth = false;
        return STEP_ANSWERED;
    }
    return STEP_NOTHING;
}

/* Moves the step at from to the line to; those between make room. */
static void
move_step(struct asking *asking, int from, int to)
{
    int step = asking->order[from];
    int *order = asking->order;
    if (from < to) {
        memmove(order + from, order + from + 1,
                (size_t)(to - from) * sizeof(*order));
    }
    else {
        memmove(order + to + 1, order + to,
                (size_t)(from - to) * sizeof(*order));
    }
    order[to] = step;
}

static enum step
order_key(struct asking *asking, int key)
{
    int count = (int)asking->shuffle.count;
    int move = key == TERM_KEY_UP || term_latin(key) == 'k'     ? -1
               : key == TERM_KEY_DOWN || term_latin(key) == 'j' ? 1
                                                                : 0;
    int to = asking->cursor + move;
    if (move != 0 && to >= 0 && to < count) {
        if (asking->grabbed) {
            move_step(asking, asking->cursor, to);
        }
        asking->cursor = to;
        return STEP_DRAW;
    }
    if (key == ' ') {
        asking->grabbed = !asking->grabbed;
        return STEP_DRAW;
    }
    if (key >= '1' && key < '1' + count) {
        // The digits name the steps in the order wanted.
        int from = 0;
        while (asking->order[from] != key - '1') {
            from++;
        }
        if (asking->typed >= count || from < asking->typed) {
            asking->typed = 0;
        }
        move_step(asking, from, asking->typed);
        asking->cursor = asking->typed++;
        asking->grabbed = false;
        return STEP_DRAW;
    }
    if (key == TERM_KEY_ENTER) {
        for (int i = 0; i < count; i++) {
            asking->answer.places[i] = asking->shuffle.shown[asking->order[i]];
        }
        return STEP_ANSWERED;
    }
    return STEP_NOTHING;
}

static enum step
match_key(struct asking *asking, int key)
{
    int count = (int)asking->shuffle.count;
    int item = term_latin(key) - 'a';
    if (key < TERM_KEY_NONE && item >= 0 && item < count) {
        asking->assigned[asking->cursor] = item;
        asking->cursor += asking->cursor + 1 < count;
        set_notice(asking, NULL);
        return STEP_DRAW;
    }
    if (key == TERM_KEY_UP || key == TERM_KEY_DOWN) {
        int to = asking->cursor + (key == TERM_KEY_UP ? -1 : 1);
        asking->cursor = to < 0 || to >= count ? asking->cursor : to;
        return STEP_DRAW;
    }
    if (key == TERM_KEY_BACKSPACE || key == TERM_KEY_DELETE) {
        asking->assigned[asking->cursor] = -1;
        return STEP_DRAW;
    }
    if (key != TERM_KEY_ENTER) {
        return STEP_NOTHING;
    }
    for (int i = 0; i < count; i++) {
        if (asking->assigned[i] < 0) {
            asking->cursor = i;
            set_notice(asking, tr("every line needs a letter first"));
            return STEP_DRAW;
        }
        asking->answer.places[i] = asking->shuffle.shown[asking->assigned[i]];
    }
    return STEP_ANSWERED;
}

static enum step
own_key(struct asking *asking, int key)
{
    switch (asking->question->kind) {
    case QUESTION_CHOICE:
        return choice_key(asking, key);
    case QUESTION_TRUE_FALSE:
        return truth_key(asking, key);
    case QUESTION_ORDER:
        return order_key(asking, key);
    case QUESTION_MATCH:
        return match_key(asking, key);
    case QUESTION_OUTPUT:
    case QUESTION_NUMBER:
    case QUESTION_CLOZE:
    case QUESTION_SHORT:
    case QUESTION_OPEN:
    case QUESTION_KIND_COUNT:
        break;
    }
    return STEP_NOTHING;
}

static enum practice_end
end_of(enum step step)
{
    return step == STEP_ANSWERED  ? PRACTICE_ANSWERED
           : step == STEP_SKIPPED ? PRACTICE_SKIPPED
                                  : PRACTICE_QUIT;
}

static enum practice_end
ask_by_keys(struct practice *practice, struct asking *asking)
{
    for (enum step step = STEP_DRAW;;) {
        if (step == STEP_DRAW) {
            practice_show_question(practice, asking);
        }
        int key = term_read_key(practice->term, -1);
        step = own_key(asking, key);
        if (step == STEP_NOTHING) {
            step = common_key(practice, asking, key);
        }
        if (step != STEP_DRAW && step != STEP_NOTHING) {
            return end_of(step);
        }
    }
}

// --- by lines --------------------------------------------------------------

/* A line that is a command rather than an answer. */
static enum step
command_line(struct practice *practice, struct asking *asking,
             const char *line)
{
    static const struct {
        const char *word;
        enum step step;
    } WORDS[] = {{"/skip", STEP_SKIPPED},
                 {"/s", STEP_SKIPPED},
                 {"/quit", STEP_QUIT},
                 {"/q", STEP_QUIT}};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(*WORDS); i++) {
        if (strcmp(line, WORDS[i].word) == 0) {
            return WORDS[i].step;
        }
    }
    if (strcmp(line, "/lang") == 0 || strcmp(line, "/l") == 0) {
        practice_switch_language(practice);
        return STEP_DRAW;
    }
    if (strcmp(line, "/help") == 0 || strcmp(line, "/?") == 0 ||
        strcmp(line, "?") == 0) {
        asking->shows_keys = true;
        set_notice(asking, tr("/skip: skip  /quit: quit  /lang: other "
                              "language"));
        return STEP_DRAW;
    }
    return STEP_NOTHING;
}

/* Words worth completing: what the snippet and the question name. */
static const char *const *
completions(const struct question *question)
{
    static const char *const TERMS[] = {
        "asyncio",     "await",           "bytearray",       "coroutine",
        "copy.copy",   "copy.deepcopy",   "daemon",          "deepcopy",
        "event loop",  "finalizer",       "gather",          "gc.collect()",
        "gc.freeze()", "generation",      "immortal",        "interning",
        "memoryview",  "multiprocessing", "ob_refcnt",       "ob_type",
        "objgraph",    "reference count", "sys.getrefcount", "sys.getsizeof",
        "sys.intern",  "threading",       "threshold",       "tracemalloc",
        "weakref",     "weakref.ref",     "__del__",         "__slots__",
        NULL};
    return question->kind == QUESTION_SHORT || question->kind == QUESTION_CLOZE
               ? TERMS
               : NULL;
}

static char *
prompt_of(const struct practice *practice, const struct asking *asking,
          size_t item)
{
    if (practice->context->json) {
        return xstrdup("");
    }
    return asking->question->kind == QUESTION_CLOZE
               ? xasprintf("[%zu] > ", item + 1)
               : xstrdup("> ");
}

/* Reads one line for one item of the answer. */
static enum step
ask_line(struct practice *practice, struct asking *asking, size_t item)
{
    char *line = NULL;
    char *draft = NULL;
    enum step step = STEP_DRAW;
    while (step == STEP_DRAW) {
        char *prompt = prompt_of(practice, asking, item);
        enum term_line_end end =
            term_read_line(practice->term, prompt,
                           completions(asking->question), draft, &line);
        free(prompt);
        free(draft);
        draft = NULL;
        struct error err;
        if (end == TERM_LINE_LANGUAGE || end == TERM_LINE_HELP) {
            draft = line; // what was typed stays
            line = NULL;
            if (end == TERM_LINE_LANGUAGE) {
                practice_switch_language(practice);
            }
            else {
                asking->shows_keys = !asking->shows_keys;
            }
        }
        else if (end != TERM_LINE_OK) {
            step = STEP_QUIT;
        }
        else if ((step = command_line(practice, asking, line)) !=
                 STEP_NOTHING) {
            // done: a command
        }
        else if (answer_parse(asking->question, &asking->shuffle, item, line,
                              &asking->answer, &err) == 0) {
            step = STEP_ANSWERED;
        }
        else {
            set_notice(asking, err.message);
            step = STEP_DRAW;
        }
        free(line);
        line = NULL;
        if (step == STEP_DRAW) {
            practice_show_question(practice, asking);
            set_notice(asking, NULL);
        }
    }
    free(draft);
    return step;
}

/* An output of several lines is typed line by line, as many as wanted: an
 * empty line ends it. */
static enum step
ask_output(struct practice *practice, struct asking *asking)
{
    int wanted = 1;
    for (const char *at = asking->question->output.answer; *at != '\0'; at++) {
        wanted += *at == '\n';
    }
    struct text text = {0};
    enum step step = STEP_ANSWERED;
    for (int i = 0; i < wanted && step == STEP_ANSWERED; i++) {
        step = ask_line(practice, asking, 0);
        if (step == STEP_ANSWERED) {
            const char *line = asking->answer.texts[0];
            text_add_format(&text, "%s%s", i > 0 ? "\n" : "", line);
            // Whoever types "\n" has typed all of it in one line.
            if (strstr(line, "\\n") != NULL) {
                break;
            }
        }
    }
    if (step == STEP_ANSWERED) {
        free(asking->answer.texts[0]);
        asking->answer.texts[0] = text_steal(&text);
    }
    text_release(&text);
    return step;
}

static enum practice_end
ask_by_lines(struct practice *practice, struct asking *asking)
{
    practice_show_question(practice, asking);
    if (asking->question->kind == QUESTION_OUTPUT) {
        return end_of(ask_output(practice, asking));
    }
    size_t items = asking->question->kind == QUESTION_CLOZE
                       ? asking->question->cloze.count
                       : 1;
    enum step step = STEP_ANSWERED;
    for (size_t i = 0; i < items && step == STEP_ANSWERED; i++) {
        step = ask_line(practice, asking, i);
    }
    return end_of(step);
}

enum practice_end
practice_ask(struct practice *practice, struct asking *asking)
{
    bool by_keys = asking->question->kind == QUESTION_CHOICE ||
                   asking->question->kind == QUESTION_TRUE_FALSE ||
                   asking->question->kind == QUESTION_ORDER ||
                   asking->question->kind == QUESTION_MATCH;
    enum practice_end end = by_keys && term_is_interactive(practice->term)
                                ? ask_by_keys(practice, asking)
                                : ask_by_lines(practice, asking);
    set_notice(asking, NULL);
    return end;
}
