#include "quiz/core/lint.h"

#include <stdarg.h>
#include <stdio.h>

#include "quiz/core/bank.h"
#include "quiz/core/lint_rules.h"
#include "quiz/core/question.h"

static const struct {
    const char *name;
    bool is_error;
} RULES[LINT_RULE_COUNT] = {
    [LINT_LONGEST] = {"longest", false},
    [LINT_POSITION] = {"position", false},
    [LINT_BALANCE] = {"balance", false},
    [LINT_ALL_OF_THE_ABOVE] = {"all-of-the-above", false},
    [LINT_ABSOLUTE] = {"absolute", false},
    [LINT_SAME_OPTIONS] = {"same-options", false},
    [LINT_MISCONCEPTION] = {"misconception", false},
    [LINT_EXPLAIN_SHORT] = {"explain-short", false},
    [LINT_EXPLAIN_REPEATS] = {"explain-repeats", false},
    [LINT_NUMBERS] = {"numbers", false},
    [LINT_CODE_SPANS] = {"code-spans", false},
    [LINT_NAMES] = {"names", false},
    [LINT_SCRIPT] = {"script", false},
    [LINT_QUOTES] = {"quotes", false},
    [LINT_YO] = {"yo", false},
    [LINT_SPACES] = {"spaces", false},
    [LINT_DASH] = {"dash", false},
    [LINT_TERM] = {"term", false},
    [LINT_LONG] = {"long", false},
    [LINT_SECONDS] = {"seconds", false},
    [LINT_TWIN] = {"twin", false},
    [LINT_FOLLOW_UP] = {"follow-up", false},
    [LINT_ORPHAN] = {"orphan", false},
    [LINT_RUBRIC] = {"rubric", false},
    [LINT_LAB] = {"lab", false},
    [LINT_TOPIC] = {"topic", false},
    [LINT_SEED] = {"seed", false},
    [LINT_STALE] = {"stale", false},
    [LINT_CODE] = {"code", false},
};

__attribute__((format(printf, 4, 0))) static void
say(const struct linting *linting, enum lint_rule rule,
    struct lint_finding finding, const char *format, va_list arguments)
{
    char message[1024];
    int length = vsnprintf(message, sizeof(message), format, arguments);
    if (length >= 0) {
        finding.rule = RULES[rule].name;
        finding.is_error = RULES[rule].is_error;
        finding.message = message;
        linting->found(&finding, linting->data);
    }
}

void
lint_say(const struct linting *linting, enum lint_rule rule, const char *path,
         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(linting, rule,
        (struct lint_finding){.file = linting->question->file,
                              .question = linting->question,
                              .path = path},
        format, arguments);
    va_end(arguments);
}

void
lint_say_of_file(const struct linting *linting, enum lint_rule rule,
                 const char *file, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(linting, rule, (struct lint_finding){.file = file, .path = ""}, format,
        arguments);
    va_end(arguments);
}

void
lint_bank(const struct lint_context *context,
          void (*found)(const struct lint_finding *finding, void *data),
          void *data)
{
    struct linting linting = {
        .context = context, .found = found, .data = data};
    for (size_t i = 0; i < bank_count(context->bank); i++) {
        linting.question = bank_at(context->bank, i);
        if (linting.question->status != STATUS_RETIRED) {
            lint_texts(&linting);
            lint_key(&linting);
            lint_links(&linting);
        }
    }
    linting.question = NULL;
    lint_keys_of_bank(&linting);
    lint_links_of_bank(&linting);
}
