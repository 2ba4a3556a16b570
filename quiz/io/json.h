/* JSON: the machine's face of a command (jansson).
 *
 * Every document is one object whose first member is "schema", a name and a
 * version: "ouro.stats/1". A version is raised when a member changes its
 * meaning or goes away; new members do not raise it. */
#ifndef QUIZ_IO_JSON_H
#define QUIZ_IO_JSON_H

#include <jansson.h>
#include <stdio.h>

struct error;

/* A new document: {"schema": schema}. */
json_t *json_document(const char *schema);

/* Writes the document, indented and with a newline, and gives it back
 * (steals it, also on failure). 0, or -1 when out cannot be written. */
int json_write(FILE *out, json_t *document, struct error *err);

/* A JSON string of UTF-8 that may be broken or NULL: broken bytes become
 * U+FFFD, NULL becomes null. New. */
json_t *json_text(const char *string);

#endif
