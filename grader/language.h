/* Language: the grader's sentences in the language of whoever asks.
 *
 * The grader has no catalogue of translations. A program that has one gives
 * its lookup once, before the first verdict; without it all is English. */
#ifndef GRADER_LANGUAGE_H
#define GRADER_LANGUAGE_H

/* translate returns a text for an English one, or that one; both static. */
void language_set(const char *(*translate)(const char *english));

/* The sentence in the language that was set. */
const char *say(const char *english) __attribute__((format_arg(1)));

/* Marks a sentence of a constant table; say() it where it is used. */
#define SAY_LATER(english) english

#endif
