#include "grader/report_value.h"

#include <stdlib.h>

#include "grader/report.h"

json_t *
report_value(const char *text)
{
    char *clean = report_clean(text);
    json_t *value = json_string(clean);
    free(clean);
    return value;
}
