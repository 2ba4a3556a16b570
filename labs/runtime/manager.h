/* Manager: objects that live in a process of their own and are used by others
 * through it (multiprocessing.Manager).
 *
 * After CPython 3.12: Lib/multiprocessing/managers.py.
 *
 *     client ---> (number, method, arguments) ---> server: a thread for each
 *            <--- (True, result), (False, error) <---      connection
 *
 * Each call is made as a whole, one at a time; but who reads a value, adds to
 * it and writes it back has made two calls, and needs a lock
 * (process_semaphore.h). What goes there and comes back are copies: to change
 * a list that is in a dict, take it out, change it and put it back.
 *
 * Where CPython listens at an address that has a name and asks for a key, here
 * a client sends the server one end of a new pipe, through a socket that only
 * the children of the same parent have. The server ends when the last of them
 * is gone, however it ended. */
#ifndef LABS_RUNTIME_MANAGER_H
#define LABS_RUNTIME_MANAGER_H

#include <stddef.h>
#include <stdint.h>

struct rt_manager;
struct rt_object;

/* Starts a server, before the children that are to use it are forked. NULL
 * with a pending error. Give it back with rt_manager_free(), which also ends
 * the server if this process has started it. */
struct rt_manager *rt_manager_start(void);
void rt_manager_free(struct rt_manager *manager); // NULL is fine

/* Has the server keep a copy of a dict, a list, or any other object as a
 * value; NULL is None. A number for the calls, which all processes may use; or
 * -1 with a pending error. */
int64_t rt_manager_keep(struct rt_manager *manager, struct rt_object *object);

/* Has the server call a method, by Python's name, of the object that it keeps
 * under this number. Arguments are borrowed; the result is yours, NULL is
 * None.
 *
 *     dict    __getitem__ __setitem__ __delitem__ __contains__ __len__ get pop
 *             clear copy
 *     list    __getitem__ __setitem__ __len__ append extend pop clear copy
 *     value   get set
 *
 * 0, or -1 with a pending error: that of the method, with its text; an
 * attribute error, there is no such method; a type error, another number of
 * arguments; a key error, nothing is kept there; EOF, the server is gone. */
int rt_manager_call(struct rt_manager *manager, int64_t number,
                    const char *method, struct rt_object *const *arguments,
                    size_t count, struct rt_object **result);

#endif
