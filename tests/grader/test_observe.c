#include <stdio.h>
#include <stdlib.h>

#include "grader/buffer.h"
#include "grader/observe.h"
#include "labs/testing.h"

static struct observations
read_stream(const char *stream)
{
    struct observations seen;
    assert_number(observe_read(&seen, stream, strlen(stream)), 0);
    return seen;
}

/* What a person sees of the first observation beside another stream's. */
static char *
shown(const char *stream, const char *other)
{
    struct buffer buffer = {0};
    struct observations seen = read_stream(stream);
    struct observations beside = read_stream(other != NULL ? other : "");
    assert_true(seen.count > 0);
    observation_show(&buffer, &seen.items[0],
                     other != NULL ? &beside.items[0] : NULL);
    observe_release(&seen);
    observe_release(&beside);
    char *text = strdup(buffer_string(&buffer));
    buffer_release(&buffer);
    return text;
}

static void
expect_shown(const char *stream, const char *expected)
{
    char *text = shown(stream, NULL);
    assert_text(text, expected);
    free(text);
}

static void
a_whole_stream_is_cut_into_its_observations(void **state)
{
    (void)state;
    struct observations seen = read_stream("int\tcount\t1\n"
                                           "bool\tis free\ttrue\n"
                                           "event\tdealloc\t\n"
                                           "end\tcases\t3\n");
    assert_true(seen.whole);
    assert_false(seen.broken);
    assert_number(seen.count, 3);
    assert_number(seen.items[0].type_length, 3);
    assert_memory_equal(seen.items[1].name, "is free", 7);
    assert_number(seen.items[1].name_length, 7);
    assert_number(seen.items[2].value_length, 0);
    assert_number(seen.end.name_length, 5);
    observe_release(&seen);
    observe_release(&seen);
}

static void
a_stream_that_ends_early_is_neither_whole_nor_broken(void **state)
{
    (void)state;
    struct observations seen = read_stream("int\tcount\t1\n");
    assert_false(seen.whole);
    assert_false(seen.broken);
    assert_number(seen.count, 1);
    observe_release(&seen);
    seen = read_stream("");
    assert_false(seen.whole);
    assert_false(seen.broken);
    observe_release(&seen);
}

static void
what_the_testing_library_never_writes_is_broken(void **state)
{
    static const char *const STREAMS[] = {
        "\n",
        "int\n",
        "int\tcount\n",
        "int\tcount\t1\t2\n",
        "float\tcount\t1\n",
        "INT\tcount\t1\n",
        "int \tcount\t1\n",
        "\tcount\t1\n",
        "int\tcount\t1", // cut off in the middle of a line
        "end\tcases\t1\n",
        "end\tcases\t\n",
        "end\tcases\t-0\n",
        "end\tcases\t0x0\n",
        "end\tcases\t0000000000\n",
        "end\tcases\t18446744073709551616\n",
        "end\tcases\t0\nint\tcount\t1\n", // behind the end
        "end\tcases\t0\nend\tcases\t0\n",
        "end\tcases\t0\n\n",
        "int\ta\t1\nend\tcases\t0\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(STREAMS) / sizeof(*STREAMS); i++) {
        struct observations seen = read_stream(STREAMS[i]);
        if (!seen.broken || seen.whole) {
            fail_msg("not broken: %s", STREAMS[i]);
        }
        observe_release(&seen);
    }
}

static void
bytes_of_every_kind_are_survived(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (int round = 0; round < 2000; round++) {
        // Of its exact size, so that a sanitizer sees a read behind it.
        size_t length = (size_t)(round % 97);
        char *stream = malloc(length + 1);
        for (size_t i = 0; i < length; i++) {
            static const char ALPHABET[] = "int\tend\t\n0\\x\xFF\0";
            seed = seed * 1664525 + 1013904223;
            stream[i] = ALPHABET[(seed >> 16) % sizeof(ALPHABET)];
        }
        char *exact = realloc(stream, length > 0 ? length : 1);
        struct observations seen;
        assert_number(observe_read(&seen, exact, length), 0);
        for (size_t i = 0; i < seen.count; i++) {
            struct buffer buffer = {0};
            observation_show(&buffer, &seen.items[i], &seen.items[0]);
            assert_true(observation_equal(&seen.items[i], &seen.items[i]));
            buffer_release(&buffer);
        }
        observe_release(&seen);
        free(exact);
    }
}

static void
two_are_equal_only_in_type_name_and_value(void **state)
{
    (void)state;
    struct observations seen = read_stream("int\ta\t1\n"
                                           "int\ta\t1\n"
                                           "that\ta\t1\n"
                                           "int\tb\t1\n"
                                           "int\ta\t2\n"
                                           "int\ta\t11\n");
    assert_true(observation_equal(&seen.items[0], &seen.items[1]));
    for (size_t i = 2; i < seen.count; i++) {
        assert_false(observation_equal(&seen.items[0], &seen.items[i]));
    }
    observe_release(&seen);
}

static void
a_person_sees_name_and_value(void **state)
{
    (void)state;
    expect_shown("int\tcount\t-12\n", "count: -12");
    expect_shown("null\tslot\t\n", "slot: NULL");
    expect_shown("string\ttext\ta\\tb\\\\c\n", "text: a    b\\c");
    expect_shown("string\ttext\tone\\ntwo\n", "text: one⏎two");
    expect_shown("string\ttext\t\\xd1\\x8f\n", "text: я");
    expect_shown("string\ttext\t\\x1b[2J\\xff\n", "text: \\x1b[2J\\xff");
    expect_shown("string\tна\\x00me\tv\n", "на\\x00me: v");
    expect_shown("string\tcut\t\\\n", "cut: \\");
}

static void
of_two_long_values_the_difference_is_shown(void **state)
{
    char same[801];
    char one[2048];
    char other[2048];
    (void)state;
    memset(same, '.', sizeof(same) - 1);
    same[sizeof(same) - 1] = '\0';
    snprintf(one, sizeof(one), "string\tname\t%sHERE%s\n", same, same);
    snprintf(other, sizeof(other), "string\tname\t%sTHERE%s\n", same, same);
    char *text = shown(one, other);
    assert_contains(text, "name: ... ....");
    assert_contains(text, ".HERE.");
    assert_true(strlen(text) < 400);
    free(text);
    text = shown(one, NULL);
    assert_null(strstr(text, "HERE"));
    assert_true(strlen(text) < 400);
    free(text);
}

static void
a_million_observations_are_the_most(void **state)
{
    enum {
        MOST = 1 << 20
    };
    static const char LINE[] = "int\ta\t1\n";
    (void)state;
    size_t size = sizeof(LINE) - 1;
    char *stream = malloc((MOST + 1) * size);
    for (size_t i = 0; i <= MOST; i++) {
        memcpy(stream + i * size, LINE, size);
    }
    struct observations seen;
    assert_number(observe_read(&seen, stream, MOST * size), 0);
    assert_false(seen.broken);
    assert_number(seen.count, MOST);
    observe_release(&seen);
    assert_number(observe_read(&seen, stream, (MOST + 1) * size), 0);
    assert_true(seen.broken);
    observe_release(&seen);
    free(stream);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_whole_stream_is_cut_into_its_observations),
        cmocka_unit_test(a_stream_that_ends_early_is_neither_whole_nor_broken),
        cmocka_unit_test(what_the_testing_library_never_writes_is_broken),
        cmocka_unit_test(bytes_of_every_kind_are_survived),
        cmocka_unit_test(two_are_equal_only_in_type_name_and_value),
        cmocka_unit_test(a_person_sees_name_and_value),
        cmocka_unit_test(of_two_long_values_the_difference_is_shown),
        cmocka_unit_test(a_million_observations_are_the_most),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
