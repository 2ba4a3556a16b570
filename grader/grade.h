/* Grade: judges a learner's file against a lab.
 *
 * Compiles it, runs each case twice in sandboxes (once with the reference,
 * once with the file, with the same seed) and compares what both showed. The
 * file may do whatever it likes: the verdict is right, the machine unharmed,
 * and it comes to an end. What a case may take is counted in the processor's
 * time, so that a verdict is the same while the machine is busy; a case that
 * only waits is given up after a few seconds on the clock.
 *
 * What a lab is built into, by the Makefile, in one folder of artifacts:
 *   leaf, leaf.asan          the program that runs inside the sandbox
 *   builder, tools           the program that compiles there, and with what
 *   ID/lab.so, lab.asan.so   the cases and the rest of the runtime
 *   ID/stub.so, libc.so      stand for the part and for the C library
 *   ID/part.so, part.asan.so the reference of the part under test
 *   ID/lab.manifest          what lab.yaml says, as plain lines */
#ifndef GRADER_GRADE_H
#define GRADER_GRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grader/verdict.h"

/* What is known, in this order. Verdict and score may still go down. */
enum grade_stage {
    GRADE_STAGE_TICK,     // tick_passed and tick_cases: a guess, see tick.h
    GRADE_STAGE_COMPILED, // the compiler's messages
    GRADE_STAGE_RUN       // each case, without sanitizers and a second run
};

struct grade_result;

/* What the reference has shown, for gradings of many files of a lab with one
 * seed. */
struct grade_reference;

/* The boxes of a grading that is still to come. */
struct grade_standby;

struct grade_task {
    const char *artifacts; // folder, see above
    const char *include;   // where "labs/runtime/object.h" is found from: it
                           // is shown to the learner's compiler
    const char *lab_id;    // "01_refcount"
    const char *file;      // the learner's
    uint64_t seed;         // of all dice; the same seed, the same verdict
    bool until_failure;    // cases behind the first that fails are not run,
                           // and it is not explained
    bool may_be_open;      // goes without namespaces where this machine has
                           // none: landlock, the filter of system calls and
                           // limits are left, enough against mistakes, not
                           // against harm
    bool unscreened;       // what the file refers to is not looked at, and it
                           // may ask the system by itself, to try what the
                           // other layers are worth
    int time_ms;           // of the processor for a case; 0: as the lab says
    const struct grade_reference *reference; // NULL: it is run each time
    const char *cache; // folder of verdicts that were found before, made when
                       // one is kept; or NULL
    struct grade_standby **standby; // what grade_stand_by() has made, for a
                                    // task like this one: it is taken, and
                                    // NULL then, if it is of use; or NULL
    bool any_seed;       // the dice may be other ones: those of a verdict from
                         // there, or of a run that grade_prepare() has left
    bool must_be_fresh;  // none is taken from there
    bool wants_tick;     // GRADE_STAGE_TICK, where tcc is and the cache knows
                         // the lab
    bool is_one_of_many; // others are graded at the same time: it keeps one
                         // processor busy, and does nothing that may turn out
                         // to be in vain

    // Called after each stage, unless NULL; so_far is borrowed for the call.
    void (*known)(void *context, enum grade_stage stage,
                  const struct grade_result *so_far);
    void *known_context;
};

/* Where the learner's stream first differs from the reference's. An
 * observation as text is its name and value: "count: 1", "dealloc: cell 1". */
struct grade_divergence {
    int step;         // 1-based number of the observation; 0: none differs
    const char *type; // "int", "sequence", ..., as in labs/testing.h; or ""
    const char *expected; // what the reference showed; "": it was at its end
    const char *yours;    // what the file showed; "": it was at its end
    const char *diff;     // the observations round there, a line each that
                          // begins with "  " (both), "- " (the reference
                          // alone) or "+ " (the file alone), then the step
};

enum grade_case_state {
    GRADE_CASE_PASSED,
    GRADE_CASE_FAILED,
    GRADE_CASE_NOT_RUN // a case that it needs did not pass
};

struct grade_case {
    const char *name;
    int points; // that it gives when it passes
    enum grade_case_state state;
    enum verdict verdict; // why it failed; PASS unless FAILED
    bool flaky;           // a second run with the same dice came out otherwise
    const char *needs;    // of those that it needs, the first that did not
                          // pass, for NOT_RUN; or NULL
    struct grade_divergence divergence;
    const char *detail; // one or more lines: the signal, where in the file,
                        // the sanitizer's finding; or ""
    int64_t time_us;    // of the processor, without sanitizers
};

/* What the compiler or the linker said, the message that matters first. */
struct grade_message {
    int line, column; // 1-based; 0 when it is about no place
    bool is_error;    // else a warning
    const char *text;
    const char *code;    // of a common mistake, "missing_semicolon"; or ""
    const char *hint;    // a sentence about that mistake, or ""
    const char *excerpt; // the line of source, and below it a caret; or ""
};

/* Microseconds by stage. link: -1 when it did not come so far; again: second
 * runs and explanations; check: the rest of the compilation with sanitizers,
 * and the run with them. The boxes that are not waited for work meanwhile. */
struct grade_timing {
    int64_t compile_us, link_us, screen_us, run_us, compare_us, again_us,
        check_us, total_us;
};

/* All text is UTF-8 without control characters but newlines, cut to a
 * reasonable length, and belongs to the result. */
struct grade_result {
    enum verdict verdict;
    int score, max_score; // points
    uint64_t seed;
    const struct grade_case *cases; // in the order of the manifest
    size_t case_count;
    const struct grade_message *messages;
    size_t message_count;
    const char *reason;      // for FORBIDDEN, LINK_ERROR, INTERNAL_ERROR: what
                             // and why; or ""
    const char *file_sha256; // hexadecimal
    const char *level;       // the sandbox layers that were active
    bool is_open;            // it went without namespaces
    int64_t compile_ms, run_ms;
    struct grade_timing timing;
    int tick_passed, tick_cases; // cases of the tick; 0 without one
    bool is_cached;              // it was found before, and there are no times
    void *memory;                // private
};

/* Judges one file. Returns 0 and *result (give it back with
 * grade_release()), whatever the verdict, INTERNAL_ERROR included; or -1 when
 * the file or the lab's artifacts cannot be read, with the reason in reason
 * (reason_size bytes). */
int grade_file(const struct grade_task *task, struct grade_result *result,
               char *reason, size_t reason_size);
void grade_release(struct grade_result *result); // a zeroed one is fine

/* Runs the reference of a task's lab with the task's seed; its file does not
 * matter. Returns 0 and *reference (give it back with
 * grade_reference_free()), or -1 with the reason. */
int grade_reference_run(const struct grade_task *task,
                        struct grade_reference **reference, char *reason,
                        size_t reason_size);
void grade_reference_free(struct grade_reference *reference); // NULL is fine

/* Has the reference run with fresh dice for the next grading with this cache
 * and any_seed, which is told so much sooner; once is enough. The task's file
 * and seed do not matter. For when nobody waits: it takes as long as the
 * lab's cases. */
void grade_prepare(const struct grade_task *task);

/* Makes the boxes of the next grading, in which the compilers read what the
 * task's file begins with now, and runs the reference. That grading is told in
 * half of the time while those lines of the file stay as they are; else, and
 * when lab or tools have changed, it begins anew. For who waits for the next
 * save: it keeps some dozen idle processes. The task's texts must live until
 * it is taken or given back with grade_standby_free(). NULL where it cannot be
 * had. */
struct grade_standby *grade_stand_by(const struct grade_task *task);
void grade_standby_free(struct grade_standby *standby); // NULL is fine

/* Where the artifacts are for a program in folder (of /proc/self/exe): below
 * it in the build tree, in ../lib/ouro/labs when installed; likewise the
 * headers. New strings, or NULL both. */
void grade_find(char **artifacts, char **include);

/* What this machine can do, for a person: the compiler and the sandbox. */
struct grade_machine {
    const char *compiler; // path, or NULL: install gcc
    bool sandbox;
    char failure[256]; // why the sandbox does not work
    char level[128];   // the layers that work
};
void grade_look_at_machine(struct grade_machine *machine);

/* Gives the lookup of translations for all texts of results and reasons; it
 * returns a static text for a static English one. Without it: English. */
void grade_set_language(const char *(*translate)(const char *english));

#endif
