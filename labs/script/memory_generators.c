/* Operations on generators, which stop in the middle of a try with a finally
 * that runs an action: however they end. */
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/script/kinds.h"
#include "labs/script/labels.h"
#include "labs/script/memory_machine.h"

struct generator {
    struct rt_coroutine frame;
    struct rt_object *x, *y, *z; // ours, or NULL
};

/* The finally: an error in it takes the place of the pending one. 0, or -1
 * with a pending error. */
static int
leave(struct generator *my, bool has_failed)
{
    struct rt_error_state pending = {0};
    if (has_failed) {
        pending = rt_error_fetch();
    }
    int result = memory_act("finally", &my->frame.head, my->x);
    if (result == 0 && has_failed) {
        rt_error_restore(&pending);
        return -1;
    }
    rt_xdecref(pending.exception);
    return result;
}

static enum rt_sent
generator_body(struct rt_coroutine *frame, struct rt_object *sent,
               struct rt_object **result)
{
    struct generator *my = (struct generator *)frame;
    char text[32];
    RT_BEGIN;
    memory_say("begins %s", memory_label(&frame->head, text, sizeof(text)));
    RT_YIELD(rt_new_ref(my->x != NULL ? my->x : &kind_none));
    if (sent != NULL) {
        memory_say("goes on %s",
                   memory_label(&frame->head, text, sizeof(text)));
        RT_YIELD(rt_new_ref(my->y != NULL ? my->y : &kind_none));
    }
    if (leave(my, sent == NULL) != 0) {
        RT_FAIL;
    }
    RT_END;
}

static const struct rt_code generator_code =
    RT_GENERATOR("suspended", struct generator, 3, generator_body);

static int
op_generator(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct generator *generator = rt_coroutine_new(&generator_code);
    if (generator == NULL) {
        memory_die("cannot make an object");
    }
    generator->x = memory_new_ref(memory_value(frame, words[2]));
    generator->y = memory_new_ref(memory_value(frame, words[3]));
    generator->z = memory_new_ref(memory_value(frame, words[4]));
    labels_give(&generator->frame.head, 'g')->action =
        script_action(memory_script(), words[1]);
    memory_bind(frame, words[0], &generator->frame.head);
    return 0;
}

/* How a call came out that has ended with the pending error. */
static void
say_error(const char *how)
{
    bool is_action = rt_error_occurred() == RT_ERROR_RUNTIME;
    memory_say("%s -> %s", how,
               is_action ? rt_error_text()
                         : rt_error_name(rt_error_occurred()));
    rt_error_clear();
}

static void
say_value(const char *how, struct rt_object *value)
{
    char text[32];
    memory_say("%s -> %s", how,
               value == &kind_none ? "None"
                                   : memory_label(value, text, sizeof(text)));
}

/* How a step came out; its value is stolen. */
static void
say_sent(const char *how, enum rt_sent sent, struct rt_object *value)
{
    if (sent == RT_SENT_ERROR) {
        say_error(how);
        return;
    }
    if (sent == RT_SENT_RETURN) {
        memory_say("%s -> over", how);
    }
    else {
        say_value(how, value);
    }
    rt_decref(value);
}

static int
op_next(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *generator = memory_value(frame, words[0]);
    struct rt_object *value = NULL;
    if (!kind_is_generator(generator)) {
        return memory_skip();
    }
    rt_incref(generator);
    enum rt_sent sent = rt_coroutine_send(generator, rt_none, &value);
    say_sent("next", sent, value);
    rt_decref(generator);
    return 0;
}

static int
op_throw(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *generator = memory_value(frame, words[0]);
    struct rt_object *value = NULL;
    if (!kind_is_generator(generator)) {
        return memory_skip();
    }
    rt_incref(generator);
    struct rt_object *error =
        memory_made(rt_exception_new(RT_ERROR_RUNTIME, "ActionError"));
    enum rt_sent sent = rt_coroutine_throw(generator, error, &value);
    rt_decref(error);
    say_sent("throw", sent, value);
    rt_decref(generator);
    return 0;
}

static int
op_close(struct frame *frame, char *const *words, int count)
{
    (void)count;
    struct rt_object *generator = memory_value(frame, words[0]);
    if (!kind_is_generator(generator)) {
        return memory_skip();
    }
    rt_incref(generator);
    if (rt_coroutine_close(generator) != 0) {
        say_error("close");
    }
    else {
        say_value("close", &kind_none);
    }
    rt_decref(generator);
    return 0;
}

const struct operation memory_generators[] = {
    {"close", "v", false, false, op_close},
    {"generator", "vavvv", false, false, op_generator},
    {"next", "v", false, false, op_next},
    {"throw", "v", false, false, op_throw},
    {0},
};
