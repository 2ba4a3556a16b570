#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/explain.h"
#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"
#include "quiz/io/content.h"
#include "quiz/io/json.h"

int
guide_open(struct guide *guide, const struct context *context,
           struct error *err)
{
    char *topics = paths_join(context->paths.content, "topics.yaml");
    char *glossary = paths_join(context->paths.content, "glossary.yaml");
    int result = 0;
    *guide = (struct guide){.arena = arena_new()};
    if (access(topics, F_OK) == 0) {
        result = content_load_topics(topics, guide->arena, &guide->syllabus,
                                     NULL, err);
    }
    if (result == 0 && access(glossary, F_OK) == 0) {
        result = content_load_glossary(glossary, guide->arena,
                                       &guide->glossary, NULL, err);
    }
    free(topics);
    free(glossary);
    return result;
}

void
guide_release(struct guide *guide)
{
    arena_free(guide->arena);
}

// --- a topic ---------------------------------------------------------------

static const char *
topic_title(const struct context *context, const char *id)
{
    const struct topic *topic = bank_find_topic(context->bank, id);
    return topic != NULL ? lang_pick(topic->title) : id;
}

static size_t
count_questions(const struct bank *bank, const char *topic)
{
    size_t count = 0;
    for (size_t i = 0; i < bank_count(bank); i++) {
        count += strcmp(bank_brief(bank, i)->topic, topic) == 0;
    }
    return count;
}

static json_t *
strings_json(const struct strings *strings)
{
    json_t *array = json_array();
    for (size_t i = 0; i < strings->count; i++) {
        json_array_append_new(array, json_text(strings->items[i]));
    }
    return array;
}

static int
write_topic(const struct context *context, const struct guide *guide,
            const struct chapter *chapter)
{
    struct error err;
    json_t *document = json_document("ouro.explain.topic/1");
    json_t *terms = json_array();
    for (size_t i = 0; i < guide->glossary.count; i++) {
        const struct term *term = &guide->glossary.terms[i];
        if (term->topic != NULL && strcmp(term->topic, chapter->topic) == 0) {
            json_array_append_new(terms, json_text(term->id));
        }
    }
    json_object_set_new(document, "topic", json_text(chapter->topic));
    json_object_set_new(document, "title",
                        json_text(topic_title(context, chapter->topic)));
    json_object_set_new(document, "needs", strings_json(&chapter->needs));
    json_object_set_new(document, "summary",
                        json_text(lang_pick(chapter->summary)));
    json_object_set_new(document, "terms", terms);
    json_object_set_new(document, "questions",
                        json_integer((json_int_t)count_questions(
                            context->bank, chapter->topic)));
    return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                   : EXIT_STATUS_DONE;
}

/* The terms of a topic in one line. */
static void
show_terms(const struct view *view, const struct guide *guide,
           const char *topic)
{
    struct text names = {0};
    for (size_t i = 0; i < guide->glossary.count; i++) {
        const struct term *term = &guide->glossary.terms[i];
        if (term->topic != NULL && strcmp(term->topic, topic) == 0) {
            text_add_format(&names, "%s%s", names.length > 0 ? ", " : "",
                            lang_pick(term->name));
        }
    }
    if (names.length > 0) {
        view_paragraph(view, VIEW_DIM, 0, tr("Terms: "), text_string(&names));
    }
    text_release(&names);
}

int
explain_topic(struct context *context, const struct guide *guide,
              const struct chapter *chapter)
{
    if (context->json) {
        return write_topic(context, guide, chapter);
    }
    struct view view = command_view(context);
    struct text needs = {0};
    struct text next = {0};
    view_heading(&view, topic_title(context, chapter->topic));
    view_markdown(&view, lang_pick(chapter->summary), 0);
    view_gap(&view);
    for (size_t i = 0; i < chapter->needs.count; i++) {
        text_add_format(&needs, "%s%s", i > 0 ? ", " : "",
                        chapter->needs.items[i]);
    }
    if (needs.length > 0) {
        view_paragraph(&view, VIEW_DIM, 0, tr("Before it: "),
                       text_string(&needs));
    }
    show_terms(&view, guide, chapter->topic);
    text_add_format(&next, tr("%zu questions: ouro quiz --topic %s"),
                    count_questions(context->bank, chapter->topic),
                    chapter->topic);
    view_paragraph(&view, VIEW_DIM, 0, "", text_string(&next));
    text_release(&needs);
    text_release(&next);
    return EXIT_STATUS_DONE;
}

// --- a term ----------------------------------------------------------------

static int
write_term(const struct term *term)
{
    struct error err;
    json_t *document = json_document("ouro.explain.term/1");
    json_t *also = json_object();
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        json_object_set_new(also, lang_name((enum lang)lang),
                            strings_json(&term->also[lang]));
    }
    json_object_set_new(document, "term", json_text(term->id));
    json_object_set_new(document, "en", json_text(term->name.in[LANG_EN]));
    json_object_set_new(document, "ru", json_text(term->name.in[LANG_RU]));
    json_object_set_new(document, "also", also);
    json_object_set_new(document, "means", json_text(lang_pick(term->means)));
    json_object_set_new(document, "topic", json_text(term->topic));
    json_object_set_new(document, "see", strings_json(&term->see));
    return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                   : EXIT_STATUS_DONE;
}

int
explain_term(struct context *context, const struct guide *guide,
             const struct term *term)
{
    if (context->json) {
        return write_term(term);
    }
    struct view view = command_view(context);
    struct text names = {0};
    struct text see = {0};
    enum lang other = lang_current() == LANG_EN ? LANG_RU : LANG_EN;
    text_add_format(&names, "%s · %s", lang_pick(term->name),
                    term->name.in[other]);
    view_heading(&view, text_string(&names));
    view_markdown(&view, lang_pick(term->means), 0);
    view_gap(&view);
    for (size_t i = 0; i < term->see.count; i++) {
        const struct term *next =
            glossary_find(&guide->glossary, term->see.items[i]);
        text_add_format(&see, "%s%s", i > 0 ? ", " : "",
                        next != NULL ? lang_pick(next->name)
                                     : term->see.items[i]);
    }
    if (see.length > 0) {
        view_paragraph(&view, VIEW_DIM, 0, tr("See also: "),
                       text_string(&see));
    }
    if (term->topic != NULL) {
        text_truncate(&names, 0);
        text_add_format(&names, "ouro explain %s", term->topic);
        view_paragraph(&view, VIEW_DIM, 0, tr("Its topic: "),
                       text_string(&names));
    }
    text_release(&names);
    text_release(&see);
    return EXIT_STATUS_DONE;
}
