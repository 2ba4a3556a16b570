/* CSV: comma-separated values (RFC 4180), record by record.
 *
 * Fields may be quoted, with "" for a quote and line breaks inside; lines end
 * with LF or CRLF; a byte order mark at the start and empty lines are passed
 * over. */
#ifndef QUIZ_CORE_CSV_H
#define QUIZ_CORE_CSV_H

#include <stddef.h>

struct csv_field {
    char *bytes; // terminated; borrowed from what csv_init() was given
    size_t length;
};

struct csv {
    struct csv_field *fields; // of the record last read
    size_t count;
    int line;        // where that record began, 1-based
    char *at, *end;  // private
    int next_line;   // private
    size_t capacity; // private
};

/* Reads from length bytes, which must be followed by a byte that may be
 * written; they are changed while reading. Give it back with csv_release(). */
void csv_init(struct csv *csv, char *bytes, size_t length);
void csv_release(struct csv *csv); // a zeroed one is fine

/* The next record: 1, or 0 at the end, or -1 when a quote is not closed (of
 * the record at csv->line) or is followed by more than a comma. After -1 the
 * reading goes on at the next line. */
int csv_next(struct csv *csv);

#endif
