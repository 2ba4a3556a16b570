#include "labs/runtime/sleep.h"

#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/future.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop.h"

struct sleep {
    struct rt_coroutine frame;
    struct rt_object *future, *timer;
    double delay_s;
};

/* Of a timer that comes after the cancellation (_set_result_unless_cancelled).
 */
static int
end_unless_cancelled(struct rt_object *future)
{
    return rt_future_is_cancelled(future)
               ? 0
               : rt_future_set_result(future, rt_none);
}

static struct rt_static_function ender =
    RT_STATIC_FUNCTION(end_unless_cancelled);

static int
start_timer(struct sleep *my)
{
    struct rt_loop *loop = rt_loop_get_running();
    my->future = loop != NULL ? rt_future_new(loop) : NULL;
    if (my->future != NULL) {
        my->timer =
            rt_loop_call_later(loop, my->delay_s, &ender.head, my->future);
    }
    return my->timer != NULL ? 0 : -1;
}

static enum rt_sent
sleep_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct sleep *my = (struct sleep *)frame;
    RT_BEGIN;
    if (my->delay_s <= 0) {
        RT_YIELD(rt_none);
        if (sent == NULL) {
            RT_FAIL;
        }
        RT_RETURN(rt_none);
    }
    if (start_timer(my) != 0) {
        RT_FAIL;
    }
    RT_AWAIT(rt_new_ref(my->future));
    rt_handle_cancel(my->timer);
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_END;
}

static const struct rt_code sleep_code =
    RT_COROUTINE("sleep", struct sleep, 2, sleep_body);

struct rt_object *
rt_sleep(double delay_s)
{
    struct sleep *my = rt_coroutine_new(&sleep_code);
    if (my == NULL) {
        return NULL;
    }
    my->delay_s = delay_s;
    return &my->frame.head;
}
