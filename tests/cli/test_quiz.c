/* The quiz from outside: by pipe and in a pseudo-terminal, in both languages,
 * wide and narrow. */
#include <stdio.h>
#include <stdlib.h>

#include "labs/testing.h"
#include "tests/support/program.h"
#include "tests/support/pty.h"
#include "tests/support/tempdir.h"

static char *profile;

static int
make_profile(void **state)
{
    (void)state;
    profile = tempdir_make();
    return 0;
}

static int
remove_profile(void **state)
{
    (void)state;
    tempdir_remove(profile);
    return 0;
}

static void
a_right_answer_by_pipe_ends_with_zero(void **state)
{
    (void)state;
    struct program_result result =
        program_line("5\n",
                     "ouro quiz --count 1 --kind number --topic refcount "
                     "--profile %s",
                     profile);
    assert_number(result.status, 0);
    assert_contains(result.out, "Right.");
    assert_contains(result.out, "Why it is asked:");
    assert_contains(result.out, "It comes back in 10 minutes");
    if (strchr(result.out, '\033') != NULL) {
        fail_msg("an escape code on a pipe");
    }
    program_release(&result);
}

static void
a_wrong_answer_ends_with_one_and_shows_the_right_one(void **state)
{
    (void)state;
    struct program_result result =
        program_line("2\n",
                     "ouro quiz --count 1 --kind number --topic refcount "
                     "--profile %s",
                     profile);
    assert_number(result.status, 1);
    assert_contains(result.out, "Not right.");
    assert_contains(result.out, "5 references");
    program_release(&result);
}

static void
every_kind_can_be_skipped_by_pipe(void **state)
{
    (void)state;
    static const char *const KINDS[] = {"choice", "true_false", "output",
                                        "number", "order",      "match",
                                        "cloze",  "short",      "open"};
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(*KINDS); i++) {
        struct program_result result = program_line(
            "/help\n/lang\n/skip\n",
            "ouro quiz --count 1 --kind %s --profile %s", KINDS[i], profile);
        assert_number(result.status, 1);
        assert_contains(result.out, "Пропущено.");
        program_release(&result);
    }
}

static void
the_input_may_end_at_any_time(void **state)
{
    (void)state;
    struct program_result result =
        program_line("", "ouro quiz --count 3 --profile %s", profile);
    assert_number(result.status, 0);
    program_release(&result);
    result = program_line("\n\n\xFF\xFE\n", "ouro quiz --profile %s", profile);
    assert_true(result.status == 0 || result.status == 1);
    program_release(&result);
}

static void
nothing_is_made_before_the_first_answer(void **state)
{
    (void)state;
    char *folder = NULL;
    assert_true(asprintf(&folder, "%s/fresh", profile) > 0);
    struct program_result result =
        program_line("", "ouro quiz --profile %s", folder);
    program_release(&result);
    char *list = tempdir_read(folder);
    assert_null(list);
    free(folder);
}

static void
json_is_one_document_on_stdout(void **state)
{
    (void)state;
    struct program_result result = program_line(
        "2\n",
        "ouro quiz --json --count 1 --kind number --topic refcount "
        "--profile %s",
        profile);
    assert_number(result.status, 1);
    assert_true(result.out[0] == '{');
    assert_contains(result.out, "\"schema\": \"ouro.quiz/1\"");
    assert_contains(result.out, "\"answer\": \"2\"");
    program_release(&result);
}

static void
wrong_options_are_usage_errors(void **state)
{
    (void)state;
    static const char *const OPTIONS[] = {
        "--topic nonsense", "--kind essay", "--level guru", "--count 0",
        "--count x",        "extra",        "--bogus"};
    for (size_t i = 0; i < sizeof(OPTIONS) / sizeof(*OPTIONS); i++) {
        struct program_result result = program_line(
            NULL, "ouro quiz %s --profile %s", OPTIONS[i], profile);
        assert_number(result.status, 2);
        assert_contains(result.err, "ouro help quiz");
        program_release(&result);
    }
}

/* A session in a terminal, from the welcome to the end. */
static void
play(int columns, const char *lang, const char *welcome, const char *other,
     const char *goodbye)
{
    char *folder = tempdir_make();
    const char *const arguments[] = {"quiz",  "--lang",  lang, "--kind",
                                     "order", "--count", "1",  "--profile",
                                     folder,  "--topic", "gc", NULL};
    struct pty *pty = pty_start("ouro", arguments, columns, NULL);
    bool restored = false;
    pty_expect(pty, welcome);
    pty_type(pty, "x");
    pty_expect(pty, "1/1");
    pty_type(pty, "l"); // the other language, in the middle of the question
    pty_expect(pty, other);
    pty_type(pty, "l?");
    pty_expect(pty, "Ctrl-C");
    pty_type(pty, "21\n");
    pty_expect(pty, "1.");
    pty_type(pty, "q");
    pty_expect(pty, goodbye);
    if (pty_widest(pty) > columns) {
        fail_msg("a line of %d columns on %d:\n%s", pty_widest(pty), columns,
                 pty_output(pty));
    }
    int status = pty_finish(pty, &restored);
    assert_true(status == 0 || status == 1);
    assert_true(restored);
    tempdir_remove(folder);
}

static void
a_session_fits_wide_and_narrow_terminals(void **state)
{
    (void)state;
    play(80, "en", "Welcome", "Сборщик мусора", "answered");
    play(40, "en", "Welcome", "Сборщик мусора", "answered");
    play(80, "ru", "Добро пожаловать", "Garbage collector", "Ответов");
    play(40, "ru", "Добро пожаловать", "Garbage collector", "Ответов");
}

static void
keys_of_a_russian_layout_work(void **state)
{
    (void)state;
    char *folder = tempdir_make();
    const char *const arguments[] = {"quiz",      "--quiet", "--lang",
                                     "ru",        "--kind",  "true_false",
                                     "--profile", folder,    NULL};
    struct pty *pty = pty_start("ouro", arguments, 80, NULL);
    pty_expect(pty, "1/");
    pty_type(pty, "д");
    pty_expect(pty, "ерно.");
    pty_type(pty, "й"); // the key of q
    pty_expect(pty, "Ответов: 1");
    pty_finish(pty, NULL);
    tempdir_remove(folder);
}

static void
an_interrupt_restores_the_terminal_and_keeps_the_answers(void **state)
{
    (void)state;
    char *folder = tempdir_make();
    bool restored = false;
    const char *const arguments[] = {
        "quiz", "--quiet", "--kind", "true_false", "--profile", folder, NULL};
    struct pty *pty = pty_start("ouro", arguments, 80, NULL);
    pty_expect(pty, "1/");
    pty_type(pty, "y");
    pty_expect(pty, "Why:");
    pty_type(pty, "\n");
    pty_expect(pty, "2/");
    pty_type(pty, "\003");
    pty_expect(pty, "1 answered");
    pty_finish(pty, &restored);
    assert_true(restored);
    struct program_result result =
        program_line(NULL, "ouro history --json --profile %s", folder);
    assert_contains(result.out, "\"question\"");
    program_release(&result);
    tempdir_remove(folder);
}

static void
typed_answers_survive_a_change_of_language(void **state)
{
    (void)state;
    char *folder = tempdir_make();
    bool restored = false;
    const char *const arguments[] = {"quiz",      "--quiet", "--kind",
                                     "number",    "--topic", "refcount",
                                     "--profile", folder,    NULL};
    struct pty *pty = pty_start("ouro", arguments, 80, NULL);
    pty_expect(pty, "> ");
    pty_type(pty, "5\014"); // Ctrl-L
    pty_expect(pty, "Подсчёт ссылок");
    pty_expect(pty, "> 5");
    pty_type(pty, "\n");
    pty_expect(pty, "Верно.");
    pty_type(pty, "q");
    pty_finish(pty, &restored);
    assert_true(restored);
    tempdir_remove(folder);
}

static void
a_closed_terminal_ends_the_program(void **state)
{
    (void)state;
    char *folder = tempdir_make();
    const char *const arguments[] = {"quiz", "--quiet", "--profile", folder,
                                     NULL};
    struct pty *pty = pty_start("ouro", arguments, 80, NULL);
    pty_expect(pty, "1/");
    pty_hang_up(pty);
    pty_finish(pty, NULL); // fails the test if it does not end
    tempdir_remove(folder);
}

static void
the_first_screen_leads_on_and_back(void **state)
{
    (void)state;
    char *folder = tempdir_make();
    bool restored = false;
    const char *const arguments[] = {"--profile", folder, NULL};
    struct pty *pty = pty_start("ouro", arguments, 40, NULL);
    pty_expect(pty, "Due now: 0.");
    pty_type(pty, "r");
    pty_expect(pty, "Пора повторить: 0.");
    pty_type(pty, "d");
    pty_expect(pty, "Нажмите любую клавишу.");
    pty_type(pty, " x");
    assert_true(pty_widest(pty) <= 40);
    assert_number(pty_finish(pty, &restored), 0);
    assert_true(restored);
    tempdir_remove(folder);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup_teardown(a_right_answer_by_pipe_ends_with_zero,
                                        make_profile, remove_profile),
        cmocka_unit_test_setup_teardown(
            a_wrong_answer_ends_with_one_and_shows_the_right_one, make_profile,
            remove_profile),
        cmocka_unit_test_setup_teardown(every_kind_can_be_skipped_by_pipe,
                                        make_profile, remove_profile),
        cmocka_unit_test_setup_teardown(the_input_may_end_at_any_time,
                                        make_profile, remove_profile),
        cmocka_unit_test_setup_teardown(
            nothing_is_made_before_the_first_answer, make_profile,
            remove_profile),
        cmocka_unit_test_setup_teardown(json_is_one_document_on_stdout,
                                        make_profile, remove_profile),
        cmocka_unit_test_setup_teardown(wrong_options_are_usage_errors,
                                        make_profile, remove_profile),
        cmocka_unit_test(a_session_fits_wide_and_narrow_terminals),
        cmocka_unit_test(keys_of_a_russian_layout_work),
        cmocka_unit_test(
            an_interrupt_restores_the_terminal_and_keeps_the_answers),
        cmocka_unit_test(typed_answers_survive_a_change_of_language),
        cmocka_unit_test(a_closed_terminal_ends_the_program),
        cmocka_unit_test(the_first_screen_leads_on_and_back),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
