#include "grader/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grader/language.h"
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
                                      .wall_ms = 30000,
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

/* The line of the learner's file in the stack below a marker, 0 if unknown. */
static int
line_below(const struct buffer *part, const char *log, const char *marker)
{
    const char *found = strstr(log, marker);
    const char *stack = found != NULL ? strchr(found + 1, '\n') : NULL;
    unsigned long address = stack != NULL ? first_own_frame(stack + 1) : 0;
    return address != 0 ? line_at(part, address) : 0;
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
    struct buffer what = {0};
    buffer_add_clean(&what, found + sizeof(MARK) - 1,
                     strcspn(found + sizeof(MARK) - 1, "\n"), 300);
    bool placed = line != NULL && line < found;
    buffer_format(detail, say("undefined behaviour: %s"),
                  buffer_string(&what));
    buffer_format(detail, "\n");
    if (placed) {
        buffer_format(detail, say("in line %d\n"),
                      (int)strtol(line + 10, NULL, 10));
    }
    buffer_release(&what);
    return true;
}

/* The kind of an address error: the word behind the marker, and what it means.
 */
static void
add_kind(struct buffer *detail, const char *found)
{
    static const struct {
        const char *kind, *meaning;
    } KINDS[] = {
        {"heap-use-after-free",
         SAY_LATER("memory is used after it was given back")},
        {"heap-buffer-overflow",
         SAY_LATER("more memory is used than was taken")},
        {"stack-buffer-overflow",
         SAY_LATER("a local array is used beyond its end")},
        {"stack-use-after-return",
         SAY_LATER("a local variable is used after its function returned")},
        {"stack-use-after-scope",
         SAY_LATER("a local variable is used after its block ended")},
        {"global-buffer-overflow",
         SAY_LATER("a global array is used beyond its end")},
        {"stack-overflow",
         SAY_LATER("the stack is full: a recursion that is too deep or has no "
                   "end")},
        {"attempting double-free",
         SAY_LATER("the same memory is given back twice")},
        {"attempting free",
         SAY_LATER("memory is given back that was not taken, or not there")},
        {"requested allocation size",
         SAY_LATER("more memory is asked for than there can be")},
        {"SEGV", SAY_LATER("a pointer is used that points nowhere")},
        {"FPE", SAY_LATER("a division by zero")},
        {"ABRT", SAY_LATER("it was aborted: a check of the C library failed, "
                           "or abort() was called")},
    };
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(*KINDS); i++) {
        size_t length = strlen(KINDS[i].kind);
        if (strncmp(found, KINDS[i].kind, length) == 0) {
            buffer_format(detail, "%s (%s)\n", say(KINDS[i].meaning),
                          KINDS[i].kind);
            return;
        }
    }
    buffer_add_clean(detail, found, strcspn(found, " :\n"), 80);
    buffer_format(detail, "\n");
}

static bool
add_address(const struct buffer *part, const char *log, struct buffer *detail)
{
    static const char MARK[] = "ERROR: AddressSanitizer: ";
    const char *found = strstr(log, MARK);
    if (found == NULL) {
        return false;
    }
    found += sizeof(MARK) - 1;
    add_kind(detail, found);
    int line = line_below(part, found, "READ of size");
    if (line > 0) {
        buffer_format(detail, say("read in line %d\n"), line);
    }
    line = line_below(part, found, "WRITE of size");
    if (line > 0) {
        buffer_format(detail, say("written in line %d\n"), line);
    }
    line = strstr(found, "of size") == NULL ? line_below(part, found, "") : 0;
    if (line > 0) {
        buffer_format(detail, say("in line %d\n"), line);
    }
    line = line_below(part, found, "freed by thread");
    if (line > 0) {
        buffer_format(detail, say("freed in line %d\n"), line);
    }
    line = line_below(part, found, "previously allocated");
    if (line == 0) {
        line = line_below(part, found, "\nallocated by");
    }
    if (line > 0) {
        buffer_format(detail, say("allocated in line %d\n"), line);
    }
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
