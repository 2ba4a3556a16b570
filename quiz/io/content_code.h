/* Content code: a question as bytes, and back. Only io/content_cache.c uses
 * it.
 *
 * One function describes each struct for both ways, so that what is written
 * and what is read cannot drift apart. Numbers are as the machine has them;
 * a string is its length and its bytes with a NUL. */
#ifndef QUIZ_IO_CONTENT_CODE_H
#define QUIZ_IO_CONTENT_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct question;
struct text;
struct topic;

struct coder {
    struct text *out;     // writing: where to; NULL when reading
    const char *at, *end; // reading: what is left
    struct arena *arena;  // reading: where arrays live; strings stay in place
    bool broken;          // reading: the bytes are no such thing
};

void code_u32(struct coder *coder, uint32_t *value);
void code_topic(struct coder *coder, struct topic *topic);

/* A question in two parts: the brief one (see core/bank.h), and the rest,
 * whose bytes depend on the kind that the brief part says. */
void code_brief(struct coder *coder, struct question *question);
void code_rest(struct coder *coder, struct question *question);

#endif
