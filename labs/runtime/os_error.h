/* Os error: what the system refused, as the pending error.
 *
 * After CPython 3.12: Objects/exceptions.c, oserror_use_init(): the number
 * decides which kind of OSError it is, "[Errno 32] Broken pipe". */
#ifndef LABS_RUNTIME_OS_ERROR_H
#define LABS_RUNTIME_OS_ERROR_H

/* Makes it the pending error; number is that of errno, what says what could
 * not be done. Returns -1. */
int rt_os_error(int number, const char *what);

/* The same with other words than the system's; NULL: with nothing but them. */
int rt_os_error_saying(int number, const char *words);

#endif
