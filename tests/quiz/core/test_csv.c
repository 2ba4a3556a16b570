#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "quiz/core/csv.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"

/* Reads all of csv and writes it as "line:[a][b]" per record, "line!" for one
 * that is bad. */
static void
expect(const char *csv, const char *expected)
{
    char *bytes = xstrdup(csv);
    struct text seen = {0};
    struct csv reader;
    csv_init(&reader, bytes, strlen(bytes));
    int more = 0;
    while ((more = csv_next(&reader)) != 0) {
        text_add_format(&seen, "%d%s", reader.line, more < 0 ? "!" : ":");
        for (size_t i = 0; more > 0 && i < reader.count; i++) {
            assert_number(strlen(reader.fields[i].bytes),
                          reader.fields[i].length);
            text_add_format(&seen, "[%s]", reader.fields[i].bytes);
        }
        text_add_char(&seen, ' ');
    }
    assert_text(text_string(&seen), expected);
    text_release(&seen);
    csv_release(&reader);
    free(bytes);
}

static void
records_are_cut_at_commas_and_line_ends(void **state)
{
    (void)state;
    expect("a,b\nc,d\n", "1:[a][b] 2:[c][d] ");
    expect("a,b\r\nc,d\r\n", "1:[a][b] 2:[c][d] ");
    expect("a,b\nc,d", "1:[a][b] 2:[c][d] ");
    expect("a,b\r", "1:[a][b] ");
    expect(",\n,,x", "1:[][] 2:[][][x] ");
    expect("a b , c\n", "1:[a b ][ c] ");
    expect("a\rb\n", "1:[a\rb] ");
}

static void
empty_lines_and_the_byte_order_mark_are_passed_over(void **state)
{
    (void)state;
    expect("", "");
    expect("\n\r\n\n", "");
    expect("\xEF\xBB\xBF"
           "a\n\n\nb\n",
           "1:[a] 4:[b] ");
}

static void
quotes_hold_commas_quotes_and_lines(void **state)
{
    (void)state;
    expect("\"a,b\",c\n", "1:[a,b][c] ");
    expect("\"say \"\"hi\"\"\",c\n", "1:[say \"hi\"][c] ");
    expect("\"two\nlines\",x\ny\n", "1:[two\nlines][x] 3:[y] ");
    expect("\"\",\"\"\r\nz\n", "1:[][] 2:[z] ");
    expect("a\"b,c\n", "1:[a\"b][c] ");
    expect("\"a\"", "1:[a] ");
}

static void
a_bad_quote_costs_one_line(void **state)
{
    (void)state;
    expect("a\n\"open,b\nc,d\n", "1:[a] 2! 3:[c][d] ");
    expect("\"a\"b,c\nd\n", "1! 2:[d] ");
    expect("x,\"open", "1! ");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(records_are_cut_at_commas_and_line_ends),
        cmocka_unit_test(empty_lines_and_the_byte_order_mark_are_passed_over),
        cmocka_unit_test(quotes_hold_commas_quotes_and_lines),
        cmocka_unit_test(a_bad_quote_costs_one_line),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
