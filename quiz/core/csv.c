#include "quiz/core/csv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/xalloc.h"

void
csv_init(struct csv *csv, char *bytes, size_t length)
{
    *csv = (struct csv){.at = bytes, .end = bytes + length, .next_line = 1};
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        csv->at += 3;
    }
    *csv->end = '\0';
}

void
csv_release(struct csv *csv)
{
    free(csv->fields);
    *csv = (struct csv){0};
}

static struct csv_field *
add_field(struct csv *csv)
{
    if (csv->count == csv->capacity) {
        csv->capacity = csv->capacity == 0 ? 16 : csv->capacity * 2;
        csv->fields =
            xreallocarray(csv->fields, csv->capacity, sizeof(*csv->fields));
    }
    return &csv->fields[csv->count++];
}

/* Takes what ends a field: 1 for a comma, 0 for the end of the record, -1 for
 * anything else. */
static int
take_separator(struct csv *csv)
{
    if (csv->at == csv->end) {
        return 0;
    }
    if (*csv->at == ',') {
        csv->at++;
        return 1;
    }
    if (*csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n') {
        csv->at++;
    }
    if (*csv->at == '\n') {
        csv->at++;
        csv->next_line++;
        return 0;
    }
    if (*csv->at == '\r' && csv->at + 1 == csv->end) {
        csv->at++;
        return 0;
    }
    return -1;
}

static void
skip_line(struct csv *csv)
{
    char *newline = memchr(csv->at, '\n', (size_t)(csv->end - csv->at));
    csv->at = newline != NULL ? newline + 1 : csv->end;
    csv->next_line++;
}

/* A field behind its opening quote; the quotes are taken out in place. */
static int
take_quoted(struct csv *csv, struct csv_field *field)
{
    char *to = ++csv->at;
    field->bytes = to;
    for (;; csv->at++) {
        if (csv->at == csv->end) {
            return -1;
        }
        if (*csv->at == '"') {
            csv->at++;
            if (csv->at == csv->end || *csv->at != '"') {
                break;
            }
        }
        csv->next_line += *csv->at == '\n';
        *to++ = *csv->at;
    }
    field->length = (size_t)(to - field->bytes);
    return take_separator(csv);
}

static int
take_plain(struct csv *csv, struct csv_field *field)
{
    field->bytes = csv->at;
    while (csv->at < csv->end && *csv->at != ',' && *csv->at != '\n') {
        csv->at++;
    }
    char *end = csv->at;
    if (end > field->bytes && end[-1] == '\r' &&
        (csv->at == csv->end || *csv->at == '\n')) {
        end--;
    }
    field->length = (size_t)(end - field->bytes);
    return take_separator(csv);
}

int
csv_next(struct csv *csv)
{
    do {
        if (csv->at == csv->end) {
            return 0;
        }
        csv->line = csv->next_line;
        csv->count = 0;
        int more = 1;
        while (more == 1) {
            bool quoted = csv->at < csv->end && *csv->at == '"';
            char *start = csv->at;
            int line = csv->next_line;
            struct csv_field *field = add_field(csv);
            more = quoted ? take_quoted(csv, field) : take_plain(csv, field);
            if (more < 0) {
                csv->at = start;
                csv->next_line = line;
                skip_line(csv);
                return -1;
            }
        }
    } while (csv->count == 1 && csv->fields[0].length == 0);
    for (size_t i = 0; i < csv->count; i++) {
        csv->fields[i].bytes[csv->fields[i].length] = '\0';
    }
    return 1;
}
