/* List room: how the files of the list make room. */
#ifndef LABS_RUNTIME_LIST_ROOM_H
#define LABS_RUNTIME_LIST_ROOM_H

#include <stddef.h>

struct rt_list;

/* Makes this the number of items. New ones are not set, those behind the end
 * are not released; the room changes when it is too small, or more than twice
 * as much as is needed. 0, or -1 with a pending memory error and the list as
 * it was (list_resize). */
int rt_list_resize(struct rt_list *list, size_t size);

/* Room for so many items and not one more in a list without any room. 0, or -1
 * with a pending memory error (list_preallocate_exact). */
int rt_list_reserve_exactly(struct rt_list *list, size_t size);

#endif
