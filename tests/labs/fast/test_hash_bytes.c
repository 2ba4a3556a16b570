/* What any hash of bytes promises, for the one that is not CPython's. */
#include <stdio.h>

#include "labs/runtime/hash.h"
#include "labs/testing.h"

enum {
    LONGEST = 100,
    SLOTS = 1 << 10
};

static int64_t
hash_of(const unsigned char *bytes, size_t size)
{
    return rt_hash_bytes(bytes, size);
}

static void
no_bytes_have_the_hash_0(void **state)
{
    (void)state;
    assert_number(rt_hash_bytes("", 0), 0);
}

static void
every_bit_of_every_size_counts(void **state)
{
    (void)state;
    unsigned char bytes[LONGEST];
    for (size_t size = 1; size <= LONGEST; size++) {
        memset(bytes, 'x', size);
        int64_t before = hash_of(bytes, size);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
            int64_t other = hash_of(bytes, size);
            int changed = __builtin_popcountll((uint64_t)(before ^ other));
            assert_true(changed >= 10 && changed <= 54);
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        assert_number(hash_of(bytes, size), before);
    }
}

static void
zeros_of_all_sizes_differ(void **state)
{
    (void)state;
    static const unsigned char zeros[LONGEST];
    for (size_t size = 1; size <= LONGEST; size++) {
        for (size_t other = 1; other < size; other++) {
            assert_true(hash_of(zeros, size) != hash_of(zeros, other));
        }
    }
}

static void
where_bytes_lie_does_not_count(void **state)
{
    (void)state;
    unsigned char bytes[LONGEST + 16];
    for (size_t size = 1; size <= LONGEST; size++) {
        int64_t first = 0;
        for (size_t at = 0; at < 16; at++) {
            memset(bytes, (int)at, sizeof(bytes));
            for (size_t i = 0; i < size; i++) {
                bytes[at + i] = (unsigned char)(i * 37);
            }
            int64_t hash = hash_of(bytes + at, size);
            first = at == 0 ? hash : first;
            assert_number(hash, first);
        }
    }
}

static void
another_key_gives_other_hashes(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 40; size++) {
        const char *text = "a text of forty characters, or some less";
        int64_t before = rt_hash_bytes(text, size);
        rt_hash_set_key(0, 1);
        int64_t second = rt_hash_bytes(text, size);
        rt_hash_set_key(1, 0);
        int64_t first = rt_hash_bytes(text, size);
        rt_hash_set_key(0, 0);
        assert_true(before != first && before != second && first != second);
    }
}

/* Of so many texts 8 fall on each slot; a slot that gets 30 is a sign. */
static void
texts_that_count_upwards_spread_over_all_slots(void **state)
{
    (void)state;
    unsigned low[SLOTS] = {0};
    unsigned high[SLOTS] = {0};
    for (int i = 0; i < 8 * SLOTS; i++) {
        char text[32];
        int size = snprintf(text, sizeof(text), "key:%08d", i);
        uint64_t hash = (uint64_t)rt_hash_bytes(text, (size_t)size);
        low[hash % SLOTS]++;
        high[hash >> 54]++;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        assert_true(low[i] < 30 && high[i] < 30);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(no_bytes_have_the_hash_0),
        cmocka_unit_test(every_bit_of_every_size_counts),
        cmocka_unit_test(zeros_of_all_sizes_differ),
        cmocka_unit_test(where_bytes_lie_does_not_count),
        cmocka_unit_test(another_key_gives_other_hashes),
        cmocka_unit_test(texts_that_count_upwards_spread_over_all_slots),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
