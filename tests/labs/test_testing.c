#include <stdlib.h>
#include <unistd.h>

#include "labs/testing.h"

static void
every_type(void **state)
{
    (void)state;
    const int64_t items[] = {3, -1, INT64_MAX};
    observe_int("number", INT64_MIN);
    observe_bool("yes", true);
    observe_string("text", "a\tb\\c\n\r\x01\xC3\xA9");
    observe_string("nothing", NULL);
    observe_bytes("bytes", "\x00\xFFz", 3);
    observe_sequence("sequence", items, 3);
    observe_sequence("empty", NULL, 0);
    observe_event("call", "cell %d, %s", 7, "done");
    observe_that("rule", false);
}

static bool elsewhere;
static int said_elsewhere;

static void
says_so(void **state)
{
    (void)state;
    if (elsewhere) {
        observe_int("number", 1);
        said_elsewhere++;
        return;
    }
    observe_int("number", 1);
}

static void
dice(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        observe_int("die", lab_random_between(1, 6));
    }
}

static void
other_dice(void **state)
{
    dice(state);
}

static void
large(void **state)
{
    (void)state;
    static char text[10001];
    memset(text, 'x', 10000);
    observe_string("large", text);
}

static void
everything_between(void **state)
{
    (void)state;
    bool low = false;
    bool high = false;
    for (int i = 0; i < 1000; i++) {
        int64_t number = lab_random_between(-2, 2);
        observe_that("in range", number >= -2 && number <= 2);
        low |= number == -2;
        high |= number == 2;
    }
    observe_bool("both ends", low && high);
    lab_random_between(INT64_MIN, INT64_MAX);
    observe_int("a range of one", lab_random_between(9, 9));
}

static int
set_state(void **state)
{
    static int five = 5;
    *state = &five;
    return 0;
}

static int
observe_end(void **state)
{
    observe_int("teardown", *(const int *)*state);
    return 0;
}

static void
with_fixture(void **state)
{
    observe_int("state", *(const int *)*state);
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(every_type),
    cmocka_unit_test(says_so),
    cmocka_unit_test(dice),
    cmocka_unit_test(other_dice),
    cmocka_unit_test(large),
    cmocka_unit_test(everything_between),
    cmocka_unit_test_setup_teardown(with_fixture, set_state, observe_end),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);

/* What the case writes; borrowed until the next call. */
static const char *
stream_of(const char *name, uint64_t seed)
{
    static char text[65536];
    int ends[2];
    assert_number(pipe(ends), 0); // holds 64 KiB, more than any case here
    assert_number(lab_main(ends[1], seed, name), 0);
    close(ends[1]);
    size_t length = 0;
    ssize_t got = 0;
    while ((got = read(ends[0], text + length, sizeof(text) - 1 - length)) >
           0) {
        length += (size_t)got;
    }
    close(ends[0]);
    text[length] = '\0';
    return text;
}

/* The same with the trail, which is nobody's business, replaced by dots. */
static const char *
records_of(const char *name, uint64_t seed)
{
    char *text = (char *)(uintptr_t)stream_of(name, seed);
    char *end = strstr(text, "end\t");
    assert_non_null(end);
    assert_number(strspn(end + 4, "0123456789abcdef"), 16);
    memset(end + 4, '.', 16);
    return text;
}

static void
each_type_has_its_line(void **state)
{
    (void)state;
    assert_text(records_of("every_type", 1),
                "int\tnumber\t-9223372036854775808\n"
                "bool\tyes\ttrue\n"
                "string\ttext\ta\\tb\\\\c\\n\\r\\x01\\xc3\\xa9\n"
                "null\tnothing\t\n"
                "bytes\tbytes\t00ff7a\n"
                "sequence\tsequence\t3 -1 9223372036854775807\n"
                "sequence\tempty\t\n"
                "event\tcall\tcell 7, done\n"
                "that\trule\tfalse\n"
                "end\t................\t9\n");
}

static void
the_same_seed_throws_the_same_dice(void **state)
{
    (void)state;
    char *first = strdup(stream_of("dice", 42));
    assert_text(stream_of("dice", 42), first);
    assert_true(strcmp(stream_of("dice", 43), first) != 0);
    free(first);
}

static void
cases_throw_dice_of_their_own(void **state)
{
    (void)state;
    char *first = strdup(stream_of("dice", 42));
    assert_true(strcmp(stream_of("other_dice", 42), first) != 0);
    free(first);
}

static void
a_record_may_be_longer_than_the_buffer(void **state)
{
    (void)state;
    const char *text = records_of("large", 1);
    assert_number(strspn(text + strlen("string\tlarge\t"), "x"), 10000);
    assert_contains(text, "\nend\t................\t1\n");
}

static void
random_numbers_stay_between_their_ends(void **state)
{
    (void)state;
    const char *text = stream_of("everything_between", 7);
    assert_null(strstr(text, "false"));
    assert_contains(text, "int\ta range of one\t9\n");
}

static void
setup_and_teardown_are_run(void **state)
{
    (void)state;
    assert_text(records_of("with_fixture", 1),
                "int\tstate\t5\nint\tteardown\t5\n"
                "end\t................\t2\n");
}

static void
the_trail_depends_on_the_dice(void **state)
{
    (void)state;
    char *first = strdup(stream_of("says_so", 42));
    assert_text(stream_of("says_so", 42), first);
    assert_true(strcmp(stream_of("says_so", 43), first) != 0);
    free(first);
}

static void
who_says_the_same_from_elsewhere_has_another_trail(void **state)
{
    (void)state;
    char *first = strdup(stream_of("says_so", 42));
    char *records = strdup(records_of("says_so", 42));
    elsewhere = true;
    assert_true(strcmp(stream_of("says_so", 42), first) != 0);
    assert_text(records_of("says_so", 42), records);
    elsewhere = false;
    assert_number(said_elsewhere, 2);
    free(records);
    free(first);
}

static void
an_unknown_case_is_refused(void **state)
{
    (void)state;
    assert_number(lab_main(-1, 1, "no_such_case"), -1);
}

static void
a_stream_that_cannot_be_written_is_a_failure(void **state)
{
    (void)state;
    assert_number(lab_main(-1, 1, "dice"), -1);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(each_type_has_its_line),
        cmocka_unit_test(the_same_seed_throws_the_same_dice),
        cmocka_unit_test(cases_throw_dice_of_their_own),
        cmocka_unit_test(a_record_may_be_longer_than_the_buffer),
        cmocka_unit_test(random_numbers_stay_between_their_ends),
        cmocka_unit_test(setup_and_teardown_are_run),
        cmocka_unit_test(the_trail_depends_on_the_dice),
        cmocka_unit_test(who_says_the_same_from_elsewhere_has_another_trail),
        cmocka_unit_test(an_unknown_case_is_refused),
        cmocka_unit_test(a_stream_that_cannot_be_written_is_a_failure),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
