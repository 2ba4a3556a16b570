#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "grader/buffer.h"
#include "labs/testing.h"
#include "tests/support/tempdir.h"

/* What buffer_add_clean() makes of text, new. */
static char *
cleaned(const char *text, size_t length, size_t limit)
{
    struct buffer buffer = {0};
    buffer_add_clean(&buffer, text, length, limit);
    assert_false(buffer.failed);
    char *copy = strdup(buffer_string(&buffer));
    buffer_release(&buffer);
    return copy;
}

static void
expect_clean(const char *text, const char *expected)
{
    char *clean = cleaned(text, strlen(text), 4096);
    assert_text(clean, expected);
    free(clean);
}

static void
an_empty_buffer_is_an_empty_string(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    assert_text(buffer_string(&buffer), "");
    buffer_add(&buffer, "", 0);
    assert_text(buffer_string(&buffer), "");
    assert_number(buffer.length, 0);
    buffer_release(&buffer);
    buffer_release(&buffer);
}

static void
it_grows_and_is_always_terminated(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    for (int i = 0; i < 10000; i++) {
        buffer_add(&buffer, "0123456789", (size_t)(i % 11));
        assert_int_equal(buffer.bytes[buffer.length], 0);
        assert_true(buffer.capacity > buffer.length);
    }
    buffer_format(&buffer, "%d-%s", 42, "end");
    assert_contains(buffer.bytes + buffer.length - 6, "42-end");
    assert_false(buffer.failed);
    buffer_release(&buffer);
}

static void
bytes_with_zeros_are_kept(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_add(&buffer, "a\0b", 3);
    buffer_add(&buffer, "c", 1);
    assert_number(buffer.length, 4);
    assert_memory_equal(buffer.bytes, "a\0bc", 5);
    buffer_release(&buffer);
}

/* Sizes that no memory can hold, and whose double does not fit a size_t. */
static void
too_many_bytes_fail_and_leave_what_was_there(void **state)
{
    static const size_t SIZES[] = {SIZE_MAX, SIZE_MAX - 4, SIZE_MAX / 2,
                                   SIZE_MAX / 2 + 1};
    (void)state;
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(*SIZES); i++) {
        struct buffer buffer = {0};
        buffer_add(&buffer, "kept", 4);
        buffer_add(&buffer, "x", SIZES[i]);
        assert_true(buffer.failed);
        assert_text(buffer_string(&buffer), "kept");
        buffer_release(&buffer);
    }
}

static void
plain_text_stays_as_it_is(void **state)
{
    (void)state;
    expect_clean("", "");
    expect_clean("line one\nline two\n", "line one\nline two\n");
    expect_clean("счётчик ✓ 𝄞 é", "счётчик ✓ 𝄞 é");
    expect_clean("a\tb", "a    b");
}

static void
control_characters_become_visible(void **state)
{
    (void)state;
    expect_clean("\033[2Jx\007\r\b\x7F", "\\x1b[2Jx\\x07\\x0d\\x08\\x7f");
    expect_clean("\xC2\x9B"
                 "31m",
                 "31m"); // a one-byte CSI
    expect_clean("a\xE2\x80\xAE"
                 "b\xE2\x81\xA6"
                 "c",
                 "abc"); // text turned round
    char *clean = cleaned("a\0b", 3, 64);
    assert_text(clean, "a\\x00b");
    free(clean);
}

static void
broken_utf8_becomes_visible(void **state)
{
    (void)state;
    expect_clean("\xFF", "\\xff");
    expect_clean("\xC0\xAF", "\\xc0\\xaf");                   // overlong
    expect_clean("\xE0\x80\x80", "\\xe0\\x80\\x80");          // overlong
    expect_clean("\xED\xA0\x80", "\\xed\\xa0\\x80");          // a surrogate
    expect_clean("\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); // too large
    expect_clean("\xF0\x9F\x98", "\\xf0\\x9f\\x98");          // cut off
    expect_clean("x\xD0", "x\\xd0");
}

static void
a_cut_text_fits_the_limit_and_is_whole_utf8(void **state)
{
    char text[1024];
    (void)state;
    for (size_t i = 0; i < sizeof(text); i += 2) {
        memcpy(text + i, i % 6 == 0 ? "\033\033" : "\xD1\x8F", 2);
    }
    for (size_t limit = 0; limit < 300; limit++) {
        char *clean = cleaned(text, sizeof(text), limit);
        assert_true(strlen(clean) <= limit);
        char *again = cleaned(clean, strlen(clean), 4096);
        assert_text(again, clean);
        free(again);
        free(clean);
    }
}

static void
a_file_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    char *folder = tempdir_make();
    char *path = tempdir_write(folder, "file", "ten bytes\n");
    struct buffer buffer = {0};
    assert_number(buffer_read_file(&buffer, path, 10), 0);
    assert_text(buffer_string(&buffer), "ten bytes\n");
    buffer_release(&buffer);
    assert_number(buffer_read_file(&buffer, path, 9), -1);
    assert_number(errno, EFBIG);
    buffer_release(&buffer);
    assert_number(buffer_read_file(&buffer, folder, 9), -1);
    assert_number(errno, EISDIR);
    buffer_release(&buffer);
    free(path);
    path = tempdir_write(folder, "empty", "");
    assert_number(buffer_read_file(&buffer, path, 10), 0);
    assert_number(buffer.length, 0);
    buffer_release(&buffer);
    unlink(path);
    assert_number(buffer_read_file(&buffer, path, 10), -1);
    assert_number(errno, ENOENT);
    free(path);
    tempdir_remove(folder);
}

static void
a_descriptor_is_read_from_its_beginning(void **state)
{
    (void)state;
    char *folder = tempdir_make();
    char *path = tempdir_write(folder, "file", "first second");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    assert_number(lseek(file, 6, SEEK_SET), 6);
    struct buffer buffer = {0};
    assert_number(buffer_read_whole(&buffer, file, 100), 0);
    assert_text(buffer_string(&buffer), "first second");
    close(file);
    buffer_release(&buffer);
    free(path);
    tempdir_remove(folder);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_string),
        cmocka_unit_test(it_grows_and_is_always_terminated),
        cmocka_unit_test(bytes_with_zeros_are_kept),
        cmocka_unit_test(too_many_bytes_fail_and_leave_what_was_there),
        cmocka_unit_test(plain_text_stays_as_it_is),
        cmocka_unit_test(control_characters_become_visible),
        cmocka_unit_test(broken_utf8_becomes_visible),
        cmocka_unit_test(a_cut_text_fits_the_limit_and_is_whole_utf8),
        cmocka_unit_test(a_file_is_read_whole_or_not_at_all),
        cmocka_unit_test(a_descriptor_is_read_from_its_beginning),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
