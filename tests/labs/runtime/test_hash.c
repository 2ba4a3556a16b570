#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/object.h"
#include "labs/testing.h"

/* PYTHONHASHSEED=0 python3 -c "print(hash('abc'))" and so on, 3.11 and
 * later. */
static void
bytes_hash_as_in_python_without_a_seed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t hash;
    } CASES[] = {
        {"", 0},
        {"a", INT64_C(4644417185603328019)},
        {"abc", INT64_C(-4594863902769663758)},
        {"abcdefg", INT64_C(7904145750247929094)},
        {"abcdefgh", INT64_C(4574395652268504554)},
        {"abcdefghi", INT64_C(-532774252720507163)},
        {"The quick brown fox jumps over the lazy dog",
         INT64_C(-8217249817990249186)},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        assert_number(rt_hash_bytes(CASES[i].text, strlen(CASES[i].text)),
                      CASES[i].hash);
    }
}

static void
another_key_gives_other_hashes(void **state)
{
    (void)state;
    int64_t before = rt_hash_bytes("abc", 3);
    rt_hash_set_key(0, 1);
    int64_t second = rt_hash_bytes("abc", 3);
    rt_hash_set_key(1, 0);
    int64_t first = rt_hash_bytes("abc", 3);
    rt_hash_set_key(0, 0);
    assert_true(before != first && before != second && first != second);
    assert_number(rt_hash_bytes("abc", 3), before);
}

static void
a_pointer_hashes_to_its_bits_rotated_by_four(void **state)
{
    (void)state;
    char bytes[16];
    for (int i = 0; i < 16; i++) {
        uint64_t address = (uint64_t)(uintptr_t)&bytes[i];
        assert_number(rt_hash_pointer(&bytes[i]),
                      address >> 4 | address << 60);
    }
}

struct number {
    struct rt_object base;
    int value;
};

static int questions;

static int
compare_values(struct rt_object *a, struct rt_object *b)
{
    questions++;
    return ((struct number *)a)->value == ((struct number *)b)->value;
}

static const struct rt_type plain_type = {.name = "plain"};
static const struct rt_type value_type = {
    .name = "value",
    .hash = rt_hash_refused,
    .equal = compare_values,
};
static const struct rt_type other_type = {
    .name = "other",
    .equal = compare_values,
};

static void
objects_without_a_hash_slot_hash_by_identity(void **state)
{
    (void)state;
    struct rt_object a = {1, &plain_type};
    int64_t hash;
    assert_number(rt_hash(&a, &hash), 0);
    assert_number(hash, rt_hash_pointer(&a));
}

static void
a_refused_hash_is_a_type_error(void **state)
{
    (void)state;
    struct number a = {{1, &value_type}, 1};
    int64_t hash;
    assert_number(rt_hash(&a.base, &hash), -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(), "unhashable type: 'value'");
    rt_error_clear();
}

static void
objects_without_an_equal_slot_equal_only_themselves(void **state)
{
    (void)state;
    struct rt_object a = {1, &plain_type};
    struct rt_object b = {1, &plain_type};
    assert_number(rt_equal(&a, &a), 1);
    assert_number(rt_equal(&a, &b), 0);
}

static void
the_slot_is_asked_only_about_two_objects_of_its_type(void **state)
{
    (void)state;
    struct number a = {{1, &value_type}, 1};
    struct number same = {{1, &value_type}, 1};
    struct number other = {{1, &other_type}, 1};
    questions = 0;
    assert_number(rt_equal(&a.base, &a.base), 1);
    assert_number(rt_equal(&a.base, &other.base), 0);
    assert_number(questions, 0);
    assert_number(rt_equal(&a.base, &same.base), 1);
    assert_number(questions, 1);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(bytes_hash_as_in_python_without_a_seed),
        cmocka_unit_test(another_key_gives_other_hashes),
        cmocka_unit_test(a_pointer_hashes_to_its_bits_rotated_by_four),
        cmocka_unit_test(objects_without_a_hash_slot_hash_by_identity),
        cmocka_unit_test(a_refused_hash_is_a_type_error),
        cmocka_unit_test(objects_without_an_equal_slot_equal_only_themselves),
        cmocka_unit_test(the_slot_is_asked_only_about_two_objects_of_its_type),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
