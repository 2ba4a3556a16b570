/* Question: one question of the bank, as its YAML file says it.
 *
 * Open structs, filled by io/content and only read by everybody else. All
 * strings are UTF-8 and, like all arrays, live in the bank's arena: borrowed
 * until bank_free(). Text marked (md) is Markdown. */
#ifndef QUIZ_CORE_QUESTION_H
#define QUIZ_CORE_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

#include "quiz/core/lang.h"

enum question_kind {
    QUESTION_CHOICE,
    QUESTION_TRUE_FALSE,
    QUESTION_OUTPUT,
    QUESTION_NUMBER,
    QUESTION_ORDER,
    QUESTION_MATCH,
    QUESTION_CLOZE,
    QUESTION_SHORT,
    QUESTION_OPEN,
    QUESTION_KIND_COUNT
};

enum level {
    LEVEL_JUNIOR,
    LEVEL_MIDDLE,
    LEVEL_SENIOR,
    LEVEL_COUNT
};

enum status {
    STATUS_READY,
    STATUS_DRAFT,
    STATUS_REVIEW,
    STATUS_RETIRED,
    STATUS_COUNT
};

enum code_lang {
    CODE_PYTHON,
    CODE_C,
    CODE_SHELL,
    CODE_TEXT,
    CODE_LANG_COUNT
};

struct strings {
    const char *const *items;
    size_t count;
};

/* Accepted answers; the first of a language is the one that is shown. An
 * answer that is accepted in one language is accepted in both. */
struct accepted {
    struct strings in[LANG_COUNT];
};

struct choice_option {
    struct bilingual text; // (md)
    bool right;
    struct bilingual why;      // (md) why it is right or wrong
    const char *misconception; // id, or NULL
};

struct pair {
    struct bilingual left, right; // (md)
};

struct gap {
    const char *name; // as in {{name}} of the text
    struct accepted accept;
};

enum polarity {
    POLARITY_POSITIVE,
    POLARITY_NEGATIVE,
    POLARITY_ANY
};

/* One way of saying a thing; see core/rubric.h for the pattern language. */
struct pattern {
    const char *slots;
    int window;   // tokens that all slots must lie in
    bool ordered; // slots in the order written
    bool across;  // the window may cross one sentence end
    bool terms;   // a bare term is enough: no relation word needed
    enum polarity polarity;
};

struct patterns {
    const struct pattern *items;
    size_t count;
};

struct key_point {
    const char *id; // "k1"
    int weight;     // 1-3
    bool essential;
    struct bilingual text; // the claim
    struct bilingual hint; // the claim as a question
    struct patterns match;
};

struct misconception {
    const char *id; // "m1"
    bool major;     // costs a level; a minor one half a level
    struct strings excludes;
    struct bilingual text, say;
    struct patterns match;
};

/* An answer and how it must be judged; the tests run them all. */
struct rubric_example {
    enum lang lang;
    const char *text;
    struct strings covers, misconceptions;
    int level_low, level_high; // 0-4
};

/* A small Python program and what it prints: the claim, checked. */
struct proof {
    const char *code;   // NULL: there is none
    const char *prints; // without the last newlines
};

struct follow_up {
    const char *ask;  // id of an open question
    const char *when; // the condition as written: "missing k1 or found m2"
};

struct rubric {
    double full_at; // share of the essential weight that is full marks
    const struct key_point *key_points;
    size_t key_point_count;
    const struct misconception *misconceptions;
    size_t misconception_count;
    const struct rubric_example *examples;
    size_t example_count;
};

struct question {
    const char *id, *topic;
    const char *file; // relative to the content folder
    int line;         // 1-based, where the question starts
    enum question_kind kind;
    enum level level;
    enum status status;
    struct bilingual ask;             // (md)
    const char *code;                 // or NULL
    enum code_lang code_lang;         //
    struct bilingual why_asked;       // (md)
    struct bilingual explain;         // (md)
    const struct bilingual *mistakes; // (md)
    size_t mistake_count;
    const char *python; // versions it holds for (">=3.8"), or NULL: any
    const char *try_it; // a shell command, or NULL
    struct proof proof;
    const char *translated_from; // "en-0123abcd" (see core/passage.h), or NULL
    struct strings see, seeds, tags;
    const char *lab; // id, or NULL
    int seconds;     // suggested time; never 0 (a default by kind and level)

    // by kind: only the member of the question's kind is filled
    union {
        struct {
            const struct choice_option *options;
            size_t count;
            bool shuffle;
        } choice;
        struct {
            bool answer;
        } true_false;
        struct {
            const char *answer; // without the last newline
        } output;
        struct {
            double value, tolerance;
            struct bilingual unit; // NULLs if none
        } number;
        struct {
            const struct bilingual *steps; // in the right order
            size_t count;
        } order;
        struct {
            const struct pair *pairs;
            size_t count;
        } match;
        struct {
            struct bilingual text;  // (md) with {{name}} gaps
            const struct gap *gaps; // in the order of the English text
            size_t count;
        } cloze;
        struct {
            struct accepted accept;
        } term; // kind short
        struct {
            struct rubric rubric;
            struct bilingual model_short, model_long, at_interview; // (md)
            const struct follow_up *follow_ups;
            size_t follow_up_count;
            bool follow_up_only;
        } open;
    };
};

/* The names used in YAML, options and JSON ("true_false", "junior", …). */
const char *question_kind_name(enum question_kind kind);
const char *level_name(enum level level);
const char *status_name(enum status status);

/* All names of a kind of name, in the order of the enum. */
const char *const *question_kind_names(void);
const char *const *level_names(void);
const char *const *status_names(void);
const char *const *code_lang_names(void);

/* 0 and the value of a name, or -1. */
int question_kind_from_name(const char *name, enum question_kind *kind);
int level_from_name(const char *name, enum level *level);

#endif
