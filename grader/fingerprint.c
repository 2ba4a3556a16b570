#include "grader/fingerprint.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "grader/buffer.h"
#include "grader/must.h"
#include "grader/sha256.h"

enum {
    ARTIFACT_BYTES = 64 << 20 // of one file of a lab, at most
};

static void
add_file(struct buffer *list, const char *path)
{
    struct buffer bytes = {0};
    char hex[FINGERPRINT_SIZE] = "";
    if (buffer_read_file(&bytes, path, ARTIFACT_BYTES) == 0) {
        sha256_hex(buffer_string(&bytes), bytes.length, hex);
    }
    buffer_format(list, "%s %s\n", path, hex);
    buffer_release(&bytes);
}

void
fingerprint_add_folder(struct buffer *list, const char *folder,
                       fingerprint_file *add)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        if (entries[i]->d_type != DT_DIR &&
            asprintf(&path, "%s/%s", folder, entries[i]->d_name) > 0) {
            add(list, path);
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
}

void
fingerprint_base(const struct grade_task *grade, char base[FINGERPRINT_SIZE])
{
    struct buffer list = {0};
    char *lab = NULL;
    if (asprintf(&lab, "%s/%s", grade->artifacts, grade->lab_id) < 0) {
        lab = NULL;
    }
    buffer_format(&list, "%s %" PRIu64 " %d %d\n", grade->lab_id, grade->seed,
                  grade->until_failure, grade->may_be_open);
    add_file(&list, "/proc/self/exe");
    fingerprint_add_folder(&list, grade->artifacts, add_file);
    fingerprint_add_folder(&list, must(lab), add_file);
    sha256_hex(buffer_string(&list), list.length, base);
    buffer_release(&list);
    free(lab);
}

void
fingerprint_of(const char *base, const char *file_sha256,
               char fingerprint[FINGERPRINT_SIZE])
{
    char both[2 * FINGERPRINT_SIZE];
    int length = snprintf(both, sizeof(both), "%s %s", base, file_sha256);
    sha256_hex(both, (size_t)length, fingerprint);
}
