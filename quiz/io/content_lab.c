/* lab.yaml and synonyms.yaml. */
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/error.h"
#include "quiz/io/content.h"
#include "quiz/io/content_file.h"
#include "quiz/io/content_reader.h"

/* Key and value of a mapping whose keys are names of the author's. */
static int
read_exports(const struct reader *reader, const struct ynode *node,
             struct lab *lab)
{
    if (node->kind != YNODE_MAP || node->count == 0) {
        return reader_fault(reader, node,
                            tr("expected prototypes by function name"));
    }
    struct lab_export *items =
        arena_take(reader->arena, node->count / 2 * sizeof(*items));
    int result = 0;
    for (size_t i = 0; i < node->count / 2; i++) {
        result |=
            read_text(reader, node->items[2 * i], &items[i].name) |
            read_text(reader, node->items[2 * i + 1], &items[i].prototype);
    }
    lab->exports = items;
    lab->export_count = node->count / 2;
    return result;
}

static int
read_limits(const struct reader *reader, const struct ynode *node,
            struct lab *lab)
{
    static const struct field FIELD[] = {
        {"time_ms", false}, {"memory_mib", false}, {"output_kib", false}};
    const struct ynode *v[3];
    if (node == NULL || read_map(reader, node, FIELD, 3, v) != 0) {
        return node == NULL ? 0 : -1;
    }
    return read_int(reader, v[0], 10, 60000, &lab->time_ms) |
           read_int(reader, v[1], 8, 8192, &lab->memory_mib) |
           read_int(reader, v[2], 1, 1024, &lab->output_kib);
}

static bool
has_case(const struct lab_case *cases, size_t count, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        found |= strcmp(cases[i].name, name) == 0;
    }
    return found;
}

static int
read_cases(const struct reader *reader, const struct ynode *list,
           struct lab *lab)
{
    static const struct field FIELD[] = {{"name", true},
                                         {"points", true},
                                         {"needs", false},
                                         {"title", true},
                                         {"help", true}};
    if (read_list(reader, list, 1) != 0) {
        return -1;
    }
    struct lab_case *items =
        arena_take(reader->arena, list->count * sizeof(*items));
    int result = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct ynode *v[5];
        items[i].name = "";
        if (read_map(reader, list->items[i], FIELD, 5, v) != 0) {
            return -1;
        }
        result |= read_id(reader, v[0], true, &items[i].name) |
                  read_int(reader, v[1], 0, 100, &items[i].points) |
                  read_strings(reader, v[2], &items[i].needs) |
                  read_bilingual(reader, v[3], &items[i].title) |
                  read_bilingual(reader, v[4], &items[i].help);
        if (has_case(items, i, items[i].name)) {
            result = reader_fault(reader, list->items[i],
                                  tr("case '%s' stands twice"), items[i].name);
        }
        for (size_t need = 0; need < items[i].needs.count; need++) {
            const char *name = items[i].needs.items[need];
            if (!has_case(items, i, name)) {
                result = reader_fault(
                    reader, v[2], tr("no case '%s' stands before this one"),
                    name);
            }
        }
    }
    lab->cases = items;
    lab->case_count = list->count;
    return result;
}

static int
read_hints(const struct reader *reader, const struct ynode *list,
           struct lab *lab)
{
    static const struct field FIELD[] = {{"cost", true}, {"text", true}};
    if (read_list(reader, list, 0) != 0) {
        return -1;
    }
    struct lab_hint *items =
        arena_take(reader->arena, (list->count + 1) * sizeof(*items));
    int result = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct ynode *v[2];
        if (read_map(reader, list->items[i], FIELD, 2, v) != 0) {
            return -1;
        }
        result |= read_int(reader, v[0], 0, 100, &items[i].cost) |
                  read_bilingual(reader, v[1], &items[i].text);
    }
    lab->hints = items;
    lab->hint_count = list->count;
    return result;
}

static int
read_mutants(const struct reader *reader, const struct ynode *list,
             struct lab *lab)
{
    static const struct field FIELD[] = {
        {"file", true}, {"caught_by", true}, {"why", true}};
    if (list == NULL || read_list(reader, list, 0) != 0) {
        return list == NULL ? 0 : -1;
    }
    struct lab_mutant *items =
        arena_take(reader->arena, (list->count + 1) * sizeof(*items));
    int result = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct ynode *v[3];
        if (read_map(reader, list->items[i], FIELD, 3, v) != 0) {
            return -1;
        }
        result |= read_text(reader, v[0], &items[i].file) |
                  read_id(reader, v[1], true, &items[i].caught_by) |
                  read_bilingual(reader, v[2], &items[i].why);
        if (items[i].caught_by != NULL &&
            !has_case(lab->cases, lab->case_count, items[i].caught_by)) {
            result = reader_fault(reader, v[1], tr("there is no case '%s'"),
                                  items[i].caught_by);
        }
    }
    lab->mutants = items;
    lab->mutant_count = list->count;
    return result;
}

enum lab_field {
    L_SCHEMA,
    L_ID,
    L_TOPIC,
    L_LEVEL,
    L_MINUTES,
    L_TITLE,
    L_KIND,
    L_REPLACES,
    L_EXPORTS,
    L_ALLOW,
    L_SANITIZER,
    L_LIMITS,
    L_CASES,
    L_HINTS,
    L_MUTANTS,
    L_FOLLOW_UP,
    L_SEE,
    L_COUNT
};

static const struct field LAB_FIELDS[L_COUNT] = {
    {"schema", false},    {"id", true},         {"topic", true},
    {"level", true},      {"minutes", true},    {"title", true},
    {"kind", true},       {"replaces", false},  {"exports", true},
    {"allow", false},     {"sanitizer", false}, {"limits", false},
    {"cases", true},      {"hints", true},      {"mutants", false},
    {"follow_up", false}, {"see", true},
};

static void
read_lab(const struct reader *reader, const struct ynode *root,
         struct lab *lab)
{
    static const char *const KINDS[] = {"build", "fix"};
    const struct ynode *v[L_COUNT];
    if (read_map(reader, root, LAB_FIELDS, L_COUNT, v) != 0) {
        return;
    }
    int schema = 0;
    int level = 0;
    int kind = 0;
    *lab = (struct lab){.sanitizer = true,
                        .time_ms = 1000,
                        .memory_mib = 256,
                        .output_kib = 64};
    read_int(reader, v[L_SCHEMA], 1, 1, &schema);
    read_id(reader, v[L_ID], true, &lab->id);
    read_id(reader, v[L_TOPIC], false, &lab->topic);
    read_name(reader, v[L_LEVEL], level_names(), LEVEL_COUNT, &level);
    read_int(reader, v[L_MINUTES], 1, 600, &lab->minutes);
    read_bilingual(reader, v[L_TITLE], &lab->title);
    read_name(reader, v[L_KIND], KINDS, 2, &kind);
    read_text(reader, v[L_REPLACES], &lab->replaces);
    lab->level = (enum level)level;
    lab->is_fix = kind == 1;
    if (v[L_KIND] != NULL && !root->cut &&
        lab->is_fix != (lab->replaces == NULL)) {
        reader_fault(reader, v[L_KIND],
                     tr("a build lab says what it replaces, a fix lab does "
                        "not"));
    }
    if (v[L_EXPORTS] != NULL) {
        read_exports(reader, v[L_EXPORTS], lab);
    }
    read_strings(reader, v[L_ALLOW], &lab->allow);
    read_bool(reader, v[L_SANITIZER], &lab->sanitizer);
    read_limits(reader, v[L_LIMITS], lab);
    if (v[L_CASES] != NULL) {
        read_cases(reader, v[L_CASES], lab);
    }
    if (v[L_HINTS] != NULL) {
        read_hints(reader, v[L_HINTS], lab);
    }
    read_mutants(reader, v[L_MUTANTS], lab);
    read_strings(reader, v[L_FOLLOW_UP], &lab->follow_up);
    read_strings(reader, v[L_SEE], &lab->see);
}

int
content_load_lab(const char *path, struct arena *arena, const struct lab **lab,
                 struct faults *faults, struct error *err)
{
    struct content_file file;
    struct lab *read = arena_take(arena, sizeof(*read));
    if (content_file_open(&file, path, path, arena, faults, err) != 0) {
        return -1;
    }
    if (file.root != NULL) {
        read_lab(&file.reader, file.root, read);
    }
    if (content_file_close(&file, err) != 0) {
        return -1;
    }
    *lab = read;
    return 0;
}

static void
read_synonyms(const struct reader *reader, const struct ynode *root,
              struct synonyms *synonyms)
{
    static const struct field FIELD[] = {{"schema", false}, {"groups", true}};
    const struct ynode *v[2];
    int schema = 0;
    if (read_map(reader, root, FIELD, 2, v) != 0 || v[1] == NULL) {
        return;
    }
    read_int(reader, v[0], 1, 1, &schema);
    if (v[1]->kind != YNODE_MAP) {
        reader_fault(reader, v[1], tr("expected groups by name"));
        return;
    }
    size_t count = v[1]->count / 2;
    struct synonym_group *groups =
        arena_take(reader->arena, (count + 1) * sizeof(*groups));
    for (size_t i = 0; i < count; i++) {
        const struct ynode *name = v[1]->items[2 * i];
        groups[i].name = "";
        if (read_id(reader, name, true, &groups[i].name) != 0) {
            continue;
        }
        const struct ynode *words = v[1]->items[2 * i + 1];
        if (words->kind == YNODE_LIST && read_list(reader, words, 1) != 0) {
            continue;
        }
        read_strings(reader, words, &groups[i].words);
        for (size_t before = 0; before < i; before++) {
            if (strcmp(groups[before].name, groups[i].name) == 0) {
                reader_fault(reader, name, tr("key '%s' stands twice"),
                             groups[i].name);
            }
        }
    }
    *synonyms = (struct synonyms){.groups = groups, .count = count};
}

int
content_load_synonyms(const char *path, struct arena *arena,
                      struct synonyms *synonyms, struct faults *faults,
                      struct error *err)
{
    struct content_file file;
    struct synonyms read = {0};
    if (content_file_open(&file, path, path, arena, faults, err) != 0) {
        return -1;
    }
    if (file.root != NULL) {
        read_synonyms(&file.reader, file.root, &read);
    }
    if (content_file_close(&file, err) != 0) {
        return -1;
    }
    *synonyms = read;
    return 0;
}
