#include "quiz/io/content_place.h"

#include <stdlib.h>
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/error.h"
#include "quiz/core/question.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/paths.h"
#include "quiz/io/ydoc.h"

struct parsed {
    const char *file;         // as the questions name it
    const struct ynode *root; // NULL: it cannot be read
};

struct content_places {
    const char *root;
    struct arena *arena;
    struct parsed *files;
    size_t count;
};

struct content_places *
content_places_new(const char *root)
{
    struct content_places *places = xcalloc(1, sizeof(*places));
    places->root = root;
    places->arena = arena_new();
    return places;
}

void
content_places_free(struct content_places *places)
{
    if (places == NULL) {
        return;
    }
    arena_free(places->arena);
    free(places->files);
    free(places);
}

static const struct ynode *
parse(struct content_places *places, const char *file)
{
    char *path =
        places->root != NULL ? paths_join(places->root, file) : xstrdup(file);
    struct faults faults = {0};
    const struct ynode *root = NULL;
    char *bytes = NULL;
    size_t length = 0;
    if (paths_read_file(path, (size_t)YDOC_FILE_BYTES, &bytes, &length,
                        NULL) == 0) {
        root = ydoc_parse(places->arena, file, bytes, length, &faults);
    }
    faults_release(&faults);
    free(bytes);
    free(path);
    return root;
}

static const struct ynode *
file_root(struct content_places *places, const char *file)
{
    for (size_t i = 0; i < places->count; i++) {
        if (strcmp(places->files[i].file, file) == 0) {
            return places->files[i].root;
        }
    }
    places->files = xreallocarray(places->files, places->count + 1,
                                  sizeof(*places->files));
    places->files[places->count] = (struct parsed){file, parse(places, file)};
    return places->files[places->count++].root;
}

static const struct ynode *
member(const struct ynode *map, const char *key, size_t length)
{
    if (map == NULL || map->kind != YNODE_MAP) {
        return NULL;
    }
    for (size_t i = 0; i + 1 < map->count; i += 2) {
        if (map->items[i]->length == length &&
            strncmp(map->items[i]->text, key, length) == 0) {
            return map->items[i + 1];
        }
    }
    return NULL;
}

static const struct ynode *
find_question(const struct ynode *root, const char *id)
{
    const struct ynode *list = member(root, "questions", strlen("questions"));
    for (size_t i = 0;
         list != NULL && list->kind == YNODE_LIST && i < list->count; i++) {
        const struct ynode *name = member(list->items[i], "id", 2);
        if (name != NULL && name->kind == YNODE_SCALAR &&
            strcmp(name->text, id) == 0) {
            return list->items[i];
        }
    }
    return NULL;
}

/* One step of a path from node, whose rest is put into *path; NULL when there
 * is none. */
static const struct ynode *
step(const struct ynode *node, const char **path)
{
    const char *at = *path;
    if (*at == '[') {
        char *end = NULL;
        unsigned long place = strtoul(at + 1, &end, 10);
        *path = end + (*end == ']');
        return node->kind == YNODE_LIST && place < node->count
                   ? node->items[place]
                   : NULL;
    }
    at += *at == '.';
    size_t length = strcspn(at, ".[");
    *path = at + length;
    return member(node, at, length);
}

struct content_place
content_place_find(struct content_places *places,
                   const struct question *question, const char *path)
{
    const struct ynode *node =
        find_question(file_root(places, question->file), question->id);
    struct content_place place = {question->line, 1};
    const char *rest = path;
    while (node != NULL) {
        place = (struct content_place){node->line, node->column};
        node = *rest != '\0' ? step(node, &rest) : NULL;
    }
    return place;
}
