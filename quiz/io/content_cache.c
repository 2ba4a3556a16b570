/* The file:
 *
 *   head       magic, byte order, checksum of all that follows it, the hash of
 *              the content, the length of the stamps
 *   stamps     a line for the program and for each file of questions: name,
 *              size, time, inode
 *   topics     how many, then each (io/content_code.c)
 *   questions  how many, then each
 *
 * It is never changed in place: a new one takes its place by a rename, so
 * whoever has the old one mapped keeps it whole. The checksum finds accidents;
 * whatever else the bytes say is checked while they are read, so that even a
 * file that was made to deceive ends in a rebuilt cache or a wrong text, never
 * outside the bytes. */
#include "quiz/io/content_cache.h"

#include <dirent.h>
#include <fcntl.h>
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

static const char MAGIC[12] = "ouro bank 1";

enum {
    ORDER = 0x01020304
};

struct head {
    char magic[sizeof(MAGIC)];
    uint32_t order;
    uint64_t checksum; // of what follows this field
    uint64_t content;  // hash of the files' bytes
    uint64_t stamps;   // bytes
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

void
content_cache_seal(char *bytes, size_t length)
{
    if (length >= sizeof(struct head)) {
        uint64_t checksum = mix(0, bytes + CHECKED, length - CHECKED);
        memcpy(bytes + offsetof(struct head, checksum), &checksum,
               sizeof(checksum));
    }
}

static char *
make(const struct sources *sources, const struct bank *bank, size_t *length)
{
    struct text text = {0};
    struct text stamps = {0};
    struct coder coder = {.out = &text};
    struct head head = {.order = ORDER, .content = hash_sources(sources)};
    stamp(sources, &stamps);
    memcpy(head.magic, MAGIC, sizeof(MAGIC));
    head.stamps = stamps.length;
    text_add_bytes(&text, (const char *)&head, sizeof(head));
    text_add_bytes(&text, text_string(&stamps), stamps.length);
    uint32_t topics = (uint32_t)bank_topic_count(bank);
    code_u32(&coder, &topics);
    for (size_t i = 0; i < topics; i++) {
        struct topic topic = *bank_topic_at(bank, i);
        code_topic(&coder, &topic);
    }
    uint32_t questions = (uint32_t)bank_count(bank);
    code_u32(&coder, &questions);
    for (size_t i = 0; i < questions; i++) {
        struct question question = *bank_at(bank, i);
        code_question(&coder, &question);
    }
    text_release(&stamps);
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
                head->order == ORDER &&
                head->stamps <= length - sizeof(*head) &&
                head->checksum == mix(0, bytes + CHECKED, length - CHECKED);
    return fits ? 0 : -1;
}

int
content_cache_read(const char *bytes, size_t length, struct bank *bank)
{
    struct head head;
    if (read_head(bytes, length, &head) != 0) {
        return -1;
    }
    struct coder coder = {.at = bytes + sizeof(head) + head.stamps,
                          .end = bytes + length,
                          .arena = bank_arena(bank)};
    uint32_t count = 0;
    code_u32(&coder, &count);
    for (uint32_t i = 0; i < count && !coder.broken; i++) {
        struct topic *topic = arena_take(coder.arena, sizeof(*topic));
        code_topic(&coder, topic);
        coder.broken |= coder.broken || bank_add_topic(bank, topic, NULL) != 0;
    }
    code_u32(&coder, &count);
    for (uint32_t i = 0; i < count && !coder.broken; i++) {
        struct question *question = arena_take(coder.arena, sizeof(*question));
        code_question(&coder, question);
        coder.broken |= coder.broken || bank_add(bank, question, NULL) != 0;
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
open_cache(const char *path, const struct sources *sources, struct bank *bank,
           bool *moved)
{
    struct mapping mapping = map(path);
    if (mapping.bytes == NULL) {
        return -1;
    }
    if (!is_fresh(&mapping, sources, moved)) {
        unmap(mapping.bytes, mapping.length);
        return -1;
    }
    arena_own(bank_arena(bank), mapping.bytes, mapping.length, unmap);
    return content_cache_read(mapping.bytes, mapping.length, bank);
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
    int result =
        sources.count < 0 ? -1 : open_cache(path, &sources, bank, &moved);
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
