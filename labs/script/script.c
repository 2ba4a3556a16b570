#include "labs/script/script.h"

#include <assert.h>
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

/* Cuts a line into words in place; *words is new. Returns how many. */
static int
cut(char *line, char ***words)
{
    int count = 0;
    char *save = NULL;
    *words = take(malloc((strlen(line) / 2 + 1) * sizeof(**words)));
    for (char *word = strtok_r(line, " \t\r\f\v", &save); word != NULL;
         word = strtok_r(NULL, " \t\r\f\v", &save)) {
        (*words)[count++] = word;
    }
    return count;
}

static int
parse_step(const struct script *script, struct step *step, char *line,
           int number, char *why, size_t room)
{
    char **words = NULL;
    int count = cut(line, &words);
    assert(count > 0); // a part without words is passed over
    const struct operation *operation = operation_find(words[0]);
    int result = -1;
    if (operation == NULL) {
        snprintf(why, room, "unknown op %s", words[0]);
    }
    else {
        result = operation_check(script, operation, words + 1, count - 1, why,
                                 room);
    }
    // The operation's own word makes room.
    memmove(words, words + 1, (size_t)(count - 1) * sizeof(*words));
    *step = (struct step){.operation = operation,
                          .line = number,
                          .words = words,
                          .count = count - 1};
    return result;
}

static struct action *
add_action(struct script *script, char *name)
{
    struct action *action = take(calloc(1, sizeof(*action)));
    action->name = name;
    script->actions =
        take(realloc(script->actions,
                     (script->action_count + 1) * sizeof(struct action *)));
    script->actions[script->action_count++] = action;
    return action;
}

/* "action NAME: op ; op ..." */
static int
parse_action(struct script *script, char *line, int number, char *why,
             size_t room)
{
    char *colon = strchr(line, ':');
    if (colon == NULL) {
        snprintf(why, room, "an action needs a colon");
        return -1;
    }
    *colon = '\0';
    char **words = NULL;
    int count = cut(line, &words);
    char *name = count > 1 ? words[1] : NULL;
    free(words);
    if (name == NULL) {
        snprintf(why, room, "list index out of range");
        return -1;
    }
    struct action *action = add_action(script, name);
    char *save = NULL;
    for (char *part = strtok_r(colon + 1, ";", &save); part != NULL;
         part = strtok_r(NULL, ";", &save)) {
        if (part[strspn(part, " \t\r\f\v")] == '\0') {
            continue;
        }
        action->steps = take(realloc(
            action->steps, (action->count + 1) * sizeof(*action->steps)));
        action->count++;
        if (parse_step(script, &action->steps[action->count - 1], part, number,
                       why, room) != 0) {
            return -1;
        }
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

/* A line without its comment and the blanks around it. */
static int
parse_line(struct script *script, char *line, int number, char *why,
           size_t room)
{
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
    script->count++;
    return parse_step(script, &script->steps[script->count - 1], line, number,
                      why, room);
}

/* Where the line's own text begins; its end is cut off. */
static char *
trim(char *line)
{
    static const char BLANKS[] = " \t\r\f\v";
    line[strcspn(line, "#")] = '\0';
    line += strspn(line, BLANKS);
    size_t length = strlen(line);
    while (length > 0 && strchr(BLANKS, line[length - 1]) != NULL) {
        line[--length] = '\0';
    }
    return line;
}

int
script_parse(struct script *script, char *text, char *why, size_t room)
{
    *script = (struct script){.text = text};
    int number = 0;
    for (char *line = text; *line != '\0';) {
        char *end = line + strcspn(line, "\n");
        char *next = *end == '\n' ? end + 1 : end;
        char reason[128] = "";
        *end = '\0';
        line = trim(line);
        number++;
        char *kept = take(strdup(line));
        int result = *line == '\0' ? 0
                                   : parse_line(script, line, number, reason,
                                                sizeof(reason));
        if (result != 0) {
            snprintf(why, room, "line %d: %s: %s", number, kept, reason);
        }
        free(kept);
        if (result != 0) {
            script_release(script);
            return -1;
        }
        line = next;
    }
    return 0;
}

static void
release_steps(struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(steps[i].words);
    }
    free(steps);
}

void
script_release(struct script *script)
{
    for (size_t i = 0; i < script->action_count; i++) {
        release_steps(script->actions[i]->steps, script->actions[i]->count);
        free(script->actions[i]);
    }
    free(script->actions);
    release_steps(script->steps, script->count);
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
