/* Report value: texts for the formats that are JSON. */
#ifndef GRADER_REPORT_VALUE_H
#define GRADER_REPORT_VALUE_H

#include <jansson.h>

/* The text as report_clean() leaves it, a new reference. */
json_t *report_value(const char *text);

#endif
