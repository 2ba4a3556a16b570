/* The commands about progress, as a person or a script runs them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "labs/testing.h"
#include "quiz/core/xalloc.h"
#include "tests/support/program.h"
#include "tests/support/tempdir.h"

/* Two answers to real questions, long before the pretended now; the first was
 * known, the second missed. */
static const char LOG[] =
    "{\"schema\":\"ouro.progress/1\"}\n"
    "{\"type\":\"review\",\"uid\":\"00000000000000aa\",\"question\":"
    "\"gc-how\",\"topic\":\"gc\",\"mode\":\"scheduled\",\"lang\":"
    "\"en\",\"time_ms\":1790000000000,\"offset_min\":0,\"duration_ms\":60000,"
    "\"score\":1.0,\"rating\":4,\"answer\":\"B\"}\n"
    "{\"type\":\"review\",\"uid\":\"00000000000000ab\",\"question\":"
    "\"gc-how\",\"topic\":\"gc\",\"mode\":\"scheduled\",\"lang\":"
    "\"ru\",\"time_ms\":1790864000000,\"offset_min\":0,\"duration_ms\":60000,"
    "\"score\":0.0,\"rating\":1,\"answer\":\"не знаю\"}\n";

static const char *const CLOCK[] = {"OURO_NOW_MS=1790900000000", "TZ=UTC",
                                    NULL};

/* Runs "ouro --profile FOLDER/home WORDS…", words split at spaces. */
static struct program_result
run(const char *folder, const char *input, const char *words)
{
    char *home = xasprintf("%s/home", folder);
    char *copy = xstrdup(words);
    const char *arguments[24] = {"--profile", home};
    int count = 2;
    char *rest = copy;
    for (char *word = NULL; (word = strsep(&rest, " ")) != NULL;) {
        arguments[count++] = word;
    }
    struct program_result result =
        program_run("ouro", arguments, input, CLOCK);
    free(copy);
    free(home);
    return result;
}

/* Expects a status and a piece of what is printed (on stderr when the status
 * tells of a mistake). */
static void
expect(const char *folder, const char *input, const char *words, int status,
       const char *piece)
{
    struct program_result result = run(folder, input, words);
    if (result.status != status) {
        fail_msg("ouro %s: status %d: %s", words, result.status, result.err);
    }
    assert_contains(status >= 2 ? result.err : result.out, piece);
    if (status >= 2) {
        assert_text(result.out, "");
    }
    program_release(&result);
}

static void
nothing_is_there_and_nothing_is_made(void **state)
{
    expect(*state, NULL, "due", 0, "nothing is due today");
    expect(*state, NULL, "stats", 0, "no answers yet");
    expect(*state, NULL, "history", 0, "no answers yet");
    expect(*state, NULL, "undo", 0, "no answer to take back");
    expect(*state, NULL, "undo --json", 0, "\"undone\": null");
    expect(*state, NULL, "reschedule", 0, "stays as it is");
    expect(*state, NULL, "progress export", 0, "ouro.progress/1");
    expect(*state, NULL, "progress backup", 3, "no progress to copy");
    char *home = xasprintf("%s/home", (char *)*state);
    assert_number(access(home, F_OK), -1);
    free(home);
}

static void
a_log_that_is_imported_shows_everywhere(void **state)
{
    expect(*state, LOG, "progress import -", 0, "2 rows added");
    expect(*state, LOG, "progress import - --json", 0, "\"known\": 2");
    expect(*state, NULL, "due", 0, "due today: 1, now: 1");
    expect(*state, NULL, "due --json", 0, "\"overdue\": 0");
    expect(*state, NULL, "due --json", 0, "\"schema\": \"ouro.due/1\"");
    expect(*state, NULL, "stats", 0, "answers: 2, of them missed: 1");
    expect(*state, NULL, "stats", 0, "0% of 1");
    expect(*state, NULL, "stats --json", 0, "\"retention\": 0.0");
    expect(*state, NULL, "stats --json", 0, "\"question\": \"gc-how\"");
    expect(*state, NULL, "history", 0, "2026-10-01 14:13    0%  again");
    expect(*state, NULL, "history --json", 0, "\"answer\": \"не знаю\"");
    expect(*state, NULL, "history --count 1 --topic gc", 0, "again");
    expect(*state, NULL, "history --topic gil", 0, "no answers yet");
    expect(*state, NULL, "progress export", 0, "\"uid\":\"00000000000000ab\"");
}

static void
an_export_replaces_nothing_but_an_export(void **state)
{
    char *words = xasprintf("progress export %s/out", (char *)*state);
    char *path = tempdir_write(*state, "out", "my diary");
    expect(*state, LOG, "progress import -", 0, "2 rows added");
    expect(*state, NULL, words, 3, "no earlier export");
    char *text = tempdir_read(path);
    assert_text(text, "my diary");
    unlink(path);
    expect(*state, NULL, words, 0, "exported to");
    expect(*state, NULL, words, 0, "exported to");
    free(text);
    free(path);
    free(words);
}

static void
undo_says_what_it_took_back(void **state)
{
    expect(*state, LOG, "progress import -", 0, "2 rows added");
    expect(*state, NULL, "undo", 0, "taken back: gc-how\n2026-10-01");
    expect(*state, NULL, "history", 0, "taken back");
    expect(*state, NULL, "stats", 0, "answers: 1, of them missed: 0");
    expect(*state, NULL, "undo --json", 0, "\"undone\": \"gc-how\"");
    expect(*state, NULL, "due", 0, "nothing is due today");
}

static void
reschedule_keeps_its_settings(void **state)
{
    expect(*state, LOG, "progress import -", 0, "2 rows added");
    expect(*state, NULL, "undo", 0, "gc-how");
    expect(*state, NULL, "reschedule --retention 0.8", 0,
           "at another time: 1");
    expect(*state, NULL, "reschedule", 0, "stays as it is");
    expect(*state, NULL, "reschedule --json", 0, "\"retention\": 0.8");
    expect(*state, NULL, "reschedule --retention 0.9 --weights default", 0,
           "at another time: 1");
    expect(*state, NULL, "progress export", 0, "\"type\":\"setting\"");
}

static void
copies_are_made_and_put_back(void **state)
{
    char *words = xasprintf("progress backup %s/copy.db", (char *)*state);
    char *back = xasprintf("progress restore %s/copy.db", (char *)*state);
    expect(*state, LOG, "progress import -", 0, "2 rows added");
    expect(*state, NULL, words, 0, "copied to");
    expect(*state, NULL, words, 3, "there already");
    expect(*state, NULL, "undo", 0, "taken back");
    expect(*state, NULL, back, 0, "what was there is now");
    expect(*state, NULL, "stats", 0, "answers: 2");
    expect(*state, NULL, "progress backup", 0, "/backups/progress-2026-10-02");
    free(words);
    free(back);
}

static void
a_damaged_file_stops_every_command_but_restore(void **state)
{
    static const char *const COMMANDS[] = {
        "due", "stats", "history", "undo", "reschedule", "progress export"};
    char *words = xasprintf("progress backup %s/copy.db", (char *)*state);
    char *back = xasprintf("progress restore %s/copy.db", (char *)*state);
    expect(*state, LOG, "progress import -", 0, "2 rows added");
    expect(*state, NULL, words, 0, "copied to");
    free(tempdir_write(*state, "home/progress.db", "scribble, scribble"));
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(*COMMANDS); i++) {
        expect(*state, NULL, COMMANDS[i], 3, "ouro progress restore");
    }
    char *path = xasprintf("%s/home/progress.db", (char *)*state);
    char *left = tempdir_read(path);
    assert_text(left, "scribble, scribble");
    expect(*state, NULL, back, 0, "progress-damaged-");
    expect(*state, NULL, "stats", 0, "answers: 2");
    free(left);
    free(path);
    free(words);
    free(back);
}

static void
wrong_words_are_usage_errors(void **state)
{
    static const char *const WRONG[] = {"due now",
                                        "stats all",
                                        "undo 3",
                                        "history --count 0",
                                        "history --count many",
                                        "history --topic nowhere",
                                        "history here",
                                        "history --what",
                                        "reschedule --retention 1.5",
                                        "reschedule --retention x",
                                        "reschedule --max-days 0",
                                        "reschedule --rollover 24",
                                        "reschedule --fuzz perhaps",
                                        "reschedule --weights 1,2,3",
                                        "reschedule --weights 1,x",
                                        "reschedule now",
                                        "progress",
                                        "progress import",
                                        "progress restore",
                                        "progress burn",
                                        "progress export a b",
                                        "schedule",
                                        "schedule replay",
                                        "schedule play x",
                                        "schedule replay - --algorithm sm2",
                                        "schedule replay - --weights 1"};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(*WRONG); i++) {
        expect(*state, NULL, WRONG[i], 2, "ouro");
    }
}

static void
a_bad_import_names_its_line(void **state)
{
    expect(*state, "{\"schema\":\"ouro.progress/1\"}\n{}\n",
           "progress import -", 3, "stdin:2:");
    expect(*state, NULL, "progress import /nowhere/at/all", 3,
           "/nowhere/at/all");
    expect(*state, NULL, "progress restore /nowhere/at/all", 3,
           "/nowhere/at/all");
    expect(*state, LOG, "progress import -", 0, "2 rows added");
    expect(*state, NULL, "progress export /nowhere/at/all", 4,
           "/nowhere/at/all");
}

static void
a_review_log_is_replayed(void **state)
{
    static const char CSV[] = "card_id,review_rating,review_time\n"
                              "7,1,2026-01-01\n7,3,2026-01-01\n"
                              "7,3,2026-01-02\n7,3,2026-01-05\n"
                              "7,3,2026-01-13\n7,3,2026-02-03\n";
    expect(*state, CSV, "schedule replay - --algorithm fsrs6 --json", 0,
           "\"card_id\": \"7\",\n      \"reviews\": 6,\n"
           "      \"stability\": 53.62690");
    expect(*state, CSV, "schedule replay - --json", 0,
           "\"due\": \"2026-03-29T00:00:00Z\",\n"
           "      \"last_review\": \"2026-02-03T00:00:00Z\"");
    expect(*state, CSV, "schedule replay -", 0, "53.6269");
    expect(*state, "card_id,review_rating,review_time\n7,9,2026-01-01\n",
           "schedule replay -", 3, "stdin:2: review_rating is '9'");
    expect(*state, NULL, "schedule replay /nowhere.csv", 3, "/nowhere.csv");
}

static void
everything_speaks_russian_too(void **state)
{
    expect(*state, LOG, "--lang ru progress import -", 0,
           "добавлено строк: 2");
    expect(*state, NULL, "--lang ru due", 0, "на сегодня: 1");
    expect(*state, NULL, "--lang ru stats", 0, "Владение темами");
    expect(*state, NULL, "--lang ru history", 0, "снова");
    expect(*state, NULL, "--lang ru undo", 0, "отменён ответ");
    expect(*state, NULL, "--lang ru help reschedule", 0, "Настройки");
}

static int
make_folder(void **state)
{
    *state = tempdir_make();
    return 0;
}

static int
remove_folder(void **state)
{
    tempdir_remove(*state);
    return 0;
}

#define in_folder(name)                                                       \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        in_folder(nothing_is_there_and_nothing_is_made),
        in_folder(a_log_that_is_imported_shows_everywhere),
        in_folder(an_export_replaces_nothing_but_an_export),
        in_folder(undo_says_what_it_took_back),
        in_folder(reschedule_keeps_its_settings),
        in_folder(copies_are_made_and_put_back),
        in_folder(a_damaged_file_stops_every_command_but_restore),
        in_folder(wrong_words_are_usage_errors),
        in_folder(a_bad_import_names_its_line),
        in_folder(a_review_log_is_replayed),
        in_folder(everything_speaks_russian_too),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
