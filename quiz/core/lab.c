#include "quiz/core/lab.h"

#include <string.h>

int
lab_points(const struct lab *lab)
{
    int points = 0;
    for (size_t i = 0; i < lab->case_count; i++) {
        points += lab->cases[i].points;
    }
    return points;
}

int
lab_hints_cost(const struct lab *lab, int seen)
{
    if (seen > (int)lab->hint_count) {
        return lab_points(lab);
    }
    int cost = 0;
    for (int i = 0; i < seen; i++) {
        cost += lab->hints[i].cost;
    }
    return cost;
}

const char *
lab_file_name(const struct lab *lab)
{
    return lab->replaces != NULL ? lab->replaces : "solution.c";
}

/* Whether two names are equal, "-" taken for "_". */
static bool
same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        bool separators = strchr("-_", *a) != NULL && strchr("-_", *b) != NULL;
        if (*a != *b && !separators) {
            return false;
        }
    }
    return *a == *b;
}

/* Whether name is the id's number, with or without its leading zeros. */
static bool
same_number(const char *id, size_t digits, const char *name)
{
    while (digits > 1 && *id == '0') {
        id++;
        digits--;
    }
    while (name[0] == '0' && name[1] != '\0') {
        name++;
    }
    return strlen(name) == digits && strncmp(id, name, digits) == 0;
}

bool
lab_is_called(const struct lab *lab, const char *name)
{
    size_t digits = strspn(lab->id, "0123456789");
    if (same_name(lab->id, name)) {
        return true;
    }
    if (digits == 0 || lab->id[digits] != '_') {
        return false;
    }
    return same_name(lab->id + digits + 1, name) ||
           same_number(lab->id, digits, name);
}

const struct lab_case *
lab_find_case(const struct lab *lab, const char *name)
{
    for (size_t i = 0; i < lab->case_count; i++) {
        if (strcmp(lab->cases[i].name, name) == 0) {
            return &lab->cases[i];
        }
    }
    return NULL;
}
