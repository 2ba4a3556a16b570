/* Verdict: what became of a learner's file, in one word. */
#ifndef GRADER_VERDICT_H
#define GRADER_VERDICT_H

/* Of a file, and of a single case of its lab. When several hold for a file,
 * the one further down this list is reported, INTERNAL_ERROR before all. */
enum verdict {
    VERDICT_PASS,
    VERDICT_PARTIAL,        // a file only: some cases pass
    VERDICT_FAIL,           // differs from the reference
    VERDICT_CRASHED,        // ended by a signal, or ended itself too early
    VERDICT_LEAKED,         // memory was lost
    VERDICT_SANITIZER,      // undefined behaviour or a memory error
    VERDICT_OVER_OUTPUT,    // printed too much
    VERDICT_OVER_MEMORY,    // took too much memory
    VERDICT_TIMED_OUT,      // took too long
    VERDICT_LINK_ERROR,     // a function is missing
    VERDICT_COMPILE_ERROR,  //
    VERDICT_FORBIDDEN,      // asks for what the lab does not allow
    VERDICT_INTERNAL_ERROR, // ours; neither passed nor failed
    VERDICT_COUNT
};

/* The name in JSON and in the log: "pass", "timed_out". */
const char *verdict_name(enum verdict verdict);

#endif
