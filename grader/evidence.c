#include "grader/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grader/sandbox.h"

enum {
    MOST_PLACES = 4
};

/* The line of the learner's file at an address of the part, 0 if unknown. */
static int
line_at(const struct buffer *part, unsigned long address)
{
    static const char *const FOLDERS[] = {"/usr", "/bin", "/lib", "/lib64",
                                          NULL};
    char text[32];
    snprintf(text, sizeof(text), "0x%lx", address);
    const char *const arguments[] = {"/usr/bin/addr2line", "-e", "/w/part.so",
                                     text, NULL};
    const struct sandbox_file file = {.name = "part.so",
                                      .bytes = buffer_string(part),
                                      .length = part->length};
    const struct sandbox_task task = {.arguments = arguments,
                                      .folders = FOLDERS,
                                      .files = &file,
                                      .file_count = 1,
                                      .passed = {-1, -1},
                                      .keeps_tools = true,
                                      .wall_ms = 3000,
                                      .cpu_s = 3,
                                      .memory_bytes = (int64_t)1 << 30,
                                      .file_bytes = 1 << 20,
                                      .processes = 8,
                                      .output_limit = 4096};
    struct sandbox_result result;
    sandbox_wait(sandbox_start(&task), &result);
    const char *found = strstr(buffer_string(&result.out), "learner.c:");
    int line = found != NULL ? (int)strtol(found + 10, NULL, 10) : 0;
    sandbox_result_release(&result);
    return line;
}

/* The first frame of a stack that lies in the part: "(/w/part.so+0x12a)". The
 * stack ends at the first line that is no frame. */
static unsigned long
first_own_frame(const char *stack)
{
    const char *at = stack;
    for (;;) {
        const char *next = strchr(at, '\n');
        const char *own = strstr(at, "(/w/part.so+0x");
        const char *mark = at + strspn(at, " ");
        if (*mark != '#') {
            return 0;
        }
        if (own != NULL && (next == NULL || own < next)) {
            // The return address lies behind the call; one byte back is in
            // it. Frame 0 is where it happened.
            unsigned long address = strtoul(own + 12, NULL, 16);
            return mark[1] == '0' ? address : address - 1;
        }
        if (next == NULL) {
            return 0;
        }
        at = next + 1;
    }
}

static void
add_place(struct buffer *detail, const struct buffer *part, const char *log,
          const char *marker, const char *words)
{
    const char *found = strstr(log, marker);
    const char *stack = found != NULL ? strchr(found, '\n') : NULL;
    if (stack == NULL) {
        return;
    }
    unsigned long address = first_own_frame(stack + 1);
    int line = address != 0 ? line_at(part, address) : 0;
    if (line > 0) {
        buffer_format(detail, "%s line %d\n", words, line);
    }
}

/* "learner.c:12:5: runtime error: shift exponent 40 is too large ..." */
static bool
add_undefined(const char *log, struct buffer *detail)
{
    static const char MARK[] = "runtime error: ";
    const char *found = strstr(log, MARK);
    if (found == NULL) {
        return false;
    }
    const char *start = found;
    while (start > log && start[-1] != '\n') {
        start--;
    }
    const char *line = strstr(start, "learner.c:");
    buffer_format(detail, "undefined behaviour: ");
    buffer_add_clean(detail, found + sizeof(MARK) - 1,
                     strcspn(found + sizeof(MARK) - 1, "\n"), 300);
    if (line != NULL && line < found) {
        buffer_format(detail, " (line %ld)", strtol(line + 10, NULL, 10));
    }
    buffer_format(detail, "\n");
    return true;
}

/* The kind of an address error: the word behind the marker. */
static bool
add_address(const struct buffer *part, const char *log, struct buffer *detail)
{
    static const char MARK[] = "ERROR: AddressSanitizer: ";
    const char *found = strstr(log, MARK);
    if (found == NULL) {
        return false;
    }
    found += sizeof(MARK) - 1;
    buffer_add_clean(detail, found, strcspn(found, " \n"), 80);
    buffer_format(detail, "\n");
    add_place(detail, part, found, "READ of size", "read at");
    add_place(detail, part, found, "WRITE of size", "written at");
    if (strstr(found, "of size") == NULL) {
        add_place(detail, part, found, "", "at");
    }
    add_place(detail, part, found, "freed by thread", "freed at");
    add_place(detail, part, found, "previously allocated", "allocated at");
    return true;
}

bool
evidence_read(const struct buffer *part, const char *log, size_t length,
              struct buffer *detail)
{
    char *text = strndup(log, length);
    bool found = text != NULL && (add_undefined(text, detail) ||
                                  add_address(part, text, detail));
    free(text);
    return found;
}

bool
evidence_is_crash(const char *log, size_t length)
{
    char *text = strndup(log, length);
    bool crash = text == NULL ||
                 strstr(text, "AddressSanitizer: SEGV") != NULL ||
                 strstr(text, "AddressSanitizer: ABRT") != NULL ||
                 strstr(text, "AddressSanitizer: stack-overflow") != NULL;
    free(text);
    return crash;
}
