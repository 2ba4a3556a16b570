#include "labs/script/script.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
take(void *memory)
{
    if (memory == NULL) {
        fputs("rt-script: out of memory\n", stderr);
        exit(70);
    }
    return memory;
}

/* Cuts a line into words in place. Returns how many; -1: too many. */
static int
cut(char *line, char **words)
{
    int count = 0;
    char *save = NULL;
    for (char *word = strtok_r(line, " \t\r\f\v", &save); word != NULL;
         word = strtok_r(NULL, " \t\r\f\v", &save)) {
        if (count == SCRIPT_WORDS) {
            return -1;
        }
        words[count++] = word;
    }
    return count;
}

static int
parse_step(struct script *script, struct step *step, char *line, int number,
           char *why, size_t room)
{
    char *words[SCRIPT_WORDS];
    int count = cut(line, words);
    if (count <= 0) {
        snprintf(why, room, "line %d: %s", number,
                 count < 0 ? "too many words" : "no operation");
        return -1;
    }
    char reason[128] = "";
    const struct operation *operation = operation_find(words[0]);
    if (operation == NULL) {
        snprintf(why, room, "line %d: unknown op %s", number, words[0]);
        return -1;
    }
    if (operation_check(script, operation, words + 1, count - 1, reason,
                        sizeof(reason)) != 0) {
        snprintf(why, room, "line %d: %s: %s", number, words[0], reason);
        return -1;
    }
    *step = (struct step){
        .operation = operation, .line = number, .count = count - 1};
    memcpy(step->words, words + 1, (size_t)step->count * sizeof(*words));
    return 0;
}

/* "action NAME: op ; op ..." */
static int
parse_action(struct script *script, char *line, int number, char *why,
             size_t room)
{
    char *colon = strchr(line, ':');
    if (colon == NULL) {
        snprintf(why, room, "line %d: an action needs a colon", number);
        return -1;
    }
    *colon = '\0';
    char *words[SCRIPT_WORDS];
    if (cut(line, words) != 2) {
        snprintf(why, room, "line %d: say action NAME: op ; op", number);
        return -1;
    }
    struct action *action = take(calloc(1, sizeof(*action)));
    action->name = words[1];
    script->actions =
        take(realloc(script->actions,
                     (script->action_count + 1) * sizeof(*script->actions)));
    script->actions[script->action_count++] = action;
    char *save = NULL;
    for (char *part = strtok_r(colon + 1, ";", &save); part != NULL;
         part = strtok_r(NULL, ";", &save)) {
        if (part[strspn(part, " \t\r")] == '\0') {
            continue;
        }
        action->steps = take(realloc(
            action->steps, (action->count + 1) * sizeof(*action->steps)));
        if (parse_step(script, &action->steps[action->count], part, number,
                       why, room) != 0) {
            return -1;
        }
        action->count++;
    }
    return 0;
}

static bool
starts_with_word(const char *line, const char *word)
{
    size_t length = strlen(word);
    return strncmp(line, word, length) == 0 &&
           isspace((unsigned char)line[length]);
}

static int
parse_line(struct script *script, char *line, int number, char *why,
           size_t room)
{
    line[strcspn(line, "#")] = '\0';
    line += strspn(line, " \t\r");
    if (*line == '\0') {
        return 0;
    }
    if (starts_with_word(line, "types")) {
        script->exact = strstr(line, "exact") != NULL;
        return 0;
    }
    if (starts_with_word(line, "action")) {
        return parse_action(script, line, number, why, room);
    }
    if ((script->count & (script->count - 1)) == 0) {
        size_t more = script->count > 0 ? 2 * script->count : 1;
        script->steps =
            take(realloc(script->steps, more * sizeof(*script->steps)));
    }
    if (parse_step(script, &script->steps[script->count], line, number, why,
                   room) != 0) {
        return -1;
    }
    script->count++;
    return 0;
}

int
script_parse(struct script *script, char *text, char *why, size_t room)
{
    *script = (struct script){.text = text};
    int number = 0;
    for (char *line = text; *line != '\0';) {
        char *end = line + strcspn(line, "\n");
        char *next = *end == '\n' ? end + 1 : end;
        *end = '\0';
        if (parse_line(script, line, ++number, why, room) != 0) {
            script_release(script);
            return -1;
        }
        line = next;
    }
    return 0;
}

void
script_release(struct script *script)
{
    for (size_t i = 0; i < script->action_count; i++) {
        free(script->actions[i]->steps);
        free(script->actions[i]);
    }
    free(script->actions);
    free(script->steps);
    free(script->text);
    *script = (struct script){0};
}

const struct action *
script_action(const struct script *script, const char *name)
{
    // The latest of a name counts.
    for (size_t i = script->action_count; i-- > 0;) {
        if (strcmp(script->actions[i]->name, name) == 0) {
            return script->actions[i];
        }
    }
    return NULL;
}
