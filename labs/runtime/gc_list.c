/* The lists of the collector: doubly linked rings through the heads. */
#include "labs/runtime/gc_state.h"

void
rt_gc_list_init(struct rt_gc_head *list)
{
    list->next = list->prev = (uintptr_t)list;
}

bool
rt_gc_list_is_empty(const struct rt_gc_head *list)
{
    return list->next == (uintptr_t)list;
}

size_t
rt_gc_list_size(const struct rt_gc_head *list)
{
    size_t size = 0;
    for (const struct rt_gc_head *head = rt_gc_next(list); head != list;
         head = rt_gc_next(head)) {
        size++;
    }
    return size;
}

void
rt_gc_list_append(struct rt_gc_head *list, struct rt_gc_head *head)
{
    struct rt_gc_head *last = rt_gc_prev(list);
    rt_gc_set_prev(head, last);
    last->next = (uintptr_t)head;
    head->next = (uintptr_t)list;
    list->prev = (uintptr_t)head;
}

void
rt_gc_list_remove(struct rt_gc_head *head)
{
    struct rt_gc_head *prev = rt_gc_prev(head);
    struct rt_gc_head *next = rt_gc_next(head);
    prev->next = (uintptr_t)next;
    rt_gc_set_prev(next, prev);
    head->next = 0;
}

void
rt_gc_list_move(struct rt_gc_head *head, struct rt_gc_head *to)
{
    rt_gc_list_remove(head);
    rt_gc_list_append(to, head);
}

void
rt_gc_list_merge(struct rt_gc_head *from, struct rt_gc_head *to)
{
    if (rt_gc_list_is_empty(from)) {
        return;
    }
    struct rt_gc_head *last = rt_gc_prev(to);
    struct rt_gc_head *first = rt_gc_next(from);
    struct rt_gc_head *end = rt_gc_prev(from);
    last->next = (uintptr_t)first;
    rt_gc_set_prev(first, last);
    end->next = (uintptr_t)to;
    rt_gc_set_prev(to, end);
    rt_gc_list_init(from);
}
