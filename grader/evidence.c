#include "grader/evidence.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grader/language.h"
#include "grader/sandbox.h"
#include "grader/trace.h"

enum {
    PLACES = 40, // that are looked up at once
    FUNCTION_BYTES = 64
};

/* Addresses of the part, and the lines of the learner's file there; 0 when
 * there is none. */
struct places {
    unsigned long addresses[PLACES];
    int lines[PLACES];
    char functions[PLACES][FUNCTION_BYTES];
    size_t count;
};

/* Notes an address; returns its number. */
static size_t
add_place(struct places *places, unsigned long address)
{
    if (places->count == PLACES) {
        return PLACES - 1;
    }
    places->addresses[places->count] = address;
    return places->count++;
}

/* "function\nlearner.c:12\n" for each address. */
static void
read_lines(struct places *places, const char *text)
{
    for (size_t i = 0; i < places->count && *text != '\0'; i++) {
        size_t length = strcspn(text, "\n");
        struct buffer name = {0}; // that a file may have given, in assembler
        buffer_add_clean(&name, text, length, FUNCTION_BYTES);
        snprintf(places->functions[i], FUNCTION_BYTES, "%s",
                 buffer_string(&name));
        buffer_release(&name);
        text += length + (text[length] == '\n');
        length = strcspn(text, "\n");
        char *line = strndup(text, length);
        const char *found = line != NULL ? strstr(line, "learner.c:") : NULL;
        places->lines[i] =
            found != NULL ? (int)strtol(found + 10, NULL, 10) : 0;
        free(line);
        text += length + (text[length] == '\n');
    }
}

/* Looks all of them up, in a box. */
static void
find_lines(struct places *places, const struct buffer *part)
{
    static const char *const FOLDERS[] = {"/usr", "/bin", "/lib", "/lib64",
                                          NULL};
    char words[PLACES][24];
    const char *arguments[PLACES + 5] = {"/usr/bin/addr2line", "-f", "-e",
                                         "part.so"};
    if (places->count == 0) {
        return;
    }
    for (size_t i = 0; i < places->count; i++) {
        snprintf(words[i], sizeof(words[i]), "0x%lx", places->addresses[i]);
        arguments[4 + i] = words[i];
    }
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
                                      .output_limit = 16384};
    struct sandbox_result result;
    sandbox_wait(sandbox_start(&task), &result);
    read_lines(places, buffer_string(&result.out));
    sandbox_result_release(&result);
}

/* Adds the frames of a stack that lie in the part, "(./part.so+0x12a)", the
 * innermost first: that one may be a function of a header. The stack ends at
 * the first line that is no frame. */
static void
add_own_frames(struct places *places, const char *stack)
{
    enum {
        MOST_FRAMES = 4
    };
    const char *at = stack;
    for (int count = 0; count < MOST_FRAMES;) {
        const char *next = strchr(at, '\n');
        const char *own = strstr(at, "/part.so+0x");
        const char *mark = at + strspn(at, " ");
        if (*mark != '#') {
            return;
        }
        if (own != NULL && (next == NULL || own < next)) {
            // The return address lies behind the call; one byte back is in
            // it. Frame 0 is where it happened.
            unsigned long address = strtoul(own + 9, NULL, 16);
            add_place(places, mark[1] == '0' ? address : address - 1);
            count++;
        }
        if (next == NULL) {
            return;
        }
        at = next + 1;
    }
}

/* The same for the stack below a marker, if there is one. Behind the line that
 * says "SEGV" there are hints, "==6==The signal is caused by ...". */
static void
add_frames_below(struct places *places, const char *log, const char *marker)
{
    const char *found = strstr(log, marker);
    const char *stack = found != NULL ? strchr(found + 1, '\n') : NULL;
    while (stack != NULL && strncmp(stack, "\n==", 3) == 0) {
        stack = strchr(stack + 1, '\n');
    }
    if (stack != NULL) {
        add_own_frames(places, stack + 1);
    }
}

/* What an undefined behaviour means, if it is a common one. */
static void
add_meaning(const char *what, struct buffer *detail)
{
    static const struct {
        const char *said, *meaning;
    } MEANINGS[] = {
        {"null pointer", SAY_LATER("a NULL pointer is used as if it pointed "
                                   "to something")},
        {"signed integer overflow",
         SAY_LATER("a number grew beyond what its type can hold")},
        {"cannot be represented",
         SAY_LATER("a number grew beyond what its type can hold")},
        {"shift exponent",
         SAY_LATER("a shift by more bits than the number has, or by a "
                   "negative number")},
        {"out of bounds", SAY_LATER("an array is used beyond its end")},
        {"division by zero", SAY_LATER("a division by zero")},
        {"misaligned",
         SAY_LATER("a pointer points to where no value of its type can lie")},
        {"insufficient space",
         SAY_LATER("the object is smaller than the pointer's type says")},
        {"not a valid value",
         SAY_LATER("a variable holds what its type cannot hold: mostly it was "
                   "never written")},
        {"offset", SAY_LATER("a pointer is moved out of its object")},
    };
    for (size_t i = 0; i < sizeof(MEANINGS) / sizeof(*MEANINGS); i++) {
        if (strstr(what, MEANINGS[i].said) != NULL) {
            buffer_format(detail, "%s\n", say(MEANINGS[i].meaning));
            return;
        }
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
    struct buffer what = {0};
    buffer_add_clean(&what, found + sizeof(MARK) - 1,
                     strcspn(found + sizeof(MARK) - 1, "\n"), 300);
    bool placed = line != NULL && line < found;
    buffer_format(detail, say("undefined behaviour: %s"),
                  buffer_string(&what));
    buffer_format(detail, "\n");
    add_meaning(buffer_string(&what), detail);
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
        {"SEGV on unknown address 0x000000000000 (pc 0x000000000000",
         SAY_LATER("a function is called through a pointer that is NULL")},
        {"SEGV", SAY_LATER("a pointer is used that points nowhere")},
        {"FPE", SAY_LATER("a division by zero")},
        {"ABRT",
         SAY_LATER("it was aborted: an assertion failed, in your file or in "
                   "what it called, or abort() was called")},
    };
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(*KINDS); i++) {
        size_t length = strlen(KINDS[i].kind);
        if (strncmp(found, KINDS[i].kind, length) == 0) {
            const char *name = KINDS[i].kind;
            bool is_segv = strncmp(name, "SEGV", 4) == 0;
            buffer_format(detail, "%s (%s)\n", say(KINDS[i].meaning),
                          is_segv ? "SEGV" : name);
            return;
        }
    }
    buffer_add_clean(detail, found, strcspn(found, " :\n"), 80);
    buffer_format(detail, "\n");
}

/* What a report says about memory, by the markers of the stacks. */
static const char *const FACTS[] = {
    "READ of size",    "WRITE of size",  "",
    "freed by thread", "\nallocated by", "previously allocated"};
enum {
    FACT_READ,
    FACT_WRITTEN,
    FACT_PLACE, // when it is neither
    FACT_FREED,
    FACT_COUNT = sizeof(FACTS) / sizeof(*FACTS)
};

static void
say_fact(size_t fact, int line, struct buffer *detail)
{
    switch (fact) {
    case FACT_READ:
        buffer_format(detail, say("read in line %d\n"), line);
        break;
    case FACT_WRITTEN:
        buffer_format(detail, say("written in line %d\n"), line);
        break;
    case FACT_PLACE:
        buffer_format(detail, say("in line %d\n"), line);
        break;
    case FACT_FREED:
        buffer_format(detail, say("freed in line %d\n"), line);
        break;
    default:
        buffer_format(detail, say("allocated in line %d\n"), line);
    }
}

/* Adds the facts whose lines are known, each with its innermost one. */
static void
add_facts(const struct buffer *part, const char *log, struct buffer *detail)
{
    struct places places = {0};
    size_t ends[FACT_COUNT]; // behind the last place of a fact
    bool about_access = strstr(log, "of size") != NULL;
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (i != FACT_PLACE || !about_access) {
            add_frames_below(&places, log, FACTS[i]);
        }
        ends[i] = places.count;
    }
    find_lines(&places, part);
    for (size_t fact = 0, i = 0; fact < FACT_COUNT; i = ends[fact++]) {
        while (i < ends[fact] && places.lines[i] == 0) {
            i++;
        }
        if (i < ends[fact]) {
            say_fact(fact, places.lines[i], detail);
        }
    }
}

/* What was asserted, if that is why it was aborted: "file:12: function:
 * Assertion `expression' failed." */
static void
add_assertion(const char *log, const char *end, struct buffer *detail)
{
    const char *found = strstr(log, EVIDENCE_ASSERTION);
    if (found == NULL || found > end) {
        return;
    }
    const char *function = found;
    while (function > log && function[-1] != ' ' && function[-1] != '\n') {
        function--;
    }
    // Behind the quotation mark.
    const char *what = found + sizeof(EVIDENCE_ASSERTION);
    const char *failed = strstr(what, " failed");
    if (failed == NULL || failed == what || failed > end) {
        return;
    }
    struct buffer who = {0};
    struct buffer condition = {0};
    buffer_add_clean(&who, function, (size_t)(found - function), 80);
    buffer_add_clean(&condition, what, (size_t)(failed - 1 - what), 200);
    buffer_format(detail, say("%s asserts what does not hold: %s"),
                  buffer_string(&who), buffer_string(&condition));
    buffer_format(detail, "\n");
    buffer_release(&who);
    buffer_release(&condition);
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
    if (strncmp(found, "ABRT", 4) == 0) {
        add_assertion(log, found, detail);
    }
    add_facts(part, found, detail);
    return true;
}

// --- traces ----------------------------------------------------------------

/* One line of a trace (trace.h). */
struct trace {
    unsigned long first, second; // NUMBER ADDRESS, or BYTES COUNT
    size_t places[TRACE_DEPTH];  // numbers in struct places
    size_t depth;
};

/* Reads the numbers behind a mark; false if there are too few. */
static bool
read_trace(const char *at, struct places *places, struct trace *trace)
{
    char *end = NULL;
    *trace = (struct trace){.first = strtoul(at, &end, 16)};
    if (end == at) {
        return false;
    }
    trace->second = strtoul(at = end, &end, 16);
    if (end == at) {
        return false;
    }
    while (trace->depth < TRACE_DEPTH && *end == ' ') {
        unsigned long address = strtoul(at = end, &end, 16);
        if (end == at) {
            break;
        }
        trace->places[trace->depth++] = add_place(places, address);
    }
    return true;
}

/* The innermost place that has a line; false if none has. */
static bool
find_line(const struct trace *trace, const struct places *places, int *line,
          const char **function)
{
    for (size_t i = 0; i < trace->depth; i++) {
        size_t place = trace->places[i];
        if (places->lines[place] > 0) {
            *line = places->lines[place];
            *function = places->functions[place];
            return true;
        }
    }
    return false;
}

static void
say_signal(const struct trace *trace, const struct places *places,
           struct buffer *detail)
{
    enum {
        NEAR = 65536 // of a NULL pointer: a field or an element
    };
    int line = 0;
    const char *function = "";
    if ((int)trace->first == SIGSEGV && trace->second < NEAR) {
        buffer_format(detail, "%s\n",
                      say("a NULL pointer is used as if it pointed to "
                          "something"));
    }
    if (!find_line(trace, places, &line, &function)) {
        return;
    }
    if ((int)trace->first == SIGXCPU) {
        buffer_format(detail, say("when its time was over it was in line %d"),
                      line);
    }
    else {
        buffer_format(detail, say("in line %d"), line);
    }
    buffer_format(detail, " (%s)\n", function);
}

/* A look at a case that runs: calls done, and processor time used. */
struct look {
    unsigned long calls, cpu_us;
};

/* Reads them; returns how many. */
static size_t
read_looks(const char *log, struct look *looks, size_t most)
{
    size_t count = 0;
    for (const char *at = log;
         count < most && (at = strstr(at, TRACE_CALLS)) != NULL;) {
        char *end = NULL;
        at += sizeof(TRACE_CALLS) - 1;
        looks[count].calls = strtoul(at, &end, 16);
        looks[count++].cpu_us = strtoul(end, NULL, 16);
    }
    return count;
}

/* Processor time of a call between two looks, in nanoseconds. */
static unsigned long
call_ns(const struct look *from, const struct look *to)
{
    unsigned long calls =
        to->calls > from->calls ? to->calls - from->calls : 1;
    unsigned long cpu_us =
        to->cpu_us > from->cpu_us ? to->cpu_us - from->cpu_us : 0;
    return cpu_us % (1UL << 40) * 1000 / calls;
}

/* Whether calls take longer and longer. Only the last stretch counts in which
 * they do not differ by more than what growth explains: what was before was
 * another part of the case. */
static bool
grows(const struct look *looks, size_t count)
{
    enum {
        MUCH = 6,
        NUMERATOR = 3, // by half more at the end of the stretch
        DENOMINATOR = 2
    };
    unsigned long last = call_ns(&looks[count - 2], &looks[count - 1]);
    size_t start = count - 2;
    while (start > 0 &&
           call_ns(&looks[start - 1], &looks[start]) >= last / MUCH) {
        start--;
    }
    start += start + 4 < count; // the first one began within a step
    return count - start >= 4 &&
           last * DENOMINATOR >=
               call_ns(&looks[start], &looks[start + 1]) * NUMERATOR;
}

/* Whether the time was over in one call that never returned, or in many that
 * were slow. False when it was not watched so closely. */
static bool
say_calls(const char *log, struct buffer *detail)
{
    enum {
        LOOKS = 16
    };
    struct look looks[LOOKS];
    size_t count = read_looks(log, looks, LOOKS);
    if (count < 3) {
        return false;
    }
    if (looks[count - 1].calls == looks[count / 2].calls) {
        buffer_format(detail,
                      say("a call of your file does not come back (call "
                          "%lu): it has no end, or far too much to do"),
                      looks[count - 1].calls);
    }
    else if (grows(looks, count)) {
        buffer_format(detail, "%s",
                      say("it is not stuck but slow: each call takes longer "
                          "than those before, so the time grows faster than "
                          "the size"));
    }
    else {
        buffer_format(detail, "%s",
                      say("it is not stuck but slow: every call takes too "
                          "long"));
    }
    buffer_format(detail, "\n");
    return true;
}

static void
say_block(const struct trace *trace, const struct places *places,
          struct buffer *detail)
{
    int line = 0;
    const char *function = "";
    if (find_line(trace, places, &line, &function)) {
        buffer_format(detail,
                      say("not given back: %lu blocks, %lu bytes, taken in "
                          "line %d"),
                      trace->second, trace->first, line);
        buffer_format(detail, " (%s)\n", function);
    }
    else {
        buffer_format(detail,
                      say("not given back: %lu blocks, %lu bytes, not taken "
                          "by your file"),
                      trace->second, trace->first);
        buffer_format(detail, "\n");
    }
}

void
evidence_read_trace(const struct buffer *part, const char *log, size_t length,
                    struct buffer *detail)
{
    enum {
        BLOCKS = 4 // places that lose memory, named at most
    };
    struct places places = {0};
    struct trace signal_trace;
    struct trace blocks[BLOCKS];
    size_t block_count = 0;
    char *text = strndup(log, length);
    const char *at = text != NULL ? strstr(text, TRACE_MARK) : NULL;
    bool has_signal = at != NULL && read_trace(at + sizeof(TRACE_MARK) - 1,
                                               &places, &signal_trace);
    at = text != NULL ? strstr(text, TRACE_BLOCK) : NULL;
    while (at != NULL && block_count < BLOCKS) {
        at += sizeof(TRACE_BLOCK) - 1;
        block_count += read_trace(at, &places, &blocks[block_count]);
        at = strstr(at, TRACE_BLOCK);
    }
    if (has_signal && say_calls(text, detail)) {
        has_signal = false; // the run before this one has said where
    }
    find_lines(&places, part);
    if (has_signal) {
        say_signal(&signal_trace, &places, detail);
    }
    for (size_t i = 0; i < block_count; i++) {
        say_block(&blocks[i], &places, detail);
    }
    free(text);
}

// --- sanitizers ------------------------------------------------------------

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
