/* The file:
 *
 *   head       magic, byte order, checksum up to the records, the hash of the
 *              content, how long the parts are
 *   stamps     a line for the program and for each file of questions: name,
 *              size, time, inode
 *   table      for each question: where its record is, how long, its hash
 *   topics     how many, then each (io/content_code.c)
 *   briefs     how many, then the brief part of each question
 *   records    the rest of each question
 *
 * Opening reads all up to the records; a record is looked at when its question
 * is first asked for. It is never changed in place: a new one takes its place
 * by a rename, so whoever has the old one mapped keeps it whole. The checksums
 * find accidents: a damaged record is read from the YAML file instead.
 * Whatever else the bytes say is checked while they are read, so that even a
 * file that was made to deceive ends in a rebuilt cache or a wrong text, never
 * outside the bytes. */
#include "quiz/io/content_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/content.h"
#include "quiz/io/content_code.h"
#include "quiz/io/paths.h"

static const char MAGIC[12] = "ouro bank 2";

enum {
    ORDER = 0x01020304
};

struct head {
    char magic[sizeof(MAGIC)];
    uint32_t order;
    uint64_t checksum;  // of what follows this field, up to the records
    uint64_t content;   // hash of the files' bytes
    uint64_t stamps;    // bytes
    uint64_t questions; // rows of the table
    uint64_t records;   // where they begin
};

struct entry {
    uint64_t at, length; // of the record
    uint64_t hash;
};

#define CHECKED offsetof(struct head, content)

/* A hash of eight bytes at a time: it is to find accidents, not attacks. */
static uint64_t
mix(uint64_t hash, const char *bytes, size_t length)
{
    for (; length >= 8; bytes += 8, length -= 8) {
        uint64_t word = 0;
        memcpy(&word, bytes, 8);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 32;
    }
    uint64_t word = length;
    memcpy((char *)&word + 1, bytes, length);
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    return hash ^ hash >> 29;
}

// --- what a cache was made from --------------------------------------------

static int
is_yaml(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 &&
           strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

/* A folder's files of questions, in name order. */
struct sources {
    char *folder;
    struct dirent **entries;
    int count; // -1: there is no such folder
};

static struct sources
sources_open(const char *folder)
{
    struct sources sources = {.folder = paths_join(folder, "questions")};
    sources.count =
        scandir(sources.folder, &sources.entries, is_yaml, alphasort);
    return sources;
}

static void
sources_release(struct sources *sources)
{
    for (int i = 0; i < sources->count; i++) {
        free(sources->entries[i]);
    }
    free(sources->entries);
    free(sources->folder);
}

static void
add_stamp(struct text *text, const char *name, const char *path)
{
    struct stat status = {0};
    if (stat(path, &status) != 0) {
        status.st_size = -1;
    }
    text_add_format(text, "%s %lld %lld.%09ld %llu\n", name,
                    (long long)status.st_size,
                    (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                    (unsigned long long)status.st_ino);
}

static void
stamp(const struct sources *sources, struct text *text)
{
    add_stamp(text, "ouro", "/proc/self/exe");
    for (int i = 0; i < sources->count; i++) {
        char *path = paths_join(sources->folder, sources->entries[i]->d_name);
        add_stamp(text, sources->entries[i]->d_name, path);
        free(path);
    }
}

/* The stamp of the program alone: its first line. */
static size_t
program_stamp(const char *stamps, size_t length)
{
    const char *end = memchr(stamps, '\n', length);
    return end != NULL ? (size_t)(end - stamps) + 1 : 0;
}

static uint64_t
hash_sources(const struct sources *sources)
{
    uint64_t hash = 1;
    for (int i = 0; i < sources->count; i++) {
        const char *name = sources->entries[i]->d_name;
        char *path = paths_join(sources->folder, name);
        char *bytes = NULL;
        size_t length = 0;
        hash = mix(hash, name, strlen(name));
        if (paths_read_file(path, (size_t)1 << 30, &bytes, &length, NULL) ==
            0) {
            hash = mix(hash, bytes, length);
        }
        free(bytes);
        free(path);
    }
    return hash;
}

// --- bytes -----------------------------------------------------------------

/* Where the table begins. */
static size_t
table_at(const struct head *head)
{
    return sizeof(*head) + (size_t)head->stamps;
}

/* Whether the parts lie in the bytes one behind the other. */
static bool
parts_fit(const struct head *head, size_t length)
{
    return head->records <= length && head->stamps <= length &&
           head->questions <= length / sizeof(struct entry) &&
           table_at(head) + head->questions * sizeof(struct entry) <=
               head->records;
}

static struct entry
entry_of(const char *bytes, const struct head *head, size_t place)
{
    struct entry entry;
    memcpy(&entry, bytes + table_at(head) + place * sizeof(entry),
           sizeof(entry));
    return entry;
}

static bool
entry_fits(const struct entry *entry, const struct head *head, size_t length)
{
    return entry->at >= head->records && entry->at <= length &&
           entry->length <= length - entry->at;
}

void
content_cache_seal(char *bytes, size_t length)
{
    struct head head;
    if (length < sizeof(head)) {
        return;
    }
    memcpy(&head, bytes, sizeof(head));
    if (!parts_fit(&head, length)) {
        return;
    }
    for (size_t i = 0; i < head.questions; i++) {
        struct entry entry = entry_of(bytes, &head, i);
        if (entry_fits(&entry, &head, length)) {
            entry.hash = mix(i, bytes + entry.at, (size_t)entry.length);
            memcpy(bytes + table_at(&head) + i * sizeof(entry), &entry,
                   sizeof(entry));
        }
    }
    uint64_t checksum =
        mix(0, bytes + CHECKED, (size_t)head.records - CHECKED);
    memcpy(bytes + offsetof(struct head, checksum), &checksum,
           sizeof(checksum));
}

/* The topics, the brief parts, and the records with their rows in entries. */
static void
write_bank(struct text *text, const struct bank *bank, struct head *head,
           struct entry *entries)
{
    struct coder coder = {.out = text};
    uint32_t topics = (uint32_t)bank_topic_count(bank);
    code_u32(&coder, &topics);
    for (size_t i = 0; i < topics; i++) {
        struct topic topic = *bank_topic_at(bank, i);
        code_topic(&coder, &topic);
    }
    for (size_t i = 0; i < bank_count(bank); i++) {
        struct question question = *bank_at(bank, i);
        code_brief(&coder, &question);
    }
    head->records = text->length;
    for (size_t i = 0; i < bank_count(bank); i++) {
        struct question question = *bank_at(bank, i);
        entries[i].at = text->length;
        code_rest(&coder, &question);
        entries[i].length = text->length - entries[i].at;
    }
}

static char *
make(const struct sources *sources, const struct bank *bank, size_t *length)
{
    struct text text = {0};
    struct text stamps = {0};
    size_t count = bank_count(bank);
    struct entry *entries = xcalloc(count, sizeof(*entries));
    struct head head = {
        .order = ORDER, .content = hash_sources(sources), .questions = count};
    stamp(sources, &stamps);
    memcpy(head.magic, MAGIC, sizeof(MAGIC));
    head.stamps = stamps.length;
    text_add_bytes(&text, (const char *)&head, sizeof(head));
    text_add_bytes(&text, text_string(&stamps), stamps.length);
    text_add_bytes(&text, (const char *)entries, count * sizeof(*entries));
    write_bank(&text, bank, &head, entries);
    memcpy(text.bytes, &head, sizeof(head));
    memcpy(text.bytes + table_at(&head), entries, count * sizeof(*entries));
    text_release(&stamps);
    free(entries);
    *length = text.length;
    content_cache_seal(text.bytes, text.length);
    return text_steal(&text);
}

char *
content_cache_make(const char *folder, const struct bank *bank, size_t *length)
{
    struct sources sources = sources_open(folder);
    char *bytes = sources.count >= 0 ? make(&sources, bank, length) : NULL;
    sources_release(&sources);
    return bytes;
}

/* 0 and the head, when the bytes are a whole cache. */
static int
read_head(const char *bytes, size_t length, struct head *head)
{
    if (length < sizeof(*head)) {
        return -1;
    }
    memcpy(head, bytes, sizeof(*head));
    bool fits = memcmp(head->magic, MAGIC, sizeof(MAGIC)) == 0 &&
                head->order == ORDER && parts_fit(head, length) &&
                head->checksum ==
                    mix(0, bytes + CHECKED, (size_t)head->records - CHECKED);
    return fits ? 0 : -1;
}

/* What the bank's filler needs; in the bank's arena. */
struct filler {
    struct arena *arena;
    const char *bytes, *folder;
    size_t length;
    struct head head;
};

static int
fill_from_record(const struct filler *filler, size_t place,
                 struct question *question)
{
    struct entry entry = entry_of(filler->bytes, &filler->head, place);
    if (!entry_fits(&entry, &filler->head, filler->length) ||
        entry.hash !=
            mix(place, filler->bytes + entry.at, (size_t)entry.length)) {
        return -1;
    }
    const char *at = filler->bytes + entry.at;
    struct coder coder = {
        .at = at, .end = at + entry.length, .arena = filler->arena};
    code_rest(&coder, question);
    return coder.broken || coder.at != coder.end ? -1 : 0;
}

static void
release_bank(void *bank, size_t size)
{
    (void)size;
    bank_free(bank);
}

static int
fill_from_file(const struct filler *filler, struct question *question)
{
    if (filler->folder == NULL) {
        return -1;
    }
    struct bank *bank = bank_new();
    char *path = paths_join(filler->folder, question->file);
    content_load_file(path, bank, NULL, NULL);
    const struct question *found = bank_find(bank, question->id);
    free(path);
    arena_own(filler->arena, bank, 0, release_bank);
    if (found == NULL) {
        return -1;
    }
    struct question brief = *question;
    *question = *found;
    question->topic = brief.topic;
    question->file = brief.file;
    return 0;
}

/* A question that nobody is asked. */
static void
blank(struct question *question)
{
    static const struct bilingual NOTHING = {{"", ""}};
    *question = (struct question){.id = question->id,
                                  .topic = question->topic,
                                  .file = question->file,
                                  .line = question->line,
                                  .kind = QUESTION_TRUE_FALSE,
                                  .status = STATUS_RETIRED,
                                  .ask = NOTHING,
                                  .why_asked = NOTHING,
                                  .explain = NOTHING,
                                  .seconds = 60};
}

static void
fill(void *data, size_t place, struct question *question)
{
    const struct filler *filler = data;
    if (fill_from_record(filler, place, question) != 0 &&
        fill_from_file(filler, question) != 0) {
        blank(question);
    }
}

int
content_cache_read(const char *bytes, size_t length, const char *folder,
                   struct bank *bank)
{
    struct arena *arena = bank_arena(bank);
    struct filler *filler = arena_take(arena, sizeof(*filler));
    *filler = (struct filler){
        .arena = arena, .bytes = bytes, .folder = folder, .length = length};
    if (read_head(bytes, length, &filler->head) != 0) {
        return -1;
    }
    size_t questions = (size_t)filler->head.questions;
    struct coder coder = {.at = bytes + table_at(&filler->head) +
                                questions * sizeof(struct entry),
                          .end = bytes + filler->head.records,
                          .arena = arena};
    uint32_t topics = 0;
    code_u32(&coder, &topics);
    for (uint32_t i = 0; i < topics && !coder.broken; i++) {
        struct topic *topic = arena_take(arena, sizeof(*topic));
        code_topic(&coder, topic);
        coder.broken |= coder.broken || bank_add_topic(bank, topic, NULL) != 0;
    }
    bank_set_filler(bank, fill, filler);
    for (size_t i = 0; i < questions && !coder.broken; i++) {
        struct question *question = arena_take(arena, sizeof(*question));
        code_brief(&coder, question);
        coder.broken |=
            coder.broken || bank_add_brief(bank, question, NULL) != 0;
    }
    return coder.broken || coder.at != coder.end ? -1 : 0;
}

// --- the file --------------------------------------------------------------

/* A file of the person's own, mapped; NULL bytes when there is none. */
struct mapping {
    char *bytes;
    size_t length;
};

static void
unmap(void *bytes, size_t length)
{
    munmap(bytes, length);
}

static struct mapping
map(const char *path)
{
    struct mapping mapping = {0};
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) {
        return mapping;
    }
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_uid == geteuid() && status.st_size > 0) {
        size_t length = (size_t)status.st_size;
        void *bytes =
            mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
        if (bytes != MAP_FAILED) {
            mapping = (struct mapping){bytes, length};
        }
    }
    close(file);
    return mapping;
}

/* Whether the cache was made by this program from these files; *moved says
 * that only their bytes are the same. */
static bool
is_fresh(const struct mapping *mapping, const struct sources *sources,
         bool *moved)
{
    struct head head;
    struct text now = {0};
    bool fresh = false;
    *moved = false;
    if (read_head(mapping->bytes, mapping->length, &head) != 0) {
        return false;
    }
    const char *then = mapping->bytes + sizeof(head);
    stamp(sources, &now);
    if (now.length == head.stamps &&
        memcmp(now.bytes, then, now.length) == 0) {
        fresh = true;
    }
    else {
        size_t program = program_stamp(now.bytes, now.length);
        *moved = program == program_stamp(then, (size_t)head.stamps) &&
                 memcmp(now.bytes, then, program) == 0 &&
                 hash_sources(sources) == head.content;
        fresh = *moved;
    }
    text_release(&now);
    return fresh;
}

/* One file for each content folder. */
static char *
cache_path(const char *cache, const char *folder)
{
    char *real = realpath(folder, NULL);
    const char *name = real != NULL ? real : folder;
    char *path = xasprintf("%s/bank-%016llx", cache,
                           (unsigned long long)mix(0, name, strlen(name)));
    free(real);
    return path;
}

/* Best effort: who cannot keep a cache reads the files each time. */
static void
save(const char *path, const char *cache, const struct sources *sources,
     const struct bank *bank)
{
    size_t length = 0;
    char *bytes = make(sources, bank, &length);
    if (paths_make_folder(cache, NULL) == 0) {
        paths_write_file(path, bytes, length, NULL);
    }
    free(bytes);
}

/* Fills the bank from the cache. 0, or -1 when that cannot be done; the bank
 * is not to be used then. */
static int
open_cache(const char *path, const char *folder, const struct sources *sources,
           struct bank *bank, bool *moved)
{
    struct mapping mapping = map(path);
    if (mapping.bytes == NULL) {
        return -1;
    }
    if (!is_fresh(&mapping, sources, moved)) {
        unmap(mapping.bytes, mapping.length);
        return -1;
    }
    struct arena *arena = bank_arena(bank);
    arena_own(arena, mapping.bytes, mapping.length, unmap);
    return content_cache_read(mapping.bytes, mapping.length,
                              arena_string(arena, folder, strlen(folder)),
                              bank);
}

int
content_open_bank(const char *folder, const char *cache, struct bank *bank,
                  struct error *err)
{
    bool moved = false;
    if (cache == NULL) {
        return content_load_bank(folder, bank, NULL, err);
    }
    struct sources sources = sources_open(folder);
    char *path = cache_path(cache, folder);
    int result = sources.count < 0
                     ? -1
                     : open_cache(path, folder, &sources, bank, &moved);
    if (result != 0) {
        bank_clear(bank);
        result = content_load_bank(folder, bank, NULL, err);
        moved = result == 0;
    }
    if (moved) {
        save(path, cache, &sources, bank);
    }
    sources_release(&sources);
    free(path);
    return result;
}
