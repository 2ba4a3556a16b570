/* Connection: one end of a pipe through which objects go.
 *
 * After CPython 3.12: Lib/multiprocessing/connection.py, class Connection. A
 * message is its size in four bytes, the highest first, and so many bytes; or
 * -1 in these and the size in eight, when it is 2 GiB or more. An object goes
 * as what rt_serialize() makes of it. The ends may be in two processes, that
 * of the parent and that of the child: each closes the one that it does not
 * use, or nobody will ever see the end.
 *
 * Waiting is done without the GIL. */
#ifndef LABS_RUNTIME_CONNECTION_H
#define LABS_RUNTIME_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "labs/runtime/deadline.h"

struct rt_class;
struct rt_object;

struct rt_connection {
    int file; // -1: closed
    bool is_readable, is_writable;
};

/* Two ends: duplex, or the first one only to receive and the second only to
 * send. 0, or -1 with a pending error (Pipe). */
int rt_pipe(bool duplex, struct rt_connection ends[2]);

/* Closes it; a second time nothing happens. */
void rt_connection_close(struct rt_connection *connection);

/* Sends all of it, waits while there is no room. 0, or -1 with a pending
 * error: OSError, closed, not writable or the other end is gone; of the first
 * also what rt_serialize() says. */
int rt_connection_send(const struct rt_connection *connection,
                       struct rt_object *object);
int rt_connection_send_bytes(const struct rt_connection *connection,
                             const void *bytes, size_t size);

/* Receives what was sent at once: a new reference, in the first one NULL for
 * None; bytes in the second. Classes: see serialize.h. 0, or -1 with a pending
 * error: EOFError, the other end is gone and there is nothing left; OSError,
 * it is gone within a message, or this end is closed or not readable; a value
 * error for what nobody has sent with rt_connection_send(), or for a message
 * of more than most bytes, after which the connection is closed. */
int rt_connection_receive(struct rt_connection *connection, size_t most,
                          const struct rt_class *const *classes,
                          size_t class_count, struct rt_object **object);
int rt_connection_receive_bytes(struct rt_connection *connection, size_t most,
                                struct rt_object **bytes);

/* Whether something can be received at once, or the end can be seen, by then:
 * 1 or 0, or -1 with a pending error. */
int rt_connection_poll(const struct rt_connection *connection,
                       int64_t timeout_us);

#endif
