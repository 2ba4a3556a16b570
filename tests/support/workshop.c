#include "tests/support/workshop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/program.h"
#include "tests/support/tempdir.h"

static const char FILE_NAME[] = "object.c";

struct workshop workshop;

int
workshop_enter(void **state)
{
    (void)state;
    workshop =
        (struct workshop){.artifacts = program_path("labs"),
                          .headers = program_path("labs/include"),
                          .folder = tempdir_make(),
                          .right = tempdir_read("labs/runtime/object.c")};
    workshop.file = tempdir_write(workshop.folder, FILE_NAME, workshop.right);
    return asprintf(&workshop.cache, "%s/verdicts", workshop.folder) < 0;
}

int
workshop_leave(void **state)
{
    (void)state;
    tempdir_remove(workshop.folder);
    char *texts[] = {workshop.artifacts, workshop.headers, workshop.cache,
                     workshop.file, workshop.right};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        free(texts[i]);
    }
    return 0;
}

struct grade_task
workshop_task(void)
{
    return (struct grade_task){.artifacts = workshop.artifacts,
                               .include = workshop.headers,
                               .lab_id = WORKSHOP_LAB,
                               .file = workshop.file,
                               .seed = WORKSHOP_SEED};
}

void
workshop_save(const char *text)
{
    free(tempdir_write(workshop.folder, FILE_NAME, text));
}

char *
workshop_with(const char *piece, const char *other)
{
    char *text = NULL;
    char *at = strstr(workshop.right, piece);
    if (at == NULL ||
        asprintf(&text, "%.*s%s%s", (int)(at - workshop.right), workshop.right,
                 other, at + strlen(piece)) < 0) {
        abort();
    }
    return text;
}
