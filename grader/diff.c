#include "grader/diff.h"

enum {
    WINDOW = 48, // observations of each list that are looked at
    BEFORE = 3,  // that are the same, shown for orientation
    BEHIND = 2,
    LINES = 16 // shown at most
};

/* length[i][j]: of the longest common part of what lies behind i and j. */
struct table {
    unsigned char length[WINDOW + 1][WINDOW + 1];
    size_t ours, theirs; // how much of the lists is in the window
};

static size_t
window_of(const struct observations *list, size_t at)
{
    return list->count - at < WINDOW ? list->count - at : WINDOW;
}

static void
fill_table(struct table *table, const struct observations *ours,
           const struct observations *theirs, size_t at)
{
    *table = (struct table){.ours = window_of(ours, at),
                            .theirs = window_of(theirs, at)};
    for (size_t i = table->ours; i-- > 0;) {
        for (size_t j = table->theirs; j-- > 0;) {
            unsigned char down = table->length[i + 1][j];
            unsigned char right = table->length[i][j + 1];
            bool same = observation_equal(&ours->items[at + i],
                                          &theirs->items[at + j]);
            table->length[i][j] =
                same ? (unsigned char)(table->length[i + 1][j + 1] + 1)
                     : (down > right ? down : right);
        }
    }
}

static void
add(struct buffer *lines, char mark, const struct observations *list, size_t i)
{
    struct buffer text = {0};
    observation_show(&text, &list->items[i], NULL);
    buffer_format(lines, "%c %zu  %s\n", mark, i + 1, buffer_string(&text));
    buffer_release(&text);
}

void
diff_show(struct buffer *lines, const struct observations *ours,
          const struct observations *theirs, size_t at)
{
    struct table table;
    size_t i = 0;
    size_t j = 0;
    size_t same = 0;
    fill_table(&table, ours, theirs, at);
    for (size_t k = at < BEFORE ? 0 : at - BEFORE; k < at; k++) {
        add(lines, ' ', ours, k);
    }
    for (size_t count = 0; count < LINES && same < BEHIND &&
                           (i < table.ours || j < table.theirs);
         count++) {
        if (i < table.ours && j < table.theirs &&
            observation_equal(&ours->items[at + i], &theirs->items[at + j])) {
            add(lines, ' ', ours, at + i);
            i++;
            j++;
            same++;
        }
        else if (i < table.ours &&
                 (j == table.theirs ||
                  table.length[i + 1][j] >= table.length[i][j + 1])) {
            add(lines, '-', ours, at + i);
            i++;
        }
        else {
            add(lines, '+', theirs, at + j);
            j++;
        }
    }
}
