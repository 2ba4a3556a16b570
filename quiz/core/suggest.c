#include "quiz/core/suggest.h"

#include <stdlib.h>
#include <string.h>

enum {
    LONGEST = 63
};

static int
smaller(int a, int b)
{
    return a < b ? a : b;
}

/* One row of the table: the distances from a's first i bytes to each prefix
 * of b, from the rows of i - 1 and i - 2 bytes. Returns the row's minimum. */
static int
next_row(const char *a, int i, const char *b, int b_length,
         int rows[3][LONGEST + 1])
{
    int *row = rows[i % 3];
    const int *above = rows[(i + 2) % 3];
    const int *above2 = rows[(i + 1) % 3];
    int least = row[0] = i;
    for (int j = 1; j <= b_length; j++) {
        int cost = a[i - 1] != b[j - 1];
        int best = smaller(above[j] + 1, row[j - 1] + 1);
        best = smaller(best, above[j - 1] + cost);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
            best = smaller(best, above2[j - 2] + 1);
        }
        row[j] = best;
        least = smaller(least, best);
    }
    return least;
}

int
suggest_distance(const char *a, const char *b, int limit)
{
    int a_length = (int)strnlen(a, LONGEST + 1);
    int b_length = (int)strnlen(b, LONGEST + 1);
    if (strcmp(a, b) == 0) {
        return 0;
    }
    if (a_length > LONGEST || b_length > LONGEST ||
        abs(a_length - b_length) > limit) {
        return limit + 1;
    }
    int rows[3][LONGEST + 1] = {{0}};
    for (int j = 0; j <= b_length; j++) {
        rows[0][j] = j;
    }
    for (int i = 1; i <= a_length; i++) {
        if (next_row(a, i, b, b_length, rows) > limit) {
            return limit + 1;
        }
    }
    return smaller(rows[a_length % 3][b_length], limit + 1);
}

struct suggest
suggest_begin(const char *word)
{
    // A third of the word may be wrong, but never all of a short one.
    int length = (int)strnlen(word, LONGEST);
    return (struct suggest){.word = word, .distance = length / 3 + 2};
}

void
suggest_offer(struct suggest *suggest, const char *candidate)
{
    int distance =
        suggest_distance(suggest->word, candidate, suggest->distance - 1);
    if (distance < suggest->distance) {
        suggest->distance = distance;
        suggest->best = candidate;
    }
}
