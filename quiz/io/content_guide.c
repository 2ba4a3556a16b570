/* topics.yaml and glossary.yaml. */
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/io/content.h"
#include "quiz/io/content_file.h"

/* The list that is the only key of a file beside its schema, or NULL. */
static const struct ynode *
read_only_list(const struct reader *reader, const struct ynode *root,
               const char *key)
{
    const struct field FIELD[] = {{"schema", false}, {key, true}};
    const struct ynode *v[2];
    int schema = 0;
    if (read_map(reader, root, FIELD, 2, v) != 0 || v[1] == NULL ||
        read_list(reader, v[1], 1) != 0) {
        return NULL;
    }
    read_int(reader, v[0], 1, 1, &schema);
    return v[1];
}

// --- topics ----------------------------------------------------------------

/* What a topic needs comes before it, so that the order has no circle. */
static void
check_needs(const struct reader *reader, const struct ynode *node,
            const struct syllabus *before, const struct chapter *chapter)
{
    for (size_t i = 0; i < chapter->needs.count; i++) {
        if (syllabus_find(before, chapter->needs.items[i]) == NULL) {
            reader_fault(reader, node,
                         tr("'%s' needs '%s', which does not come before it"),
                         chapter->topic, chapter->needs.items[i]);
        }
    }
}

static void
read_chapter(const struct reader *reader, const struct ynode *node,
             struct syllabus *syllabus, struct chapter *chapter)
{
    static const struct field FIELD[] = {
        {"id", true}, {"needs", false}, {"summary", true}};
    const struct ynode *v[3];
    chapter->topic = "";
    if (read_map(reader, node, FIELD, 3, v) != 0 ||
        read_id(reader, v[0], false, &chapter->topic) != 0) {
        return;
    }
    read_strings(reader, v[1], &chapter->needs);
    read_bilingual(reader, v[2], &chapter->summary);
    check_needs(reader, v[1] != NULL ? v[1] : node, syllabus, chapter);
    if (v[0] != NULL && syllabus_find(syllabus, chapter->topic) != NULL) {
        reader_fault(reader, v[0], tr("'%s' stands twice"), chapter->topic);
    }
    syllabus->count++;
}

static void
read_topics(const struct reader *reader, const struct ynode *root,
            struct syllabus *syllabus)
{
    const struct ynode *list = read_only_list(reader, root, "topics");
    if (list == NULL) {
        return;
    }
    struct chapter *chapters =
        arena_take(reader->arena, list->count * sizeof(*chapters));
    syllabus->chapters = chapters;
    for (size_t i = 0; i < list->count; i++) {
        read_chapter(reader, list->items[i], syllabus,
                     &chapters[syllabus->count]);
    }
}

int
content_load_topics(const char *path, struct arena *arena,
                    struct syllabus *syllabus, struct faults *faults,
                    struct error *err)
{
    struct content_file file;
    struct syllabus read = {0};
    if (content_file_open(&file, path, path, arena, faults, err) != 0) {
        return -1;
    }
    if (file.root != NULL) {
        read_topics(&file.reader, file.root, &read);
    }
    if (content_file_close(&file, err) != 0) {
        return -1;
    }
    *syllabus = read;
    return 0;
}

// --- glossary --------------------------------------------------------------

/* {en: list, ru: list}, either of which may be missing. */
static void
read_forms(const struct reader *reader, const struct ynode *node,
           struct strings forms[LANG_COUNT])
{
    static const struct field FIELD[] = {{"en", false}, {"ru", false}};
    const struct ynode *v[LANG_COUNT];
    if (node == NULL || read_map(reader, node, FIELD, LANG_COUNT, v) != 0) {
        return;
    }
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        read_strings(reader, v[lang], &forms[lang]);
    }
}

static void
read_term(const struct reader *reader, const struct ynode *node,
          struct glossary *glossary, struct term *term)
{
    static const struct field FIELD[] = {
        {"id", true},     {"en", true},    {"ru", true},     {"also", false},
        {"avoid", false}, {"means", true}, {"topic", false}, {"see", false}};
    const struct ynode *v[8];
    if (read_map(reader, node, FIELD, 8, v) != 0 ||
        read_id(reader, v[0], false, &term->id) != 0 || term->id == NULL) {
        return;
    }
    int result = v[1] == NULL || v[2] == NULL
                     ? -1
                     : read_both(reader, node, &v[1], &term->name);
    read_forms(reader, v[3], term->also);
    read_forms(reader, v[4], term->avoid);
    read_bilingual(reader, v[5], &term->means);
    read_id(reader, v[6], false, &term->topic);
    read_strings(reader, v[7], &term->see);
    if (result != 0) {
        return;
    }
    if (glossary_find(glossary, term->id) != NULL) {
        reader_fault(reader, v[0], tr("'%s' stands twice"), term->id);
        return;
    }
    glossary->count++;
}

static void
check_see(const struct reader *reader, const struct ynode *list,
          const struct glossary *glossary)
{
    for (size_t i = 0; i < glossary->count; i++) {
        const struct term *term = &glossary->terms[i];
        for (size_t j = 0; j < term->see.count; j++) {
            if (glossary_find(glossary, term->see.items[j]) == NULL) {
                reader_fault(reader, i < list->count ? list->items[i] : list,
                             tr("'%s' leads on to '%s', which is no term"),
                             term->id, term->see.items[j]);
            }
        }
    }
}

static void
read_glossary(const struct reader *reader, const struct ynode *root,
              struct glossary *glossary)
{
    const struct ynode *list = read_only_list(reader, root, "terms");
    if (list == NULL) {
        return;
    }
    struct term *terms =
        arena_take(reader->arena, list->count * sizeof(*terms));
    glossary->terms = terms;
    for (size_t i = 0; i < list->count; i++) {
        read_term(reader, list->items[i], glossary, &terms[glossary->count]);
    }
    if (glossary->count == list->count) {
        check_see(reader, list, glossary);
    }
}

int
content_load_glossary(const char *path, struct arena *arena,
                      struct glossary *glossary, struct faults *faults,
                      struct error *err)
{
    struct content_file file;
    struct glossary read = {0};
    if (content_file_open(&file, path, path, arena, faults, err) != 0) {
        return -1;
    }
    if (file.root != NULL) {
        read_glossary(&file.reader, file.root, &read);
    }
    if (content_file_close(&file, err) != 0) {
        return -1;
    }
    *glossary = read;
    return 0;
}
