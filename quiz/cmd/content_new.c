#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/content.h"
#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/content.h"
#include "quiz/io/json.h"
#include "quiz/io/term.h"

/* What an author wants; the strings are new. */
struct wish {
    char *topic, *kind, *id;
};

/* What every question has, and what each kind has beside it. The texts are to
 * be written over; until then the question is a draft, which nobody is asked.
 */
static const char HEAD[] = "\n"
                           "@  - id: %s\n"
                           "@    kind: %s\n"
                           "@    level: junior\n"
                           "@    status: draft\n"
                           "@    seed: []\n"
                           "@    ask:\n"
                           "@      en: >\n"
                           "@        …\n"
                           "@      ru: >\n"
                           "@        …\n"
                           "@    why_asked: {en: …, ru: …}\n"
                           "@    explain:\n"
                           "@      en: >\n"
                           "@        …\n"
                           "@      ru: >\n"
                           "@        …\n"
                           "@    see: [\"…\"]\n";
static const char *const BODIES[QUESTION_KIND_COUNT] = {
    [QUESTION_CHOICE] =
        "@    options:\n"
        "@      - {en: …, ru: …, right: true, why: {en: …, ru: …}}\n"
        "@      - {en: …, ru: …, why: {en: …, ru: …}, misconception: mc-one}\n"
        "@      - {en: …, ru: …, why: {en: …, ru: …}, misconception: "
        "mc-two}\n",
    [QUESTION_TRUE_FALSE] = "@    answer: true\n"
                            "@    proof:\n"
                            "@      code: |\n"
                            "@        print(True)\n"
                            "@      prints: |\n"
                            "@        True\n",
    [QUESTION_OUTPUT] = "@    code: |\n"
                        "@      print(1 + 1)\n"
                        "@    answer: |\n"
                        "@      2\n",
    [QUESTION_NUMBER] = "@    answer: {value: 2, unit: {en: …, ru: …}}\n"
                        "@    proof:\n"
                        "@      code: |\n"
                        "@        print(2)\n"
                        "@      prints: |\n"
                        "@        2\n",
    [QUESTION_ORDER] = "@    steps:\n"
                       "@      - {en: … 1, ru: … 1}\n"
                       "@      - {en: … 2, ru: … 2}\n"
                       "@      - {en: … 3, ru: … 3}\n",
    [QUESTION_MATCH] = "@    pairs:\n"
                       "@      - left: {en: … 1, ru: … 1}\n"
                       "@        right: {en: … 1, ru: … 1}\n"
                       "@      - left: {en: … 2, ru: … 2}\n"
                       "@        right: {en: … 2, ru: … 2}\n",
    [QUESTION_CLOZE] = "@    text: {en: \"… {{gap}}\", ru: \"… {{gap}}\"}\n"
                       "@    gaps:\n"
                       "@      gap: {accept: {en: [\"…\"], ru: [\"…\"]}}\n",
    [QUESTION_SHORT] = "@    accept: {en: [\"…\"], ru: [\"…\"]}\n",
    [QUESTION_OPEN] =
        "@    rubric:\n"
        "@      key_points:\n"
        "@        - id: k1\n"
        "@          weight: 2\n"
        "@          essential: true\n"
        "@          text: {en: …, ru: …}\n"
        "@          hint: {en: …, ru: …}\n"
        "@          match: [\"one two\", \"один два\"]\n"
        "@      misconceptions:\n"
        "@        - id: m1\n"
        "@          severity: major\n"
        "@          text: {en: …, ru: …}\n"
        "@          say: {en: …, ru: …}\n"
        "@          match: [\"three four\", \"три четыре\"]\n"
        "@      examples:\n"
        "@        - {lang: en, text: \"…\", covers: [], level: 0}\n"
        "@    model:\n"
        "@      short: {en: …, ru: …}\n"
        "@      long: {en: …, ru: …}\n"
        "@    at_interview: {en: …, ru: …}\n",
};

static void
wish_release(struct wish *wish)
{
    free(wish->topic);
    free(wish->kind);
    free(wish->id);
}

/* Asks for what was not said. -1 when the input ends. */
static int
ask_for(struct term *term, const char *prompt, const char *const *words,
        char **answer)
{
    while (*answer == NULL || (*answer)[0] == '\0') {
        free(*answer);
        *answer = NULL;
        enum term_line_end end =
            term_read_line(term, prompt, words, NULL, answer);
        if (end != TERM_LINE_OK) {
            free(*answer);
            *answer = NULL;
            return -1;
        }
    }
    return 0;
}

static int
ask_wish(struct context *context, struct wish *wish)
{
    struct term *term = command_open_term(context);
    size_t count = bank_topic_count(context->bank);
    const char **topics = xcalloc(count + 1, sizeof(*topics));
    const char *kinds[QUESTION_KIND_COUNT + 1] = {NULL};
    for (size_t i = 0; i < count; i++) {
        topics[i] = bank_topic_at(context->bank, i)->id;
    }
    for (int i = 0; i < QUESTION_KIND_COUNT; i++) {
        kinds[i] = question_kind_name((enum question_kind)i);
    }
    int result = ask_for(term, tr("topic: "), topics, &wish->topic);
    if (result == 0) {
        result = ask_for(term, tr("kind: "), kinds, &wish->kind);
    }
    if (result == 0) {
        result = ask_for(term, tr("id: "), NULL, &wish->id);
    }
    free(topics);
    return result;
}

/* The text with the file's indentation for each '@'. */
static void
add_indented(struct text *text, const char *form, int indent)
{
    for (const char *at = form; *at != '\0'; at++) {
        if (*at == '@') {
            text_add_format(text, "%*s", indent, "");
        }
        else {
            text_add_char(text, *at);
        }
    }
}

/* How far beyond two blanks the file sets its questions in; 0 or more. */
static int
indentation(const char *bytes)
{
    const char *item = strstr(bytes, "\nquestions:");
    item = item != NULL ? strstr(item, "- id:") : NULL;
    int blanks = 0;
    while (item != NULL && item > bytes && item[-1] == ' ') {
        item--;
        blanks++;
    }
    return blanks > 2 ? blanks - 2 : 0;
}

/* Whether the file would be right with these bytes: a copy is read. */
static int
try_bytes(const char *path, const struct text *text, struct error *err)
{
    const char *slash = strrchr(path, '/');
    int folder = slash != NULL ? (int)(slash - path) : 0;
    char *copy = xasprintf("%.*s/.new.yaml", folder, path);
    struct bank *bank = bank_new();
    int result = paths_write_file(copy, text->bytes, text->length, err);
    if (result == 0) {
        result = content_load_file(copy, bank, NULL, err);
        unlink(copy);
    }
    bank_free(bank);
    free(copy);
    return result;
}

static int
add_question(const char *path, const struct wish *wish,
             enum question_kind kind, struct error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    struct text text = {0};
    if (paths_read_file(path, (size_t)YDOC_FILE_BYTES, &bytes, &length, err) !=
        0) {
        return -1;
    }
    int indent = indentation(bytes);
    char *head = xasprintf(HEAD, wish->id, wish->kind);
    text_add_bytes(&text, bytes, length);
    if (length > 0 && bytes[length - 1] != '\n') {
        text_add_char(&text, '\n');
    }
    add_indented(&text, head, indent);
    add_indented(&text, BODIES[kind], indent);
    int result = try_bytes(path, &text, err);
    if (result == 0) {
        result = paths_write_file(path, text.bytes, text.length, err);
    }
    text_release(&text);
    free(head);
    free(bytes);
    return result;
}

static int
show_new(const struct context *context, const struct wish *wish,
         const char *path)
{
    struct error err;
    if (context->json) {
        json_t *document = json_document("ouro.content.new/1");
        json_object_set_new(document, "id", json_text(wish->id));
        json_object_set_new(document, "file", json_text(path));
        return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                       : EXIT_STATUS_DONE;
    }
    printf(tr("A draft of '%s' stands at the end of %s.\n"), wish->id, path);
    printf(tr("See it while you write: ouro content watch %s\n"), wish->id);
    return EXIT_STATUS_DONE;
}

static int
make_question(const struct context *context, const struct wish *wish)
{
    struct error err;
    enum question_kind kind = QUESTION_CHOICE;
    const struct topic *topic = bank_find_topic(context->bank, wish->topic);
    const struct question *taken = bank_find(context->bank, wish->id);
    if (topic == NULL) {
        return command_usage("content", tr("unknown topic '%s'"), wish->topic);
    }
    if (question_kind_from_name(wish->kind, &kind) != 0) {
        return command_usage("content", tr("unknown kind '%s'"), wish->kind);
    }
    if (taken != NULL) {
        error_set(&err, tr("id '%s' is already taken at %s:%d"), wish->id,
                  taken->file, taken->line);
        return command_fail(&err);
    }
    char *path = paths_join(context->paths.content, topic->file);
    int status = add_question(path, wish, kind, &err) != 0
                     ? command_fail(&err)
                     : show_new(context, wish, path);
    free(path);
    return status;
}

int
content_new(struct context *context, int argc, char **argv)
{
    static const struct option LONG[] = {{"topic", 1, NULL, 1},
                                         {"kind", 1, NULL, 2},
                                         {"id", 1, NULL, 3},
                                         {NULL, 0, NULL, 0}};
    struct wish wish = {0};
    struct error err;
    int status = EXIT_STATUS_DONE;
    optind = 0;
    for (int option = 0;
         (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        char **value = option == 1   ? &wish.topic
                       : option == 2 ? &wish.kind
                                     : &wish.id;
        if (option == '?') {
            wish_release(&wish);
            return command_usage("content", NULL);
        }
        free(*value);
        *value = xstrdup(optarg);
    }
    if (optind < argc) {
        status = command_usage("content", tr("unexpected '%s'"), argv[optind]);
    }
    else if (command_open_bank(context, &err) != 0) {
        status = command_fail(&err);
    }
    else if (ask_wish(context, &wish) != 0) {
        status =
            command_usage("content", tr("say the topic, the kind and the id"));
    }
    else {
        status = make_question(context, &wish);
    }
    wish_release(&wish);
    return status;
}
