/* What an open question has besides: rubric, model answers, follow-ups. */
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/condition.h"
#include "quiz/core/error.h"
#include "quiz/core/pattern.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/content_question.h"
#include "quiz/io/content_reader.h"

/* The slots as written; which groups there are is not known here. */
static int
read_slots(const struct reader *reader, const struct ynode *node,
           struct pattern *pattern)
{
    struct error err;
    if (read_text(reader, node, &pattern->slots) != 0) {
        return -1;
    }
    return pattern->slots == NULL || pattern_check(pattern, NULL, &err) == 0
               ? 0
               : reader_fault(reader, node, "%s", err.message);
}

/* A pattern: its slots alone, or a mapping with more to say. */
static int
read_pattern(const struct reader *reader, const struct ynode *node,
             struct pattern *pattern, int window)
{
    static const struct field FIELD[] = {
        {"all", true},     {"window", false},   {"ordered", false},
        {"across", false}, {"polarity", false}, {"terms", false}};
    static const char *const POLARITIES[] = {"positive", "negative", "any"};
    const struct ynode *v[6];
    pattern->window = window;
    if (node->kind == YNODE_SCALAR) {
        return read_slots(reader, node, pattern);
    }
    if (read_map(reader, node, FIELD, 6, v) != 0) {
        return -1;
    }
    int polarity = POLARITY_POSITIVE;
    int result = read_slots(reader, v[0], pattern) |
                 read_int(reader, v[1], 1, 60, &pattern->window) |
                 read_bool(reader, v[2], &pattern->ordered) |
                 read_bool(reader, v[3], &pattern->across) |
                 read_name(reader, v[4], POLARITIES, 3, &polarity) |
                 read_bool(reader, v[5], &pattern->terms);
    pattern->polarity = (enum polarity)polarity;
    return result;
}

static int
read_patterns(const struct reader *reader, const struct ynode *node,
              struct patterns *patterns, int window)
{
    if (node == NULL || read_list(reader, node, 1) != 0) {
        return -1;
    }
    struct pattern *items =
        arena_take(reader->arena, node->count * sizeof(*items));
    int result = 0;
    for (size_t i = 0; i < node->count; i++) {
        result |= read_pattern(reader, node->items[i], &items[i], window);
    }
    *patterns = (struct patterns){.items = items, .count = node->count};
    return result;
}

static int
read_key_points(const struct reader *reader, const struct ynode *list,
                struct rubric *rubric)
{
    static const struct field FIELD[] = {
        {"id", true},   {"weight", true}, {"essential", false},
        {"text", true}, {"hint", true},   {"match", true}};
    enum {
        WINDOW = 12
    };
    if (read_list(reader, list, 1) != 0) {
        return -1;
    }
    struct key_point *points =
        arena_take(reader->arena, list->count * sizeof(*points));
    int result = 0;
    bool essential = false;
    for (size_t i = 0; i < list->count; i++) {
        const struct ynode *v[6];
        if (read_map(reader, list->items[i], FIELD, 6, v) != 0) {
            return -1;
        }
        points[i].weight = 1;
        points[i].id = "";
        result |= read_id(reader, v[0], false, &points[i].id) |
                  read_int(reader, v[1], 1, 3, &points[i].weight) |
                  read_bool(reader, v[2], &points[i].essential) |
                  read_bilingual(reader, v[3], &points[i].text) |
                  read_bilingual(reader, v[4], &points[i].hint) |
                  read_patterns(reader, v[5], &points[i].match, WINDOW);
        essential |= points[i].essential;
        for (size_t before = 0; before < i; before++) {
            if (strcmp(points[before].id, points[i].id) == 0) {
                result =
                    reader_fault(reader, list->items[i],
                                 tr("id '%s' stands twice"), points[i].id);
            }
        }
    }
    if (!essential) {
        result = reader_fault(reader, list, tr("no key point is essential"));
    }
    rubric->key_points = points;
    rubric->key_point_count = list->count;
    return result;
}

static bool
has_point(const struct rubric *rubric, const char *id)
{
    bool found = false;
    for (size_t i = 0; i < rubric->key_point_count; i++) {
        found |= strcmp(rubric->key_points[i].id, id) == 0;
    }
    return found;
}

static bool
has_misconception(const struct rubric *rubric, const char *id)
{
    bool found = false;
    for (size_t i = 0; i < rubric->misconception_count; i++) {
        found |= strcmp(rubric->misconceptions[i].id, id) == 0;
    }
    return found;
}

/* Each id of a list must be one of the rubric's. */
static int
check_ids(const struct reader *reader, const struct ynode *node,
          const struct strings *ids, const struct rubric *rubric,
          bool (*has)(const struct rubric *, const char *))
{
    int result = 0;
    for (size_t i = 0; i < ids->count; i++) {
        if (!has(rubric, ids->items[i])) {
            result = reader_fault(reader, node,
                                  has == has_point
                                      ? tr("there is no key point '%s'")
                                      : tr("there is no misconception '%s'"),
                                  ids->items[i]);
        }
    }
    return result;
}

static int
read_misconceptions(const struct reader *reader, const struct ynode *list,
                    struct rubric *rubric)
{
    static const struct field FIELD[] = {
        {"id", true},   {"severity", true}, {"excludes", false},
        {"text", true}, {"say", true},      {"match", true}};
    static const char *const SEVERITIES[] = {"minor", "major"};
    enum {
        WINDOW = 8
    };
    if (list == NULL || read_list(reader, list, 0) != 0) {
        return list == NULL ? 0 : -1;
    }
    struct misconception *items =
        arena_take(reader->arena, (list->count + 1) * sizeof(*items));
    int result = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct ynode *v[6];
        if (read_map(reader, list->items[i], FIELD, 6, v) != 0) {
            return -1;
        }
        int severity = 0;
        items[i].id = "";
        result |= read_id(reader, v[0], false, &items[i].id) |
                  read_name(reader, v[1], SEVERITIES, 2, &severity) |
                  read_strings(reader, v[2], &items[i].excludes) |
                  read_bilingual(reader, v[3], &items[i].text) |
                  read_bilingual(reader, v[4], &items[i].say) |
                  read_patterns(reader, v[5], &items[i].match, WINDOW);
        items[i].major = severity == 1;
        result |= check_ids(reader, list->items[i], &items[i].excludes, rubric,
                            has_point);
        for (size_t before = 0; before < i; before++) {
            if (strcmp(items[before].id, items[i].id) == 0) {
                result = reader_fault(reader, list->items[i],
                                      tr("id '%s' stands twice"), items[i].id);
            }
        }
    }
    rubric->misconceptions = items;
    rubric->misconception_count = list->count;
    return result;
}

/* level: one number, or [low, high]. */
static int
read_levels(const struct reader *reader, const struct ynode *node,
            struct rubric_example *example)
{
    if (node == NULL) {
        return -1;
    }
    if (node->kind != YNODE_LIST) {
        int result = read_int(reader, node, 0, 4, &example->level_low);
        example->level_high = example->level_low;
        return result;
    }
    if (node->count != 2) {
        return reader_fault(reader, node,
                            tr("expected a level, or [lowest, highest]"));
    }
    int result = read_int(reader, node->items[0], 0, 4, &example->level_low) |
                 read_int(reader, node->items[1], 0, 4, &example->level_high);
    if (result == 0 && example->level_low > example->level_high) {
        return reader_fault(reader, node,
                            tr("expected a level, or [lowest, highest]"));
    }
    return result;
}

static int
read_examples(const struct reader *reader, const struct ynode *list,
              struct rubric *rubric)
{
    static const struct field FIELD[] = {{"lang", true},
                                         {"text", true},
                                         {"covers", false},
                                         {"misconceptions", false},
                                         {"level", true}};
    static const char *const LANGS[] = {"en", "ru"};
    if (list == NULL || read_list(reader, list, 0) != 0) {
        return list == NULL ? 0 : -1;
    }
    struct rubric_example *items =
        arena_take(reader->arena, (list->count + 1) * sizeof(*items));
    int result = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct ynode *v[5];
        if (read_map(reader, list->items[i], FIELD, 5, v) != 0) {
            return -1;
        }
        int lang = 0;
        result |= read_name(reader, v[0], LANGS, LANG_COUNT, &lang) |
                  read_text(reader, v[1], &items[i].text) |
                  read_strings(reader, v[2], &items[i].covers) |
                  read_strings(reader, v[3], &items[i].misconceptions) |
                  read_levels(reader, v[4], &items[i]);
        items[i].lang = (enum lang)lang;
        result |= check_ids(reader, list->items[i], &items[i].covers, rubric,
                            has_point);
        result |= check_ids(reader, list->items[i], &items[i].misconceptions,
                            rubric, has_misconception);
    }
    rubric->examples = items;
    rubric->example_count = list->count;
    return result;
}

int
content_read_rubric(const struct reader *reader, const struct ynode *node,
                    struct question *question)
{
    static const struct field FIELD[] = {{"full_at", false},
                                         {"key_points", true},
                                         {"misconceptions", false},
                                         {"examples", false}};
    struct rubric *rubric = &question->open.rubric;
    const struct ynode *v[4];
    rubric->full_at = 0.8;
    if (node == NULL || read_map(reader, node, FIELD, 4, v) != 0 ||
        v[1] == NULL) {
        return -1;
    }
    int result = read_double(reader, v[0], 0.1, 1, &rubric->full_at);
    if (read_key_points(reader, v[1], rubric) != 0) {
        return -1;
    }
    result |= read_misconceptions(reader, v[2], rubric);
    return result | read_examples(reader, v[3], rubric);
}

int
content_read_model(const struct reader *reader, const struct ynode *node,
                   struct question *question)
{
    static const struct field FIELD[] = {{"short", true}, {"long", true}};
    const struct ynode *v[2];
    if (node == NULL || read_map(reader, node, FIELD, 2, v) != 0) {
        return -1;
    }
    return read_bilingual(reader, v[0], &question->open.model_short) |
           read_bilingual(reader, v[1], &question->open.model_long);
}

static void
remember(const struct reader *reader, const struct ynode *node,
         const char *from, const char *to)
{
    struct loading *loading = reader->loading;
    loading->references =
        xreallocarray(loading->references, loading->reference_count + 1,
                      sizeof(*loading->references));
    loading->references[loading->reference_count++] =
        (struct reference){.file = reader->file,
                           .line = node->line,
                           .column = node->column,
                           .from = from,
                           .to = to};
}

int
content_read_follow_ups(const struct reader *reader, const struct ynode *node,
                        struct question *question)
{
    static const struct field FIELD[] = {{"ask", true}, {"when", true}};
    if (node == NULL || read_list(reader, node, 0) != 0) {
        return node == NULL ? 0 : -1;
    }
    struct follow_up *items =
        arena_take(reader->arena, (node->count + 1) * sizeof(*items));
    int result = 0;
    for (size_t i = 0; i < node->count; i++) {
        const struct ynode *v[2];
        struct error err;
        if (read_map(reader, node->items[i], FIELD, 2, v) != 0 ||
            read_id(reader, v[0], false, &items[i].ask) != 0 ||
            read_text(reader, v[1], &items[i].when) != 0) {
            result = -1;
        }
        else if (items[i].when != NULL &&
                 condition_check(items[i].when, question, &err) != 0) {
            result = reader_fault(reader, v[1], "%s", err.message);
        }
        else if (items[i].ask != NULL && question->id != NULL) {
            remember(reader, v[0], question->id, items[i].ask);
        }
    }
    question->open.follow_ups = items;
    question->open.follow_up_count = node->count;
    return result;
}
