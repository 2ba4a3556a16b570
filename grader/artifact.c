#include "grader/artifact.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "grader/language.h"

int
artifact_read(struct buffer *bytes, const char *artifacts, const char *lab,
              const char *name, size_t limit, char *reason, size_t reason_size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s/%s", artifacts, lab, name);
    if (buffer_read_file(bytes, path, limit) != 0) {
        snprintf(reason, reason_size, say("cannot read '%s': %s"), path,
                 strerror(errno));
        return -1;
    }
    return 0;
}
