#include <stdio.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/content.h"
#include "quiz/core/bank.h"
#include "quiz/core/passage.h"
#include "quiz/core/question.h"
#include "quiz/io/content_place.h"
#include "quiz/io/json.h"

/* What is being listed: a fact is something that a question says Python does,
 * as a program and its output, or as a text with a session (>>>) in it. */
struct listing {
    const struct bank *bank;
    struct content_places *places;
    const struct question *question;
    json_t *facts; // NULL: lines on stdout
};

struct fact {
    const char *kind; // "output", "proof", "session"; "snippet": it is code
    const char *path; // see core/passage.h
    const char *code; // of a session: the whole text
    const char *prints;
};

static void
list_fact(const struct listing *listing, const struct fact *fact)
{
    const struct question *question = listing->question;
    const struct topic *topic =
        bank_find_topic(listing->bank, question->topic);
    struct content_place place =
        content_place_find(listing->places, question, fact->path);
    if (listing->facts == NULL) {
        printf("%s:%d: %s: %s\n", question->file, place.line, fact->kind,
               question->id);
        return;
    }
    json_t *row = json_object();
    json_object_set_new(row, "id", json_text(question->id));
    json_object_set_new(row, "file", json_text(question->file));
    json_object_set_new(row, "line", json_integer(place.line));
    json_object_set_new(row, "kind", json_text(fact->kind));
    json_object_set_new(row, "path", json_text(fact->path));
    json_object_set_new(row, "python", json_text(question->python));
    json_object_set_new(row, "checked_with",
                        json_text(topic != NULL ? topic->checked_with : NULL));
    json_object_set_new(row, "code", json_text(fact->code));
    json_object_set_new(row, "prints", json_text(fact->prints));
    json_array_append_new(listing->facts, row);
}

static void
list_session(const struct passage *passage, void *data)
{
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        char path[112];
        const char *text = passage->text.in[lang];
        snprintf(path, sizeof(path), "%s.%s", passage->path,
                 lang_name((enum lang)lang));
        struct fact fact = {"session", path, text, NULL};
        if (strstr(text, ">>> ") != NULL) {
            list_fact(data, &fact);
        }
    }
}

static void
list_question(struct listing *listing, const struct question *question)
{
    listing->question = question;
    if (question->status == STATUS_RETIRED) {
        return;
    }
    if (question->kind == QUESTION_OUTPUT &&
        question->code_lang == CODE_PYTHON) {
        struct fact fact = {"output", "code", question->code,
                            question->output.answer};
        list_fact(listing, &fact);
    }
    else if (question->code != NULL && question->code_lang == CODE_PYTHON) {
        struct fact fact = {"snippet", "code", question->code, NULL};
        list_fact(listing, &fact);
    }
    if (question->proof.code != NULL) {
        struct fact fact = {"proof", "proof.code", question->proof.code,
                            question->proof.prints};
        list_fact(listing, &fact);
    }
    passage_each(question, list_session, listing);
}

static int
show_facts(const struct context *context, const struct bank *bank,
           const char *root)
{
    struct error err;
    struct listing listing = {.bank = bank,
                              .places = content_places_new(root),
                              .facts = context->json ? json_array() : NULL};
    for (size_t i = 0; i < bank_count(bank); i++) {
        list_question(&listing, bank_at(bank, i));
    }
    content_places_free(listing.places);
    if (!context->json) {
        return EXIT_STATUS_DONE;
    }
    json_t *document = json_document("ouro.content.facts/1");
    json_object_set_new(document, "facts", listing.facts);
    return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                   : EXIT_STATUS_DONE;
}

int
content_facts(struct context *context, const char *path)
{
    struct bank *bank = bank_new();
    struct error err;
    const char *from = path != NULL ? path : context->paths.content;
    const char *root = content_is_folder(from) ? from : NULL;
    int status = content_load_path(from, bank, NULL, &err) != 0
                     ? command_fail(&err)
                     : show_facts(context, bank, root);
    bank_free(bank);
    return status;
}
