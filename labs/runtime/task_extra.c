#include "labs/runtime/task_extra.h"

#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/task.h"

struct extra {
    struct rt_hash_entry entry; // first
    struct rt_object *task;
    struct rt_object *message; // ours, or NULL
    bool is_named;
    char name[RT_TASK_NAME_BYTES];
};

static bool
is_of(const struct rt_hash_entry *entry, const void *task)
{
    return ((const struct extra *)entry)->task == task;
}

/* NULL: it has none. */
static struct extra *
find(const struct rt_object *task)
{
    const struct rt_loop *loop = rt_future_loop(task);
    uint64_t hash = rt_hash_mix((uintptr_t)task);
    return ((const struct rt_future *)task)->has_extra
               ? (struct extra *)rt_hashtable_find(&loop->extras, hash, is_of,
                                                   task)
               : NULL;
}

/* What it has, or now gets; NULL without memory. */
static struct extra *
find_or_add(struct rt_object *task)
{
    struct extra *extra = find(task);
    if (extra != NULL) {
        return extra;
    }
    extra = rt_alloc(sizeof(*extra));
    if (extra == NULL) {
        return NULL;
    }
    *extra = (struct extra){.entry = {.hash = rt_hash_mix((uintptr_t)task)},
                            .task = task};
    if (rt_hashtable_add(&rt_future_loop(task)->extras, &extra->entry) != 0) {
        rt_free(extra);
        return NULL;
    }
    ((struct rt_future *)task)->has_extra = true;
    return extra;
}

// --- the name --------------------------------------------------------------

void
rt_task_copy_name(const struct rt_object *task,
                  char buffer[RT_TASK_NAME_BYTES])
{
    const struct extra *extra = find(task);
    if (extra != NULL && extra->is_named) {
        snprintf(buffer, RT_TASK_NAME_BYTES, "%s", extra->name);
    }
    else {
        snprintf(buffer, RT_TASK_NAME_BYTES, "Task-%u",
                 ((const struct rt_future *)task)->number);
    }
}

int
rt_task_set_name(struct rt_object *task, const char *name)
{
    struct extra *extra = find_or_add(task);
    if (extra == NULL) {
        rt_error_no_memory();
        return -1;
    }
    extra->is_named = true;
    snprintf(extra->name, sizeof(extra->name), "%s", name);
    return 0;
}

// --- the message -----------------------------------------------------------

struct rt_object *
rt_task_message(const struct rt_object *task)
{
    const struct extra *extra = find(task);
    return extra != NULL ? extra->message : NULL;
}

void
rt_task_set_message(struct rt_object *task, struct rt_object *message)
{
    struct extra *extra = message != NULL ? find_or_add(task) : find(task);
    if (extra != NULL) {
        rt_xincref(message);
        rt_set_ref(&extra->message, message);
    }
}

// --- the end ---------------------------------------------------------------

void
rt_task_forget_extra(struct rt_object *task)
{
    struct extra *extra = find(task);
    if (extra != NULL) {
        ((struct rt_future *)task)->has_extra = false;
        rt_hashtable_remove(&rt_future_loop(task)->extras, &extra->entry);
        rt_xdecref(extra->message);
        rt_free(extra);
    }
}

static void
unmark(struct rt_hash_entry *entry, void *unused)
{
    (void)unused;
    ((struct rt_future *)((struct extra *)entry)->task)->has_extra = false;
}

static void
release(struct rt_hash_entry *entry, void *unused)
{
    struct extra *extra = (struct extra *)entry;
    (void)unused;
    rt_xdecref(extra->message); // of which a task may die
    rt_free(extra);
}

void
rt_task_forget_extras(struct rt_loop *loop)
{
    struct rt_hashtable extras = loop->extras;
    loop->extras = (struct rt_hashtable){0};
    rt_hashtable_each(&extras, unmark, NULL);
    rt_hashtable_each(&extras, release, NULL);
    rt_hashtable_release(&extras);
}
