#include <stdio.h>

#include "labs/runtime/error.h"
#include "labs/runtime/http_head.h"
#include "labs/testing.h"

static struct rt_slice
slice(const char *text)
{
    return (struct rt_slice){text, strlen(text)};
}

static void
expect_slice(struct rt_slice actual, const char *expected)
{
    char text[64] = "";
    assert_true(actual.size < sizeof(text));
    memcpy(text, actual.at, actual.size);
    assert_text(text, expected);
}

static void
a_response_says_what_its_body_is(void **state)
{
    static const struct {
        const char *text;
        int status;
        int64_t length;
        bool is_chunked, is_last;
    } CASES[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", 200, -1, false, false},
        {"HTTP/1.1 204\r\n\r\n", 204, -1, false, false},
        {"HTTP/1.1 404 Not Found\r\ncontent-LENGTH:\t12 \r\n\r\n", 404, 12,
         false, false},
        {"HTTP/1.1 200 \r\nContent-Length: 7\r\nContent-Length: 7\r\n\r\n",
         200, 7, false, false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", 200, -1,
         true, false},
        {"HTTP/1.1 200 OK\r\nConnection: x, CLOSE\r\n\r\n", 200, -1, false,
         true},
        {"HTTP/1.0 200 OK\r\nEmpty:\r\n\r\n", 200, -1, false, true},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", 200, -1, false,
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        struct rt_http_head head;
        assert_number(rt_http_read_response(slice(CASES[i].text), &head), 0);
        assert_number(head.status, CASES[i].status);
        assert_number(head.length, CASES[i].length);
        assert_number(head.is_chunked, CASES[i].is_chunked);
        assert_number(head.is_last, CASES[i].is_last);
    }
}

#define OK "HTTP/1.1 200 OK\r\n"

static void
what_is_doubtful_is_refused_with_its_line(void **state)
{
    static const char *const CASES[][2] = {
        {"", "line 1 of the HTTP head: no end"},
        {"HTTP/1.1 200 OK\n\n", "line 1 of the HTTP head: no end"},
        {"HTTP/1.1 200 OK\r\r\n", "line 1 of the HTTP head: no end"},
        {OK "A: b", "line 2 of the HTTP head: no end"},
        {"HTTP/1.1\r\n\r\n",
         "line 1 of the HTTP head: not the status of a response"},
        {"HTTP/1.1 20x OK\r\n\r\n",
         "line 1 of the HTTP head: not the status of a response"},
        {"HTTP/1.1 0200 OK\r\n\r\n",
         "line 1 of the HTTP head: not the status of a response"},
        {"HTTP/1.1 099 OK\r\n\r\n",
         "line 1 of the HTTP head: not the status of a response"},
        {"HTTP/2 200 OK\r\n\r\n", "line 1 of the HTTP head: not HTTP/1.1"},
        {"SSH-2.0 200 x\r\n\r\n", "line 1 of the HTTP head: not HTTP/1.1"},
        {OK "A b\r\n\r\n", "line 2 of the HTTP head: no colon"},
        {OK "A: b\r\n folded\r\n\r\n", "line 3 of the HTTP head: no colon"},
        {OK "A : b\r\n\r\n",
         "line 2 of the HTTP head: not the name of a field"},
        {OK ": b\r\n\r\n", "line 2 of the HTTP head: not the name of a field"},
        {OK "A: b\001\r\n\r\n",
         "line 2 of the HTTP head: a control character"},
        {OK "A: b\nC: d\r\n\r\n",
         "line 2 of the HTTP head: a control character"},
        {OK "Content-Length: -1\r\n\r\n",
         "line 2 of the HTTP head: Content-Length is not a number"},
        {OK "Content-Length: 1, 1\r\n\r\n",
         "line 2 of the HTTP head: Content-Length is not a number"},
        {OK "Content-Length: 99999999999999999999\r\n\r\n",
         "line 2 of the HTTP head: Content-Length is not a number"},
        {OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
         "line 3 of the HTTP head: another Content-Length"},
        {OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         "line 4 of the HTTP head: both chunks and a Content-Length"},
        {OK "Transfer-Encoding: gzip\r\n\r\n",
         "line 2 of the HTTP head: an unknown Transfer-Encoding"},
        {OK "Transfer-Encoding: gzip, chunked\r\n\r\n",
         "line 2 of the HTTP head: an unknown Transfer-Encoding"},
        {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
         "line 2 of the HTTP head: an unknown Transfer-Encoding"},
        {OK "\r\nmore", "line 2 of the HTTP head: more than a head"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        struct rt_http_head head;
        assert_number(rt_http_read_response(slice(CASES[i][0]), &head), -1);
        assert_number(rt_error_occurred(), RT_ERROR_VALUE);
        assert_text(rt_error_text(), CASES[i][1]);
        rt_error_clear();
    }
}

static void
there_may_be_a_hundred_fields(void **state)
{
    char text[2048] = OK;
    struct rt_http_head head;
    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(text + strlen(text), 8, "A: b\r\n");
    }
    size_t size = strlen(text);
    snprintf(text + size, 16, "\r\n");
    assert_number(rt_http_read_response(slice(text), &head), 0);
    snprintf(text + size, 16, "A: b\r\n\r\n");
    assert_number(rt_http_read_response(slice(text), &head), -1);
    assert_text(rt_error_text(), "line 102 of the HTTP head: too many fields");
    rt_error_clear();
}

static void
a_field_is_found_in_any_case(void **state)
{
    struct rt_http_head head;
    (void)state;
    assert_number(
        rt_http_read_response(
            slice(OK "Server: one\r\nServer: two\r\nE:\r\n\r\n"), &head),
        0);
    expect_slice(rt_http_field(&head, "sERVER"), "one");
    assert_non_null(rt_http_field(&head, "E").at);
    assert_number(rt_http_field(&head, "E").size, 0);
    assert_null(rt_http_field(&head, "Serve").at);
}

static void
a_request_has_a_method_and_a_target(void **state)
{
    static const char *const BAD[] = {
        "GET /\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n",
        "G(T / HTTP/1.1\r\n\r\n",
        " / HTTP/1.1\r\n\r\n",
        "GET / x HTTP/1.1\r\n\r\n",
    };
    struct rt_http_head head;
    (void)state;
    assert_number(rt_http_read_request(slice("GET /a?b HTTP/1.1\r\n"
                                             "Connection: close\r\n\r\n"),
                                       &head),
                  0);
    expect_slice(head.method, "GET");
    expect_slice(head.target, "/a?b");
    assert_true(head.is_last);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++) {
        assert_number(rt_http_read_request(slice(BAD[i]), &head), -1);
        rt_error_clear();
    }
}

static void
a_chunk_says_its_size_in_hexadecimal(void **state)
{
    static const struct {
        const char *line;
        int64_t size; // -1: refused
    } CASES[] = {
        {"0\r\n", 0},       {"1aF\r\n", 0x1AF}, {"5;name=x\r\n", 5},
        {"5 ;x\r\n", 5},    {"\r\n", -1},       {"x\r\n", -1},
        {"-1\r\n", -1},     {"0x5\r\n", -1},    {"5 5\r\n", -1},
        {"5\n", -1},        {"5", -1},          {"1234567890abcdef\r\n", -1},
        {"5;\001\r\n", -1}, {"5\r\nx", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        assert_number(rt_http_chunk_size(slice(CASES[i].line)), CASES[i].size);
        rt_error_clear();
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_response_says_what_its_body_is),
        cmocka_unit_test(what_is_doubtful_is_refused_with_its_line),
        cmocka_unit_test(there_may_be_a_hundred_fields),
        cmocka_unit_test(a_field_is_found_in_any_case),
        cmocka_unit_test(a_request_has_a_method_and_a_target),
        cmocka_unit_test(a_chunk_says_its_size_in_hexadecimal),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
