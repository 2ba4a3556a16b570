#include "quiz/core/passage.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "quiz/core/question.h"

struct tour {
    void (*visit)(const struct passage *passage, void *data);
    void *data;
};

__attribute__((format(printf, 4, 5))) static void
show(const struct tour *tour, enum passage_role role, struct bilingual text,
     const char *format, ...)
{
    char path[96];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(path, sizeof(path), format, arguments);
    va_end(arguments);
    if (text.in[LANG_EN] != NULL && text.in[LANG_RU] != NULL) {
        struct passage passage = {path, role, text};
        tour->visit(&passage, tour->data);
    }
}

static void
show_open(const struct tour *tour, const struct question *question)
{
    const struct rubric *rubric = &question->open.rubric;
    for (size_t i = 0; i < rubric->key_point_count; i++) {
        const struct key_point *point = &rubric->key_points[i];
        show(tour, PASSAGE_RUBRIC, point->text, "rubric.key_points[%zu].text",
             i);
        show(tour, PASSAGE_RUBRIC, point->hint, "rubric.key_points[%zu].hint",
             i);
    }
    for (size_t i = 0; i < rubric->misconception_count; i++) {
        const struct misconception *wrong = &rubric->misconceptions[i];
        show(tour, PASSAGE_RUBRIC, wrong->text,
             "rubric.misconceptions[%zu].text", i);
        show(tour, PASSAGE_RUBRIC, wrong->say,
             "rubric.misconceptions[%zu].say", i);
    }
    show(tour, PASSAGE_RUBRIC, question->open.model_short, "model.short");
    show(tour, PASSAGE_RUBRIC, question->open.model_long, "model.long");
    show(tour, PASSAGE_RUBRIC, question->open.at_interview, "at_interview");
}

static void
show_items(const struct tour *tour, const struct question *question)
{
    switch (question->kind) {
    case QUESTION_CHOICE:
        for (size_t i = 0; i < question->choice.count; i++) {
            const struct choice_option *option = &question->choice.options[i];
            show(tour, PASSAGE_ITEM, option->text, "options[%zu]", i);
            show(tour, PASSAGE_EXPLAIN, option->why, "options[%zu].why", i);
        }
        break;
    case QUESTION_NUMBER:
        show(tour, PASSAGE_ITEM, question->number.unit, "answer.unit");
        break;
    case QUESTION_ORDER:
        for (size_t i = 0; i < question->order.count; i++) {
            show(tour, PASSAGE_ITEM, question->order.steps[i], "steps[%zu]",
                 i);
        }
        break;
    case QUESTION_MATCH:
        for (size_t i = 0; i < question->match.count; i++) {
            const struct pair *pair = &question->match.pairs[i];
            show(tour, PASSAGE_ITEM, pair->left, "pairs[%zu].left", i);
            show(tour, PASSAGE_ITEM, pair->right, "pairs[%zu].right", i);
        }
        break;
    case QUESTION_CLOZE:
        show(tour, PASSAGE_ITEM, question->cloze.text, "text");
        break;
    case QUESTION_OPEN:
        show_open(tour, question);
        break;
    case QUESTION_TRUE_FALSE:
    case QUESTION_OUTPUT:
    case QUESTION_SHORT:
    case QUESTION_KIND_COUNT:
        break;
    }
}

void
passage_each(const struct question *question,
             void (*visit)(const struct passage *passage, void *data),
             void *data)
{
    struct tour tour = {visit, data};
    show(&tour, PASSAGE_ASK, question->ask, "ask");
    show_items(&tour, question);
    show(&tour, PASSAGE_EXPLAIN, question->explain, "explain");
    for (size_t i = 0; i < question->mistake_count; i++) {
        show(&tour, PASSAGE_EXPLAIN, question->mistakes[i], "mistakes[%zu]",
             i);
    }
    show(&tour, PASSAGE_EXPLAIN, question->why_asked, "why_asked");
}

struct hashing {
    enum lang lang;
    uint32_t value;
};

/* FNV-1a (Fowler, Noll, Vo); blank space at the end does not count. */
static void
hash_passage(const struct passage *passage, void *data)
{
    struct hashing *hashing = data;
    const char *text = passage->text.in[hashing->lang];
    size_t length = strlen(text);
    while (length > 0 &&
           (text[length - 1] == '\n' || text[length - 1] == ' ')) {
        length--;
    }
    for (size_t i = 0; i <= length; i++) {
        unsigned char byte = i < length ? (unsigned char)text[i] : 0;
        hashing->value = (hashing->value ^ byte) * 16777619U;
    }
}

void
passage_hash(const struct question *question, enum lang lang,
             char hash[PASSAGE_HASH_BYTES])
{
    struct hashing hashing = {lang, 2166136261U};
    passage_each(question, hash_passage, &hashing);
    snprintf(hash, PASSAGE_HASH_BYTES, "%08x", (unsigned)hashing.value);
}
