/* The authors' commands from outside, over a tree of their own, so that what
 * they say does not change with the content. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "labs/testing.h"
#include "tests/support/program.h"
#include "tests/support/tempdir.h"

static char *folder; // the current one
static char *former; // OURO_BUILD as it was, or NULL

static const char QUESTIONS[] =
    "schema: 1\n"
    "topic: gc\n"
    "title: {en: Collector, ru: Сборщик}\n"
    "checked_with: \"3.11\"\n"
    "questions:\n"
    "  - id: gc-proven\n"
    "    kind: true_false\n"
    "    level: junior\n"
    "    seed: [S001, X01]\n"
    "    ask: {en: Is one equal to itself, ru: Равна ли единица себе}\n"
    "    why_asked: {en: To see, ru: Чтобы узнать}\n"
    "    explain: {en: Because, ru: Потому}\n"
    "    see: Python/gc.c\n"
    "    answer: true\n"
    "    proof:\n"
    "      code: print(1 == 1)\n"
    "      prints: \"True\"\n"
    "  - id: gc-drafted\n"
    "    kind: true_false\n"
    "    level: junior\n"
    "    status: draft\n"
    "    seed: S002\n"
    "    ask: {en: Is it late, ru: Поздно ли это}\n"
    "    why_asked: {en: To see, ru: Чтобы узнать}\n"
    "    explain: {en: Because, ru: Потому}\n"
    "    see: Python/gc.c\n"
    "    answer: true\n";
static const char SEEDS[] =
    "schema: 1\n"
    "seeds:\n"
    "  - {id: S001, kind: concept, topic: gc, text: Equality}\n"
    "  - {id: S002, kind: rule, topic: gc, text: Only drafted}\n"
    "  - {id: S003, kind: takeaway, topic: gc, text: Said again}\n"
    "  - {id: X01, kind: erratum, topic: gc, text: Wrong}\n";

/* A folder with the program and content of its own. */
static int
enter(void **state)
{
    char command[8192];
    (void)state;
    char *ouro = program_path("ouro");
    const char *build = getenv("OURO_BUILD");
    former = build != NULL ? strdup(build) : NULL;
    folder = tempdir_make();
    assert_number(chdir(folder), 0);
    *strrchr(ouro, '/') = '\0';
    snprintf(command, sizeof(command),
             "mkdir -p build/x labs content/questions && "
             "cp '%s/ouro' build/x/ && cp -R '%s/locale' build/x/ && "
             "cp '%s/../../content/synonyms.yaml' content/",
             ouro, ouro, ouro);
    assert_number(system(command), 0);
    free(ouro);
    free(tempdir_write(folder, "content/questions/03_gc.yaml", QUESTIONS));
    free(tempdir_write(folder, "content/seeds.yaml", SEEDS));
    char *program = realpath("build/x", NULL);
    setenv("OURO_BUILD", program, 1);
    free(program);
    return 0;
}

static int
leave(void **state)
{
    (void)state;
    if (former != NULL) {
        setenv("OURO_BUILD", former, 1);
    }
    else {
        unsetenv("OURO_BUILD");
    }
    free(former);
    former = NULL;
    assert_number(chdir("/"), 0);
    tempdir_remove(folder);
    return 0;
}

/* Runs ouro with the words of line and expects a status and pieces of what it
 * prints (NULL: does not matter). */
static void
expect(const char *line, int status, const char *out, const char *err)
{
    struct program_result result =
        program_line(NULL, "ouro %s --profile profile", line);
    if (result.status != status ||
        (out != NULL && strstr(result.out, out) == NULL) ||
        (err != NULL && strstr(result.err, err) == NULL)) {
        fail_msg("ouro %s: status %d, not %d\n%s%s", line, result.status,
                 status, result.out, result.err);
    }
    program_release(&result);
}

static void
expect_not(const char *line, const char *out)
{
    struct program_result result =
        program_line(NULL, "ouro %s --profile profile", line);
    if (strstr(result.out, out) != NULL) {
        fail_msg("ouro %s printed: %s", line, result.out);
    }
    program_release(&result);
}

/* The document that a command with --json writes, new. */
static json_t *
document_of(const char *line)
{
    json_error_t error;
    struct program_result result =
        program_line(NULL, "ouro %s --json --profile profile", line);
    json_t *document = json_loads(result.out, 0, &error);
    if (document == NULL) {
        fail_msg("%s: %s\n%s%s", line, error.text, result.out, result.err);
    }
    program_release(&result);
    return document;
}

// --- proofs and facts ------------------------------------------------------

static void
a_proof_is_shown_with_the_explanation(void **state)
{
    (void)state;
    expect("explain gc-proven", 0, "See it yourself:\n    print(1 == 1)\n",
           NULL);
    expect("explain gc-proven", 0, "It prints:\n    True\n", NULL);
    expect("explain gc-proven --lang ru", 0, "Проверьте сами:", NULL);
    expect_not("explain gc-drafted", "See it yourself:");
}

static void
facts_are_listed_with_their_place(void **state)
{
    (void)state;
    expect("content facts", 0, "questions/03_gc.yaml:16: proof: gc-proven\n",
           NULL);
}

// --- coverage --------------------------------------------------------------

static void
a_row_with_a_draft_alone_is_a_gap(void **state)
{
    (void)state;
    expect("content coverage", 1, "2 of 3 rows that need a question have one",
           NULL);
    expect("content coverage", 1,
           "S001  concept    gc           gc-proven\n"
           "S002  rule       gc           - Only drafted\n",
           NULL);
    struct program_result result =
        program_line(NULL, "ouro content coverage --quiet --profile profile");
    assert_text(result.out, "S002  rule       gc           - Only drafted\n");
    program_release(&result);
}

static void
with_every_row_covered_the_status_is_zero(void **state)
{
    (void)state;
    char *path = tempdir_write(
        folder, "content/seeds.yaml",
        "seeds:\n"
        "  - {id: S001, kind: concept, topic: gc, text: Equality}\n"
        "  - {id: S003, kind: takeaway, topic: gc, text: Said again}\n");
    expect("content coverage", 0, "1 of 1 rows", NULL);
    free(path);
}

static void
coverage_as_json_names_questions_and_gaps(void **state)
{
    (void)state;
    json_t *document = document_of("content coverage");
    json_t *rows = json_object_get(document, "rows");
    assert_number(json_array_size(rows), 4);
    assert_number(json_integer_value(json_object_get(document, "needed")), 3);
    assert_number(json_integer_value(json_object_get(document, "covered")), 2);
    json_t *first = json_array_get(rows, 0);
    json_t *second = json_array_get(rows, 1);
    assert_text(json_string_value(
                    json_array_get(json_object_get(first, "questions"), 0)),
                "gc-proven");
    assert_true(json_is_false(json_object_get(first, "gap")));
    assert_true(json_is_true(json_object_get(second, "gap")));
    json_decref(document);
}

static void
faults_of_the_rows_have_a_place(void **state)
{
    (void)state;
    char *path = tempdir_write(
        folder, "content/seeds.yaml",
        "seeds:\n  - {id: S1, kind: idea, topic: gc, text: A}\n");
    expect("content coverage", 3, NULL, "seeds.yaml:2:");
    free(path);
}

// --- new and watch ---------------------------------------------------------

static void
a_draft_of_every_kind_can_be_read(void **state)
{
    static const char *const KINDS[] = {"choice", "true_false", "output",
                                        "number", "order",      "match",
                                        "cloze",  "short",      "open"};
    (void)state;
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(*KINDS); i++) {
        char line[128];
        snprintf(line, sizeof(line),
                 "content new --topic gc --kind %s --id n%zu", KINDS[i], i);
        expect(line, 0, "03_gc.yaml", NULL);
        snprintf(line, sizeof(line), "content watch n%zu", i);
        expect(line, 0, "Сборщик", NULL);
    }
    expect("content list", 0, "n8                                 open", NULL);
    expect("content check", 0, "11 questions in 1 topics, 0 errors", NULL);
}

static void
nothing_is_written_over(void **state)
{
    (void)state;
    expect("content new --topic gc --kind open --id gc-proven", 3, NULL,
           "already taken");
    expect("content new --topic gc --kind open --id Gc", 3, NULL, "'Gc'");
    expect("content new --topic gd --kind open --id a", 2, NULL,
           "unknown topic 'gd'");
    expect("content new --topic gc --kind essay --id a", 2, NULL,
           "unknown kind 'essay'");
    expect("content new --topic gc --kind open", 2, NULL, "say the topic");
    expect("content new --bogus", 2, NULL, "usage");
    char *text = tempdir_read("content/questions/03_gc.yaml");
    assert_text(text, QUESTIONS);
    free(text);
}

static void
what_is_not_said_is_asked(void **state)
{
    (void)state;
    struct program_result result = program_line(
        "gc\nnumber\ngc-typed\n", "ouro content new --profile profile");
    assert_number(result.status, 0);
    program_release(&result);
    expect("explain gc-typed", 0, "gc-typed", NULL);
}

static void
a_watched_question_stands_in_both_languages(void **state)
{
    (void)state;
    expect("content watch gc-proven", 0, "Is one equal to itself", NULL);
    expect("content watch gc-proven", 0, "Равна ли единица себе", NULL);
    expect("content watch gc-proven", 0, "[explain-short]", NULL);
    expect("content watch gc-proven --width 120", 0,
           "Is one equal to itself                                     "
           "│ Равна ли",
           NULL);
    expect("content watch gc-prov", 3, NULL, "did you mean 'gc-proven'?");
    json_t *document = document_of("content watch gc-proven");
    assert_number(json_array_size(json_object_get(document, "faults")), 2);
    json_decref(document);
}

// --- topics and terms ------------------------------------------------------

static void
write_guide(void)
{
    free(tempdir_write(folder, "content/topics.yaml",
                       "topics:\n"
                       "  - {id: refcount, summary: {en: One, ru: Раз}}\n"
                       "  - {id: gc, needs: [refcount], summary:\n"
                       "     {en: Finds cycles, ru: Находит циклы}}\n"));
    free(tempdir_write(folder, "content/glossary.yaml",
                       "terms:\n"
                       "  - id: reference-count\n"
                       "    en: reference count\n"
                       "    ru: счётчик ссылок\n"
                       "    also: {en: [refcount of an object]}\n"
                       "    avoid: {ru: [равна ли]}\n"
                       "    means: {en: How many, ru: Сколько их}\n"
                       "    topic: gc\n"));
}

static void
a_topic_is_explained_with_what_comes_before_it(void **state)
{
    (void)state;
    write_guide();
    expect("explain gc", 0, "Finds cycles", NULL);
    expect("explain gc", 0, "Before it: refcount", NULL);
    expect("explain gc", 0, "Terms: reference count", NULL);
    expect("explain gc", 0, "2 questions: ouro quiz --topic gc", NULL);
    expect("explain gc --lang ru", 0, "Находит циклы", NULL);
}

static void
a_term_is_explained_by_any_of_its_names(void **state)
{
    (void)state;
    write_guide();
    expect("explain reference count", 0, "How many", NULL);
    expect("explain refcount of an object", 0, "счётчик ссылок", NULL);
    expect("explain СЧЕТЧИК ссылок --lang ru", 0, "Сколько их", NULL);
    expect("explain reference cont", 3, NULL,
           "did you mean 'reference count'?");
}

static void
a_form_to_avoid_is_warned_of(void **state)
{
    (void)state;
    write_guide();
    expect("content check", 0, ":10:43: warning: not 'равна ли' but", NULL);
}

static void
faults_beside_the_questions_are_found(void **state)
{
    (void)state;
    write_guide();
    free(tempdir_write(folder, "content/topics.yaml", "topics: []\n"));
    expect("content check", 3, "topics.yaml:1:9: error: ", NULL);
    expect("explain gc", 3, NULL, "topics.yaml:1:9: ");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup_teardown(a_proof_is_shown_with_the_explanation,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(facts_are_listed_with_their_place,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(a_row_with_a_draft_alone_is_a_gap,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(
            with_every_row_covered_the_status_is_zero, enter, leave),
        cmocka_unit_test_setup_teardown(
            coverage_as_json_names_questions_and_gaps, enter, leave),
        cmocka_unit_test_setup_teardown(a_draft_of_every_kind_can_be_read,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(nothing_is_written_over, enter, leave),
        cmocka_unit_test_setup_teardown(what_is_not_said_is_asked, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(
            a_watched_question_stands_in_both_languages, enter, leave),
        cmocka_unit_test_setup_teardown(
            a_topic_is_explained_with_what_comes_before_it, enter, leave),
        cmocka_unit_test_setup_teardown(
            a_term_is_explained_by_any_of_its_names, enter, leave),
        cmocka_unit_test_setup_teardown(a_form_to_avoid_is_warned_of, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(faults_beside_the_questions_are_found,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(faults_of_the_rows_have_a_place, enter,
                                        leave),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
