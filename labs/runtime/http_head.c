#include "labs/runtime/http_head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "labs/runtime/error.h"

enum {
    MOST_FIELDS = 100, // as in http.client
    MOST_DIGITS = 15   // of a length or a size: no overflow
};

/* What is still to be read, line by line. */
struct lines {
    struct rt_slice rest;
    int number; // of the line that was read last
};

static int
refuse(const struct lines *lines, const char *why)
{
    rt_error_set(RT_ERROR_VALUE, "line %d of the HTTP head: %s", lines->number,
                 why);
    return -1;
}

// --- slices ----------------------------------------------------------------

static struct rt_slice
skip(struct rt_slice slice, size_t count)
{
    return (struct rt_slice){slice.at + count, slice.size - count};
}

static bool
is_word(struct rt_slice slice, const char *word)
{
    return slice.size == strlen(word) &&
           strncasecmp(slice.at, word, slice.size) == 0;
}

/* Takes what stands before the character, and the character; false if there
 * is none. */
static bool
take_until(struct rt_slice *rest, char end, struct rt_slice *taken)
{
    const char *found = memchr(rest->at, end, rest->size);
    if (found == NULL) {
        return false;
    }
    *taken = (struct rt_slice){rest->at, (size_t)(found - rest->at)};
    *rest = skip(*rest, taken->size + 1);
    return true;
}

static struct rt_slice
trim(struct rt_slice slice)
{
    while (slice.size > 0 && (*slice.at == ' ' || *slice.at == '\t')) {
        slice = skip(slice, 1);
    }
    while (slice.size > 0 && (slice.at[slice.size - 1] == ' ' ||
                              slice.at[slice.size - 1] == '\t')) {
        slice.size--;
    }
    return slice;
}

/* Letters, digits and some more: what names are made of. */
static bool
is_token(struct rt_slice slice)
{
    for (size_t i = 0; i < slice.size; i++) {
        if (!isalnum((unsigned char)slice.at[i]) &&
            (slice.at[i] == '\0' ||
             strchr("!#$%&'*+-.^_`|~", slice.at[i]) == NULL)) {
            return false;
        }
    }
    return slice.size > 0;
}

/* Whether no control character is in it but tabs. */
static bool
is_clean(struct rt_slice slice)
{
    for (size_t i = 0; i < slice.size; i++) {
        unsigned char byte = (unsigned char)slice.at[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7F) {
            return false;
        }
    }
    return true;
}

/* The next line, without its end; each has one. */
static int
next_line(struct lines *lines, struct rt_slice *line)
{
    lines->number++;
    if (!take_until(&lines->rest, '\r', line) || lines->rest.size == 0 ||
        *lines->rest.at != '\n') {
        return refuse(lines, "no end");
    }
    lines->rest = skip(lines->rest, 1);
    return is_clean(*line) ? 0 : refuse(lines, "a control character");
}

// --- numbers ---------------------------------------------------------------

/* -1 if it is none, or too long for one. */
static int64_t
number_of(struct rt_slice digits, int base)
{
    static const char DIGITS[] = "0123456789abcdef";
    int64_t number = 0;
    if (digits.size == 0 || digits.size > MOST_DIGITS) {
        return -1;
    }
    for (size_t i = 0; i < digits.size; i++) {
        const char *found =
            memchr(DIGITS, tolower((unsigned char)digits.at[i]), (size_t)base);
        if (found == NULL) {
            return -1;
        }
        number = number * base + (found - DIGITS);
    }
    return number;
}

int64_t
rt_http_chunk_size(struct rt_slice line)
{
    struct rt_slice digits = {line.at, 0};
    while (digits.size < line.size &&
           isxdigit((unsigned char)line.at[digits.size])) {
        digits.size++;
    }
    struct rt_slice rest = skip(line, digits.size);
    struct rt_slice extension = {line.at, 0};
    int64_t size = number_of(digits, 16);
    if (size < 0 || !take_until(&rest, '\r', &extension) || rest.size != 1 ||
        *rest.at != '\n' || !is_clean(extension) ||
        (trim(extension).size > 0 && *trim(extension).at != ';')) {
        return rt_error_set(RT_ERROR_VALUE, "not the size of an HTTP chunk");
    }
    return size;
}

// --- fields ----------------------------------------------------------------

static int
set_length(const struct lines *lines, struct rt_slice value,
           struct rt_http_head *head)
{
    int64_t length = number_of(value, 10);
    if (length < 0) {
        return refuse(lines, "Content-Length is not a number");
    }
    if (head->length >= 0 && head->length != length) {
        return refuse(lines, "another Content-Length");
    }
    head->length = length;
    return 0;
}

static int
set_coding(const struct lines *lines, struct rt_slice value,
           struct rt_http_head *head)
{
    if (!is_word(value, "chunked") || head->is_chunked || head->is_old) {
        return refuse(lines, "an unknown Transfer-Encoding");
    }
    head->is_chunked = true;
    return 0;
}

static int
set_connection(const struct lines *lines, struct rt_slice value,
               struct rt_http_head *head)
{
    (void)lines;
    while (value.size > 0) {
        struct rt_slice option = value;
        if (!take_until(&value, ',', &option)) {
            value.size = 0;
        }
        option = trim(option);
        if (is_word(option, "close")) {
            head->is_last = true;
        }
        else if (is_word(option, "keep-alive") && head->is_old) {
            head->is_last = false;
        }
    }
    return 0;
}

static const struct {
    const char *name;
    int (*set)(const struct lines *lines, struct rt_slice value,
               struct rt_http_head *head);
} KNOWN[] = {
    {"Content-Length", set_length},
    {"Transfer-Encoding", set_coding},
    {"Connection", set_connection},
};

/* A line "name: value". */
static int
split(const struct lines *lines, struct rt_slice line, struct rt_slice *name,
      struct rt_slice *value)
{
    if (!take_until(&line, ':', name)) {
        return refuse(lines, "no colon");
    }
    if (!is_token(*name)) {
        return refuse(lines, "not the name of a field");
    }
    *value = trim(line);
    return 0;
}

static int
read_field(const struct lines *lines, struct rt_slice line,
           struct rt_http_head *head)
{
    struct rt_slice name;
    struct rt_slice value;
    if (split(lines, line, &name, &value) != 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(*KNOWN); i++) {
        if (is_word(name, KNOWN[i].name)) {
            return KNOWN[i].set(lines, value, head);
        }
    }
    return 0;
}

static int
read_fields(struct lines *lines, struct rt_http_head *head)
{
    struct rt_slice line;
    head->fields = lines->rest;
    for (int count = 0;; count++) {
        if (next_line(lines, &line) != 0) {
            return -1;
        }
        if (line.size == 0) {
            break;
        }
        if (count == MOST_FIELDS) {
            return refuse(lines, "too many fields");
        }
        if (read_field(lines, line, head) != 0) {
            return -1;
        }
    }
    if (lines->rest.size > 0) {
        return refuse(lines, "more than a head");
    }
    return head->is_chunked && head->length >= 0
               ? refuse(lines, "both chunks and a Content-Length")
               : 0;
}

struct rt_slice
rt_http_field(const struct rt_http_head *head, const char *name)
{
    struct lines lines = {.rest = head->fields};
    struct rt_slice line;
    struct rt_slice found;
    struct rt_slice value;
    while (next_line(&lines, &line) == 0 && line.size > 0 &&
           split(&lines, line, &found, &value) == 0) {
        if (is_word(found, name)) {
            return value;
        }
    }
    return (struct rt_slice){NULL, 0};
}

// --- the first line --------------------------------------------------------

static int
read_version(const struct lines *lines, struct rt_slice version,
             struct rt_http_head *head)
{
    head->is_old = is_word(version, "HTTP/1.0");
    head->is_last = head->is_old;
    return head->is_old || is_word(version, "HTTP/1.1")
               ? 0
               : refuse(lines, "not HTTP/1.1");
}

int
rt_http_read_response(struct rt_slice bytes, struct rt_http_head *head)
{
    struct lines lines = {.rest = bytes};
    struct rt_slice line;
    struct rt_slice version;
    struct rt_slice status;
    *head = (struct rt_http_head){.length = -1};
    if (next_line(&lines, &line) != 0) {
        return -1;
    }
    if (!take_until(&line, ' ', &version)) {
        return refuse(&lines, "not the status of a response");
    }
    if (!take_until(&line, ' ', &status)) {
        status = line; // without a reason
    }
    int64_t number = status.size == 3 ? number_of(status, 10) : -1;
    if (number < 100 || number > 599) {
        return refuse(&lines, "not the status of a response");
    }
    head->status = (int)number;
    return read_version(&lines, version, head) != 0
               ? -1
               : read_fields(&lines, head);
}

int
rt_http_read_request(struct rt_slice bytes, struct rt_http_head *head)
{
    struct lines lines = {.rest = bytes};
    struct rt_slice line;
    *head = (struct rt_http_head){.length = -1};
    if (next_line(&lines, &line) != 0) {
        return -1;
    }
    if (!take_until(&line, ' ', &head->method) || !is_token(head->method) ||
        !take_until(&line, ' ', &head->target) || head->target.size == 0) {
        return refuse(&lines, "not a request");
    }
    return read_version(&lines, line, head) != 0 ? -1
                                                 : read_fields(&lines, head);
}
