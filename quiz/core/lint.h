/* Lint: what is not wrong with a question, but not good either.
 *
 * The reader (io/content) refuses what it cannot understand; here a bank that
 * was read is looked through for what a careful editor would send back. */
#ifndef QUIZ_CORE_LINT_H
#define QUIZ_CORE_LINT_H

#include <stdbool.h>

struct bank;
struct glossary;
struct question;
struct seeds;

/* What a bank is held against; what is NULL is not looked at. */
struct lint_context {
    const struct bank *bank;
    bool is_whole; // all questions are there: what leads nowhere is told
    const struct seeds *seeds;
    const struct glossary *glossary;
    /* Whether there is such a lab, such a topic. */
    bool (*has_lab)(const char *id, void *data);
    bool (*has_topic)(const char *id, void *data);
    void *data;
};

struct lint_finding {
    const char *rule; // "longest", "numbers", …
    bool is_error;
    const char *file;                // as the questions have it
    const struct question *question; // NULL: it is about the whole file
    const char *path;                // see core/passage.h, or "proof.code" …
    const char *message;             // in the chosen language
};

/* Calls found with every finding; all it is given is borrowed for the call. */
void lint_bank(const struct lint_context *context,
               void (*found)(const struct lint_finding *finding, void *data),
               void *data);

#endif
