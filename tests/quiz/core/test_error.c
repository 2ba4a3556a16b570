#include <stdlib.h>
#include <utf8proc.h>

#include "labs/testing.h"
#include "quiz/core/error.h"

static void
a_fault_of_the_content_is_the_usual_one(void **state)
{
    (void)state;
    struct error err = {0};
    assert_number(error_set(&err, "cannot read '%s' at %d", "a.yaml", 7), -1);
    assert_number(err.status, EXIT_STATUS_CONTENT);
    assert_text(err.message, "cannot read 'a.yaml' at 7");
}

static void
another_status_can_be_named(void **state)
{
    (void)state;
    struct error err = {0};
    assert_number(error_set_status(&err, EXIT_STATUS_USAGE, "no '%s'", "x"),
                  -1);
    assert_number(err.status, EXIT_STATUS_USAGE);
    assert_text(err.message, "no 'x'");
}

static void
nobody_needs_to_listen(void **state)
{
    (void)state;
    assert_number(error_set(NULL, "%s", "unheard"), -1);
    assert_number(error_set_status(NULL, EXIT_STATUS_MACHINE, "unheard"), -1);
}

static void
the_last_error_is_the_one_that_counts(void **state)
{
    (void)state;
    struct error err = {0};
    error_set_status(&err, EXIT_STATUS_MACHINE, "a long first message");
    error_set(&err, "short");
    assert_number(err.status, EXIT_STATUS_CONTENT);
    assert_text(err.message, "short");
}

static void
the_exit_codes_are_those_of_the_interface(void **state)
{
    (void)state;
    assert_number(EXIT_STATUS_DONE, 0);
    assert_number(EXIT_STATUS_MISSED, 1);
    assert_number(EXIT_STATUS_USAGE, 2);
    assert_number(EXIT_STATUS_CONTENT, 3);
    assert_number(EXIT_STATUS_MACHINE, 4);
    assert_number(EXIT_STATUS_INTERNAL, 70);
}

/* Whatever stands at the place where the message has no more room. */
static void
a_message_too_long_is_cut_between_characters(void **state)
{
    (void)state;
    static const char *const ENDS[] = {"x", "ж", "漢", "\xF0\x9F\x98\x80"};
    struct error err;
    char longest[3000];
    for (size_t kind = 0; kind < 4; kind++) {
        for (size_t shift = 0; shift < 4; shift++) {
            size_t length = shift;
            memset(longest, '.', shift);
            while (length < sizeof(longest) - 8) {
                memcpy(longest + length, ENDS[kind], strlen(ENDS[kind]));
                length += strlen(ENDS[kind]);
            }
            longest[length] = '\0';
            error_set(&err, "%s", longest);
            size_t kept = strlen(err.message);
            assert_true(kept < sizeof(err.message));
            // No more is cut than must be.
            assert_true(kept + strlen(ENDS[kind]) >= sizeof(err.message));
            assert_memory_equal(err.message, longest, kept);
            utf8proc_int32_t code = 0;
            for (size_t at = 0; at < kept;) {
                utf8proc_ssize_t size = utf8proc_iterate(
                    (const utf8proc_uint8_t *)err.message + at, -1, &code);
                assert_true(size > 0);
                at += (size_t)size;
            }
        }
    }
}

static void
a_message_that_just_fits_is_whole(void **state)
{
    (void)state;
    struct error err;
    char text[sizeof(err.message)];
    memset(text, '.', sizeof(text));
    memcpy(text + sizeof(text) - 3, "ж", 3);
    error_set(&err, "%s", text);
    assert_text(err.message, text);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_fault_of_the_content_is_the_usual_one),
        cmocka_unit_test(another_status_can_be_named),
        cmocka_unit_test(nobody_needs_to_listen),
        cmocka_unit_test(the_last_error_is_the_one_that_counts),
        cmocka_unit_test(the_exit_codes_are_those_of_the_interface),
        cmocka_unit_test(a_message_too_long_is_cut_between_characters),
        cmocka_unit_test(a_message_that_just_fits_is_whole),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
