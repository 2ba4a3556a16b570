/* Suggest: the known word nearest to a mistyped one, for "did you mean". */
#ifndef QUIZ_CORE_SUGGEST_H
#define QUIZ_CORE_SUGGEST_H

/* Begin with the mistyped word, offer the known ones, read best: the nearest
 * offer (borrowed from who offered it), or NULL when none is near. */
struct suggest {
    const char *word; // borrowed
    const char *best;
    int distance; // of best; private
};

struct suggest suggest_begin(const char *word);
void suggest_offer(struct suggest *suggest, const char *candidate);

/* Edits (insert, delete, replace, swap of neighbours: optimal string
 * alignment) from a to b, counted in bytes; at most limit + 1. Words of more
 * than 63 bytes are limit + 1 apart unless equal. */
int suggest_distance(const char *a, const char *b, int limit);

#endif
