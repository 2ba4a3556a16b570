/* Context state: what the files about contexts share. */
#ifndef LABS_RUNTIME_CONTEXT_STATE_H
#define LABS_RUNTIME_CONTEXT_STATE_H

#include "labs/runtime/context.h"
#include "labs/runtime/object.h"

struct rt_context {
    struct rt_object head;
    struct rt_object *map; // ours; NULL: nothing is set
    bool is_entered;       // by rt_context_run()
};

/* The current context, borrowed, or NULL as long as nothing is set. */
struct rt_context *rt_context_current(void);

/* The same; makes it if it is not there. NULL with a pending memory error. */
struct rt_context *rt_context_make_current(void);

/* Says that there is a variable. */
void rt_context_use(void);

#endif
