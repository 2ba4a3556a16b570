/* Testing: how a lab's tests say what they saw; and cmocka for all tests.
 *
 * A lab's cases never assert. They observe: each call below appends one
 * record, a name and a value, to a stream. The grader runs the same cases
 * once with the reference and once with the learner's file, with the same
 * seed, and compares the two streams. So observe what the task promises and
 * nothing else: no addresses, no times, no order that a right solution may
 * choose freely. Names are short phrases and hold no tab or line break.
 *
 * A lab's test.c ends with
 *
 *     const struct CMUnitTest lab_cases[] = {cmocka_unit_test(case_a), ...};
 *     const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
 *
 * Each record goes out with one write, in order, so that a crash loses
 * nothing that was seen before it. A record is a line of three fields that
 * are separated by tabs: type, name, value. Types: int bool string null bytes
 * sequence event that; the last record is "end", the trail and the number of
 * records before it. The trail tells from where in the lab's code each of them
 * was written, in a way that depends on the dice: who has learnt a stream by
 * heart, or writes records from elsewhere, has another one. Backslash, control
 * bytes and bytes from 0x7F on are written as \\, \t, \n, \r or \xHH. */
#ifndef LABS_TESTING_H
#define LABS_TESTING_H

/* cmocka.h needs these four before it, in no particular order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct CMUnitTest lab_cases[];
extern const size_t lab_case_count;

void observe_int(const char *name, int64_t value);
void observe_bool(const char *name, bool value);
void observe_string(const char *name, const char *value); // NULL is a value
void observe_bytes(const char *name, const void *bytes, size_t size);
void observe_sequence(const char *name, const int64_t *items, size_t count);

/* Something happened, with printed arguments; at most 1023 bytes of them. */
void observe_event(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A rule that must hold, whatever the schedule of threads was. */
void observe_that(const char *invariant, bool holds);

/* The next random number of this case. Depends only on the attempt's seed
 * and the case's name. */
uint64_t lab_random(void);
int64_t lab_random_between(int64_t low, int64_t high); // both included

/* What a case calls its n-th thing, or stores as its n-th value: n, counted
 * from where the dice say. So nobody knows what a case shows before it has
 * run. For one case and one seed always the same, with at most six digits if n
 * has one. */
int64_t lab_number(int64_t n);

/* How often a case does what it does very often. What sanitizers find they
 * find in less, and nobody compares what is seen under them. */
#if defined(__SANITIZE_ADDRESS__)
#define LAB_MANY(times) ((times) / 16)
#else
#define LAB_MANY(times) (times)
#endif

/* Runs one case and writes its records to the descriptor output. Returns 0;
 * -1 when there is no case of this name or the stream could not be written. */
int lab_main(int output, uint64_t seed, const char *case_name);

/* Asserts that print what they compare; cmocka's own print numbers in
 * hexadecimal. For the tests under tests/, not for labs. */
#define assert_number(actual, expected)                                       \
    testing_number((long long)(actual), (long long)(expected), #actual,       \
                   __FILE__, __LINE__)
#define assert_text(actual, expected)                                         \
    testing_text(actual, expected, #actual, __FILE__, __LINE__)
#define assert_contains(text, part)                                           \
    testing_contains(text, part, #text, __FILE__, __LINE__)

static inline void
testing_number(long long actual, long long expected, const char *what,
               const char *file, int line)
{
    if (actual != expected) {
        print_error("%s is %lld, expected %lld\n", what, actual, expected);
        _fail(file, line);
    }
}

static inline void
testing_text(const char *actual, const char *expected, const char *what,
             const char *file, int line)
{
    if (actual == NULL || strcmp(actual, expected) != 0) {
        print_error("%s is \"%s\", expected \"%s\"\n", what,
                    actual == NULL ? "(null)" : actual, expected);
        _fail(file, line);
    }
}

static inline void
testing_contains(const char *text, const char *part, const char *what,
                 const char *file, int line)
{
    if (text == NULL || strstr(text, part) == NULL) {
        print_error("%s does not contain \"%s\":\n%s\n", what, part,
                    text == NULL ? "(null)" : text);
        _fail(file, line);
    }
}

#endif
