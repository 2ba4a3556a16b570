/* Loading questions against libyaml's bare events of the same bytes, and
 * libyaml's own document tree for comparison: 1,000 synthetic questions of
 * about 600 bytes with two block scalars each, and the real questions. The
 * goal is 1.15 to 1.3 times the events, with all checks. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "quiz/core/bank.h"
#include "quiz/core/error.h"
#include "quiz/core/text.h"
#include "quiz/io/content.h"
#include "quiz/io/paths.h"
#include "tests/support/bench.h"
#include "tests/support/tempdir.h"

enum {
    QUESTIONS = 1000,
    ROUNDS = 7
};

struct input {
    const char *path;
    char *bytes;
    size_t length;
    size_t questions; // of the last load
};

static char *
synthetic_questions(void)
{
    struct text text = {0};
    text_add(&text,
             "schema: 1\ntopic: synthetic\ntitle: {en: Synthetic, ru: Проба}\n"
             "checked_with: \"3.11\"\nquestions:\n");
    for (int i = 0; i < QUESTIONS; i++) {
        text_add_format(
            &text,
            "  - id: synthetic-%d\n"
            "    kind: choice\n"
            "    level: junior\n"
            "    ask: {en: What is counted here, ru: Что здесь считается}\n"
            "    why_asked: {en: To see, ru: Чтобы понять}\n"
            "    explain:\n"
            "      en: >\n"
            "        Every reference is counted, and the last one that goes\n"
            "        away takes the object with it at once.\n"
            "      ru: >\n"
            "        Считается каждая ссылка, и последняя из них забирает с\n"
            "        собой объект.\n"
            "    options:\n"
            "      - {en: References, ru: Ссылки, right: true, why: {en: Yes, "
            "ru: Да}}\n"
            "      - {en: Names, ru: Имена, why: {en: Not all, ru: Не все}}\n"
            "    see: Include/object.h\n",
            i);
    }
    return text_steal(&text);
}

static int64_t
run_events(void *context)
{
    struct input *input = context;
    int64_t start = bench_now_ns();
    yaml_parser_t parser;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, (const unsigned char *)input->bytes,
                                 input->length);
    for (bool done = false; !done;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            abort();
        }
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return bench_now_ns() - start;
}

static int64_t
run_document(void *context)
{
    struct input *input = context;
    int64_t start = bench_now_ns();
    yaml_parser_t parser;
    yaml_document_t document;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, (const unsigned char *)input->bytes,
                                 input->length);
    if (!yaml_parser_load(&parser, &document)) {
        abort();
    }
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    return bench_now_ns() - start;
}

static int64_t
run_load(void *context)
{
    struct input *input = context;
    struct error err;
    int64_t start = bench_now_ns();
    struct bank *bank = bank_new();
    if (content_load_file(input->path, bank, NULL, &err) != 0) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    input->questions = bank_count(bank);
    bank_free(bank);
    return bench_now_ns() - start;
}

static void
compare(const char *path)
{
    struct input input = {.path = path};
    struct error err;
    if (paths_read_file(path, (size_t)8 << 20, &input.bytes, &input.length,
                        &err) != 0) {
        abort();
    }
    run_load(&input); // warm up
    struct bench_row rows[] = {
        {"libyaml events", run_events, &input},
        {"load, with all checks", run_load, &input},
        {"libyaml document", run_document, &input},
    };
    char title[128];
    snprintf(title, sizeof(title), "%s: %zu questions, %zu bytes",
             strrchr(path, '/') + 1, input.questions, input.length);
    bench_compare(title, rows, sizeof(rows) / sizeof(*rows), ROUNDS);
    free(input.bytes);
}

int
main(void)
{
    char *folder = tempdir_make();
    char *text = synthetic_questions();
    char *path = tempdir_write(folder, "synthetic.yaml", text);
    compare(path);
    compare("content/questions/13_asyncio.yaml");
    free(text);
    free(path);
    tempdir_remove(folder);
    return 0;
}
