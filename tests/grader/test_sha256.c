/* Against the published vectors: the examples of FIPS 180-2 and 180-4, and
 * the additional ones of NIST (SHA256 test data, 2008). */
#include <stdlib.h>

#include "grader/sha256.h"
#include "labs/testing.h"

static const struct {
    const char *text, *hex;
} TEXTS[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
     "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"\xBD",
     "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"},
    {"\xC9\x8C\x8E\x55",
     "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"},
};

/* One byte, many times; around the places where a block ends. */
static const struct {
    int byte;
    size_t count;
    const char *hex;
} RUNS[] = {
    {0, 55,
     "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"},
    {0, 56,
     "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"},
    {0, 57,
     "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"},
    {0, 64,
     "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"},
    {0, 1000,
     "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"},
    {'A', 1000,
     "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"},
    {'U', 1005,
     "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0"},
    {'a', 1000000,
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static void
the_digests_are_those_of_the_standard(void **state)
{
    char hex[65];
    (void)state;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
        sha256_hex(TEXTS[i].text, strlen(TEXTS[i].text), hex);
        assert_text(hex, TEXTS[i].hex);
    }
    for (size_t i = 0; i < sizeof(RUNS) / sizeof(*RUNS); i++) {
        char *bytes = malloc(RUNS[i].count);
        memset(bytes, RUNS[i].byte, RUNS[i].count);
        sha256_hex(bytes, RUNS[i].count, hex);
        assert_text(hex, RUNS[i].hex);
        free(bytes);
    }
}

static void
no_bytes_need_no_memory(void **state)
{
    char hex[65];
    (void)state;
    sha256_hex(NULL, 0, hex);
    assert_text(hex, TEXTS[0].hex);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_digests_are_those_of_the_standard),
        cmocka_unit_test(no_bytes_need_no_memory),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
