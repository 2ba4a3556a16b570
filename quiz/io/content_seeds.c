/* seeds.yaml. */
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/io/content.h"
#include "quiz/io/content_file.h"

/* A letter and three digits. */
static int
read_seed_id(const struct reader *reader, const struct ynode *node,
             const char **id)
{
    if (read_text(reader, node, id) != 0 || *id == NULL) {
        return -1;
    }
    if (((*id)[0] == 'S' || (*id)[0] == 'X') && strlen(*id) >= 3 &&
        strspn(*id + 1, "0123456789") == strlen(*id) - 1) {
        return 0;
    }
    return reader_fault(reader, node, tr("found '%.*s', expected %s"), 40, *id,
                        tr("an id like S003 or X01"));
}

static void
read_seed(const struct reader *reader, const struct ynode *node,
          struct seeds *before, struct seed *seed)
{
    static const struct field FIELD[] = {
        {"id", true}, {"kind", true}, {"topic", true}, {"text", true}};
    const struct ynode *v[4];
    if (read_map(reader, node, FIELD, 4, v) != 0 ||
        read_seed_id(reader, v[0], &seed->id) != 0) {
        return;
    }
    read_name(reader, v[1], seed_kind_names(), SEED_KIND_COUNT, &seed->kind);
    read_id(reader, v[2], false, &seed->topic);
    read_text(reader, v[3], &seed->text);
    if (seeds_find(before, seed->id) != NULL) {
        reader_fault(reader, v[0], tr("'%s' stands twice"), seed->id);
        return;
    }
    before->count++;
}

static void
read_seeds(const struct reader *reader, const struct ynode *root,
           struct seeds *seeds)
{
    static const struct field FIELD[] = {{"schema", false}, {"seeds", true}};
    const struct ynode *v[2];
    int schema = 0;
    if (read_map(reader, root, FIELD, 2, v) != 0 || v[1] == NULL ||
        read_list(reader, v[1], 1) != 0) {
        return;
    }
    read_int(reader, v[0], 1, 1, &schema);
    struct seed *items =
        arena_take(reader->arena, v[1]->count * sizeof(*items));
    *seeds = (struct seeds){items, 0};
    for (size_t i = 0; i < v[1]->count; i++) {
        read_seed(reader, v[1]->items[i], seeds, &items[seeds->count]);
    }
}

int
content_load_seeds(const char *path, struct arena *arena, struct seeds *seeds,
                   struct faults *faults, struct error *err)
{
    struct content_file file;
    struct seeds read = {0};
    if (content_file_open(&file, path, path, arena, faults, err) != 0) {
        return -1;
    }
    if (file.root != NULL) {
        read_seeds(&file.reader, file.root, &read);
    }
    if (content_file_close(&file, err) != 0) {
        return -1;
    }
    *seeds = read;
    return 0;
}
