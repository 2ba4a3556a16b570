/* Expected: files that are right, and files that say themselves what is wrong
 * with them.
 *
 * A bad file begins with what must be said about it, a line
 * "# expect: LINE:COLUMN: words" per fault, in order; nothing else may be
 * said. */
#ifndef TESTS_SUPPORT_EXPECTED_H
#define TESTS_SUPPORT_EXPECTED_H

struct faults;

/* Reads a file and adds its faults. Returns 0, or -1 if it was refused. */
typedef int expected_load(const char *path, struct faults *faults);

/* Calls load with every YAML file of the folder, and complains aloud of those
 * that have a fault. Returns how many files there are; *wrong grows. */
int expected_good(const char *folder, expected_load *load, int *wrong);

/* The same for files whose faults are not those that they name. */
int expected_bad(const char *folder, expected_load *load, int *wrong);

/* Calls visit with every YAML file of a folder. Returns their number. */
int expected_each(const char *folder,
                  void (*visit)(const char *path, void *data), void *data);

#endif
