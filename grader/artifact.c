#include "grader/artifact.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

char *
artifact_find(const char *artifacts, const char *lab, const char *name,
              char *reason, size_t reason_size)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s/%s", artifacts, lab, name) < 0) {
        snprintf(reason, reason_size, "%s", say("out of memory"));
        return NULL;
    }
    if (access(path, R_OK) != 0) {
        snprintf(reason, reason_size, say("cannot read '%s': %s"), path,
                 strerror(errno));
        free(path);
        return NULL;
    }
    return path;
}
