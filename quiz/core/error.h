/* Error: what went wrong, in words for a person, and the exit code it means.
 *
 * The last parameter of every function that can fail. Messages are lower
 * case, problem first, subject in quotes, no full stop. */
#ifndef QUIZ_CORE_ERROR_H
#define QUIZ_CORE_ERROR_H

/* What the program ends with; the numbers are part of the interface. */
enum exit_status {
    EXIT_STATUS_DONE = 0,     // done, or everything right
    EXIT_STATUS_MISSED = 1,   // not passed, or something missed
    EXIT_STATUS_USAGE = 2,    // the command line is wrong
    EXIT_STATUS_CONTENT = 3,  // bad content or file
    EXIT_STATUS_MACHINE = 4,  // the machine lacks something
    EXIT_STATUS_INTERNAL = 70 // our own fault
};

struct error {
    enum exit_status status;
    char message[2048]; // UTF-8, may have several lines
};

/* Fills err (which may be NULL) with status CONTENT. Always returns -1, so
 * that a function can end with `return error_set(err, …);`. */
int error_set(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same with another status. */
int error_set_status(struct error *err, enum exit_status status,
                     const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
