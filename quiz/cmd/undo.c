/* ouro undo: takes the latest answer back, and says which. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/progress_view.h"
#include "quiz/io/store.h"

/* What an undo took back: the newest answer that counted until then. */
static const struct logged_answer *
newest(const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        if (!history->items[i].undone) {
            return &history->items[i];
        }
    }
    return NULL;
}

static int
show_undo(const struct context *context, const struct logged_answer *answer,
          const char *question_id, struct error *err)
{
    if (context->json) {
        json_t *document = json_document("ouro.undo/1");
        json_object_set_new(document, "undone", json_text(question_id));
        json_object_set_new(document, "answer",
                            answer != NULL ? progress_answer_json(answer)
                                           : json_null());
        return json_write(stdout, document, err);
    }
    if (question_id == NULL) {
        puts(tr("there is no answer to take back"));
        return 0;
    }
    printf(tr("taken back: %s\n"), question_id);
    if (answer != NULL && !context->quiet) {
        progress_show_answer(answer);
    }
    return 0;
}

int
undo_command(struct context *context, int argc, char **argv)
{
    struct history history = {0};
    struct error err;
    char *question_id = NULL;
    int status = progress_no_arguments("undo", argc, argv);
    if (status != 0) {
        return status;
    }
    int result = command_open_store(context, &err);
    if (result == 0) {
        result = store_history(context->store, NULL, 100, &history, &err);
    }
    if (result == 0) {
        result = store_undo(context->store, &question_id, &err);
    }
    if (result >= 0) {
        // Another Ouro may have answered since the history was read.
        const struct logged_answer *answer = newest(&history);
        bool same = answer != NULL && question_id != NULL &&
                    strcmp(answer->question_id, question_id) == 0;
        result = show_undo(context, same ? answer : NULL, question_id, &err);
    }
    free(question_id);
    history_release(&history);
    return result == 0 ? EXIT_STATUS_DONE : command_fail(&err);
}
