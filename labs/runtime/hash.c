#include "labs/runtime/hash.h"

#include "labs/runtime/error.h"
#include "labs/runtime/object.h"
#include "labs/runtime/proxy.h"

/* Guarded by the GIL (_Py_HashSecret). */
static uint64_t key[2];

/* -1 means failure to some and "not known yet" to others, so no hash is -1. */
static int64_t
usable_hash(uint64_t bits)
{
    int64_t hash = (int64_t)bits;
    return hash == -1 ? -2 : hash;
}

static uint64_t
rotate_left(uint64_t bits, unsigned count)
{
    return bits << count | bits >> (64 - count);
}

/* One round of SipHash: it stirs the four words (HALF_ROUND twice). */
static void
sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate_left(v[1], 13) ^ v[0];
    v[3] = rotate_left(v[3], 16) ^ v[2];
    v[0] = rotate_left(v[0], 32);

    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate_left(v[1], 17) ^ v[2];
    v[3] = rotate_left(v[3], 21) ^ v[0];
    v[2] = rotate_left(v[2], 32);
}

/* Up to 8 bytes as a number, the first of them the lowest. */
static uint64_t
little_endian(const unsigned char *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number |= (uint64_t)bytes[i] << (8 * i);
    }
    return number;
}

/* The 1 in SipHash-1-3: one round for each word of the text. */
static void
sip_absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

/* siphash13 in Python/pyhash.c. */
static uint64_t
sip_hash(const unsigned char *bytes, size_t size)
{
    uint64_t v[4] = {
        key[0] ^ UINT64_C(0x736f6d6570736575),
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
    size_t whole = size - size % 8;
    for (size_t i = 0; i < whole; i += 8) {
        sip_absorb(v, little_endian(bytes + i, 8));
    }
    sip_absorb(v, (uint64_t)size << 56 |
                      little_endian(bytes + whole, size - whole));
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

int64_t
rt_hash_bytes(const void *bytes, size_t size)
{
    return size == 0 ? 0 : usable_hash(sip_hash(bytes, size));
}

int64_t
rt_hash_pointer(const void *pointer)
{
    return usable_hash(rotate_left((uint64_t)(uintptr_t)pointer, 60));
}

void
rt_hash_set_key(uint64_t first, uint64_t second)
{
    key[0] = first;
    key[1] = second;
}

int
rt_hash(struct rt_object *object, int64_t *hash)
{
    const struct rt_type *type = object->ob_type;
    if (type->hash != NULL) {
        return type->hash(object, hash);
    }
    *hash = rt_hash_pointer(object);
    return 0;
}

int
rt_hash_refused(struct rt_object *object, int64_t *hash)
{
    (void)hash;
    return rt_error_set(RT_ERROR_TYPE, "unhashable type: '%s'",
                        object->ob_type->name);
}

/* How many rt_equal() this thread is in (_Py_EnterRecursiveCall). */
static _Thread_local int depth;

int
rt_equal(struct rt_object *a, struct rt_object *b)
{
    if (a == b) {
        return 1;
    }
    if (a->ob_type != b->ob_type) {
        // A proxy is what it stands for.
        return rt_proxy_check(a) || rt_proxy_check(b) ? rt_proxy_equal(a, b)
                                                      : 0;
    }
    if (a->ob_type->equal == NULL) {
        return 0;
    }
    if (depth == RT_EQUAL_DEPTH) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "maximum recursion depth exceeded in comparison");
    }
    depth++;
    int result = a->ob_type->equal(a, b);
    depth--;
    return result;
}
