/* Mistake: what beginners in C do wrong, by what gcc says of it. */
#ifndef GRADER_MISTAKE_H
#define GRADER_MISTAKE_H

struct mistake {
    const char *code;    // the same in all languages: "missing_semicolon"
    const char *said[3]; // what is in gcc's message, in this order; or NULL
    const char *hint;    // in English, see say()
};

/* The mistake that a message of gcc is about, the first of the table that
 * fits; or NULL. */
const struct mistake *mistake_find(const char *text);

#endif
