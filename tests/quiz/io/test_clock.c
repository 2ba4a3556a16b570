/* Time zones are written out (POSIX.1, 8.3), so that none need be installed.
 */
#include <stdlib.h>
#include <time.h>

#include "labs/testing.h"
#include "quiz/io/clock.h"

enum {
    HOUR = 60 // minutes
};

/* 2024-01-15 and 2024-07-15, noon UTC. */
static const int64_t JANUARY_MS = INT64_C(1705320000000);
static const int64_t JULY_MS = INT64_C(1721044800000);

static int
offset_in(const char *zone, int64_t time_ms)
{
    setenv("TZ", zone, 1);
    tzset();
    return clock_offset_min(time_ms);
}

static void
east_is_ahead_and_west_behind(void **state)
{
    (void)state;
    assert_number(offset_in("UTC0", JANUARY_MS), 0);
    assert_number(offset_in("MSK-3", JANUARY_MS), 3 * HOUR);
    assert_number(offset_in("PST8", JANUARY_MS), -8 * HOUR);
}

static void
a_zone_may_lie_between_full_hours(void **state)
{
    (void)state;
    assert_number(offset_in("NPT-5:45", JANUARY_MS), 5 * HOUR + 45);
    assert_number(offset_in("NST3:30", JANUARY_MS), -3 * HOUR - 30);
}

static void
summer_time_counts_at_its_moment(void **state)
{
    (void)state;
    static const char BERLIN[] = "CET-1CEST,M3.5.0,M10.5.0/3";
    // 2024-03-31 01:00 UTC, when the clocks go forward.
    static const int64_t CHANGE_MS = INT64_C(1711846800000);
    assert_number(offset_in(BERLIN, JANUARY_MS), HOUR);
    assert_number(offset_in(BERLIN, JULY_MS), 2 * HOUR);
    assert_number(offset_in(BERLIN, CHANGE_MS - 1), HOUR);
    assert_number(offset_in(BERLIN, CHANGE_MS), 2 * HOUR);
}

static void
times_before_1970_and_far_away_have_an_offset(void **state)
{
    (void)state;
    assert_number(offset_in("MSK-3", -1), 3 * HOUR);
    assert_number(offset_in("MSK-3", -JULY_MS), 3 * HOUR);
    assert_number(offset_in("MSK-3", INT64_MAX), 3 * HOUR);
    assert_number(offset_in("MSK-3", INT64_MIN), 3 * HOUR);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(east_is_ahead_and_west_behind),
        cmocka_unit_test(a_zone_may_lie_between_full_hours),
        cmocka_unit_test(summer_time_counts_at_its_moment),
        cmocka_unit_test(times_before_1970_and_far_away_have_an_offset),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
