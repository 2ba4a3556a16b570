/* The machine's face: what --json of every command promises. One document on
 * stdout and nothing else there, its schema, its members and their types, the
 * same keys in both languages, and no document where a command fails. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labs/testing.h"
#include "quiz/cmd/command.h"
#include "tests/support/program.h"
#include "tests/support/tempdir.h"

static const char *const ENGLISH[] = {"LANG=en_US.UTF-8", NULL};
static const char *const RUSSIAN[] = {"LANG=ru_RU.UTF-8", NULL};

/* The members of a document, separated by spaces: a path, where "[]" stands
 * for each item of a list that must have some, and a type: string, integer,
 * number, bool, list, object; "?" allows null. */
struct claim {
    const char *line;
    int status;
    const char *schema, *members, *input;
};

static const char LAB[] =
    "lab:s title:s topic:s level:s minutes:i kind:s points:i file:s "
    "state.attempts:i state.best_score:i state.hints_seen:i state.passed:b "
    "task:s";
static const char TALLY[] =
    "answers:i missed:i time_ms:i retention:n? retention_of:i "
    "today.answers:i today.missed:i today.time_ms:i today.retention:n? "
    "streak.days:i streak.longest:i questions:i seen:i due:i mastery:n "
    "topics[].topic:s topics[].title:s topics[].questions:i topics[].seen:i "
    "topics[].mastery:n topics[].retention:n? forecast[].day:s "
    "forecast[].due:i missed_most[].question:s missed_most[].topic:s "
    "missed_most[].missed:i missed_most[].answers:i labs.tried:i "
    "labs.passed:i last_interview.time:s last_interview.score:n";
static const char GRADE[] =
    "lab:s file:s file_sha256:s verdict:s reason:s score:i max_score:i "
    "hints_cost:i seed:i level:s unsafe:b cached:b compile_ms:i run_ms:i "
    "messages:a "
    "cases[].name:s cases[].title:s cases[].points:i cases[].state:s";
static const char MOCK[] =
    "lang:s seed:i minutes:i level:s? seconds_used:i planned:i broken_off:b "
    "score:n topics[].topic:s topics[].level:n topics[].questions:i "
    "exchanges[].id:s exchanges[].topic:s exchanges[].level_asked:s "
    "exchanges[].follows:s? exchanges[].seconds:i "
    "exchanges[].suggested_seconds:i exchanges[].answer:s? "
    "exchanges[].skipped:b exchanges[].self_level:n?";
static const char ASSESSMENT[] =
    "id:s lang:s score:n level:n points[].id:s points[].found:b "
    "points[].contradicted:b points[].weight:i points[].essential:b "
    "points[].text:s points[].evidence:s? misconceptions:a keyword_list:b "
    "unrecognised:b";
static const char MANIFEST[] =
    "lab:s kind:s replaces:s? title:s exports[].name:s exports[].prototype:s "
    "allow:a sanitizer:b time_ms:i memory_mib:i output_kib:i cases[].name:s "
    "cases[].points:i cases[].needs:a cases[].title:s cases[].help:s";
static const char HISTORY[] =
    "answers[].id:i answers[].time:s answers[].question:s answers[].topic:s "
    "answers[].mode:s answers[].lang:s answers[].duration_ms:i "
    "answers[].score:n answers[].rating:s answers[].answer:s? "
    "answers[].undone:b";
static const char QUIZ[] =
    "asked:i right:i partly:i missed:i skipped:i answers[].id:s "
    "answers[].kind:s answers[].score:n answers[].right:b "
    "answers[].skipped:b answers[].rating:s answers[].answer:s? "
    "answers[].duration_ms:i";
static const char DONE[] = "action:s file:s kept:s? added:i known:i";
static const char HELP[] = "commands[].name:s commands[].usage:s "
                           "commands[].summary:s commands[].options:s? "
                           "options:s";

/* Each runs in a folder of its own that furnish() has filled. */
static const struct claim CLAIMS[] = {
    {"", 0, "ouro.home/1", "due:i new:i next_lab:s?", NULL},
    {"quiz --cram --count 2 --kind open", 1, "ouro.quiz/1", QUIZ,
     "an answer\n\n/skip\n"},
    {"quiz --count 1 --seed 3", 0, "ouro.quiz/1",
     "asked:i right:i partly:i missed:i skipped:i answers:a", NULL},
    {"mock --minutes 10 --seed 1", 1, "ouro.mock/1", MOCK,
     "tracemalloc compares two snapshots.\n.\n"},
    {"mock --level senior", 1, "ouro.mock/1", "topics:a exchanges:a level:s",
     NULL},
    {"answer gc-cycles", 1, "ouro.answer/1", ASSESSMENT,
     "Objects that refer to each other."},
    {"lab", 0, "ouro.lab.list/1", "labs[].lab:s labs[].state:o", NULL},
    {"lab list", 0, "ouro.lab.list/1", "labs[].lab:s labs[].title:s", NULL},
    {"lab show 01", 0, "ouro.lab/1", LAB, NULL},
    {"lab start 01 other", 0, "ouro.lab.start/1",
     "lab:s folder:s file:s written:b", NULL},
    {"lab grade 01 work/object.c", 1, "ouro.lab.grade/1", GRADE, NULL},
    {"lab grade 01 broken.c", 1, "ouro.lab.grade/1",
     "verdict:s messages[].line:i messages[].column:i messages[].severity:s "
     "messages[].text:s",
     NULL},
    {"lab watch 01 work/object.c", 1, "ouro.lab.grade/1", GRADE, NULL},
    {"lab hint 01", 0, "ouro.lab.hint/1",
     "lab:s hints[].number:i hints[].cost:i hints[].text:s left:i "
     "cost_so_far:i",
     NULL},
    {"lab hint 01 --seen", 0, "ouro.lab.hint/1",
     "lab:s hints:a left:i cost_so_far:i", NULL},
    {"lab diff 01 work/object.c --spoil", 0, "ouro.lab.diff/1", "lab:s diff:s",
     NULL},
    {"lab solution 01 --spoil", 0, "ouro.lab.solution/1", "lab:s solution:s",
     NULL},
    {"lab reset 01 work/object.c --yes", 0, "ouro.lab.reset/1",
     "lab:s file:s backup:s?", NULL},
    {"explain gc-cycles", 0, "ouro.explain/1",
     "id:s topic:s kind:s level:s ask:s code:s? answer:s explain:s "
     "why_asked:s python:s? lab:s? proof:o? see:a",
     NULL},
    {"explain gil", 0, "ouro.explain.topic/1",
     "topic:s title:s needs:a summary:s terms:a questions:i", NULL},
    {"explain reference count", 0, "ouro.explain.term/1",
     "term:s en:s ru:s also:o means:s topic:s? see:a", NULL},
    {"search deepcopy", 0, "ouro.search/1",
     "questions[].id:s questions[].ask:s", NULL},
    {"search xyzzyplugh", 1, "ouro.search/1", "questions:a", NULL},
    {"content check", 0, "ouro.content.check/1",
     "ok:b questions:i topics:i errors:i warnings:i faults:a", NULL},
    {"content check bad.yaml", 3, "ouro.content.check/1",
     "ok:b errors:i faults[].severity:s faults[].file:s faults[].line:i "
     "faults[].column:i faults[].message:s",
     NULL},
    {"content list", 0, "ouro.content.list/1",
     "questions[].id:s questions[].file:s questions[].line:i "
     "questions[].topic:s questions[].kind:s questions[].level:s "
     "questions[].status:s questions[].languages:a",
     NULL},
    {"content stats", 0, "ouro.content.stats/1",
     "topics[].topic:s topics[].questions:i topics[].kinds.open:i "
     "topics[].levels.senior:i all.topic:s? all.questions:i all.kinds:o",
     NULL},
    {"content facts", 0, "ouro.content.facts/1",
     "facts[].id:s facts[].file:s facts[].line:i facts[].kind:s "
     "facts[].path:s facts[].python:s? facts[].checked_with:s? facts[].code:s "
     "facts[].prints:s?",
     NULL},
    {"content manifest LAB", 0, "ouro.content.manifest/1", MANIFEST, NULL},
    {"doctor", 0, "ouro.doctor/1",
     "ok:b checks[].name:s checks[].works:b checks[].detail:s "
     "checks[].mend:s?",
     NULL},
    {"due", 0, "ouro.due/1",
     "now:s due:i today:i overdue:i next_due:s? topics[].topic:s "
     "topics[].title:s topics[].due:i topics[].today:i topics[].overdue:i",
     NULL},
    {"stats", 0, "ouro.stats/1", TALLY, NULL},
    {"history --count 2", 0, "ouro.history/1", HISTORY, NULL},
    {"undo", 0, "ouro.undo/1",
     "undone:s? answer.question:s answer.undone:b answer.id:i", NULL},
    {"reschedule --retention 0.85", 0, "ouro.reschedule/1",
     "changed:i settings.retention:n settings.max_days:i settings.rollover:i "
     "settings.fuzz:b settings.ordered:b settings.weights:a",
     NULL},
    {"progress export new.jsonl", 0, "ouro.progress.done/1", DONE, NULL},
    {"progress import export.jsonl", 0, "ouro.progress.done/1", DONE, NULL},
    {"progress backup", 0, "ouro.progress.done/1", DONE, NULL},
    {"progress restore backup.db", 0, "ouro.progress.done/1", DONE, NULL},
    {"schedule replay log.csv", 0, "ouro.schedule.replay/1",
     "algorithm:s reviews:i duplicates:i cards[].card_id:s cards[].reviews:i "
     "cards[].stability:n cards[].difficulty:n cards[].due:s "
     "cards[].last_review:s",
     NULL},
    {"help", 0, "ouro.help/1", HELP, NULL},
    {"help quiz", 0, "ouro.help/1", HELP, NULL},
    {"due --help", 0, "ouro.help/1", HELP, NULL},
};

/* What goes wrong: the status, and what stderr says. */
static const struct {
    const char *line;
    int status;
    const char *says;
} FAILURES[] = {
    {"nonsense", 2, "unknown command"},
    {"due extra", 2, "unexpected 'extra'"},
    {"stats extra", 2, "unexpected 'extra'"},
    {"undo extra", 2, "unexpected 'extra'"},
    {"history --count 0", 2, "no count"},
    {"history --topic nonsense", 2, "unknown topic"},
    {"reschedule --retention 2", 2, "0.7..0.99"},
    {"reschedule --bogus", 2, "bogus"},
    {"quiz --kind essay", 2, "essay"},
    {"quiz --bogus", 2, "bogus"},
    {"mock --minutes 0", 2, "minutes"},
    {"mock --report card.txt", 2, ".md or .json"},
    {"mock --report missing/card.md", 3, "cannot write"},
    {"mock --report work/object.c.md", 3, "is no report"},
    {"answer", 2, "name one question"},
    {"answer nonsense", 3, "there is no question"},
    {"answer gc-cycles --text-file missing", 3, "cannot open"},
    {"explain", 2, "name a question"},
    {"explain nonsense", 3, "there is no question"},
    {"search", 2, "say what to look for"},
    {"lab nonsense", 2, "unknown lab command"},
    {"lab show", 2, "which lab"},
    {"lab show 99", 2, "there is no lab"},
    {"lab grade 01 missing.c", 3, "cannot open"},
    {"lab grade 01 work/object.c --seed x", 2, "no seed"},
    {"lab solution 01", 1, "not passed yet"},
    {"lab diff 01 work/object.c", 1, "not passed yet"},
    {"lab reset 01 work/object.c", 2, "--yes"},
    {"content nonsense", 2, "usage"},
    {"content check missing", 3, "cannot open"},
    {"content facts missing", 3, "cannot open"},
    {"content manifest missing", 3, "cannot open"},
    {"content manifest bad.yaml", 3, "bad.yaml"},
    {"content stats --bogus", 2, "unknown option"},
    {"progress", 2, "usage"},
    {"progress import", 2, "needs a file"},
    {"progress import missing", 3, "cannot open"},
    {"progress import bad.yaml", 3, "bad.yaml"},
    {"progress restore bad.yaml", 3, "bad.yaml"},
    {"progress backup backup.db", 3, "is there already"},
    {"progress export missing/x", 4, "cannot write"},
    {"progress export bad.yaml", 3, "no earlier export"},
    {"schedule", 2, "replay FILE"},
    {"schedule replay missing", 3, "cannot open"},
    {"schedule replay bad.yaml", 3, "bad.yaml:1"},
    {"schedule replay log.csv --weights 1,2", 2, "weights"},
    {"help nonsense", 2, "unknown command"},
    {"due --width 3", 2, "no width"},
    {"due --lang de", 2, "unknown language"},
};

/* --- folders ------------------------------------------------------------- */

static char *template; // what furnish() copies
static char *folder;   // the current folder of a case
static char *lab_file; // lab 01's lab.yaml

static struct program_result
run(const char *line, const char *input, const char *const *environment)
{
    const char *words[32] = {NULL};
    char *copy = strdup(line);
    char *rest = copy;
    int count = 0;
    for (char *word = NULL; (word = strsep(&rest, " ")) != NULL;) {
        if (word[0] != '\0') {
            words[count++] = strcmp(word, "LAB") == 0 ? lab_file : word;
        }
    }
    words[count++] = "--json";
    if (strstr(line, "--profile") == NULL) {
        words[count++] = "--profile";
        words[count++] = "profile";
    }
    struct program_result result =
        program_run("ouro", words, input, environment);
    free(copy);
    return result;
}

static void
must(const char *line, const char *input)
{
    struct program_result result = run(line, input, ENGLISH);
    if (result.status > 1) {
        fail_msg("ouro %s: %s", line, result.err);
    }
    program_release(&result);
}

/* A profile with a history, a lab that was begun, and files of every kind. */
static int
make_template(void **state)
{
    static const char BAD[] = "topic: bad\ntitle: {en: Bad\n";
    static const char LOG[] = "card_id,review_rating,review_time\n"
                              "a,3,2024-01-01T10:00:00Z\n"
                              "a,1,2024-01-05T10:00:00Z\n";
    (void)state;
    char *ouro = program_path("ouro");
    *strrchr(ouro, '/') = '\0';
    assert_true(
        asprintf(&lab_file, "%s/../../labs/01_refcount/lab.yaml", ouro) > 0);
    free(ouro);
    template = tempdir_make();
    assert_number(chdir(template), 0);
    free(tempdir_write(template, "bad.yaml", BAD));
    free(tempdir_write(template, "log.csv", LOG));
    free(tempdir_write(template, "broken.c", "int x = ;\n"));
    must("quiz --count 1 --kind number", "2\n");
    must("quiz --count 1 --kind true_false", "true\n");
    must("mock --minutes 10 --seed 1", "tracemalloc\n.\n");
    must("lab start 01 work", NULL);
    must("progress export export.jsonl", NULL);
    must("progress backup backup.db", NULL);
    free(tempdir_write(template, "work/object.c.md", "my own notes\n"));
    return 0;
}

static int
remove_template(void **state)
{
    (void)state;
    assert_number(chdir("/"), 0);
    tempdir_remove(template);
    free(lab_file);
    return 0;
}

static void
furnish(void)
{
    char command[512];
    folder = tempdir_make();
    assert_number(chdir(folder), 0);
    snprintf(command, sizeof(command), "cp -R '%s/.' .", template);
    assert_number(system(command), 0);
}

static void
clear(void)
{
    assert_number(chdir("/"), 0);
    tempdir_remove(folder);
}

/* --- reading documents --------------------------------------------------- */

static json_t *
only_document(const char *line, const struct program_result *result)
{
    json_error_t error;
    json_t *document = json_loads(result->out, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL || !json_is_object(document)) {
        fail_msg("ouro %s --json (status %d): %s:\n%s%s", line, result->status,
                 error.text, result->out, result->err);
    }
    return document;
}

static bool
has_type(const json_t *value, const char *type)
{
    if (type[1] == '?' && json_is_null(value)) {
        return true;
    }
    switch (type[0]) {
    case 's':
        return json_is_string(value);
    case 'i':
        return json_is_integer(value);
    case 'n':
        return json_is_number(value);
    case 'b':
        return json_is_boolean(value);
    case 'a':
        return json_is_array(value);
    case 'o':
        return json_is_object(value);
    default:
        return false;
    }
}

/* Whether a value has what a path like "cases[].name:s" claims. */
static bool
holds(const json_t *value, const char *path)
{
    char name[64];
    size_t length = strcspn(path, ".[:");
    snprintf(name, sizeof(name), "%.*s", (int)length, path);
    const json_t *member = json_object_get(value, name);
    path += length;
    if (strncmp(path, "[]", 2) == 0) {
        for (size_t i = 0; i < json_array_size(member); i++) {
            if (!holds(json_array_get(member, i), path + 3)) {
                return false;
            }
        }
        return json_array_size(member) > 0;
    }
    return path[0] == '.' ? holds(member, path + 1)
                          : member != NULL && has_type(member, path + 1);
}

static void
check_members(const char *line, const json_t *document, const char *members)
{
    char *copy = strdup(members);
    char *rest = copy;
    for (char *path = NULL; (path = strsep(&rest, " ")) != NULL;) {
        if (!holds(document, path)) {
            char *text = json_dumps(document, JSON_INDENT(1));
            fail_msg("ouro %s --json breaks %s:\n%.3000s", line, path, text);
        }
    }
    free(copy);
}

/* Whether two values have the same keys and types all the way down. */
static bool
same_shape(const json_t *a, const json_t *b)
{
    if (json_is_object(a) && json_is_object(b)) {
        const char *key = NULL;
        const json_t *value = NULL;
        json_t *members = json_deep_copy(a);
        bool same = json_object_size(a) == json_object_size(b);
        json_object_foreach(members, key, value)
        {
            const json_t *other = json_object_get(b, key);
            same = same && other != NULL && same_shape(value, other);
        }
        json_decref(members);
        return same;
    }
    if (json_is_array(a) && json_is_array(b)) {
        bool same = json_array_size(a) == json_array_size(b);
        for (size_t i = 0; same && i < json_array_size(a); i++) {
            same = same_shape(json_array_get(a, i), json_array_get(b, i));
        }
        return same;
    }
    return (json_is_boolean(a) && json_is_boolean(b)) ||
           json_typeof(a) == json_typeof(b);
}

static json_t *
hold_to(const struct claim *claim, const char *const *environment)
{
    furnish();
    struct program_result result = run(claim->line, claim->input, environment);
    if (result.status != claim->status) {
        fail_msg("ouro %s --json: status %d, not %d: %s", claim->line,
                 result.status, claim->status, result.err);
    }
    json_t *document = only_document(claim->line, &result);
    const char *schema =
        json_string_value(json_object_get(document, "schema"));
    assert_text(schema, claim->schema);
    assert_text(json_object_iter_key(json_object_iter(document)), "schema");
    check_members(claim->line, document, claim->members);
    program_release(&result);
    clear();
    return document;
}

/* --- cases --------------------------------------------------------------- */

static void
every_command_writes_one_document_with_the_same_keys_in_russian(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(CLAIMS) / sizeof(*CLAIMS); i++) {
        json_t *english = hold_to(&CLAIMS[i], ENGLISH);
        json_t *russian = hold_to(&CLAIMS[i], RUSSIAN);
        if (!same_shape(english, russian)) {
            fail_msg("ouro %s --json has another shape in Russian:\n%s\n%s",
                     CLAIMS[i].line, json_dumps(english, JSON_INDENT(1)),
                     json_dumps(russian, JSON_INDENT(1)));
        }
        json_decref(english);
        json_decref(russian);
    }
}

static void
no_command_is_missing_from_this_test(void **state)
{
    (void)state;
    for (const struct command *row = COMMANDS; row->name != NULL; row++) {
        size_t length = strlen(row->name);
        bool found = false;
        for (size_t i = 0; i < sizeof(CLAIMS) / sizeof(*CLAIMS); i++) {
            found |= strncmp(CLAIMS[i].line, row->name, length) == 0;
        }
        if (!found) {
            fail_msg("nothing is claimed of 'ouro %s --json'", row->name);
        }
    }
}

static void
an_export_is_json_lines(void **state)
{
    (void)state;
    furnish();
    struct program_result result = run("progress export", NULL, RUSSIAN);
    assert_number(result.status, 0);
    assert_text(result.err, "");
    char *rest = result.out;
    int lines = 0;
    for (char *line = NULL; (line = strsep(&rest, "\n")) != NULL;) {
        json_error_t error;
        if (line[0] == '\0' && rest == NULL) {
            break; // behind the last newline
        }
        json_t *row = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        if (row == NULL) {
            fail_msg("line %d: %s: %s", lines + 1, error.text, line);
        }
        if (lines == 0) {
            assert_text(json_string_value(json_object_get(row, "schema")),
                        "ouro.progress/1");
        }
        json_decref(row);
        lines++;
    }
    assert_true(lines > 3);
    program_release(&result);
    clear();
}

static void
a_watch_on_a_pipe_writes_a_document_for_each_check(void **state)
{
    (void)state;
    furnish();
    struct program_result result =
        run("lab watch 01 work/object.c", "r\nr\nq\n", ENGLISH);
    assert_number(result.status, 1);
    const char *at = result.out;
    int documents = 0;
    while (at[strspn(at, "\n")] != '\0') {
        json_error_t error;
        json_t *document = json_loads(at, JSON_DISABLE_EOF_CHECK, &error);
        if (document == NULL) {
            fail_msg("document %d: %s", documents + 1, error.text);
        }
        assert_text(json_string_value(json_object_get(document, "schema")),
                    "ouro.lab.grade/1");
        json_decref(document);
        documents++;
        at += error.position;
    }
    assert_number(documents, 3);
    program_release(&result);
    clear();
}

static void
broken_utf8_of_an_answer_makes_no_broken_document(void **state)
{
    (void)state;
    furnish();
    struct program_result result = run("quiz --count 1 --kind short --cram",
                                       "\xFF\xFE\033[31m\n", RUSSIAN);
    json_t *document = only_document("quiz", &result);
    json_decref(document);
    program_release(&result);
    result = run("history", NULL, RUSSIAN);
    document = only_document("history", &result);
    json_decref(document);
    program_release(&result);
    clear();
}

/* Nothing on stdout, a message on stderr, the promised status. */
static void
expect_failure(const char *line, int status, const char *says)
{
    struct program_result result = run(line, NULL, ENGLISH);
    if (result.status != status || result.out[0] != '\0') {
        fail_msg("ouro %s --json: status %d, not %d\n%s%s", line,
                 result.status, status, result.out, result.err);
    }
    assert_contains(result.err, says);
    program_release(&result);
    result = run(line, NULL, RUSSIAN);
    assert_number(result.status, status);
    assert_text(result.out, "");
    assert_true(result.err[0] != '\0');
    program_release(&result);
}

static void
a_failure_is_a_status_and_a_message_on_stderr(void **state)
{
    (void)state;
    furnish();
    for (size_t i = 0; i < sizeof(FAILURES) / sizeof(*FAILURES); i++) {
        expect_failure(FAILURES[i].line, FAILURES[i].status, FAILURES[i].says);
    }
    clear();
}

/* Commands that look at the progress. */
static const char *const PERSONAL[] = {"",
                                       "quiz",
                                       "mock",
                                       "lab list",
                                       "lab hint 01",
                                       "due",
                                       "stats",
                                       "history",
                                       "undo",
                                       "reschedule",
                                       "progress export",
                                       "progress backup"};

static void
a_damaged_profile_is_bad_content(void **state)
{
    (void)state;
    char noise[8192];
    furnish();
    memset(noise, 'x', sizeof(noise) - 1);
    noise[sizeof(noise) - 1] = '\0';
    free(tempdir_write(folder, "damaged/progress.db", noise));
    for (size_t i = 0; i < sizeof(PERSONAL) / sizeof(*PERSONAL); i++) {
        char line[128];
        snprintf(line, sizeof(line), "%s --profile damaged", PERSONAL[i]);
        expect_failure(line, 3, "damaged/progress.db");
    }
    clear();
}

static void
a_profile_that_is_a_file_is_refused(void **state)
{
    (void)state;
    furnish();
    for (size_t i = 0; i < sizeof(PERSONAL) / sizeof(*PERSONAL); i++) {
        char line[128];
        snprintf(line, sizeof(line), "%s --profile log.csv", PERSONAL[i]);
        expect_failure(line, 4, "'log.csv' is not a folder");
    }
    struct program_result result =
        run("doctor --profile log.csv", NULL, ENGLISH);
    assert_number(result.status, 4);
    json_t *document = only_document("doctor", &result);
    assert_true(json_is_false(json_object_get(document, "ok")));
    json_decref(document);
    program_release(&result);
    clear();
}

/* A tree of its own with faulty content, and the program in it. */
static void
make_tree(void)
{
    char command[4096];
    char *ouro = program_path("ouro");
    snprintf(command, sizeof(command),
             "mkdir -p tree/build/x tree/labs tree/content/questions && "
             "cp '%s' tree/build/x/ouro && "
             "cp \"$(dirname '%s')\"/../../content/synonyms.yaml "
             "tree/content/",
             ouro, ouro);
    assert_number(system(command), 0);
    free(ouro);
}

static void
content_that_cannot_be_read_is_status_three(void **state)
{
    static const char *const LINES[] = {
        "quiz",         "mock",          "explain x", "search x",
        "content list", "content stats", "due",       "stats"};
    (void)state;
    char former[4096] = "";
    const char *build = getenv("OURO_BUILD");
    furnish();
    make_tree();
    free(tempdir_write(folder, "tree/content/questions/01_bad.yaml",
                       "topic: [\n"));
    char *program = realpath("tree/build/x", NULL);
    snprintf(former, sizeof(former), "%s", build != NULL ? build : "");
    setenv("OURO_BUILD", program, 1);
    for (size_t i = 0; i < sizeof(LINES) / sizeof(*LINES); i++) {
        expect_failure(LINES[i], 3, "01_bad.yaml:");
    }
    if (former[0] != '\0') {
        setenv("OURO_BUILD", former, 1);
    }
    else {
        unsetenv("OURO_BUILD");
    }
    free(program);
    clear();
}

static void
a_document_that_cannot_be_written_is_reported(void **state)
{
    (void)state;
    char command[4096 + 128];
    char *path = program_path("ouro");
    furnish();
    snprintf(command, sizeof(command),
             "'%s' stats --json --profile profile >/dev/full 2>said; "
             "test $? -eq 3 && grep -q 'cannot write' said",
             path);
    assert_number(system(command), 0);
    free(path);
    clear();
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(
            every_command_writes_one_document_with_the_same_keys_in_russian),
        cmocka_unit_test(no_command_is_missing_from_this_test),
        cmocka_unit_test(an_export_is_json_lines),
        cmocka_unit_test(a_watch_on_a_pipe_writes_a_document_for_each_check),
        cmocka_unit_test(broken_utf8_of_an_answer_makes_no_broken_document),
        cmocka_unit_test(a_failure_is_a_status_and_a_message_on_stderr),
        cmocka_unit_test(a_damaged_profile_is_bad_content),
        cmocka_unit_test(a_profile_that_is_a_file_is_refused),
        cmocka_unit_test(content_that_cannot_be_read_is_status_three),
        cmocka_unit_test(a_document_that_cannot_be_written_is_reported),
    };
    return cmocka_run_group_tests(cases, make_template, remove_template);
}
