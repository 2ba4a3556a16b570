/* ouro-grade LAB FILE...: grades files without the quiz, for CI and
 * classrooms. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grader/class.h"
#include "grader/compile.h"
#include "grader/keep.h"

enum {
    MOST_JOBS = 256
};

static const char HELP[] =
    "usage: ouro-grade LAB FILE|FOLDER... [OPTION]...\n"
    "Judges C files against a lab. In a folder each file and each folder is\n"
    "one submission.\n"
    "\n"
    "  --format F       text, json, junit, tap or gradescope (text)\n"
    "  --keep DIR       write a result file per submission and a summary "
    "there;\n"
    "                   what is there and has not changed is not graded "
    "again\n"
    "  --jobs N         submissions at a time (one per processor)\n"
    "  --shard I/N      grade the part I of N only\n"
    "  --seed N         of the dice; the same seed gives the same verdict\n"
    "  --until-failure  run no case behind the first that fails\n"
    "  --labs DIR       where the built labs are\n"
    "  --unsafe-no-namespaces\n"
    "                   where this machine has no namespaces, grade without; "
    "the\n"
    "                   verdict says so\n"
    "  -h, --help, --version\n"
    "\n"
    "Exit codes: 0 all pass, 1 not passed, 2 wrong usage, 3 bad file, 4 the\n"
    "machine lacks something, 70 our own fault. See also: man ouro-grade\n";

struct options {
    struct class_task class;
    char *artifacts, *include;
    const char *lab;
    bool has_seed;
    unsigned shard, shards; // 0: all
    char part_name[64];
    struct manifest manifest;
};

static int
usage(const char *problem)
{
    fprintf(stderr, "ouro-grade: %s\n%s", problem, HELP);
    return EXIT_WRONG_USAGE;
}

static int
fail(enum exit_code code, const char *problem)
{
    fprintf(stderr, "ouro-grade: %s\n", problem);
    return (int)code;
}

// --- options ---------------------------------------------------------------

/* A whole number from least to most that ends where the text, or *end, does.
 * 0 or -1. */
static int
read_number(const char *text, unsigned long long least,
            unsigned long long most, unsigned long long *number, char **end)
{
    char *behind = NULL;
    errno = 0;
    unsigned long long read = strtoull(text, &behind, 10);
    if (errno != 0 || text[0] < '0' || text[0] > '9' || read < least ||
        read > most || (end == NULL && *behind != '\0')) {
        return -1;
    }
    *number = read;
    if (end != NULL) {
        *end = behind;
    }
    return 0;
}

static int
read_shard(struct options *options, const char *text)
{
    unsigned long long index = 0;
    unsigned long long count = 0;
    char *slash = NULL;
    if (read_number(text, 1, INT_MAX, &index, &slash) != 0 || *slash != '/' ||
        read_number(slash + 1, 1, INT_MAX, &count, NULL) != 0 ||
        index > count) {
        return usage("the shard is I/N, from 1/N to N/N");
    }
    options->shard = (unsigned)index;
    options->shards = (unsigned)count;
    return EXIT_ALL_PASS;
}

/* Takes one option. An exit code. */
static int
take_option(struct options *options, int option, char *value)
{
    unsigned long long number = 0;
    switch (option) {
    case 'f':
        options->class.format = report_find_format(value);
        return options->class.format != NULL
                   ? EXIT_ALL_PASS
                   : usage("the format is text, json, junit, tap or "
                           "gradescope");
    case 's': // in JSON a number has 63 bits
        if (read_number(value, 0, INT64_MAX, &number, NULL) != 0) {
            return usage("the seed is a whole number");
        }
        options->class.grade.seed = number;
        options->has_seed = true;
        return EXIT_ALL_PASS;
    case 'j':
        if (read_number(value, 1, MOST_JOBS, &number, NULL) != 0) {
            return usage("the jobs are a number from 1 to 256");
        }
        options->class.jobs = (int)number;
        return EXIT_ALL_PASS;
    case 'p':
        return read_shard(options, value);
    case 'k':
        options->class.keep = value;
        return value[0] != '\0' ? EXIT_ALL_PASS
                                : usage("the folder to keep has no name");
    case 'l':
        free(options->artifacts);
        options->artifacts = strdup(value);
        return EXIT_ALL_PASS;
    case 'n':
        options->class.grade.may_be_open = true;
        return EXIT_ALL_PASS;
    case 'u':
        options->class.grade.until_failure = true;
        return EXIT_ALL_PASS;
    default:
        fputs(HELP, stderr);
        return EXIT_WRONG_USAGE;
    }
}

/* Reads the command line. An exit code, or -1 to go on. */
static int
read_options(struct options *options, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"format", required_argument, NULL, 'f'},
        {"keep", required_argument, NULL, 'k'},
        {"jobs", required_argument, NULL, 'j'},
        {"shard", required_argument, NULL, 'p'},
        {"seed", required_argument, NULL, 's'},
        {"until-failure", no_argument, NULL, 'u'},
        {"unsafe-no-namespaces", no_argument, NULL, 'n'},
        {"labs", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0}};
    for (int option = 0;
         (option = getopt_long(argc, argv, "h", LONG, NULL)) != -1;) {
        if (option == 'h' || option == 'v') {
            fputs(option == 'h' ? HELP : "ouro-grade " OURO_VERSION "\n",
                  stdout);
            return EXIT_ALL_PASS;
        }
        int code = take_option(options, option, optarg);
        if (code != EXIT_ALL_PASS) {
            return code;
        }
    }
    if (argc - optind < 2) {
        return usage("name a lab and at least one file");
    }
    options->lab = argv[optind++];
    return -1;
}

static void
init_options(struct options *options)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t seed = 1;
    if (getrandom(&seed, sizeof(seed), 0) < 0) {
        seed = 1;
    }
    *options = (struct options){
        .class = {.format = &REPORT_TEXT,
                  .grade.seed = seed >> 16, // short enough to be typed again
                  .jobs = processors < 1           ? 1
                          : processors > MOST_JOBS ? MOST_JOBS
                                                   : (int)processors}};
    grade_find(&options->artifacts, &options->include);
}

// --- what is graded --------------------------------------------------------

/* Whether there is all that grading takes; else an exit code. */
static int
look_for_lab(struct options *options)
{
    char path[PATH_MAX];
    char reason[1024];
    struct stat about;
    if (options->artifacts == NULL || options->include == NULL ||
        stat(options->artifacts, &about) != 0) {
        return fail(EXIT_BAD_MACHINE, "cannot find the labs: say --labs DIR");
    }
    snprintf(path, sizeof(path), "%s/%s/lab.manifest", options->artifacts,
             options->lab);
    if (strchr(options->lab, '/') != NULL || access(path, R_OK) != 0) {
        snprintf(reason, sizeof(reason), "there is no lab '%s'", options->lab);
        return fail(EXIT_BAD_FILE, reason);
    }
    if (manifest_read(&options->manifest, path, reason, sizeof(reason)) != 0) {
        return fail(EXIT_BAD_FILE, reason);
    }
    if (compile_find_compiler() == NULL) {
        return fail(EXIT_BAD_MACHINE,
                    "there is no gcc: install it (apt-get install gcc)");
    }
    options->class.grade.artifacts = options->artifacts;
    options->class.grade.include = options->include;
    options->class.grade.lab_id = options->lab;
    options->class.manifest = &options->manifest;
    return EXIT_ALL_PASS;
}

static int
open_keep(struct options *options)
{
    char reason[1024];
    if (options->class.keep == NULL) {
        return EXIT_ALL_PASS;
    }
    return keep_open(options->class.keep, reason, sizeof(reason)) != 0 ||
                   keep_seed(options->class.keep, &options->class.grade.seed,
                             options->has_seed, reason, sizeof(reason)) != 0
               ? fail(EXIT_BAD_MACHINE, reason)
               : EXIT_ALL_PASS;
}

static int
gather(const struct options *options, char **paths, struct submissions *list)
{
    char reason[1024];
    for (; *paths != NULL; paths++) {
        if (submissions_add(list, *paths, options->class.manifest->replaces,
                            options->class.keep, reason,
                            sizeof(reason)) != 0) {
            return fail(EXIT_BAD_FILE, reason);
        }
    }
    if (list->count == 0) {
        return fail(EXIT_BAD_FILE, "there are no submissions");
    }
    if (options->shards > 0) {
        submissions_shard(list, options->shard, options->shards);
    }
    if (options->class.format->is_single && options->class.keep == NULL &&
        list->count != 1) {
        return usage("this format is of one submission: say --keep DIR");
    }
    return EXIT_ALL_PASS;
}

static int
grade(struct options *options, char **paths)
{
    struct submissions list = {0};
    if (options->shards > 0) {
        snprintf(options->part_name, sizeof(options->part_name), "-%u-of-%u",
                 options->shard, options->shards);
    }
    options->class.part_name = options->part_name;
    int code = look_for_lab(options);
    code = code == EXIT_ALL_PASS ? open_keep(options) : code;
    code = code == EXIT_ALL_PASS ? gather(options, paths, &list) : code;
    if (code == EXIT_ALL_PASS) {
        code = (int)class_grade(&options->class, &list);
    }
    submissions_release(&list);
    return code;
}

int
main(int argc, char **argv)
{
    struct options options;
    init_options(&options);
    int code = read_options(&options, argc, argv);
    if (code < 0) {
        code = grade(&options, argv + optind);
    }
    manifest_release(&options.manifest);
    free(options.artifacts);
    free(options.include);
    return code;
}
