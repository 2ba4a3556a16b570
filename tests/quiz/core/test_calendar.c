#include "labs/testing.h"
#include "quiz/core/calendar.h"

static const int64_t DAY_MS = 86400000;

static void
moments_are_written_in_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t time_ms;
        const char *text;
    } CASES[] = {{0, "1970-01-01T00:00:00Z"},
                 {1669725000000, "2022-11-29T12:30:00Z"},
                 {1709164799999, "2024-02-28T23:59:59.999Z"},
                 {1709164800000, "2024-02-29T00:00:00Z"},
                 {4107542400000, "2100-03-01T00:00:00Z"},
                 {-1, "1969-12-31T23:59:59.999Z"},
                 {-62135596800000, "0001-01-01T00:00:00Z"},
                 {253402300799999, "9999-12-31T23:59:59.999Z"}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        char text[CALENDAR_TEXT_BYTES];
        int64_t back = 1;
        calendar_format(CASES[i].time_ms, text);
        assert_text(text, CASES[i].text);
        assert_number(calendar_parse(text, strlen(text), &back), 0);
        assert_number(back, CASES[i].time_ms);
    }
}

static void
every_usual_form_is_read(void **state)
{
    (void)state;
    static const char *const SAME[] = {"2022-11-29T12:30:00Z",
                                       "2022-11-29 12:30:00",
                                       "2022-11-29T12:30",
                                       "2022-11-29t12:30:00z",
                                       "2022-11-29T15:30:00+03:00",
                                       "2022-11-29T15:30:00+0300",
                                       "2022-11-29T15:30:00+03",
                                       "2022-11-29T12:30:00.000000",
                                       "2022-11-29T12:30:00.0009999Z",
                                       "2022-11-28T22:00:00-14:30",
                                       "2022-11-29 12:30:00+00:00",
                                       "2022-11-29T12:30:00,0"};
    for (size_t i = 0; i < sizeof(SAME) / sizeof(*SAME); i++) {
        int64_t time_ms = 0;
        if (calendar_parse(SAME[i], strlen(SAME[i]), &time_ms) != 0) {
            fail_msg("%s is not read", SAME[i]);
        }
        assert_number(time_ms, 1669725000000);
    }
    int64_t time_ms = 0;
    assert_number(calendar_parse("2022-11-29", 10, &time_ms), 0);
    assert_number(time_ms, 1669680000000);
    assert_number(calendar_parse("2022-11-29T12:30:00.5Z", 22, &time_ms), 0);
    assert_number(time_ms, 1669725000500);
}

static void
what_is_no_moment_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "2022",
        "2022-11",
        "2022-13-01",
        "2022-02-29",
        "2022-11-31",
        "2022-00-10",
        "2022-01-00",
        "0000-01-01",
        "22-11-29",
        "2022-11-29T",
        "2022-11-29T24:00:00",
        "2022-11-29T12:60:00",
        "2022-11-29T12:30:60",
        "2022-11-29T12:30:00.",
        "2022-11-29T12:30:00Z ",
        " 2022-11-29T12:30:00",
        "2022-11-29T12:30:00+3",
        "2022-11-29T12:30:00+24:00",
        "2022-11-29T12:30:00+03:",
        "2022-11-29X12:30:00",
        "2022/11/29 12:30:00",
        "29.11.2022",
        "2022-11-29T12:30:00 UTC",
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++) {
        int64_t time_ms = 7;
        if (calendar_parse(BAD[i], strlen(BAD[i]), &time_ms) != -1) {
            fail_msg("'%s' is read as %lld", BAD[i], (long long)time_ms);
        }
        assert_number(time_ms, 7);
    }
}

static void
every_day_of_six_centuries_comes_back(void **state)
{
    (void)state;
    for (int64_t day = -100000; day < 120000; day++) {
        char text[CALENDAR_TEXT_BYTES];
        int64_t time_ms = 0;
        calendar_format_day(day, text);
        assert_number(calendar_parse(text, strlen(text), &time_ms), 0);
        assert_number(time_ms, day * DAY_MS);
    }
}

static void
a_day_ends_at_the_rollover_hour_of_local_time(void **state)
{
    (void)state;
    int64_t four_in_moscow = 20000 * DAY_MS + 3600000; // 01:00 UTC
    assert_number(calendar_day(four_in_moscow - 1, 180, 4), 19999);
    assert_number(calendar_day(four_in_moscow, 180, 4), 20000);
    assert_number(calendar_day(four_in_moscow + DAY_MS - 1, 180, 4), 20000);
    assert_number(calendar_day_start(20000, 180, 4), four_in_moscow);
    assert_number(calendar_day(-1, 0, 0), -1);
    assert_number(calendar_day(0, -720, 0), -1);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(moments_are_written_in_utc),
        cmocka_unit_test(every_usual_form_is_read),
        cmocka_unit_test(what_is_no_moment_is_refused),
        cmocka_unit_test(every_day_of_six_centuries_comes_back),
        cmocka_unit_test(a_day_ends_at_the_rollover_hour_of_local_time),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
