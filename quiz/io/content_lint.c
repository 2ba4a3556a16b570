#include "quiz/io/content_lint.h"

#include <stdlib.h>
#include <string.h>

#include "quiz/core/lint.h"
#include "quiz/io/content_place.h"
#include "quiz/io/ydoc.h"

struct placing {
    struct content_places *places;
    struct faults *faults;
};

static void
add(const struct lint_finding *finding, void *data)
{
    const struct placing *placing = data;
    struct content_place place = {1, 1};
    if (finding->question != NULL) {
        place = content_place_find(placing->places, finding->question,
                                   finding->path);
    }
    faults_add(placing->faults,
               finding->is_error ? FAULT_ERROR : FAULT_WARNING, finding->file,
               place.line, place.column, "%s [%s]", finding->message,
               finding->rule);
}

static int
by_place(const void *a, const void *b)
{
    const struct fault *first = a;
    const struct fault *second = b;
    int files = strcmp(first->file, second->file);
    if (files != 0) {
        return files;
    }
    if (first->line != second->line) {
        return first->line < second->line ? -1 : 1;
    }
    return (first->column > second->column) - (first->column < second->column);
}

void
content_lint(const char *root, const struct lint_context *context,
             struct faults *faults)
{
    struct placing placing = {content_places_new(root), faults};
    size_t before = faults->count;
    lint_bank(context, add, &placing);
    if (faults->count > before) {
        qsort(faults->items + before, faults->count - before,
              sizeof(*faults->items), by_place);
    }
    content_places_free(placing.places);
}
