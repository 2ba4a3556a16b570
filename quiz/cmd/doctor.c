#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grader/grade.h"
#include "quiz/cmd/command.h"
#include "quiz/core/bank.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/json.h"
#include "quiz/io/shelf.h"
#include "quiz/io/store.h"
#include "quiz/io/term.h"

enum {
    MOST_FINDINGS = 12
};

/* One thing looked at. */
struct finding {
    const char *name;  // for machines
    const char *title; // for people, translated
    bool works;
    char *detail; // owned
    char *mend;   // what to do, owned; NULL if it works
};

struct findings {
    struct finding items[MOST_FINDINGS];
    size_t count;
};

/* Takes detail and mend over. */
static void
add(struct findings *findings, const char *name, const char *title, bool works,
    char *detail, char *mend)
{
    if (works) {
        free(mend);
        mend = NULL;
    }
    findings->items[findings->count++] = (struct finding){.name = name,
                                                          .title = title,
                                                          .works = works,
                                                          .detail = detail,
                                                          .mend = mend};
}

static void
look_at_grader(const struct context *context, struct findings *findings)
{
    struct grade_machine machine;
    grade_look_at_machine(&machine);
    char *leaf = paths_join(context->paths.artifacts, "leaf");
    add(findings, "compiler", tr("compiler"), machine.compiler != NULL,
        xstrdup(machine.compiler != NULL ? machine.compiler : "gcc"),
        xstrdup(tr("labs need gcc: apt-get install gcc libc6-dev")));
    add(findings, "sandbox", tr("sandbox"), machine.sandbox,
        xstrdup(machine.sandbox ? machine.level : machine.failure),
        xstrdup(tr("labs run only in a sandbox; allow user namespaces "
                   "(sysctl kernel.unprivileged_userns_clone=1), run as root, "
                   "or, if you trust the files, check them with "
                   "--unsafe-no-namespaces")));
    add(findings, "labs", tr("labs"), access(leaf, X_OK) == 0,
        xstrdup(context->paths.artifacts),
        xstrdup(tr("build them: make labs")));
    free(leaf);
}

static void
look_at_content(struct context *context, struct findings *findings)
{
    struct error err = {.message = ""};
    struct shelf *shelf = NULL;
    bool loads = command_open_bank(context, &err) == 0;
    add(findings, "questions", tr("questions"), loads,
        loads ? xasprintf(trn("%zu question", "%zu questions",
                              bank_count(context->bank)),
                          bank_count(context->bank))
              : xstrdup(err.message),
        xstrdup(tr("see what is wrong: ouro content check")));
    loads = shelf_load(&shelf, context->paths.labs, &err) == 0;
    add(findings, "lab_descriptions", tr("lab descriptions"), loads,
        loads ? xasprintf("%zu", shelf_count(shelf)) : xstrdup(err.message),
        xstrdup(tr("install Ouro again")));
    shelf_free(shelf);
}

static void
look_at_progress(struct context *context, struct findings *findings)
{
    struct error err = {.message = ""};
    bool opens = command_open_store(context, &err) == 0 &&
                 store_check(context->store, &err) == 0;
    add(findings, "database", tr("progress"), opens,
        xstrdup(opens ? context->paths.data : err.message),
        xstrdup(tr("restore a backup (ouro progress restore), or name "
                   "another folder with --profile")));
    // The folder itself, or the nearest one above it that exists.
    char *folder = xstrdup(context->paths.data);
    for (char *slash = NULL; access(folder, F_OK) != 0 &&
                             (slash = strrchr(folder, '/')) != NULL;) {
        *slash = '\0';
    }
    bool writable = access(folder[0] != '\0' ? folder : "/", W_OK) == 0;
    add(findings, "data_folder", tr("data folder"), writable,
        xstrdup(context->paths.data),
        xstrdup(tr("it cannot be written: mend its rights, or name another "
                   "folder with --profile")));
    free(folder);
}

static void
look_at_terminal(struct context *context, struct findings *findings)
{
    struct term *term = command_open_term(context);
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    add(findings, "locale", tr("locale"), utf8, xstrdup(nl_langinfo(CODESET)),
        xstrdup(tr("choose a UTF-8 locale: export LANG=C.UTF-8")));
    add(findings, "terminal", tr("terminal"), term_width(term) >= 40,
        xasprintf(tr("%d columns, %s, %s"), term_width(term),
                  term_has_color(term) ? tr("colours") : tr("no colours"),
                  term_is_interactive(term) ? tr("keys") : tr("lines")),
        xstrdup(tr("make the window at least 40 columns wide")));
    char *catalogue =
        xasprintf("%s/ru/LC_MESSAGES/ouro.mo", context->paths.locale);
    add(findings, "russian", tr("Russian interface"),
        access(catalogue, R_OK) == 0, xstrdup(catalogue),
        xstrdup(tr("build it: make all (needs gettext)")));
    free(catalogue);
}

static int
show(struct context *context, const struct findings *findings)
{
    bool all = true;
    struct view view = command_view(context);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *one = &findings->items[i];
        char *line = xasprintf("%s: %s", one->title, one->detail);
        all = all && one->works;
        view_paragraph(&view, one->works ? VIEW_RIGHT : VIEW_WRONG, 0,
                       one->works ? (view.utf8 ? "✓ " : "+ ")
                                  : (view.utf8 ? "✗ " : "x "),
                       line);
        if (one->mend != NULL) {
            view_paragraph(&view, VIEW_PLAIN, 2, "", one->mend);
        }
        free(line);
    }
    return all ? EXIT_STATUS_DONE : EXIT_STATUS_MACHINE;
}

static int
write_findings(const struct findings *findings)
{
    struct error err;
    bool all = true;
    json_t *document = json_document("ouro.doctor/1");
    json_t *list = json_array();
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *one = &findings->items[i];
        json_t *row = json_object();
        all = all && one->works;
        json_object_set_new(row, "name", json_text(one->name));
        json_object_set_new(row, "works", json_boolean(one->works));
        json_object_set_new(row, "detail", json_text(one->detail));
        json_object_set_new(row, "mend", json_text(one->mend));
        json_array_append_new(list, row);
    }
    json_object_set_new(document, "ok", json_boolean(all));
    json_object_set_new(document, "checks", list);
    if (json_write(stdout, document, &err) != 0) {
        return command_fail(&err);
    }
    return all ? EXIT_STATUS_DONE : EXIT_STATUS_MACHINE;
}

int
doctor_command(struct context *context, int argc, char **argv)
{
    struct findings findings = {.count = 0};
    if (argc > 1) {
        return command_usage("doctor", tr("unexpected '%s'"), argv[1]);
    }
    look_at_grader(context, &findings);
    look_at_content(context, &findings);
    look_at_progress(context, &findings);
    look_at_terminal(context, &findings);
    int status =
        context->json ? write_findings(&findings) : show(context, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        free(findings.items[i].detail);
        free(findings.items[i].mend);
    }
    return status;
}
