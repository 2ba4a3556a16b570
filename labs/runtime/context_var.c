/* Variables of contexts, and the tokens that undo what was set. */
#include "labs/runtime/context.h"
#include "labs/runtime/context_map.h"
#include "labs/runtime/context_state.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/string.h"

struct variable {
    struct rt_object head;
    struct rt_object *name;  // ours
    struct rt_object *value; // ours, or NULL: where it is not set
};

struct token {
    struct rt_object head;
    struct rt_object *variable; // ours
    struct rt_object *context;  // ours: where it was set
    struct rt_object *old;      // ours; NULL: it was not set before
    bool is_used;
};

// --- as objects ------------------------------------------------------------

static int
variable_traverse(struct rt_object *object,
                  int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *value = ((struct variable *)object)->value;
    return value != NULL ? visit(value, data) : 0;
}

static void
variable_clear(struct rt_object *object)
{
    rt_clear(&((struct variable *)object)->value);
}

static void
variable_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    rt_clear(&((struct variable *)object)->name);
    variable_clear(object);
    rt_gc_free(object);
}

static const struct rt_type variable_type = {
    .name = "ContextVar",
    .basicsize = sizeof(struct variable),
    .dealloc = variable_dealloc,
    .traverse = variable_traverse,
    .clear = variable_clear,
};

static int
token_traverse(struct rt_object *object,
               int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct token *token = (struct token *)object;
    int result = token->variable != NULL ? visit(token->variable, data) : 0;
    if (result == 0 && token->context != NULL) {
        result = visit(token->context, data);
    }
    return result == 0 && token->old != NULL ? visit(token->old, data)
                                             : result;
}

static void
token_clear(struct rt_object *object)
{
    struct token *token = (struct token *)object;
    rt_clear(&token->variable);
    rt_clear(&token->context);
    rt_clear(&token->old);
}

static void
token_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    token_clear(object);
    rt_gc_free(object);
}

static const struct rt_type token_type = {
    .name = "Token",
    .basicsize = sizeof(struct token),
    .dealloc = token_dealloc,
    .traverse = token_traverse,
    .clear = token_clear,
};

static struct rt_object *
token_new(struct rt_object *variable, struct rt_context *context)
{
    struct rt_object *object = rt_gc_new(&token_type, 0);
    if (object != NULL) {
        struct token *token = (struct token *)object;
        token->variable = rt_new_ref(variable);
        token->context = rt_new_ref(&context->head);
        token->old = rt_context_map_find(context->map, variable);
        rt_xincref(token->old);
        token->is_used = false;
        rt_gc_track(object);
    }
    return object;
}

// --- for people ------------------------------------------------------------

struct rt_object *
rt_context_var_new(const char *name, struct rt_object *value)
{
    struct rt_object *text = rt_str_new(name);
    struct rt_object *object =
        text != NULL ? rt_gc_new(&variable_type, 0) : NULL;
    if (object == NULL) {
        rt_xdecref(text);
        return NULL;
    }
    struct variable *variable = (struct variable *)object;
    variable->name = text;
    variable->value = value;
    rt_xincref(value);
    rt_context_use();
    rt_gc_track(object);
    return object;
}

struct rt_object *
rt_context_var_get(struct rt_object *object)
{
    const struct variable *variable = (struct variable *)object;
    const struct rt_context *context = rt_context_current();
    struct rt_object *value =
        context != NULL ? rt_context_map_find(context->map, object) : NULL;
    if (value == NULL) {
        value = variable->value;
    }
    if (value == NULL) {
        rt_error_set(RT_ERROR_LOOKUP, "<ContextVar name='%s'>",
                     rt_str_text(variable->name));
        return NULL;
    }
    return rt_new_ref(value);
}

struct rt_object *
rt_context_var_set(struct rt_object *variable, struct rt_object *value)
{
    struct rt_context *context = rt_context_make_current();
    struct rt_object *token =
        context != NULL ? token_new(variable, context) : NULL;
    if (token == NULL) {
        return NULL;
    }
    struct rt_object *map = rt_context_map_with(context->map, variable, value);
    if (map == NULL) {
        rt_decref(token);
        return NULL;
    }
    rt_set_ref(&context->map, map);
    return token;
}

static int
check_token(const struct token *token, const struct rt_object *variable)
{
    if (token->is_used) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "Token has already been used once");
    }
    if (token->variable != variable) {
        return rt_error_set(RT_ERROR_VALUE,
                            "Token was created by a different ContextVar");
    }
    if (token->context != (struct rt_object *)rt_context_current()) {
        return rt_error_set(RT_ERROR_VALUE,
                            "Token was created in a different Context");
    }
    return 0;
}

int
rt_context_var_reset(struct rt_object *variable, struct rt_object *object)
{
    struct token *token = (struct token *)object;
    struct rt_context *context = rt_context_current();
    struct rt_object *map = NULL;
    int result = check_token(token, variable);
    if (result == 0 && token->old == NULL) {
        result = rt_context_map_without(context->map, variable, &map);
    }
    else if (result == 0) {
        map = rt_context_map_with(context->map, variable, token->old);
        result = map != NULL ? 0 : -1;
    }
    if (result != 0) {
        return -1;
    }
    token->is_used = true;
    rt_set_ref(&context->map, map);
    return 0;
}
