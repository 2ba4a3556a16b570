#include "quiz/io/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/content.h"
#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/io/json.h"

/* Every question is checked for both languages, so a question that is in the
 * bank has both. */
static json_t *
languages_json(void)
{
    json_t *array = json_array();
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        json_array_append_new(array, json_string(lang_name((enum lang)lang)));
    }
    return array;
}

bool
content_is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int
content_load_path(const char *path, struct bank *bank, struct faults *faults,
                  struct error *err)
{
    return content_is_folder(path)
               ? content_load_bank(path, bank, faults, err)
               : content_load_file(path, bank, faults, err);
}

static int
run_list(struct context *context)
{
    struct error err;
    if (command_open_bank(context, &err) != 0) {
        return command_fail(&err);
    }
    json_t *document = json_document("ouro.content.list/1");
    json_t *list = json_array();
    for (size_t i = 0; i < bank_count(context->bank); i++) {
        const struct question *question = bank_brief(context->bank, i);
        if (!context->json) {
            printf("%-34s %-11s %-7s %s:%d\n", question->id,
                   question_kind_name(question->kind),
                   level_name(question->level), question->file,
                   question->line);
            continue;
        }
        json_t *row = json_object();
        json_object_set_new(row, "id", json_text(question->id));
        json_object_set_new(row, "file", json_text(question->file));
        json_object_set_new(row, "line", json_integer(question->line));
        json_object_set_new(row, "topic", json_text(question->topic));
        json_object_set_new(row, "kind",
                            json_text(question_kind_name(question->kind)));
        json_object_set_new(row, "level",
                            json_text(level_name(question->level)));
        json_object_set_new(row, "status",
                            json_text(status_name(question->status)));
        json_object_set_new(row, "languages", languages_json());
        json_array_append_new(list, row);
    }
    json_object_set_new(document, "questions", list);
    if (!context->json) {
        json_decref(document);
        return EXIT_STATUS_DONE;
    }
    return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                   : EXIT_STATUS_DONE;
}

/* How many questions a topic has of each kind and level. */
struct count {
    int kinds[QUESTION_KIND_COUNT], levels[LEVEL_COUNT], all;
};

static struct count
count_topic(const struct bank *bank, const char *topic)
{
    struct count count = {0};
    for (size_t i = 0; i < bank_count(bank); i++) {
        const struct question *question = bank_brief(bank, i);
        if (topic == NULL || strcmp(question->topic, topic) == 0) {
            count.kinds[question->kind]++;
            count.levels[question->level]++;
            count.all++;
        }
    }
    return count;
}

static json_t *
count_json(const struct count *count, const char *topic)
{
    json_t *row = json_object();
    json_t *kinds = json_object();
    json_t *levels = json_object();
    for (int i = 0; i < QUESTION_KIND_COUNT; i++) {
        json_object_set_new(kinds, question_kind_name((enum question_kind)i),
                            json_integer(count->kinds[i]));
    }
    for (int i = 0; i < LEVEL_COUNT; i++) {
        json_object_set_new(levels, level_name((enum level)i),
                            json_integer(count->levels[i]));
    }
    json_object_set_new(row, "topic", json_text(topic));
    json_object_set_new(row, "questions", json_integer(count->all));
    json_object_set_new(row, "kinds", kinds);
    json_object_set_new(row, "levels", levels);
    return row;
}

static void
print_count(const struct count *count, const char *topic)
{
    printf("%-14s %4d  ", topic, count->all);
    for (int i = 0; i < LEVEL_COUNT; i++) {
        printf(" %6d", count->levels[i]);
    }
    for (int i = 0; i < QUESTION_KIND_COUNT; i++) {
        printf(" %*d", (int)strlen(question_kind_name((enum question_kind)i)),
               count->kinds[i]);
    }
    putchar('\n');
}

static int
run_stats(struct context *context)
{
    struct error err;
    if (command_open_bank(context, &err) != 0) {
        return command_fail(&err);
    }
    const struct bank *bank = context->bank;
    struct count all = count_topic(bank, NULL);
    if (context->json) {
        json_t *document = json_document("ouro.content.stats/1");
        json_t *topics = json_array();
        for (size_t i = 0; i < bank_topic_count(bank); i++) {
            const char *topic = bank_topic_at(bank, i)->id;
            struct count count = count_topic(bank, topic);
            json_array_append_new(topics, count_json(&count, topic));
        }
        json_object_set_new(document, "topics", topics);
        json_object_set_new(document, "all", count_json(&all, NULL));
        return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                       : EXIT_STATUS_DONE;
    }
    printf("%-14s %4s  ", "", "");
    for (int i = 0; i < LEVEL_COUNT; i++) {
        printf(" %6s", level_name((enum level)i));
    }
    for (int i = 0; i < QUESTION_KIND_COUNT; i++) {
        printf(" %s", question_kind_name((enum question_kind)i));
    }
    putchar('\n');
    for (size_t i = 0; i < bank_topic_count(bank); i++) {
        const char *topic = bank_topic_at(bank, i)->id;
        struct count count = count_topic(bank, topic);
        print_count(&count, topic);
    }
    print_count(&all, "");
    return EXIT_STATUS_DONE;
}

/* One line, whatever the text holds. */
static void
print_line(const char *key, const char *text)
{
    fputs(key, stdout);
    putchar(' ');
    for (const char *at = text; *at != '\0'; at++) {
        bool last = at[strspn(at, "\n ")] == '\0';
        if (last) {
            break;
        }
        putchar(*at == '\n' ? ' ' : *at);
    }
    putchar('\n');
}

static void
print_words(const char *key, const struct strings *words)
{
    fputs(key, stdout);
    for (size_t i = 0; i < words->count; i++) {
        printf(" %s", words->items[i]);
    }
    putchar('\n');
}

static void
print_case(const struct lab_case *lab_case)
{
    printf("case %s %d", lab_case->name, lab_case->points);
    print_words("", &lab_case->needs);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        printf("case.title.%s %s", lang_name((enum lang)lang), lab_case->name);
        print_line("", lab_case->title.in[lang]);
    }
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        printf("case.help.%s %s", lang_name((enum lang)lang), lab_case->name);
        print_line("", lab_case->help.in[lang]);
    }
}

/* The format that grader/manifest.h describes. */
static void
print_manifest(const struct lab *lab)
{
    printf("manifest 1\nlab %s\nkind %s\n", lab->id,
           lab->is_fix ? "fix" : "build");
    if (lab->replaces != NULL) {
        printf("replaces %s\n", lab->replaces);
    }
    fputs("exports", stdout);
    for (size_t i = 0; i < lab->export_count; i++) {
        printf(" %s", lab->exports[i].name);
    }
    putchar('\n');
    print_words("allow", &lab->allow);
    printf("sanitizer %s\ntime_ms %d\nmemory_mib %d\noutput_kib %d\n",
           lab->sanitizer ? "yes" : "no", lab->time_ms, lab->memory_mib,
           lab->output_kib);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        printf("title.%s", lang_name((enum lang)lang));
        print_line("", lab->title.in[lang]);
    }
    for (size_t i = 0; i < lab->case_count; i++) {
        print_case(&lab->cases[i]);
    }
    for (size_t i = 0; i < lab->export_count; i++) {
        printf("prototype %s", lab->exports[i].name);
        print_line("", lab->exports[i].prototype);
    }
}

static json_t *
words_json(const struct strings *words)
{
    json_t *array = json_array();
    for (size_t i = 0; i < words->count; i++) {
        json_array_append_new(array, json_text(words->items[i]));
    }
    return array;
}

static json_t *
cases_json(const struct lab *lab)
{
    enum lang lang = lang_current();
    json_t *cases = json_array();
    for (size_t i = 0; i < lab->case_count; i++) {
        const struct lab_case *one = &lab->cases[i];
        json_t *object = json_object();
        json_object_set_new(object, "name", json_text(one->name));
        json_object_set_new(object, "points", json_integer(one->points));
        json_object_set_new(object, "needs", words_json(&one->needs));
        json_object_set_new(object, "title", json_text(one->title.in[lang]));
        json_object_set_new(object, "help", json_text(one->help.in[lang]));
        json_array_append_new(cases, object);
    }
    return cases;
}

/* What the lines of print_manifest() say, in one language. */
static int
write_manifest(const struct lab *lab)
{
    struct error err;
    json_t *document = json_document("ouro.content.manifest/1");
    json_t *exports = json_array();
    for (size_t i = 0; i < lab->export_count; i++) {
        json_t *object = json_object();
        json_object_set_new(object, "name", json_text(lab->exports[i].name));
        json_object_set_new(object, "prototype",
                            json_text(lab->exports[i].prototype));
        json_array_append_new(exports, object);
    }
    json_object_set_new(document, "lab", json_text(lab->id));
    json_object_set_new(document, "kind",
                        json_string(lab->is_fix ? "fix" : "build"));
    json_object_set_new(document, "replaces", json_text(lab->replaces));
    json_object_set_new(document, "title", json_text(lang_pick(lab->title)));
    json_object_set_new(document, "exports", exports);
    json_object_set_new(document, "allow", words_json(&lab->allow));
    json_object_set_new(document, "sanitizer", json_boolean(lab->sanitizer));
    json_object_set_new(document, "time_ms", json_integer(lab->time_ms));
    json_object_set_new(document, "memory_mib", json_integer(lab->memory_mib));
    json_object_set_new(document, "output_kib", json_integer(lab->output_kib));
    json_object_set_new(document, "cases", cases_json(lab));
    return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                   : EXIT_STATUS_DONE;
}

static int
run_manifest(const struct context *context, const char *path)
{
    struct arena *arena = arena_new();
    const struct lab *lab = NULL;
    struct error err;
    int status = EXIT_STATUS_DONE;
    if (content_load_lab(path, arena, &lab, NULL, &err) != 0) {
        status = command_fail(&err);
    }
    else if (context->json) {
        status = write_manifest(lab);
    }
    else {
        print_manifest(lab);
    }
    arena_free(arena);
    return status;
}

int
content_command(struct context *context, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "new") == 0) {
        return content_new(context, argc - 1, argv + 1);
    }
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1] != '\0') {
            return command_usage("content", tr("unknown option '%s'"),
                                 argv[i]);
        }
    }
    if (strcmp(verb, "check") == 0) {
        return content_check(context, argc - 2, argv + 2);
    }
    if (strcmp(verb, "manifest") == 0 && argc == 3) {
        return run_manifest(context, argv[2]);
    }
    if (argc == 2 && strcmp(verb, "list") == 0) {
        return run_list(context);
    }
    if (argc == 2 && strcmp(verb, "stats") == 0) {
        return run_stats(context);
    }
    if (argc == 3 && strcmp(verb, "watch") == 0) {
        return content_watch(context, argv[2]);
    }
    if (argc == 2 && strcmp(verb, "coverage") == 0) {
        return content_coverage(context);
    }
    if (argc <= 3 && strcmp(verb, "facts") == 0) {
        return content_facts(context, argv[2]);
    }
    return command_usage("content", NULL);
}
