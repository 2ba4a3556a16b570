#include "grader/observe.h"

#include <stdlib.h>
#include <string.h>

#include "grader/buffer.h"

enum {
    MOST = 1 << 20,
    SHOWN = 240,
    BEFORE = 40
};

const char *
observation_type(const struct observation *observation)
{
    static const char *const TYPES[] = {"int",   "bool",  "string",
                                        "null",  "bytes", "sequence",
                                        "event", "that",  "end"};
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(*TYPES); i++) {
        if (strlen(TYPES[i]) == observation->type_length &&
            memcmp(TYPES[i], observation->type, observation->type_length) ==
                0) {
            return TYPES[i];
        }
    }
    return "";
}

/* Cuts one line; false if it has not exactly two tabs or no known type. */
static bool
cut(const char *line, size_t length, struct observation *observation)
{
    const char *first = memchr(line, '\t', length);
    if (first == NULL) {
        return false;
    }
    size_t left = length - (size_t)(first + 1 - line);
    const char *second = memchr(first + 1, '\t', left);
    if (second == NULL) {
        return false;
    }
    *observation = (struct observation){
        .type = line,
        .type_length = (size_t)(first - line),
        .name = first + 1,
        .name_length = (size_t)(second - first - 1),
        .value = second + 1,
        .value_length = length - (size_t)(second + 1 - line)};
    return memchr(observation->value, '\t', observation->value_length) ==
               NULL &&
           observation_type(observation)[0] != '\0';
}

static bool
is_end(const struct observation *observation)
{
    return observation->type_length == 3 &&
           memcmp(observation->type, "end", 3) == 0;
}

static bool
says_count(const struct observation *end, size_t count)
{
    size_t said = 0;
    for (size_t i = 0; i < end->value_length && i < 9; i++) {
        if (end->value[i] < '0' || end->value[i] > '9') {
            return false;
        }
        said = said * 10 + (size_t)(end->value[i] - '0');
    }
    return end->value_length > 0 && end->value_length < 10 && said == count;
}

int
observe_read(struct observations *observations, const char *stream,
             size_t length)
{
    size_t capacity = 0;
    *observations = (struct observations){0};
    while (length > 0 && !observations->broken && !observations->whole) {
        const char *newline = memchr(stream, '\n', length);
        struct observation next;
        if (newline == NULL || observations->count == MOST ||
            !cut(stream, (size_t)(newline - stream), &next)) {
            observations->broken = true;
            break;
        }
        length -= (size_t)(newline + 1 - stream);
        stream = newline + 1;
        if (is_end(&next)) {
            // Nothing may come behind the end.
            observations->whole =
                says_count(&next, observations->count) && length == 0;
            observations->broken = !observations->whole;
            observations->end = next;
            break;
        }
        if (observations->count == capacity) {
            capacity = capacity * 2 + 64;
            struct observation *grown =
                realloc(observations->items, capacity * sizeof(*grown));
            if (grown == NULL) {
                observe_release(observations);
                return -1;
            }
            observations->items = grown;
        }
        observations->items[observations->count++] = next;
    }
    return 0;
}

void
observe_release(struct observations *observations)
{
    free(observations->items);
    *observations = (struct observations){0};
}

static bool
same(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && memcmp(a, b, a_length) == 0;
}

bool
observation_equal(const struct observation *a, const struct observation *b)
{
    return same(a->type, a->type_length, b->type, b->type_length) &&
           same(a->name, a->name_length, b->name, b->name_length) &&
           same(a->value, a->value_length, b->value, b->value_length);
}

/* Text as it was before labs/testing.c escaped it. */
static void
add_unescaped(struct buffer *buffer, const char *text, size_t length)
{
    struct buffer plain = {0};
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '\\' && i + 1 < length) {
            char next = text[++i];
            byte = next == 'n' ? '\n' : next == 't' ? '\t' : next;
            if (next == 'x' && i + 2 < length) {
                char digits[3] = {text[i + 1], text[i + 2], '\0'};
                byte = (char)strtol(digits, NULL, 16);
                i += 2;
            }
        }
        buffer_add(&plain, byte == '\n' ? "\xE2\x8F\x8E" : &byte,
                   byte == '\n' ? 3 : 1);
    }
    buffer_add_clean(buffer, buffer_string(&plain), plain.length, 1024);
    buffer_release(&plain);
}

void
observation_show(struct buffer *buffer, const struct observation *observation,
                 const struct observation *other)
{
    size_t from = 0;
    size_t length = observation->value_length;
    if (other != NULL && length > SHOWN) {
        size_t common = 0;
        while (common < length && common < other->value_length &&
               observation->value[common] == other->value[common]) {
            common++;
        }
        from = common > BEFORE ? common - BEFORE : 0;
    }
    add_unescaped(buffer, observation->name,
                  observation->name_length < 200 ? observation->name_length
                                                 : 200);
    buffer_add(buffer, ": ", 2);
    if (same(observation->type, observation->type_length, "null", 4)) {
        buffer_add(buffer, "NULL", 4);
        return;
    }
    if (from > 0) {
        buffer_add(buffer, "... ", 4);
    }
    length -= from;
    bool cut_off = length > SHOWN;
    add_unescaped(buffer, observation->value + from, cut_off ? SHOWN : length);
    if (cut_off) {
        buffer_add(buffer, " ...", 4);
    }
}
