/* Manager methods: what the server of a manager (manager.h) can do with the
 * objects that it keeps. */
#ifndef LABS_RUNTIME_MANAGER_METHODS_H
#define LABS_RUNTIME_MANAGER_METHODS_H

struct rt_object;

/* Calls the method of this name of the object in the slot; arguments is a
 * tuple. 0 and a result, which is yours and may be NULL for None; or -1 with a
 * pending error. */
int rt_manager_method(struct rt_object **slot, const char *name,
                      struct rt_object *arguments, struct rt_object **result);

#endif
