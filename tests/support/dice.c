#include "tests/support/dice.h"

#include <assert.h>

/* splitmix64 (Sebastiano Vigna, public domain). */
size_t
dice_roll(struct dice *dice, size_t sides)
{
    assert(sides > 0);
    uint64_t z = dice->seed += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (size_t)((z ^ (z >> 31)) % sides);
}
