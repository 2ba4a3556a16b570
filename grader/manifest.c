#include "grader/manifest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grader/buffer.h"
#include "grader/language.h"

static char *
padded(const char *words)
{
    char *list = NULL;
    return asprintf(&list, " %s ", words) < 0 ? NULL : list;
}

/* Cuts the first word off a line; the rest of the line is in *rest. */
static char *
first_word(char *line, char **rest)
{
    char *space = strchr(line, ' ');
    if (space == NULL) {
        *rest = line + strlen(line);
        return line;
    }
    *space = '\0';
    *rest = space + 1;
    return line;
}

/* A whole number within [low, INT_MAX]: 0 and *number, or -1. */
static int
take_number(const char *text, int low, int *number)
{
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < low ||
        value > INT_MAX) {
        return -1;
    }
    *number = (int)value;
    return 0;
}

static struct manifest_case *
find_case(struct manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->case_count; i++) {
        if (strcmp(manifest->cases[i].name, name) == 0) {
            return &manifest->cases[i];
        }
    }
    return NULL;
}

static int
add_case(struct manifest *manifest, char *value)
{
    char *rest = NULL;
    char *name = first_word(value, &rest);
    char *needs = NULL;
    int points = 0;
    if (manifest->case_count == MANIFEST_CASES || name[0] == '\0' ||
        find_case(manifest, name) != NULL ||
        take_number(first_word(rest, &needs), 0, &points) != 0) {
        return -1;
    }
    manifest->cases[manifest->case_count++] = (struct manifest_case){
        .name = strdup(name), .points = points, .needs = padded(needs)};
    return 0;
}

/* case.title.en NAME text */
static int
add_case_text(struct manifest *manifest, const char *key, char *value)
{
    static const char *const KEYS[] = {"case.title.en", "case.title.ru",
                                       "case.help.en", "case.help.ru"};
    char *text = NULL;
    struct manifest_case *found =
        find_case(manifest, first_word(value, &text));
    int kind = 0;
    while (kind < 4 && strcmp(key, KEYS[kind]) != 0) {
        kind++;
    }
    if (found == NULL || kind == 4) {
        return -1;
    }
    char **place = kind < 2 ? &found->title[kind] : &found->help[kind - 2];
    free(*place);
    *place = strdup(text);
    return 0;
}

static int
add_prototype(struct manifest *manifest, char *value)
{
    char *text = NULL;
    char *name = first_word(value, &text);
    if (manifest->prototype_count == MANIFEST_EXPORTS) {
        return -1;
    }
    manifest->prototypes[manifest->prototype_count].name = strdup(name);
    manifest->prototypes[manifest->prototype_count++].text = strdup(text);
    return 0;
}

static int
set_text(char **place, char *value)
{
    free(*place);
    *place = value;
    return value != NULL ? 0 : -1;
}

static int
take_line(struct manifest *manifest, const char *key, char *value)
{
    const struct {
        const char *key;
        char **text;
    } TEXTS[] = {{"lab", &manifest->lab},
                 {"kind", &manifest->kind},
                 {"replaces", &manifest->replaces},
                 {"title.en", &manifest->title[0]},
                 {"title.ru", &manifest->title[1]}};
    const struct {
        const char *key;
        int *number;
    } NUMBERS[] = {{"time_ms", &manifest->time_ms},
                   {"memory_mib", &manifest->memory_mib},
                   {"output_kib", &manifest->output_kib}};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
        if (strcmp(key, TEXTS[i].key) == 0) {
            return set_text(TEXTS[i].text, strdup(value));
        }
    }
    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(*NUMBERS); i++) {
        if (strcmp(key, NUMBERS[i].key) == 0) {
            return take_number(value, 1, NUMBERS[i].number);
        }
    }
    if (strcmp(key, "exports") == 0 || strcmp(key, "allow") == 0) {
        return set_text(*key == 'e' ? &manifest->exports : &manifest->allow,
                        padded(value));
    }
    if (strcmp(key, "sanitizer") == 0) {
        manifest->sanitizer = strcmp(value, "yes") == 0;
        return manifest->sanitizer || strcmp(value, "no") == 0 ? 0 : -1;
    }
    if (strcmp(key, "case") == 0) {
        return add_case(manifest, value);
    }
    if (strncmp(key, "case.", 5) == 0) {
        return add_case_text(manifest, key, value);
    }
    if (strcmp(key, "prototype") == 0) {
        return add_prototype(manifest, value);
    }
    return strcmp(key, "manifest") == 0 && strcmp(value, "1") == 0 ? 0 : -1;
}

int
manifest_read(struct manifest *manifest, const char *path, char *reason,
              size_t reason_size)
{
    struct buffer file = {0};
    int number = 0;
    *manifest = (struct manifest){0};
    if (buffer_read_file(&file, path, (size_t)1 << 20) != 0) {
        snprintf(reason, reason_size, say("cannot read '%s': %s"), path,
                 strerror(errno));
        buffer_release(&file);
        return -1;
    }
    if (file.length > 0 && memchr(file.bytes, '\0', file.length) != NULL) {
        snprintf(reason, reason_size, "'%s' is no text", path);
        buffer_release(&file);
        return -1;
    }
    char *rest = file.bytes;
    for (char *line = NULL; (line = strsep(&rest, "\n")) != NULL;) {
        char *value = NULL;
        number++;
        if (line[0] == '\0') {
            continue;
        }
        char *key = first_word(line, &value);
        if (take_line(manifest, key, value) != 0) {
            snprintf(reason, reason_size, say("%s:%d: bad line '%s'"), path,
                     number, key);
            buffer_release(&file);
            manifest_release(manifest);
            return -1;
        }
    }
    buffer_release(&file);
    if (manifest->lab == NULL || manifest->exports == NULL ||
        manifest->allow == NULL || manifest->case_count == 0 ||
        manifest->time_ms == 0 || manifest->memory_mib == 0 ||
        manifest->output_kib == 0) {
        snprintf(reason, reason_size, say("'%s' is not whole"), path);
        manifest_release(manifest);
        return -1;
    }
    return 0;
}

void
manifest_release(struct manifest *manifest)
{
    free(manifest->lab);
    free(manifest->kind);
    free(manifest->replaces);
    free(manifest->exports);
    free(manifest->allow);
    for (int lang = 0; lang < MANIFEST_LANGS; lang++) {
        free(manifest->title[lang]);
    }
    for (size_t i = 0; i < manifest->case_count; i++) {
        struct manifest_case *one = &manifest->cases[i];
        free(one->name);
        free(one->needs);
        for (int lang = 0; lang < MANIFEST_LANGS; lang++) {
            free(one->title[lang]);
            free(one->help[lang]);
        }
    }
    for (size_t i = 0; i < manifest->prototype_count; i++) {
        free(manifest->prototypes[i].name);
        free(manifest->prototypes[i].text);
    }
    *manifest = (struct manifest){0};
}

bool
manifest_lists(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at++) {
        if (at > list && at[-1] == ' ' && at[length] == ' ') {
            return true;
        }
    }
    return false;
}

const char *
manifest_prototype(const struct manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->prototype_count; i++) {
        if (strcmp(manifest->prototypes[i].name, name) == 0) {
            return manifest->prototypes[i].text;
        }
    }
    return name;
}
