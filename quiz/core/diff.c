/* The longest common subsequence of the lines, by the textbook's table: what
 * both texts begin and end with is set aside first, so the table is small.
 * The walk through the table gives a list of steps (keep, drop, add), and the
 * steps that lie close together are printed as one hunk. */
#include "quiz/core/diff.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"

static const size_t AROUND = 3; // lines on each side of a change

struct line {
    const char *start;
    size_t length; // without the newline
};

struct lines {
    struct line *items;
    size_t count;
};

enum step_kind {
    STEP_KEEP = ' ',
    STEP_DROP = '-',
    STEP_ADD = '+'
};

struct step {
    enum step_kind kind;
    size_t old_line, new_line; // 0-based, where this step stands
};

struct steps {
    struct step *items;
    size_t count;
};

static struct lines
split(const char *text)
{
    size_t count = 0;
    for (const char *at = text; *at != '\0'; at++) {
        count += *at == '\n' || at[1] == '\0';
    }
    struct lines lines = {xcalloc(count + 1, sizeof(struct line)), count};
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(text, "\n");
        lines.items[i] = (struct line){text, length};
        text += length + (text[length] == '\n');
    }
    return lines;
}

static bool
same(struct line a, struct line b)
{
    return a.length == b.length && memcmp(a.start, b.start, a.length) == 0;
}

static void
step_add(struct steps *steps, enum step_kind kind, size_t old_line,
         size_t new_line)
{
    steps->items[steps->count++] = (struct step){kind, old_line, new_line};
}

/* table[i * (m + 1) + j]: the length of the longest common subsequence of
 * old[first + i ...] and new[first + j ...]. */
static void
steps_between(struct steps *steps, const struct lines *old,
              const struct lines *new, size_t first, size_t n, size_t m)
{
    uint32_t *table = xcalloc((n + 1) * (m + 1), sizeof(*table));
    for (size_t i = n; i-- > 0;) {
        for (size_t j = m; j-- > 0;) {
            uint32_t *row = table + i * (m + 1);
            uint32_t *below = row + m + 1;
            if (same(old->items[first + i], new->items[first + j])) {
                row[j] = below[j + 1] + 1;
            }
            else {
                row[j] = below[j] > row[j + 1] ? below[j] : row[j + 1];
            }
        }
    }
    size_t i = 0;
    size_t j = 0;
    while (i < n || j < m) {
        const uint32_t *row = table + i * (m + 1);
        if (i < n && j < m &&
            same(old->items[first + i], new->items[first + j])) {
            step_add(steps, STEP_KEEP, first + i++, first + j++);
        }
        else if (j == m || (i < n && row[m + 1 + j] >= row[j + 1])) {
            step_add(steps, STEP_DROP, first + i++, first + j);
        }
        else {
            step_add(steps, STEP_ADD, first + i, first + j++);
        }
    }
    free(table);
}

static struct steps
compare(const struct lines *old, const struct lines *new)
{
    struct steps steps = {
        xcalloc(old->count + new->count + 1, sizeof(struct step)), 0};
    size_t shorter = old->count < new->count ? old->count : new->count;
    size_t first = 0;
    while (first < shorter && same(old->items[first], new->items[first])) {
        step_add(&steps, STEP_KEEP, first, first);
        first++;
    }
    size_t last = 0; // lines that both end with
    while (last < shorter - first && same(old->items[old->count - 1 - last],
                                          new->items[new->count - 1 - last])) {
        last++;
    }
    steps_between(&steps, old, new, first, old->count - first - last,
                  new->count - first - last);
    for (; last > 0; last--) {
        step_add(&steps, STEP_KEEP, old->count - last, new->count - last);
    }
    return steps;
}

/* The end of the hunk that begins at the change begin: the steps up to a gap
 * of more than twice AROUND kept lines. */
static size_t
hunk_end(const struct steps *steps, size_t begin)
{
    size_t end = begin + 1; // behind the last change
    for (size_t i = begin; i < steps->count; i++) {
        if (steps->items[i].kind == STEP_KEEP) {
            continue;
        }
        if (i > end + 2 * AROUND) {
            break;
        }
        end = i + 1;
    }
    return end;
}

static void
print_hunk(struct text *out, const struct lines *old, const struct lines *new,
           const struct step *steps, size_t count)
{
    size_t old_count = 0;
    size_t new_count = 0;
    for (size_t i = 0; i < count; i++) {
        old_count += steps[i].kind != STEP_ADD;
        new_count += steps[i].kind != STEP_DROP;
    }
    /* diff -u counts lines from 1, and from 0 in an empty range. */
    text_add_format(out, "@@ -%zu,%zu +%zu,%zu @@\n",
                    steps[0].old_line + (old_count > 0), old_count,
                    steps[0].new_line + (new_count > 0), new_count);
    for (size_t i = 0; i < count; i++) {
        struct line line = steps[i].kind == STEP_ADD
                               ? new->items[steps[i].new_line]
                               : old->items[steps[i].old_line];
        text_add_char(out, (char)steps[i].kind);
        text_add_bytes(out, line.start, line.length);
        text_add_char(out, '\n');
    }
}

void
diff_unified(struct text *out, const char *old_name, const char *old,
             const char *new_name, const char *new)
{
    struct lines old_lines = split(old);
    struct lines new_lines = split(new);
    struct steps steps = compare(&old_lines, &new_lines);

    bool named = false;
    for (size_t i = 0; i < steps.count; i++) {
        if (steps.items[i].kind == STEP_KEEP) {
            continue;
        }
        if (!named) {
            text_add_format(out, "--- %s\n+++ %s\n", old_name, new_name);
            named = true;
        }
        size_t end = hunk_end(&steps, i);
        size_t from = i < AROUND ? 0 : i - AROUND;
        size_t to = end + AROUND < steps.count ? end + AROUND : steps.count;
        print_hunk(out, &old_lines, &new_lines, steps.items + from, to - from);
        i = end - 1;
    }
    free(steps.items);
    free(old_lines.items);
    free(new_lines.items);
}
