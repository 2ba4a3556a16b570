#include "quiz/core/syllabus.h"

#include <string.h>

const struct chapter *
syllabus_find(const struct syllabus *syllabus, const char *topic)
{
    for (size_t i = 0; i < syllabus->count; i++) {
        if (strcmp(syllabus->chapters[i].topic, topic) == 0) {
            return &syllabus->chapters[i];
        }
    }
    return NULL;
}
