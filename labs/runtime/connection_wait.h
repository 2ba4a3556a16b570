/* Connection wait: waits for several connections and processes at once.
 *
 * After CPython 3.12: Lib/multiprocessing/connection.py, wait(). Whoever waits
 * for an answer waits for the end of the one who was to give it as well: who
 * is dead sends nothing. */
#ifndef LABS_RUNTIME_CONNECTION_WAIT_H
#define LABS_RUNTIME_CONNECTION_WAIT_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "labs/runtime/deadline.h"

/* Waits, without the GIL, until one of the files, of a connection or a
 * sentinel (process.h), can be read or has ended, or until the time is over.
 * The caller has set fd of each, below 0 is never ready; revents is not 0
 * afterwards for those that are. How many are, or -1 with a pending error. */
int rt_connection_wait(struct pollfd *files, size_t count, int64_t timeout_us);

#endif
