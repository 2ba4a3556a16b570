#include "quiz/core/calendar.h"

#include <stdbool.h>
#include <stdio.h>

static const int64_t DAY_MS = 86400000;
static const int64_t HOUR_MS = 3600000;
static const int64_t MINUTE_MS = 60000;

struct date {
    int year, month, day;
};

static int64_t
floor_divide(int64_t value, int64_t divisor)
{
    int64_t quotient = value / divisor;
    return quotient - (value % divisor < 0);
}

/* Days since 1970 and back, counted in eras of 400 years that begin in March,
 * so that the leap day is the last of its year. */
static int64_t
days_of_date(struct date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct date
date_of_days(int64_t days)
{
    days += 719468;
    int64_t era = floor_divide(days, 146097);
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 +
                           day_of_era / 36524 - day_of_era / 146096) /
                          365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    int64_t civil_month = month < 10 ? month + 3 : month - 9;
    int64_t year = year_of_era + era * 400 + (civil_month <= 2);
    return (struct date){(int)year, (int)civil_month, (int)day};
}

void
calendar_format_day(int64_t day, char text[CALENDAR_TEXT_BYTES])
{
    struct date date = date_of_days(day);
    snprintf(text, CALENDAR_TEXT_BYTES, "%04d-%02d-%02d", date.year,
             date.month, date.day);
}

void
calendar_format(int64_t time_ms, char text[CALENDAR_TEXT_BYTES])
{
    int64_t days = floor_divide(time_ms, DAY_MS);
    int rest = (int)(time_ms - days * DAY_MS);
    struct date date = date_of_days(days);
    int written =
        snprintf(text, CALENDAR_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d",
                 date.year, date.month, date.day, rest / 3600000,
                 rest / 60000 % 60, rest / 1000 % 60);
    size_t at =
        written > 0 && written < CALENDAR_TEXT_BYTES ? (size_t)written : 0;
    if (rest % 1000 != 0) {
        snprintf(text + at, CALENDAR_TEXT_BYTES - at, ".%03dZ", rest % 1000);
    }
    else {
        snprintf(text + at, CALENDAR_TEXT_BYTES - at, "Z");
    }
}

/* What is left to read. */
struct reader {
    const char *at, *end;
};

static bool
take(struct reader *reader, char wanted)
{
    if (reader->at < reader->end && *reader->at == wanted) {
        reader->at++;
        return true;
    }
    return false;
}

/* Exactly count digits. */
static bool
take_number(struct reader *reader, int count, int *number)
{
    int value = 0;
    if (reader->end - reader->at < count) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        char digit = reader->at[i];
        if (digit < '0' || digit > '9') {
            return false;
        }
        value = value * 10 + (digit - '0');
    }
    reader->at += count;
    *number = value;
    return true;
}

static bool
take_date(struct reader *reader, int64_t *days)
{
    struct date date = {0};
    if (!take_number(reader, 4, &date.year) || !take(reader, '-') ||
        !take_number(reader, 2, &date.month) || !take(reader, '-') ||
        !take_number(reader, 2, &date.day) || date.year < 1 ||
        date.month < 1 || date.month > 12 || date.day < 1) {
        return false;
    }
    // A day that the month does not have comes back as another date.
    *days = days_of_date(date);
    struct date back = date_of_days(*days);
    return back.month == date.month && back.day == date.day;
}

/* Any number of digits after the point; those beyond milliseconds are cut. */
static bool
take_fraction(struct reader *reader, int *milliseconds)
{
    int value = 0;
    int unit = 100;
    const char *start = reader->at;
    for (;
         reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
         reader->at++) {
        value += (*reader->at - '0') * unit;
        unit /= 10;
    }
    *milliseconds = value;
    return reader->at > start;
}

static bool
take_time(struct reader *reader, int64_t *milliseconds)
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    int fraction = 0;
    if (!take_number(reader, 2, &hour) || !take(reader, ':') ||
        !take_number(reader, 2, &minute)) {
        return false;
    }
    if (take(reader, ':')) {
        if (!take_number(reader, 2, &second)) {
            return false;
        }
        if ((take(reader, '.') || take(reader, ',')) &&
            !take_fraction(reader, &fraction)) {
            return false;
        }
    }
    *milliseconds = hour * HOUR_MS + minute * MINUTE_MS +
                    second * (int64_t)1000 + fraction;
    return hour <= 23 && minute <= 59 && second <= 59;
}

static bool
take_zone(struct reader *reader, int64_t *offset_ms)
{
    *offset_ms = 0;
    if (reader->at == reader->end || take(reader, 'Z') || take(reader, 'z')) {
        return true;
    }
    bool west = take(reader, '-');
    int hours = 0;
    int minutes = 0;
    if ((!west && !take(reader, '+')) || !take_number(reader, 2, &hours)) {
        return false;
    }
    bool colon = take(reader, ':');
    if ((colon || reader->at < reader->end) &&
        !take_number(reader, 2, &minutes)) {
        return false;
    }
    // Old time zones were off by seconds, and Python prints them.
    int seconds = 0;
    if (colon && take(reader, ':') && !take_number(reader, 2, &seconds)) {
        return false;
    }
    *offset_ms =
        hours * HOUR_MS + minutes * MINUTE_MS + seconds * (int64_t)1000;
    *offset_ms = west ? -*offset_ms : *offset_ms;
    return hours <= 23 && minutes <= 59 && seconds <= 59;
}

int
calendar_parse(const char *text, size_t length, int64_t *time_ms)
{
    struct reader reader = {text, text + length};
    int64_t days = 0;
    int64_t milliseconds = 0;
    int64_t offset_ms = 0;
    if (!take_date(&reader, &days)) {
        return -1;
    }
    if (reader.at < reader.end) {
        bool separated =
            take(&reader, 'T') || take(&reader, 't') || take(&reader, ' ');
        if (!separated || !take_time(&reader, &milliseconds) ||
            !take_zone(&reader, &offset_ms)) {
            return -1;
        }
    }
    if (reader.at != reader.end) {
        return -1;
    }
    *time_ms = days * DAY_MS + milliseconds - offset_ms;
    return 0;
}

int64_t
calendar_day(int64_t time_ms, int offset_min, int rollover_hour)
{
    return floor_divide(
        time_ms + offset_min * MINUTE_MS - rollover_hour * HOUR_MS, DAY_MS);
}

int64_t
calendar_day_start(int64_t day, int offset_min, int rollover_hour)
{
    return day * DAY_MS - offset_min * MINUTE_MS + rollover_hour * HOUR_MS;
}
