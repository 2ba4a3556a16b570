#include "labs/script/loop_show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/exception.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/string.h"
#include "labs/script/loop_machine.h"

/* Five decimals, without zeros at the end. */
void
loop_show_time(double time_s, char *text)
{
    int length = snprintf(text, LOOP_SHOW_TIME_ROOM, "%.5f", time_s);
    while (text[length - 1] == '0') {
        length--;
    }
    if (text[length - 1] == '.') {
        length--;
    }
    text[length] = '\0';
}

static const char *
show_error(enum rt_error error, const char *text)
{
    return error == RT_ERROR_EXCEPTION ? text : rt_error_name(error);
}

const char *
loop_show_bool(bool value)
{
    return value ? "True" : "False";
}

/* "[a, b]" of what the items are called. */
static const char *
show_items(struct rt_object *list)
{
    static char *texts[8]; // of lists in lists
    static size_t next;
    char **text = &texts[next++ % (sizeof(texts) / sizeof(texts[0]))];
    size_t size = 0;
    free(*text);
    FILE *out = machine_take(open_memstream(text, &size));
    for (size_t i = 0; i < rt_list_size(list); i++) {
        fprintf(out, "%s%s", i > 0 ? ", " : "[",
                loop_show(rt_list_at(list, i)));
    }
    fputs(rt_list_size(list) > 0 ? "]" : "[]", out);
    fclose(out);
    return *text;
}

const char *
loop_show(struct rt_object *value)
{
    static char number[32];
    if (rt_list_check(value)) {
        return show_items(value);
    }
    if (rt_exception_check(value)) {
        return show_error(rt_exception_error(value), rt_exception_text(value));
    }
    if (rt_int_check(value)) {
        snprintf(number, sizeof(number), "%lld",
                 (long long)rt_int_value(value));
        return number;
    }
    return rt_str_check(value) ? rt_str_text(value) : "None";
}

const char *
loop_show_error(void)
{
    return show_error(rt_error_occurred(), rt_error_text());
}

const char *
loop_show_message(void)
{
    static char text[256];
    const char *said = rt_error_text();
    snprintf(text, sizeof(text), "%s%s", *said != '\0' ? " " : "", said);
    return text;
}

static void
write_whole(FILE *out, struct rt_object *exception)
{
    enum rt_error error = rt_exception_error(exception);
    const char *text = rt_exception_text(exception);
    struct rt_object *members = rt_exception_members(exception);
    fputs(show_error(error, text), out);
    if (error == RT_ERROR_CANCELLED && *text != '\0') {
        fprintf(out, " %s", text);
    }
    if (members == NULL) {
        return;
    }
    fprintf(out, "(%s: ", text);
    for (size_t i = 0; i < rt_list_size(members); i++) {
        fputs(i > 0 ? ", " : "", out);
        write_whole(out, rt_list_at(members, i));
    }
    fputc(')', out);
}

char *
loop_show_whole(struct rt_object *exception)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = machine_take(open_memstream(&text, &size));
    write_whole(out, exception);
    fclose(out);
    return machine_take(text);
}

char *
loop_show_caught(void)
{
    struct rt_object *error = rt_exception_catch();
    char *text = loop_show_whole(error);
    rt_decref(error);
    return text;
}

double
loop_read_seconds(const char *word)
{
    return strcmp(word, "none") == 0 ? INFINITY : atof(word);
}

enum rt_error
loop_read_error(const char *name)
{
    static const enum rt_error ERRORS[] = {
        RT_ERROR_CANCELLED,      RT_ERROR_TIMEOUT,
        RT_ERROR_RUNTIME,        RT_ERROR_VALUE,
        RT_ERROR_STOP_ITERATION, RT_ERROR_GENERATOR_EXIT,
        RT_ERROR_SYSTEM_EXIT,    RT_ERROR_KEYBOARD_INTERRUPT,
    };
    for (size_t i = 0; i < sizeof(ERRORS) / sizeof(ERRORS[0]); i++) {
        if (strcmp(rt_error_name(ERRORS[i]), name) == 0) {
            return ERRORS[i];
        }
    }
    return strcmp(name, "Boom") == 0 ? RT_ERROR_EXCEPTION : RT_ERROR_NONE;
}

bool
loop_is_deadlock(void)
{
    return rt_error_occurred() == RT_ERROR_RUNTIME &&
           strcmp(rt_error_text(), "nothing is ready and no timer is set") ==
               0;
}
