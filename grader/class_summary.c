#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grader/class_state.h"
#include "grader/must.h"

static void
print_line(const struct submission *one, const struct outcome *outcome)
{
    char *name = report_clean_line(one->name);
    printf("%s: %s, %d of %d points%s\n", name, outcome->record.verdict,
           outcome->record.score, outcome->record.max_score,
           outcome->is_reused ? " (unchanged)" : "");
    free(name);
}

void
class_print_ready(struct class *class)
{
    for (; class->printed < class->list->count; class->printed++) {
        struct outcome *outcome = &class->outcomes[class->printed];
        if (!outcome->is_done) {
            break;
        }
        if (outcome->key != NULL) {
            print_line(&class->list->items[class->printed], outcome);
        }
        fwrite(buffer_string(&outcome->text), 1, outcome->text.length, stdout);
        buffer_release(&outcome->text);
    }
    fflush(stdout);
}

/* A field of a table. What a program for tables would compute is marked as
 * text. */
static void
add_field(struct buffer *table, const char *text)
{
    char *clean = report_clean_line(text);
    const char *mark = strchr("=+-@", clean[0]) != NULL ? "'" : "";
    buffer_format(table, "\"%s", clean[0] != '\0' ? mark : "");
    for (const char *at = clean; *at != '\0'; at++) {
        buffer_add(table, "\"\"", *at == '"' ? 1 : 0);
        buffer_add(table, at, 1);
    }
    buffer_format(table, "\"");
    free(clean);
}

void
class_keep_summary(struct class *class)
{
    struct buffer table = {0};
    buffer_format(&table, "submission,verdict,score,max_score,time_ms,file\n");
    for (size_t i = 0; i < class->list->count; i++) {
        const struct record *record = &class->outcomes[i].record;
        add_field(&table, class->list->items[i].name);
        buffer_format(&table, ",%s,%d,%d,%.0f,", record->verdict,
                      record->score, record->max_score, record->time_ms);
        add_field(&table, class->list->items[i].file);
        buffer_format(&table, "\n");
    }
    char *name = NULL;
    if (asprintf(&name, "summary%s", class->task->part_name) < 0) {
        name = NULL;
    }
    class_keep(class, must(name), ".csv", &table);
    buffer_release(&table);
    free(name);
}

void
class_print_end(const struct class *class)
{
    size_t passed = 0;
    size_t reused = 0;
    size_t broken = 0;
    for (size_t i = 0; i < class->list->count; i++) {
        const struct outcome *outcome = &class->outcomes[i];
        passed += class_code_of(outcome->record.verdict) == EXIT_ALL_PASS;
        broken += class_code_of(outcome->record.verdict) >= EXIT_BAD_FILE;
        reused += outcome->is_reused;
    }
    printf("%zu submissions: %zu pass, %zu do not, %zu could not be judged "
           "(%zu unchanged); see %s/summary%s.csv\n",
           class->list->count, passed, class->list->count - passed - broken,
           broken, reused, class->task->keep, class->task->part_name);
}
