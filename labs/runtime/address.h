/* Address: where a connection goes to, or comes from.
 *
 * After CPython 3.12: Lib/asyncio/base_events.py, _ensure_resolved(). A name
 * may stand for several addresses, and to ask for them takes time, so that a
 * thread does; what is a number already needs nobody. */
#ifndef LABS_RUNTIME_ADDRESS_H
#define LABS_RUNTIME_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>

struct rt_loop;
struct rt_object;

struct rt_address {
    struct sockaddr_storage name;
    socklen_t size; // of name, in bytes
};

/* A list of addresses is a bytes object, so that it can be a result. How many
 * there are, and one of them, borrowed. */
size_t rt_address_count(const struct rt_object *addresses);
const struct rt_address *rt_address_at(struct rt_object *addresses,
                                       size_t index);

/* A new list of the one address of a number, as "127.0.0.1" or "::1", or of
 * the path of a Unix socket. NULL with a pending error: a value error for what
 * is none or too long; no memory. */
struct rt_object *rt_address_of_number(const char *host, int port);
struct rt_object *rt_address_of_path(const char *path);

/* Writes the address as Python shows it: ('127.0.0.1', 80). */
void rt_address_print(const struct rt_address *address, char *text,
                      size_t size);

/* A new coroutine whose result is the list of all addresses of a host, a name
 * or a number, copied. It fails with an OS error for a name that nobody knows.
 * NULL with a pending error: no memory, a value error for a name that is too
 * long for one. */
struct rt_object *rt_address_resolve(const char *host, int port);

#endif
