/* The hash of bytes once more, for speed: other numbers than CPython's, which
 * show nowhere, for dicts keep the order of insertion.
 *
 * A search in a large dict waits for memory at each step, and the processor
 * goes ahead to the next search meanwhile, as many instructions as it can
 * hold. So what counts is how few there are. SipHash takes fourteen for each
 * round, and five rounds for a text of twelve bytes; here 16 bytes take one
 * multiplication of two words into a double one, whose halves are joined: each
 * bit of the result depends on all bits of both.
 *
 * After Wang Yi's wyhash. Nobody has shown how to prepare texts that collide
 * under a key that is not known, but nobody has proved either, as for SipHash,
 * that this is as hard as to guess the key. */
#include <string.h>

#include "labs/runtime/hash.h"

/* Guarded by the GIL. */
static uint64_t key[2];

/* Words with as many ones as zeros, in no order. */
#define STIR_FIRST UINT64_C(0xA0761D6478BD642F)
#define STIR_SECOND UINT64_C(0xE7037ED1A0B428DB)

static uint64_t
word_at(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

static uint64_t
half_word_at(const unsigned char *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

static uint64_t
multiply(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = a;
    product *= b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Fewer than eight bytes, each of which comes in at least once: in two halves
 * that may overlap, or the first, the middle and the last one. */
static uint64_t
few_bytes(const unsigned char *bytes, size_t size)
{
    if (size >= 4) {
        return half_word_at(bytes) << 32 | half_word_at(bytes + size - 4);
    }
    return (uint64_t)bytes[0] << 16 | (uint64_t)bytes[size / 2] << 8 |
           bytes[size - 1];
}

int64_t
rt_hash_bytes(const void *bytes, size_t size)
{
    const unsigned char *text = bytes;
    if (size == 0) {
        return 0;
    }
    uint64_t first = key[0] ^ STIR_FIRST;
    uint64_t second = key[1] ^ STIR_SECOND;
    if (size < 8) {
        first ^= few_bytes(text, size);
    }
    else {
        // The last sixteen bytes may overlap with what was before.
        size_t i = 0;
        for (; size - i > 16; i += 16) {
            second = multiply(first ^ word_at(text + i),
                              second ^ word_at(text + i + 8));
        }
        first ^= word_at(text + (i == 0 ? 0 : size - 16));
        second ^= word_at(text + size - 8);
    }
    return rt_hash_usable(
        multiply(multiply(first, second), size ^ STIR_SECOND));
}

void
rt_hash_set_key(uint64_t first, uint64_t second)
{
    key[0] = first;
    key[1] = second;
}
