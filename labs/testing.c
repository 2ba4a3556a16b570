#include "labs/testing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* One case runs per process, so one stream is enough. */
static struct {
    int descriptor;
    bool broken;       // a write failed: the stream is not whole
    uint64_t records;  // written so far
    uint64_t random;   // state of the generator
    int64_t first;     // number of what is numbered
    uint64_t trail;    // of whoever has written the records so far
    size_t used;       // bytes of buffer that wait
    char buffer[4096]; // the record that is being put together
} stream;

static void
flush(void)
{
    size_t done = 0;
    while (done < stream.used && !stream.broken) {
        ssize_t n =
            write(stream.descriptor, stream.buffer + done, stream.used - done);
        if (n >= 0) {
            done += (size_t)n;
        }
        else if (errno != EINTR) {
            stream.broken = true;
        }
    }
    stream.used = 0;
}

static void
put(char byte)
{
    if (stream.used == sizeof(stream.buffer)) {
        flush();
    }
    stream.buffer[stream.used++] = byte;
}

static void
put_text(const char *text)
{
    for (; *text != '\0'; text++) {
        put(*text);
    }
}

static void
put_hex(unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    put(digits[byte >> 4]);
    put(digits[byte & 15]);
}

static void
put_escaped(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        switch (byte) {
        case '\\':
            put_text("\\\\");
            break;
        case '\t':
            put_text("\\t");
            break;
        case '\n':
            put_text("\\n");
            break;
        case '\r':
            put_text("\\r");
            break;
        default:
            if (byte < 0x20 || byte >= 0x7F) {
                put_text("\\x");
                put_hex(byte);
            }
            else {
                put(*text);
            }
        }
    }
}

static void
put_number(int64_t number)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, number);
    put_text(text);
}

/* splitmix64 (Sebastiano Vigna, public domain): any seed is a good seed. */
static uint64_t
next_of(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Where the caller of a public function goes on. */
#define CALLER ((uintptr_t)__builtin_return_address(0))

static void
record_begin(const char *type, const char *name, uintptr_t caller)
{
    stream.trail ^= caller - (uintptr_t)lab_main; // wherever both are loaded
    stream.trail = next_of(&stream.trail);
    put_text(type);
    put('\t');
    put_escaped(name);
    put('\t');
}

static void
record_end(void)
{
    put('\n');
    flush();
    stream.records++;
}

void
observe_int(const char *name, int64_t value)
{
    record_begin("int", name, CALLER);
    put_number(value);
    record_end();
}

void
observe_bool(const char *name, bool value)
{
    record_begin("bool", name, CALLER);
    put_text(value ? "true" : "false");
    record_end();
}

void
observe_string(const char *name, const char *value)
{
    record_begin(value == NULL ? "null" : "string", name, CALLER);
    put_escaped(value == NULL ? "" : value);
    record_end();
}

void
observe_bytes(const char *name, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    record_begin("bytes", name, CALLER);
    for (size_t i = 0; i < size; i++) {
        put_hex(byte[i]);
    }
    record_end();
}

void
observe_sequence(const char *name, const int64_t *items, size_t count)
{
    record_begin("sequence", name, CALLER);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            put(' ');
        }
        put_number(items[i]);
    }
    record_end();
}

void
observe_event(const char *name, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);

    record_begin("event", name, CALLER);
    put_escaped(text);
    record_end();
}

void
observe_that(const char *invariant, bool holds)
{
    record_begin("that", invariant, CALLER);
    put_text(holds ? "true" : "false");
    record_end();
}

uint64_t
lab_random(void)
{
    return next_of(&stream.random);
}

/* The remainder prefers low numbers by less than one in 2^64 / span, which no
 * test can see. */
int64_t
lab_random_between(int64_t low, int64_t high)
{
    uint64_t span = (uint64_t)high - (uint64_t)low + 1;
    uint64_t number = lab_random();
    return (int64_t)((uint64_t)low + (span == 0 ? number : number % span));
}

int64_t
lab_number(int64_t n)
{
    return stream.first + n;
}

/* FNV-1a of the case's name, so that cases do not repeat each other's dice. */
static uint64_t
name_hash(const char *name)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001B3);
    }
    return hash;
}

static const struct CMUnitTest *
find_case(const char *name)
{
    for (size_t i = 0; i < lab_case_count; i++) {
        if (strcmp(lab_cases[i].name, name) == 0) {
            return &lab_cases[i];
        }
    }
    return NULL;
}

static void
write_end(void)
{
    char trail[17];
    snprintf(trail, sizeof(trail), "%016" PRIx64, stream.trail);
    record_begin("end", trail, 0);
    put_number((int64_t)stream.records);
    record_end();
}

int
lab_main(int output, uint64_t seed, const char *case_name)
{
    const struct CMUnitTest *lab_case = find_case(case_name);
    if (lab_case == NULL) {
        return -1;
    }
    stream.descriptor = output;
    stream.broken = false;
    stream.records = 0;
    stream.used = 0;
    stream.random = seed ^ name_hash(case_name);
    stream.trail = ~stream.random;
    stream.first = 10 * lab_random_between(1000, 99998);

    void *state = lab_case->initial_state;
    if (lab_case->setup_func != NULL) {
        lab_case->setup_func(&state);
    }
    lab_case->test_func(&state);
    if (lab_case->teardown_func != NULL) {
        lab_case->teardown_func(&state);
    }

    write_end();
    return stream.broken ? -1 : 0;
}
