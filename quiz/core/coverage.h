/* Coverage: which rows of the ground to cover have questions.
 *
 * The rows are content/seeds.yaml's: what is asked and said about the topics,
 * and errata. A question names the rows it covers; only questions that are
 * ready count. */
#ifndef QUIZ_CORE_COVERAGE_H
#define QUIZ_CORE_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>

struct bank;
struct question;

struct seed {
    const char *id; // "S003", "X01"
    int kind;       // place in seed_kind_names()
    const char *topic;
    const char *text; // English, for authors
};

/* Open, borrowed from the arena they were read into; in the file's order. */
struct seeds {
    const struct seed *items;
    size_t count;
};

enum {
    SEED_KIND_COUNT = 21
};
/* All kinds of rows ("concept", "erratum", ...). */
const char *const *seed_kind_names(void);

/* Whether a row of this kind needs a question. */
bool seed_kind_is_needed(int kind);

const struct seed *seeds_find(const struct seeds *seeds, const char *id);

struct coverage_row {
    const struct seed *seed;
    const struct question **questions; // in the bank's order
    size_t count;
};

struct coverage {
    struct coverage_row *rows; // as many as seeds, in their order
    size_t count;
    size_t needed, covered; // of those that need a question
};

/* Both must outlive the coverage; give it back with coverage_release(). */
void coverage_init(struct coverage *coverage, const struct bank *bank,
                   const struct seeds *seeds);
void coverage_release(struct coverage *coverage);

/* Whether a row needs a question and has none. */
bool coverage_is_gap(const struct coverage_row *row);

#endif
