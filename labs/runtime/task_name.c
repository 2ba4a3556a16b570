#include "labs/runtime/task_name.h"

#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/task.h"

struct name {
    struct rt_hash_entry entry; // first
    const struct rt_object *task;
    char text[RT_TASK_NAME_BYTES];
};

static bool
is_of(const struct rt_hash_entry *entry, const void *task)
{
    return ((const struct name *)entry)->task == task;
}

static struct name *
find(const struct rt_object *task)
{
    const struct rt_loop *loop = ((const struct rt_future *)task)->loop;
    uint64_t hash = rt_hash_mix((uintptr_t)task);
    return (struct name *)rt_hashtable_find(&loop->names, hash, is_of, task);
}

void
rt_task_copy_name(const struct rt_object *object,
                  char buffer[RT_TASK_NAME_BYTES])
{
    const struct rt_future *future = (const struct rt_future *)object;
    if (future->is_named) {
        snprintf(buffer, RT_TASK_NAME_BYTES, "%s", find(object)->text);
    }
    else {
        snprintf(buffer, RT_TASK_NAME_BYTES, "Task-%u", future->number);
    }
}

static struct name *
add(struct rt_object *task)
{
    struct rt_future *future = (struct rt_future *)task;
    struct name *name = rt_alloc(sizeof(*name));
    if (name != NULL) {
        name->entry.hash = rt_hash_mix((uintptr_t)task);
        name->task = task;
        if (rt_hashtable_add(&future->loop->names, &name->entry) == 0) {
            future->is_named = true;
            return name;
        }
    }
    rt_free(name);
    return rt_error_no_memory();
}

int
rt_task_set_name(struct rt_object *object, const char *name)
{
    struct name *entry =
        ((struct rt_future *)object)->is_named ? find(object) : add(object);
    if (entry == NULL) {
        return -1;
    }
    snprintf(entry->text, sizeof(entry->text), "%s", name);
    return 0;
}

void
rt_task_forget_name(struct rt_object *object)
{
    struct rt_future *future = (struct rt_future *)object;
    if (future->is_named) {
        struct name *name = find(object);
        future->is_named = false;
        rt_hashtable_remove(&future->loop->names, &name->entry);
        rt_free(name);
    }
}

void
rt_task_forget_names(struct rt_loop *loop)
{
    rt_hashtable_release(&loop->names);
}
