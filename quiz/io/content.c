#include "quiz/io/content.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/error.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/content_file.h"
#include "quiz/io/content_question.h"
#include "quiz/io/paths.h"

int
content_file_open(struct content_file *file, const char *path,
                  const char *name, struct arena *arena, struct faults *faults,
                  struct error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    *file = (struct content_file){0};
    if (paths_read_file(path, (size_t)YDOC_FILE_BYTES, &bytes, &length, err) !=
        0) {
        return -1;
    }
    file->reader =
        (struct reader){.file = arena_string(arena, name, strlen(name)),
                        .arena = arena,
                        .faults = faults != NULL ? faults : &file->own};
    file->errors_before = file->reader.faults->errors;
    file->faults_before = file->reader.faults->count;
    file->root = ydoc_parse(arena, file->reader.file, bytes, length,
                            file->reader.faults);
    free(bytes);
    return 0;
}

int
content_summarise(const struct faults *faults, size_t from, struct error *err)
{
    enum {
        SHOWN = 5
    };
    struct text summary = {0};
    size_t count = faults->count - from;
    for (size_t i = from; i < faults->count && i < from + SHOWN; i++) {
        const struct fault *fault = &faults->items[i];
        text_add_format(&summary, "%s%s:%d:%d: %s", i > from ? "\n" : "",
                        fault->file, fault->line, fault->column,
                        fault->message);
    }
    if (count > SHOWN) {
        text_add_format(&summary, tr("\n(and %zu more: ouro content check)"),
                        count - SHOWN + faults->left_out);
    }
    error_set(err, "%s", text_string(&summary));
    text_release(&summary);
    return -1;
}

static int
by_place(const void *a, const void *b)
{
    const struct fault *first = a;
    const struct fault *second = b;
    if (first->line != second->line) {
        return first->line < second->line ? -1 : 1;
    }
    return (first->column > second->column) - (first->column < second->column);
}

int
content_file_close(struct content_file *file, struct error *err)
{
    const struct faults *faults = file->reader.faults;
    if (faults->count > file->faults_before) {
        qsort(faults->items + file->faults_before,
              faults->count - file->faults_before, sizeof(*faults->items),
              by_place);
    }
    int result = faults->errors == file->errors_before
                     ? 0
                     : content_summarise(faults, file->faults_before, err);
    faults_release(&file->own);
    return result;
}

static void
leave_out(struct loading *loading, const char *id)
{
    if (id != NULL) {
        loading->faulty =
            xreallocarray(loading->faulty, loading->faulty_count + 1,
                          sizeof(*loading->faulty));
        loading->faulty[loading->faulty_count++] = id;
    }
}

static bool
is_left_out(const struct loading *loading, const char *id)
{
    bool found = false;
    for (size_t i = 0; i < loading->faulty_count; i++) {
        found |= strcmp(loading->faulty[i], id) == 0;
    }
    return found;
}

static void
loading_release(struct loading *loading)
{
    free(loading->references);
    free(loading->faulty);
}

static void
read_questions(const struct reader *reader, const struct ynode *list,
               const struct topic *topic, struct bank *bank, bool keep)
{
    if (read_list(reader, list, 1) != 0) {
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct question *question =
            arena_take(reader->arena, sizeof(*question));
        struct error err;
        question->topic = topic->id;
        question->file = reader->file;
        if (content_read_question(reader, list->items[i], question) != 0 ||
            !keep) {
            leave_out(reader->loading, question->id);
        }
        else if (bank_add(bank, question, &err) != 0) {
            reader_fault(reader, list->items[i], "%s", err.message);
        }
    }
}

/* A file that is named NN_topic.yaml holds that topic. */
static void
check_file_name(const struct reader *reader, const struct ynode *node,
                const char *topic)
{
    const char *slash = strrchr(reader->file, '/');
    const char *name = slash != NULL ? slash + 1 : reader->file;
    size_t digits = strspn(name, "0123456789");
    size_t length = strlen(topic);
    if (digits == 0 || name[digits] != '_') {
        return;
    }
    name += digits + 1;
    if (strncmp(name, topic, length) != 0 ||
        strcmp(name + length, ".yaml") != 0) {
        reader_fault(reader, node,
                     tr("topic '%s' does not fit the file's name '%s'"), topic,
                     name);
    }
}

static void
read_topic_file(const struct reader *reader, const struct ynode *root,
                struct bank *bank)
{
    static const struct field FIELD[] = {{"schema", false},
                                         {"topic", true},
                                         {"title", true},
                                         {"checked_with", true},
                                         {"questions", true}};
    const struct ynode *v[5];
    struct topic *topic = arena_take(reader->arena, sizeof(*topic));
    struct error err;
    int schema = 0;
    if (read_map(reader, root, FIELD, 5, v) != 0) {
        return;
    }
    topic->file = reader->file;
    topic->id = "";
    int result = read_int(reader, v[0], 1, 1, &schema) |
                 read_id(reader, v[1], false, &topic->id) |
                 read_bilingual(reader, v[2], &topic->title) |
                 read_text(reader, v[3], &topic->checked_with);
    if (result == 0 && v[1] != NULL && v[2] != NULL &&
        bank_add_topic(bank, topic, &err) != 0) {
        reader_fault(reader, v[1], "%s", err.message);
    }
    if (v[1] != NULL && topic->id[0] != '\0') {
        check_file_name(reader, v[1], topic->id);
    }
    if (v[4] != NULL) {
        // Without its topic a question could not be shown.
        bool keep = bank_find_topic(bank, topic->id) != NULL;
        read_questions(reader, v[4], topic, bank, keep);
    }
}

/* Reads one file; faults is never NULL here. */
static int
load_file(const char *path, const char *name, struct bank *bank,
          struct loading *loading, struct faults *faults, struct error *err)
{
    struct content_file file;
    if (content_file_open(&file, path, name, bank_arena(bank), faults, err) !=
        0) {
        return -1;
    }
    file.reader.loading = loading;
    if (file.root != NULL) {
        read_topic_file(&file.reader, file.root, bank);
    }
    return content_file_close(&file, err);
}

/* Whether every follow-up leads to another open question. One that leads to a
 * question with faults is no fault of its own. */
static void
check_references(const struct bank *bank, const struct loading *loading,
                 struct faults *faults)
{
    for (size_t i = 0; i < loading->reference_count; i++) {
        const struct reference *reference = &loading->references[i];
        const struct question *target = bank_find(bank, reference->to);
        bool is_self = strcmp(reference->from, reference->to) == 0;
        if ((target != NULL && target->kind == QUESTION_OPEN && !is_self) ||
            (target == NULL && is_left_out(loading, reference->to))) {
            continue;
        }
        const char *near =
            target == NULL ? bank_suggest(bank, reference->to) : NULL;
        faults_add(faults, FAULT_ERROR, reference->file, reference->line,
                   reference->column,
                   near != NULL
                       ? tr("'%s' leads on to '%s', which is no other open "
                            "question: did you mean '%s'?")
                       : tr("'%s' leads on to '%s', which is no other open "
                            "question%s"),
                   reference->from, reference->to, near != NULL ? near : "");
    }
}

static int
is_yaml(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 &&
           strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

int
content_load_bank(const char *folder, struct bank *bank, struct faults *faults,
                  struct error *err)
{
    struct faults own = {0};
    struct faults *all = faults != NULL ? faults : &own;
    size_t errors = all->errors;
    size_t from = all->count;
    struct loading loading = {0};
    char *questions = paths_join(folder, "questions");
    struct dirent **entries = NULL;
    int count = scandir(questions, &entries, is_yaml, alphasort);
    int result = -1;
    if (count < 0) {
        error_set(err, tr("cannot open '%s': %s"), questions, strerror(errno));
        goto out;
    }
    result = 0;
    for (int i = 0; i < count; i++) {
        char *path = paths_join(questions, entries[i]->d_name);
        char *name = paths_join("questions", entries[i]->d_name);
        struct error unread = {.message = ""};
        size_t before = all->errors;
        if (load_file(path, name, bank, &loading, all, &unread) != 0 &&
            all->errors == before) {
            faults_add(all, FAULT_ERROR, name, 1, 1, "%s", unread.message);
        }
        free(name);
        free(path);
        free(entries[i]);
    }
    check_references(bank, &loading, all);
    if (all->errors != errors) {
        result = content_summarise(all, from, err);
    }
out:
    free(entries);
    free(questions);
    loading_release(&loading);
    faults_release(&own);
    return result;
}

int
content_load_file(const char *path, struct bank *bank, struct faults *faults,
                  struct error *err)
{
    struct faults own = {0};
    struct loading loading = {0};
    int result = load_file(path, path, bank, &loading,
                           faults != NULL ? faults : &own, err);
    loading_release(&loading);
    faults_release(&own);
    return result;
}
