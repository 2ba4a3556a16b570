/* Dice: random numbers and texts that are the same in every run.
 *
 * `struct dice dice = {.seed = 1};` begins a row of numbers that depends on
 * the seed alone. Numbers need nothing but libc; texts (dice_text.c) need
 * quiz/core. */
#ifndef TESTS_SUPPORT_DICE_H
#define TESTS_SUPPORT_DICE_H

#include <stddef.h>
#include <stdint.h>

struct dice {
    uint64_t seed;
};

/* The next number, 0 <= number < sides. */
size_t dice_roll(struct dice *dice, size_t sides);

/* A text of so many pieces, each picked out of the NULL-terminated list; new.
 */
char *dice_text(struct dice *dice, const char *const *pieces, size_t count);

/* So many bytes from 1 to 255, mostly no UTF-8, terminated; new. */
char *dice_bytes(struct dice *dice, size_t count);

/* Pieces that terminals find hard: wide, combining, joined and broken ones,
 * control characters, marks that turn the direction round; NULL-terminated. */
extern const char *const DICE_HARD_PIECES[];

#endif
