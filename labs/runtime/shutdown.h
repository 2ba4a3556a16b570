/* Shutdown: the end of the program, in CPython's order.
 *
 * After CPython 3.12: Py_FinalizeEx() in Python/pylifecycle.c,
 * Modules/atexitmodule.c. While the exit functions run everything is whole
 * still; only then the program's names are given back, and cycles that were
 * alive until now get their last words. */
#ifndef LABS_RUNTIME_SHUTDOWN_H
#define LABS_RUNTIME_SHUTDOWN_H

struct rt_object;

enum {
    RT_EXIT_FUNCTIONS = 32 // at most
};

/* Registers a function for the end: it returns 0, or -1 with a pending error,
 * which is unraisable and does not stop the next one. 0, or -1 with a pending
 * runtime error when there are too many (atexit.register). */
int rt_at_exit(int (*function)(void *data), void *data);

/* Runs and forgets them, as the end does; or only forgets them, as a new
 * process does (atexit._run_exitfuncs, atexit._clear). */
void rt_at_exit_run(void);
void rt_at_exit_clear(void);

/* The end, in the main thread:
 *
 *   1. waits for the threads that are no daemons, makes the pending calls
 *   2. runs the exit functions, the newest first, and forgets them; those that
 *      they register do not run. The registered finalizers of last_call.h are
 *      one of them, registered with the first finalizer
 *   3. collects, if automatic collections are on
 *   4. releases what is in the slot, the dict of the program's names, NULL if
 *      there is none, and makes it NULL
 *   5. collects; nobody is told, and it does not matter whether automatic
 *      collections are on. Says on stderr what is uncollectable, if the debug
 *      flags ask for it
 *   6. collects once more, what the last words have made
 *
 * The runtime can be used again afterwards. */
void rt_shutdown(struct rt_object **names);

#endif
