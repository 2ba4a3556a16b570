/* The hash of bytes as CPython has it by default, and with the same result.
 */
#include "labs/runtime/hash.h"

/* Guarded by the GIL (_Py_HashSecret). */
static uint64_t key[2];

static uint64_t
rotate_left(uint64_t bits, unsigned count)
{
    return bits << count | bits >> (64 - count);
}

/* What SipHash stirs. */
struct sip {
    uint64_t v0, v1, v2, v3;
};

/* One round of it (HALF_ROUND twice). It is worth its place in each caller:
 * there the four words stay in registers. */
static inline __attribute__((always_inline)) void
sip_round(struct sip *sip)
{
    sip->v0 += sip->v1;
    sip->v2 += sip->v3;
    sip->v1 = rotate_left(sip->v1, 13) ^ sip->v0;
    sip->v3 = rotate_left(sip->v3, 16) ^ sip->v2;
    sip->v0 = rotate_left(sip->v0, 32);

    sip->v2 += sip->v1;
    sip->v0 += sip->v3;
    sip->v1 = rotate_left(sip->v1, 17) ^ sip->v2;
    sip->v3 = rotate_left(sip->v3, 21) ^ sip->v0;
    sip->v2 = rotate_left(sip->v2, 32);
}

/* Eight bytes as a number, the first of them the lowest: compilers know this
 * form and make one load of it. */
static uint64_t
whole_word(const unsigned char *bytes)
{
    return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 |
           (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24 |
           (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 |
           (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

/* Fewer than eight, and what is missing is 0. */
static uint64_t
rest_word(const unsigned char *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number |= (uint64_t)bytes[i] << (8 * i);
    }
    return number;
}

/* The 1 in SipHash-1-3: one round for each word of the text. */
static inline __attribute__((always_inline)) void
sip_absorb(struct sip *sip, uint64_t word)
{
    sip->v3 ^= word;
    sip_round(sip);
    sip->v0 ^= word;
}

/* siphash13 in Python/pyhash.c. */
static uint64_t
sip_hash(const unsigned char *bytes, size_t size)
{
    struct sip sip = {
        key[0] ^ UINT64_C(0x736f6d6570736575),
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
    size_t rest = size % 8;
    for (size_t i = 0; i < size - rest; i += 8) {
        sip_absorb(&sip, whole_word(bytes + i));
    }
    sip_absorb(&sip,
               (uint64_t)size << 56 | rest_word(bytes + size - rest, rest));
    sip.v2 ^= 0xff;
    for (int i = 0; i < 3; i++) {
        sip_round(&sip);
    }
    return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

int64_t
rt_hash_bytes(const void *bytes, size_t size)
{
    return size == 0 ? 0 : rt_hash_usable(sip_hash(bytes, size));
}

void
rt_hash_set_key(uint64_t first, uint64_t second)
{
    key[0] = first;
    key[1] = second;
}
