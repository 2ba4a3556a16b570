#include <stdio.h>

#include "labs/testing.h"
#include "quiz/core/prose.h"

static void
expect(const char *markdown, const char *said, const char *codes)
{
    struct prose prose;
    struct text all = {0};
    prose_init(&prose, markdown);
    for (size_t i = 0; i < prose.code_count; i++) {
        text_add_format(&all, "<%s>", prose.codes[i]);
    }
    assert_text(text_string(&prose.said), said);
    assert_text(text_string(&all), codes);
    text_release(&all);
    prose_release(&prose);
}

static void
spans_are_code(void **state)
{
    (void)state;
    expect("the `gc` module", "the ` module", "<gc>");
    expect("``a ` b``", "`", "<a ` b>");
    expect("` a\n  b `", "`", "<a b>");
    expect("{{gap}} it", "` it", "<{{gap}}>");
}

static void
a_span_that_is_never_closed_is_text(void **state)
{
    (void)state;
    expect("one ` two", "one ` two", "");
    expect("``one` {{two", "``one` {{two", "");
}

static void
blocks_are_code(void **state)
{
    (void)state;
    expect("a\n```python\nx = 1\n```\nb", "a\n`\nb", "<x = 1>");
    expect("a\n\n    x\n    y\n\nb", "a\n\n`\n\nb", "<x y>");
    expect("```\nx", "`", "<x>");
    expect("", "", "");
}

static void
what_goes_on_set_in_is_no_code(void **state)
{
    (void)state;
    expect("1. one\n    two", "1. one\n    two", "");
}

static void
words_are_counted_by_sentence(void **state)
{
    (void)state;
    struct prose prose;
    prose_init(&prose, "One two, `three`. Ёж — пять\n\nшесть семь восемь!");
    assert_number(prose_words(&prose), 8);
    assert_number(prose_longest_sentence(&prose), 3);
    prose_release(&prose);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(spans_are_code),
        cmocka_unit_test(a_span_that_is_never_closed_is_text),
        cmocka_unit_test(blocks_are_code),
        cmocka_unit_test(what_goes_on_set_in_is_no_code),
        cmocka_unit_test(words_are_counted_by_sentence),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
