/* The mock interview from outside: by pipe, in both languages, over questions
 * of its own, so that what it asks does not change with the content. */
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/testing.h"
#include "tests/support/program.h"
#include "tests/support/tempdir.h"

static char *folder; // the current one
static char *former; // OURO_BUILD as it was, or NULL

/* A topic of two open questions and one that only follows them up. A question
 * takes two minutes; its key point is the word "count". */
static const char TOPIC[] = "schema: 1\n"
                            "topic: @T\n"
                            "title: {en: Topic @T, ru: Тема @T}\n"
                            "checked_with: \"3.11\"\n"
                            "questions:\n";
static const char QUESTION[] =
    "  - id: @T-@Q\n"
    "    kind: open\n"
    "    level: @L\n"
    "    seconds: 120\n"
    "@X"
    "    ask: {en: Asked @T @Q, ru: Спрошено @T @Q}\n"
    "    why_asked: {en: To see, ru: Чтобы узнать}\n"
    "    explain: {en: Because, ru: Потому}\n"
    "    see: Python/gc.c\n"
    "    rubric:\n"
    "      key_points:\n"
    "        - id: k1\n"
    "          weight: 2\n"
    "          essential: true\n"
    "          text: {en: It counts, ru: Он считает}\n"
    "          hint: {en: What does it do, ru: Что он делает}\n"
    "          match: [\"count*|счита*\"]\n"
    "      misconceptions:\n"
    "        - id: m1\n"
    "          severity: major\n"
    "          text: {en: It sleeps, ru: Он спит}\n"
    "          say: {en: It never sleeps, ru: Он никогда не спит}\n"
    "          match: [\"sleep*|спит\"]\n"
    "      examples:\n"
    "        - {lang: en, text: It counts, covers: [k1], misconceptions: [],"
    " level: [3, 4]}\n"
    "    model:\n"
    "      short: {en: The model counts, ru: Образец считает}\n"
    "      long: {en: It counts, ru: Он считает}\n"
    "    at_interview: {en: Say it aloud, ru: Скажите это вслух}\n"
    "@F";

/* Writes a template with the words that stand for "@T" and so on. */
static void
fill_in(FILE *out, const char *text, const char *letters,
        const char *const *words)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '@') {
            fputs(words[strchr(letters, *++at) - letters], out);
        }
        else {
            fputc(*at, out);
        }
    }
}

static void
write_topic(const char *topic, const char *level)
{
    char follow[96];
    char name[64];
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    snprintf(follow, sizeof(follow),
             "    follow_ups:\n      - {ask: %s-more, when: missing k1}\n",
             topic);
    snprintf(name, sizeof(name), "content/questions/%s.yaml", topic);
    // topic, question, level, what else stands above and below
    const char *const WHAT[] = {topic, "what", level, "", follow};
    const char *const HOW[] = {topic, "how", level, "", follow};
    const char *const MORE[] = {topic, "more", level,
                                "    follow_up_only: true\n", ""};
    fill_in(out, TOPIC, "T", WHAT);
    fill_in(out, QUESTION, "TQLXF", WHAT);
    fill_in(out, QUESTION, "TQLXF", HOW);
    fill_in(out, QUESTION, "TQLXF", MORE);
    fclose(out);
    free(tempdir_write(folder, name, text));
    free(text);
}

/* A folder with the program and content of its own. */
static int
enter(void **state)
{
    static const char *const TOPICS[] = {"red", "green", "blue", "grey"};
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
    for (size_t i = 0; i < sizeof(TOPICS) / sizeof(*TOPICS); i++) {
        write_topic(TOPICS[i], i < 3 ? "middle" : "senior");
    }
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

static struct program_result
interview(const char *options, const char *input)
{
    return program_line(input, "ouro mock --profile profile %s", options);
}

/* The document that a mock interview with --json writes. */
static json_t *
interview_json(const char *options, const char *input)
{
    char line[256];
    json_error_t error;
    snprintf(line, sizeof(line), "--json %s", options);
    struct program_result result = interview(line, input);
    json_t *document = json_loads(result.out, 0, &error);
    if (document == NULL) {
        fail_msg("mock %s: %s\n%s%s", options, error.text, result.out,
                 result.err);
    }
    program_release(&result);
    return document;
}

static const char *
exchange_text(const json_t *document, size_t i, const char *member)
{
    const json_t *exchanges = json_object_get(document, "exchanges");
    return json_string_value(
        json_object_get(json_array_get(exchanges, i), member));
}

static size_t
exchange_count(const json_t *document)
{
    return json_array_size(json_object_get(document, "exchanges"));
}

static long long
number_of(const json_t *document, const char *member)
{
    return json_integer_value(json_object_get(document, member));
}

/* The ids of the main questions of a seed, with a space behind each. */
static void
plan_of(const char *options, char *plan, size_t room)
{
    json_t *document =
        interview_json(options, "/skip\n/skip\n/skip\n/skip\n/skip\n/skip\n");
    plan[0] = '\0';
    for (size_t i = 0; i < exchange_count(document); i++) {
        strncat(plan, exchange_text(document, i, "id"),
                room - strlen(plan) - 2);
        strncat(plan, " ", 2);
    }
    assert_number(number_of(document, "planned"), exchange_count(document));
    json_decref(document);
}

static int
answers_in_the_log(void)
{
    struct program_result result =
        program_line(NULL, "ouro history --json --profile profile");
    json_t *document = json_loads(result.out, 0, NULL);
    int count = (int)json_array_size(json_object_get(document, "answers"));
    json_decref(document);
    program_release(&result);
    return count;
}

/* Whether text is UTF-8 with no control character but newlines and
 * tabs. */
static bool
is_clean(const char *text)
{
    json_t *valid = json_string(text);
    bool clean = valid != NULL;
    json_decref(valid);
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        clean &= (byte >= 0x20 || byte == '\n' || byte == '\t') &&
                 byte != 0x7F &&
                 !(byte == 0xC2 && (unsigned char)at[1] < 0xA0);
    }
    return clean;
}

/* --- the plan ------------------------------------------------------------ */

static void
the_seed_decides_the_plan_in_every_language(void **state)
{
    char first[512];
    char other[512];
    bool differs = false;
    (void)state;
    plan_of("--minutes 10 --seed 1", first, sizeof(first));
    assert_contains(first, "-");
    plan_of("--minutes 10 --seed 1", other, sizeof(other));
    assert_text(other, first);
    plan_of("--minutes 10 --seed 1 --lang ru", other, sizeof(other));
    assert_text(other, first);
    for (int seed = 2; seed < 8; seed++) {
        char options[64];
        snprintf(options, sizeof(options), "--minutes 10 --seed %d", seed);
        plan_of(options, other, sizeof(other));
        differs |= strcmp(first, other) != 0;
    }
    assert_true(differs);
}

static void
the_level_limits_the_plan_and_is_part_of_repeating_it(void **state)
{
    char plan[512];
    (void)state;
    plan_of("--level senior --seed 5", plan, sizeof(plan));
    for (const char *at = plan; *at != '\0'; at = strchr(at, ' ') + 1) {
        assert_true(strncmp(at, "grey-", 5) == 0);
    }
    struct program_result result =
        interview("--level senior --seed 5", "/quit\n");
    assert_contains(result.out, "--minutes 30 --seed 5 --level senior");
    program_release(&result);
}

static void
a_missing_point_is_followed_up(void **state)
{
    (void)state;
    json_t *document = interview_json("--minutes 10 --seed 1",
                                      "I do not know.\n.\n/skip\n/quit\n");
    assert_number(exchange_count(document), 2);
    assert_text(exchange_text(document, 1, "follows"),
                exchange_text(document, 0, "id"));
    assert_contains(exchange_text(document, 1, "id"), "-more");
    json_decref(document);
}

static void
a_whole_answer_is_not_followed_up(void **state)
{
    (void)state;
    json_t *document = interview_json(
        "--minutes 10 --seed 1", "It counts references.\n.\n/skip\n/quit\n");
    assert_number(exchange_count(document), 2);
    assert_null(exchange_text(document, 1, "follows"));
    json_decref(document);
}

static void
a_russian_answer_is_scored(void **state)
{
    (void)state;
    json_t *document =
        interview_json("--minutes 3 --seed 1 --lang ru",
                       "Он считает ссылки на каждый объект.\n.\n");
    const json_t *points = json_object_get(
        json_array_get(json_object_get(document, "exchanges"), 0), "points");
    assert_true(
        json_is_true(json_object_get(json_array_get(points, 0), "found")));
    json_decref(document);
}

/* --- the card ------------------------------------------------------------ */

static void
the_card_says_what_was_said_and_what_was_missed(void **state)
{
    static const char *const ENGLISH[] = {"# Ouro: mock interview\n",
                                          "- Score: **",
                                          "`ouro mock --minutes 3 --seed 1`",
                                          "| Topic ",
                                          "### 1. Asked ",
                                          "> It sleeps\n> all day.\n",
                                          "✗ It counts",
                                          "! It never sleeps",
                                          "A model answer: The model counts",
                                          "## What to train",
                                          "`ouro explain "};
    static const char *const RUSSIAN[] = {
        "# Ouro: ",        "`ouro mock --minutes 3 --seed 1`",
        "| Тема ",         "### 1. Спрошено ",
        "> It sleeps\n",   "✗ Он считает",
        "Образец считает", "`ouro explain "};
    (void)state;
    struct program_result result = interview(
        "--minutes 3 --seed 1 --report en.md", "It sleeps\nall day.\n.\n");
    assert_number(result.status, 1);
    assert_contains(result.out, "en.md");
    program_release(&result);
    char *card = tempdir_read("en.md");
    for (size_t i = 0; i < sizeof(ENGLISH) / sizeof(*ENGLISH); i++) {
        assert_contains(card, ENGLISH[i]);
    }
    assert_true(is_clean(card));
    free(card);
    result = interview("--minutes 3 --seed 1 --lang ru --report ru.md",
                       "It sleeps\n.\n");
    program_release(&result);
    card = tempdir_read("ru.md");
    for (size_t i = 0; i < sizeof(RUSSIAN) / sizeof(*RUSSIAN); i++) {
        assert_contains(card, RUSSIAN[i]);
    }
    free(card);
}

static void
a_good_interview_ends_with_zero(void **state)
{
    (void)state;
    struct program_result result = interview(
        "--minutes 3 --seed 1",
        "It counts how many there are, for every object that it knows.\n.\n");
    assert_number(result.status, 0);
    assert_contains(result.out, "✓ It counts");
    assert_null(strchr(result.out, '\033'));
    program_release(&result);
}

static void
a_report_as_json_is_the_document(void **state)
{
    (void)state;
    struct program_result result = interview(
        "--minutes 3 --seed 1 --report card.json", "It counts.\n.\n");
    program_release(&result);
    json_t *card = json_load_file("card.json", 0, NULL);
    assert_text(json_string_value(json_object_get(card, "schema")),
                "ouro.mock/1");
    assert_text(exchange_text(card, 0, "answer"), "It counts.");
    json_decref(card);
}

static void
a_report_replaces_nothing_but_a_report(void **state)
{
    (void)state;
    free(tempdir_write(folder, "diary.md", "my diary\n"));
    struct program_result result =
        interview("--minutes 3 --report diary.md", "It counts.\n.\n");
    assert_number(result.status, 3);
    assert_text(result.out, "");
    program_release(&result);
    char *diary = tempdir_read("diary.md");
    assert_text(diary, "my diary\n");
    free(diary);
    for (int i = 0; i < 2; i++) {
        result = interview("--minutes 3 --report card.md", "It counts.\n.\n");
        assert_number(result.status, 1);
        program_release(&result);
    }
}

static void
a_report_that_cannot_be_written_is_said_before_the_first_question(void **state)
{
    (void)state;
    struct program_result result =
        interview("--minutes 3 --report missing/card.md", "It counts.\n.\n");
    assert_number(result.status, 3);
    assert_text(result.out, "");
    assert_contains(result.err, "cannot write 'missing/card.md'");
    program_release(&result);
    assert_number(answers_in_the_log(), 0);
}

/* --- time and endings ---------------------------------------------------- */

static void
when_the_time_is_over_no_new_question_is_asked(void **state)
{
    static const char *const SLOW[] = {"OURO_STEP_MS=200000", NULL};
    static const char *const ARGUMENTS[] = {
        "mock",      "--json",  "--minutes", "10",      "--seed", "1",
        "--profile", "profile", "--report",  "card.md", NULL};
    (void)state;
    struct program_result result =
        program_run("ouro", ARGUMENTS, "Nothing.\n.\nIt counts.\n.\n", SLOW);
    json_t *document = json_loads(result.out, 0, NULL);
    assert_number(exchange_count(document), 1);
    assert_true(number_of(document, "planned") > 1);
    assert_true(number_of(document, "seconds_used") > 600);
    assert_true(json_is_false(json_object_get(document, "broken_off")));
    assert_text(exchange_text(document, 0, "answer"), "Nothing.");
    json_decref(document);
    program_release(&result);
    char *card = tempdir_read("card.md");
    assert_contains(card, "- Questions: 1 of ");
    free(card);
}

static void
empty_answers_count_as_none(void **state)
{
    (void)state;
    struct program_result result = interview(
        "--minutes 10 --seed 1", "\n\n  \n\t\n.\n.\n.\n.\n.\n.\n.\n");
    assert_number(result.status, 1);
    assert_contains(result.out, "No answer was given.");
    program_release(&result);
    json_t *document =
        interview_json("--minutes 10 --seed 1", ".\n.\n.\n.\n.\n");
    assert_true(exchange_count(document) > 1);
    for (size_t i = 0; i < exchange_count(document); i++) {
        assert_null(exchange_text(document, i, "answer"));
        assert_null(exchange_text(document, i, "follows"));
    }
    json_decref(document);
}

static void
an_interview_without_an_answer_has_a_card(void **state)
{
    (void)state;
    json_t *document = interview_json("--report card.md", "");
    assert_number(exchange_count(document), 0);
    assert_true(json_is_true(json_object_get(document, "broken_off")));
    json_decref(document);
    char *card = tempdir_read("card.md");
    assert_contains(card, "It was broken off.");
    free(card);
}

static void
the_end_of_the_input_loses_no_answer(void **state)
{
    (void)state;
    json_t *document = interview_json("--minutes 10 --seed 1 --report card.md",
                                      "It counts.\n.\nIt also cou");
    assert_number(exchange_count(document), 2);
    assert_text(exchange_text(document, 0, "answer"), "It counts.");
    assert_text(exchange_text(document, 1, "answer"), "It also cou");
    assert_true(json_is_true(json_object_get(document, "broken_off")));
    json_decref(document);
    assert_number(answers_in_the_log(), 2);
    char *card = tempdir_read("card.md");
    assert_contains(card, "> It also cou\n");
    free(card);
}

/* An interview that goes on while the test does something else. */
struct live {
    pid_t pid;
    int in, out;
    char text[65536];
    size_t length;
};

static struct live
start_live(void)
{
    struct live live = {0};
    int in[2];
    int out[2];
    char *ouro = program_path("ouro");
    assert_number(pipe2(in, O_CLOEXEC), 0);
    assert_number(pipe2(out, O_CLOEXEC), 0);
    live.pid = fork();
    if (live.pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        program_prepare();
        execl(ouro, "ouro", "mock", "--minutes", "10", "--seed", "1",
              "--profile", "profile", "--report", "cards/card.md",
              (char *)NULL);
        _exit(127);
    }
    free(ouro);
    close(in[0]);
    close(out[1]);
    live.in = in[1];
    live.out = out[0];
    return live;
}

/* Reads until text has come (NULL: to the end). */
static void
await(struct live *live, const char *text)
{
    while (text == NULL || strstr(live->text, text) == NULL) {
        ssize_t got = read(live->out, live->text + live->length,
                           sizeof(live->text) - live->length - 1);
        if (got <= 0) {
            if (text != NULL) {
                fail_msg("'%s' never came:\n%s", text, live->text);
            }
            return;
        }
        live->length += (size_t)got;
    }
}

static int
end_live(struct live *live)
{
    int status = 0;
    await(live, NULL);
    close(live->in);
    close(live->out);
    assert_number(waitpid(live->pid, &status, 0), live->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static struct live
start_and_answer_one(void)
{
    static const char ANSWER[] = "It counts.\n.\n";
    assert_number(mkdir("cards", 0755), 0);
    struct live live = start_live();
    assert_number(write(live.in, ANSWER, sizeof(ANSWER) - 1),
                  sizeof(ANSWER) - 1);
    await(&live, "Question 2 of");
    // Its prompt is written out when a line is waited for.
    char *second = strstr(live.text, "Question 2 of");
    while (strstr(second, "\n> ") == NULL) {
        ssize_t got = read(live.out, live.text + live.length,
                           sizeof(live.text) - live.length - 1);
        assert_true(got > 0);
        live.length += (size_t)got;
    }
    return live;
}

static void
an_interrupt_ends_the_interview_with_its_card(void **state)
{
    (void)state;
    struct live live = start_and_answer_one();
    kill(live.pid, SIGINT);
    int status = end_live(&live);
    if (status > 1) {
        fail_msg("status %d:\n%s", status, live.text);
    }
    assert_contains(live.text, "It was broken off.");
    char *card = tempdir_read("cards/card.md");
    assert_contains(card, "> It counts.\n");
    free(card);
    assert_number(answers_in_the_log(), 1);
}

static void
a_killed_interview_keeps_its_answers(void **state)
{
    (void)state;
    struct live live = start_and_answer_one();
    kill(live.pid, SIGKILL);
    assert_number(end_live(&live), 128 + SIGKILL);
    assert_number(answers_in_the_log(), 1);
}

static void
a_card_that_cannot_be_saved_is_shown_all_the_same(void **state)
{
    (void)state;
    struct live live = start_and_answer_one();
    assert_number(rmdir("cards"), 0);
    kill(live.pid, SIGINT);
    assert_number(end_live(&live), 3);
    assert_contains(live.text, "Ouro: mock interview");
    assert_contains(live.text, "It counts.");
}

/* --- bytes of every kind ------------------------------------------------- */

static void
a_very_long_answer_is_kept_whole(void **state)
{
    enum {
        LONG = 64 * 1024
    };
    (void)state;
    char *input = malloc(LONG + 64);
    char *answer = malloc(LONG + 1);
    for (size_t i = 0; i < LONG; i++) {
        answer[i] = i % 8 == 7 ? ' ' : "counts "[i % 8];
    }
    answer[LONG - 1] = '.';
    answer[LONG] = '\0';
    snprintf(input, LONG + 64, "%s\n.\n", answer);
    json_t *document =
        interview_json("--minutes 3 --seed 1 --report card.md", input);
    assert_true(strcmp(exchange_text(document, 0, "answer"), answer) == 0);
    json_decref(document);
    char *card = tempdir_read("card.md");
    assert_true(strlen(card) > LONG);
    free(card);
    for (size_t i = 63; i < LONG; i += 64) {
        input[i] = '\n'; // the same in a thousand lines
    }
    document = interview_json("--minutes 3 --seed 1", input);
    assert_true(strlen(exchange_text(document, 0, "answer")) > LONG - 64);
    json_decref(document);
    free(answer);
    free(input);
}

static void
broken_utf8_becomes_replacement_characters(void **state)
{
    (void)state;
    json_t *document =
        interview_json("--minutes 3 --seed 1 --report card.md",
                       "It counts \xFF\xC0\xAF \xD0 \xED\xA0\x80 "
                       "\xF4\x90\x80\x80.\n.\n");
    assert_contains(exchange_text(document, 0, "answer"),
                    "It counts \xEF\xBF\xBD");
    json_decref(document);
    char *card = tempdir_read("card.md");
    assert_contains(card, "> It counts \xEF\xBF\xBD");
    assert_true(is_clean(card));
    free(card);
}

static void
control_characters_never_reach_the_card_or_the_screen(void **state)
{
    static const char INPUT[] =
        "\033]0;title\007\033[2J It \b counts\r\033[31m\x7F \xC2\x9B"
        "31m \t tab\v\f\001.\n.\n";
    (void)state;
    struct program_result result =
        interview("--minutes 3 --seed 1 --report card.md", INPUT);
    assert_true(is_clean(result.out));
    program_release(&result);
    char *card = tempdir_read("card.md");
    assert_contains(card, "counts");
    assert_true(is_clean(card));
    free(card);
    json_t *document =
        interview_json("--minutes 3 --seed 1 --report card.json", INPUT);
    json_decref(document);
    card = tempdir_read("card.json");
    assert_true(is_clean(card));
    free(card);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest cases[] = {
        CASE(the_seed_decides_the_plan_in_every_language),
        CASE(the_level_limits_the_plan_and_is_part_of_repeating_it),
        CASE(a_missing_point_is_followed_up),
        CASE(a_whole_answer_is_not_followed_up),
        CASE(a_russian_answer_is_scored),
        CASE(the_card_says_what_was_said_and_what_was_missed),
        CASE(a_good_interview_ends_with_zero),
        CASE(a_report_as_json_is_the_document),
        CASE(a_report_replaces_nothing_but_a_report),
        CASE(
            a_report_that_cannot_be_written_is_said_before_the_first_question),
        CASE(when_the_time_is_over_no_new_question_is_asked),
        CASE(empty_answers_count_as_none),
        CASE(an_interview_without_an_answer_has_a_card),
        CASE(the_end_of_the_input_loses_no_answer),
        CASE(an_interrupt_ends_the_interview_with_its_card),
        CASE(a_killed_interview_keeps_its_answers),
        CASE(a_card_that_cannot_be_saved_is_shown_all_the_same),
        CASE(a_very_long_answer_is_kept_whole),
        CASE(broken_utf8_becomes_replacement_characters),
        CASE(control_characters_never_reach_the_card_or_the_screen),
    };
#undef CASE
    return cmocka_run_group_tests(cases, NULL, NULL);
}
