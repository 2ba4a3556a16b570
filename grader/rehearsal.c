/* In the folder a lab has a file "next-LAB.streams", sealed: a line with the
 * base and the seed, and the frames of the cases as they came. */
#include "grader/rehearsal.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "grader/fingerprint.h"
#include "grader/seal.h"

enum {
    STREAMS_BYTES = 8 << 20
};

#define SUFFIX ".streams"

static void
name_file(const struct rehearsal_key *key, char name[NAME_MAX])
{
    snprintf(name, NAME_MAX, "next-%s", key->lab_id);
}

/* The line of the file, if it is one of this state. */
static bool
read_head(const char *text, const char *base, uint64_t *seed)
{
    char found[FINGERPRINT_SIZE];
    uint64_t number = 0;
    if (sscanf(text, "%64s %" SCNu64 "\n", found, &number) != 2 ||
        strcmp(found, base) != 0) {
        return false;
    }
    *seed = number;
    return true;
}

static bool
read_file(const struct rehearsal_key *key, struct buffer *text, uint64_t *seed)
{
    char name[NAME_MAX];
    name_file(key, name);
    return seal_read(text, key->folder, name, SUFFIX, STREAMS_BYTES) &&
           read_head(buffer_string(text), key->base, seed);
}

bool
rehearsal_is_there(const struct rehearsal_key *key)
{
    struct buffer text = {0};
    uint64_t seed = 0;
    bool is_there = read_file(key, &text, &seed);
    buffer_release(&text);
    return is_there;
}

/* Of several that have read the file, one removes it. */
static bool
remove_file(const struct rehearsal_key *key)
{
    char path[PATH_MAX];
    char name[NAME_MAX];
    name_file(key, name);
    return snprintf(path, sizeof(path), "%s/%s%s", key->folder, name, SUFFIX) <
               (int)sizeof(path) &&
           unlink(path) == 0;
}

static bool
is_whole(const struct run_order *order, const struct run_outcome *outcome)
{
    for (size_t i = 0; i < order->count; i++) {
        const struct run_case *one = &outcome->cases[order->which[i]];
        if (!one->seen || one->frame.flags != 0 || one->frame.status != 0) {
            return false;
        }
    }
    return order->count > 0;
}

bool
rehearsal_take(const struct rehearsal_key *key, const struct run_order *order,
               uint64_t *seed, struct run_outcome *outcome)
{
    struct buffer text = {0};
    uint64_t found = 0;
    struct run_outcome shown = {0};
    if (!read_file(key, &text, &found) || !remove_file(key)) {
        buffer_release(&text);
        return false;
    }
    const char *newline = memchr(text.bytes, '\n', text.length);
    size_t head = (size_t)(newline + 1 - text.bytes);
    buffer_add(&shown.bytes, newline + 1, text.length - head);
    buffer_release(&text);
    run_outcome_cut(&shown, order);
    if (!is_whole(order, &shown)) {
        run_outcome_release(&shown);
        return false;
    }
    *outcome = shown;
    *seed = found;
    return true;
}

void
rehearsal_keep(const struct rehearsal_key *key, uint64_t seed,
               const struct run_outcome *outcome)
{
    char name[NAME_MAX];
    struct buffer text = {0};
    name_file(key, name);
    buffer_format(&text, "%s %" PRIu64 "\n", key->base, seed);
    if (text.length + outcome->bytes.length <= STREAMS_BYTES) {
        buffer_add(&text, outcome->bytes.bytes, outcome->bytes.length);
        (void)seal_write(key->folder, name, SUFFIX, buffer_string(&text),
                         text.length);
    }
    buffer_release(&text);
}
