#include "quiz/cmd/assess.h"

#include <stdlib.h>
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/content.h"

struct scorer *
command_open_scorer(struct context *context, struct error *err)
{
    if (context->scorer != NULL) {
        return context->scorer;
    }
    struct arena *arena = arena_new();
    struct synonyms *synonyms = arena_take(arena, sizeof(*synonyms));
    char *path = paths_join(context->paths.content, "synonyms.yaml");
    int loaded = content_load_synonyms(path, arena, synonyms, NULL, err);
    free(path);
    if (loaded != 0) {
        arena_free(arena);
        return NULL;
    }
    context->synonyms_arena = arena;
    context->scorer = scorer_new(synonyms);
    return context->scorer;
}

static json_t *
evidence(const char *answer, size_t from, size_t to)
{
    if (to <= from) {
        return json_null();
    }
    char *text = xstrndup(answer + from, to - from);
    json_t *value = json_text(text);
    free(text);
    return value;
}

static json_t *
points_json(const struct question *question,
            const struct assessment *assessment, const char *answer,
            enum lang lang)
{
    json_t *points = json_array();
    for (size_t i = 0; i < assessment->point_count; i++) {
        const struct key_point *point = &question->open.rubric.key_points[i];
        const struct point_result *result = &assessment->points[i];
        json_t *row = json_object();
        json_object_set_new(row, "id", json_text(point->id));
        json_object_set_new(row, "found",
                            json_boolean(result->finding == FINDING_FOUND));
        json_object_set_new(
            row, "contradicted",
            json_boolean(result->finding == FINDING_CONTRADICTED));
        json_object_set_new(row, "weight", json_integer(point->weight));
        json_object_set_new(row, "essential", json_boolean(point->essential));
        json_object_set_new(row, "text", json_text(point->text.in[lang]));
        json_object_set_new(row, "evidence",
                            evidence(answer, result->from, result->to));
        json_array_append_new(points, row);
    }
    return points;
}

void
assess_json(json_t *object, const struct question *question,
            const struct assessment *assessment, const char *answer,
            enum lang lang)
{
    json_t *misconceptions = json_array();
    for (size_t i = 0; i < assessment->misconception_count; i++) {
        const struct misconception *misconception =
            &question->open.rubric.misconceptions[i];
        const struct misconception_result *result =
            &assessment->misconceptions[i];
        json_t *row = json_object();
        json_object_set_new(row, "id", json_text(misconception->id));
        json_object_set_new(row, "held", json_boolean(result->held));
        json_object_set_new(
            row, "severity",
            json_text(misconception->major ? "major" : "minor"));
        json_object_set_new(row, "text",
                            json_text(misconception->text.in[lang]));
        json_object_set_new(row, "evidence",
                            evidence(answer, result->from, result->to));
        json_array_append_new(misconceptions, row);
    }
    json_object_set_new(object, "score", json_real(assessment->score));
    json_object_set_new(object, "level", json_real(assessment->level));
    json_object_set_new(object, "points",
                        points_json(question, assessment, answer, lang));
    json_object_set_new(object, "misconceptions", misconceptions);
    json_object_set_new(object, "keyword_list",
                        json_boolean(assessment->keyword_list));
    json_object_set_new(object, "unrecognised",
                        json_boolean(assessment->unrecognised));
}

static void
show_quote(const struct view *view, const char *answer, size_t from, size_t to,
           int indent)
{
    if (to <= from) {
        return;
    }
    struct text quote = {0};
    text_add(&quote, tr("you said: “"));
    text_add_bytes(&quote, answer + from, to - from);
    text_add(&quote, tr("”"));
    view_paragraph(view, VIEW_DIM, indent, "", text_string(&quote));
    text_release(&quote);
}

void
assess_show(const struct view *view, const struct question *question,
            const struct assessment *assessment, const char *answer,
            int indent)
{
    enum lang lang = lang_current();
    const struct rubric *rubric = &question->open.rubric;
    for (size_t i = 0; i < assessment->point_count; i++) {
        const struct point_result *result = &assessment->points[i];
        const struct key_point *point = &rubric->key_points[i];
        bool found = result->finding == FINDING_FOUND;
        bool reversed = result->finding == FINDING_CONTRADICTED;
        view_paragraph(view,
                       found      ? VIEW_RIGHT
                       : reversed ? VIEW_WRONG
                                  : VIEW_PLAIN,
                       indent,
                       found      ? (view->utf8 ? "✓ " : "+ ")
                       : reversed ? (view->utf8 ? "✗ " : "x ")
                                  : "- ",
                       found || reversed ? point->text.in[lang]
                                         : point->hint.in[lang]);
        if (reversed) {
            view_paragraph(view, VIEW_DIM, indent + 2, "",
                           tr("you said the opposite"));
        }
        show_quote(view, answer, result->from, result->to, indent + 2);
    }
    for (size_t i = 0; i < assessment->misconception_count; i++) {
        const struct misconception_result *result =
            &assessment->misconceptions[i];
        if (result->held) {
            view_paragraph(view, VIEW_WRONG, indent, "! ",
                           rubric->misconceptions[i].say.in[lang]);
            show_quote(view, answer, result->from, result->to, indent + 2);
        }
    }
    if (assessment->keyword_list) {
        view_paragraph(view, VIEW_NOTICE, indent, "! ",
                       tr("A list of terms is no answer yet: say how they "
                          "hang together."));
    }
    if (assessment->unrecognised) {
        view_paragraph(view, VIEW_NOTICE, indent, "! ",
                       tr("I could not recognise your wording. Compare it "
                          "with the model answer and judge for yourself."));
    }
}
