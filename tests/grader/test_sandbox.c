/* What code in a box can see, reach and use up. Small programs are compiled
 * here and run in boxes as the grader runs its leaf. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grader/landlock.h"
#include "grader/sandbox.h"
#include "labs/testing.h"
#include "tests/support/refusal.h"
#include "tests/support/tempdir.h"

static const char *const FOLDERS[] = {"/usr", "/bin", "/lib", "/lib64", NULL};

/* One program for all cases: its first word says what to do. Prints what came
 * of it and ends with 0. */
static const char PROGRAM[] =
    "#define _GNU_SOURCE\n"
    "#include <arpa/inet.h>\n#include <errno.h>\n#include <fcntl.h>\n"
    "#include <netinet/in.h>\n#include <signal.h>\n#include <stdio.h>\n"
    "#include <stdlib.h>\n#include <string.h>\n#include <sys/socket.h>\n"
    "#include <sys/stat.h>\n#include <unistd.h>\n"
    "int main(int argc, char **argv) {\n"
    "    const char *what = argv[1];\n"
    "    if (strcmp(what, \"exit\") == 0) { return atoi(argv[2]); }\n"
    "    if (strcmp(what, \"crash\") == 0) {\n"
    "        volatile char *nowhere = (char *)8;\n"
    "        return *nowhere;\n"
    "    }\n"
    "    if (strcmp(what, \"see\") == 0) {\n"
    "        for (int i = 2; i < argc; i++) {\n"
    "            struct stat status;\n"
    "            printf(\"%s %s\\n\", argv[i],\n"
    "                   stat(argv[i], &status) == 0 ? \"there\" : \"none\");\n"
    "        }\n"
    "        return 0;\n"
    "    }\n"
    "    if (strcmp(what, \"read\") == 0) {\n"
    "        for (int i = 2; i < argc; i++) {\n"
    "            int file = open(argv[i], O_RDONLY);\n"
    "            printf(\"%s %s\\n\", argv[i],\n"
    "                   file >= 0 ? \"read\" : strerror(errno));\n"
    "        }\n"
    "        return 0;\n"
    "    }\n"
    "    if (strcmp(what, \"write\") == 0) {\n"
    "        for (int i = 2; i < argc; i++) {\n"
    "            int file = open(argv[i], O_WRONLY | O_CREAT, 0600);\n"
    "            printf(\"%s %s\\n\", argv[i],\n"
    "                   file >= 0 ? \"written\" : strerror(errno));\n"
    "        }\n"
    "        return 0;\n"
    "    }\n"
    "    if (strcmp(what, \"connect\") == 0) {\n"
    "        struct sockaddr_in to = {.sin_family = AF_INET,\n"
    "            .sin_port = htons(atoi(argv[2])),\n"
    "            .sin_addr = {htonl(INADDR_LOOPBACK)}};\n"
    "        int end = socket(AF_INET, SOCK_STREAM, 0);\n"
    "        int reached = end >= 0 &&\n"
    "            connect(end, (struct sockaddr *)&to, sizeof(to)) == 0;\n"
    "        puts(reached ? \"reached\" : \"unreachable\");\n"
    "        return 0;\n"
    "    }\n"
    "    if (strcmp(what, \"loop\") == 0) { for (;;) { } }\n"
    "    if (strcmp(what, \"sleep\") == 0) { for (;;) { pause(); } }\n"
    "    if (strcmp(what, \"print\") == 0) {\n"
    "        for (;;) { fputs(\"again and again\\n\",\n"
    "                         argv[2][0] == 'e' ? stderr : stdout); }\n"
    "    }\n"
    "    if (strcmp(what, \"fill\") == 0) {\n"
    "        signal(SIGXFSZ, SIG_IGN);\n"
    "        int file = open(\"/w/big\", O_WRONLY | O_CREAT, 0600);\n"
    "        static char block[4096];\n"
    "        long sum = 0, n = 0;\n"
    "        while ((n = write(file, block, sizeof(block))) > 0) { sum += n; "
    "}\n"
    "        printf(\"%ld\\n\", sum);\n"
    "        return 0;\n"
    "    }\n"
    "    if (strcmp(what, \"fork\") == 0) {\n"
    "        int children = 0;\n"
    "        for (int i = 0; i < 200; i++) {\n"
    "            int child = fork();\n"
    "            if (child == 0) { for (;;) { pause(); } }\n"
    "            children += child > 0;\n"
    "        }\n"
    "        printf(\"%d\\n\", children);\n"
    "        return 0;\n"
    "    }\n"
    "    if (strcmp(what, \"take\") == 0) {\n"
    "        long mebibytes = 0;\n"
    "        char *block = NULL;\n"
    "        while (mebibytes < 4096 && (block = malloc(1 << 20)) != NULL) {\n"
    "            memset(block, 1, 1 << 20);\n"
    "            mebibytes++;\n"
    "        }\n"
    "        printf(\"%ld\\n\", mebibytes);\n"
    "        return 0;\n"
    "    }\n"
    "    if (strcmp(what, \"who\") == 0) {\n"
    "        printf(\"pid %d root %d parent %d\\n\", getpid(), getuid() == "
    "0,\n"
    "               getppid());\n"
    "        return 0;\n"
    "    }\n"
    "    if (strcmp(what, \"descriptors\") == 0) {\n"
    "        for (int i = 0; i < 64; i++) {\n"
    "            if (fcntl(i, F_GETFD) >= 0) { printf(\"%d \", i); }\n"
    "        }\n"
    "        write(3, \"passed\", 6);\n"
    "        return 0;\n"
    "    }\n"
    "    if (strcmp(what, \"environment\") == 0) {\n"
    "        for (char **at = environ; *at != NULL; at++) { puts(*at); }\n"
    "        return 0;\n"
    "    }\n"
    "    return 99;\n"
    "}\n";

static struct buffer program;

static int
build_program(void **state)
{
    char command[512];
    char failure[256];
    (void)state;
    if (!sandbox_works(failure, sizeof(failure))) {
        print_message("no sandbox here: %s\n", failure);
        return 0; // the cases are skipped
    }
    char *folder = tempdir_make();
    char *source = tempdir_write(folder, "probe.c", PROGRAM);
    char *path = tempdir_write(folder, "probe", "");
    snprintf(command, sizeof(command), "cd '%s' && gcc -w -o probe probe.c",
             folder);
    int result = system(command) != 0 ||
                 buffer_read_file(&program, path, (size_t)1 << 24) != 0;
    free(path);
    free(source);
    tempdir_remove(folder);
    return result;
}

static int
release_program(void **state)
{
    (void)state;
    buffer_release(&program);
    return 0;
}

/* A task with generous limits; what differs is set by the case. The words are
 * those of the program, NULL-terminated; the first is its path. */
struct job {
    struct sandbox_file file;
    const char *words[16];
    struct sandbox_task task;
};

static void
prepare(struct job *job, const char *line)
{
    static char copies[2][512];
    static int turn;
    char *rest = copies[turn];
    snprintf(rest, sizeof(copies[turn]), "%s", line);
    turn = !turn;
    if (program.length == 0) {
        skip();
    }
    *job = (struct job){.file = {.name = "probe",
                                 .bytes = program.bytes,
                                 .length = program.length},
                        .words = {"/w/probe"}};
    int count = 1;
    for (char *word = NULL; (word = strsep(&rest, " ")) != NULL;) {
        job->words[count++] = word;
    }
    job->task = (struct sandbox_task){.arguments = job->words,
                                      .folders = FOLDERS,
                                      .files = &job->file,
                                      .file_count = 1,
                                      .passed = {-1, -1},
                                      .keeps_tools = false,
                                      .wall_ms = 60000,
                                      .cpu_s = 60,
                                      .memory_bytes = (int64_t)1 << 30,
                                      .file_bytes = 1 << 20,
                                      .processes = 64,
                                      .output_limit = 1 << 16};
}

static struct sandbox_result
run_job(struct job *job)
{
    struct sandbox_result result;
    sandbox_wait(sandbox_start(&job->task), &result);
    return result;
}

static struct sandbox_result
run(const char *line)
{
    struct job job;
    prepare(&job, line);
    struct sandbox_result result = run_job(&job);
    assert_text(result.failure, "");
    return result;
}

/* --- what the result tells ----------------------------------------------- */

static void
the_result_tells_the_exit_status(void **state)
{
    static const int STATUSES[] = {0, 1, 42, 125, 126, 255};
    (void)state;
    for (size_t i = 0; i < sizeof(STATUSES) / sizeof(*STATUSES); i++) {
        char line[32];
        snprintf(line, sizeof(line), "exit %d", STATUSES[i]);
        struct sandbox_result result = run(line);
        assert_true(WIFEXITED(result.status));
        assert_number(WEXITSTATUS(result.status), STATUSES[i]);
        assert_false(result.timed_out);
        assert_false(result.over_output);
        assert_false(result.over_memory);
        sandbox_result_release(&result);
    }
}

static void
the_result_tells_the_signal(void **state)
{
    (void)state;
    struct sandbox_result result = run("crash");
    assert_true(WIFSIGNALED(result.status));
    assert_number(WTERMSIG(result.status), SIGSEGV);
    assert_false(result.timed_out);
    sandbox_result_release(&result);
    sandbox_result_release(&result);
}

static void
a_program_that_cannot_be_started_is_a_failure(void **state)
{
    struct job job;
    (void)state;
    prepare(&job, "exit 0");
    job.words[0] = "/w/missing";
    struct sandbox_result result = run_job(&job);
    assert_contains(result.failure, "/w/missing: No such file");
    sandbox_result_release(&result);
}

static void
both_outputs_are_kept_apart(void **state)
{
    struct job job;
    (void)state;
    prepare(&job, "");
    static const char *const WORDS[] = {
        "/bin/sh", "-c", "echo to stdout; echo to stderr >&2", NULL};
    job.task.arguments = WORDS;
    job.task.keeps_tools = true;
    struct sandbox_result result = run_job(&job);
    assert_text(buffer_string(&result.out), "to stdout\n");
    assert_text(buffer_string(&result.err), "to stderr\n");
    sandbox_result_release(&result);
}

/* --- what a box can see -------------------------------------------------- */

static void
the_machine_is_out_of_sight(void **state)
{
    (void)state;
    struct sandbox_result result =
        run("see /etc/passwd /etc /home /root /tmp /var /proc /sys /dev "
            "/dev/null /usr /w/probe");
    assert_text(buffer_string(&result.out),
                "/etc/passwd none\n/etc none\n/home none\n/root none\n"
                "/tmp none\n/var none\n/proc none\n/sys none\n/dev none\n"
                "/dev/null none\n/usr there\n/w/probe there\n");
    sandbox_result_release(&result);
}

static void
a_hidden_folder_is_empty(void **state)
{
    static const char *const HIDDEN[] = {"/usr/share", "/nowhere", NULL};
    struct job job;
    (void)state;
    prepare(&job, "see /usr/share /usr/share/doc /usr/bin");
    job.task.hidden = HIDDEN;
    struct sandbox_result result = run_job(&job);
    assert_text(result.failure, "");
    assert_text(buffer_string(&result.out),
                "/usr/share there\n/usr/share/doc none\n/usr/bin there\n");
    sandbox_result_release(&result);
}

/* Also one below /tmp, where the box has its own root. */
static void
a_folder_that_is_shown_may_lie_anywhere(void **state)
{
    struct job job;
    (void)state;
    char *folder = tempdir_make();
    char *file = tempdir_write(folder, "shown.h", "");
    assert_number(chmod(folder, 0755), 0);
    prepare(&job, "see /w/include/shown.h /tmp");
    job.task.mounted = folder;
    struct sandbox_result result = run_job(&job);
    assert_text(result.failure, "");
    assert_text(buffer_string(&result.out),
                "/w/include/shown.h there\n/tmp none\n");
    sandbox_result_release(&result);
    free(file);
    tempdir_remove(folder);
}

static void
nothing_but_the_work_folder_can_be_written(void **state)
{
    (void)state;
    struct sandbox_result result =
        run("write /w/mine /usr/theirs /usr/bin/true /lib/theirs /theirs");
    const char *out = buffer_string(&result.out);
    assert_contains(out, "/w/mine written\n");
    assert_contains(out, "/usr/theirs Read-only file system\n");
    assert_null(strstr(out, "true written"));
    assert_null(strstr(out, "theirs written"));
    assert_number(access("/usr/theirs", F_OK), -1);
    sandbox_result_release(&result);
}

static void
a_written_file_is_gone_with_the_box(void **state)
{
    (void)state;
    struct sandbox_result result = run("write /w/mine");
    sandbox_result_release(&result);
    result = run("see /w/mine");
    assert_text(buffer_string(&result.out), "/w/mine none\n");
    sandbox_result_release(&result);
}

/* Nobody answers in the box, though somebody does on this machine. */
static void
the_network_is_out_of_reach(void **state)
{
    (void)state;
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(place);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 ||
        bind(server, (struct sockaddr *)&place, sizeof(place)) != 0 ||
        listen(server, 8) != 0 ||
        getsockname(server, (struct sockaddr *)&place, &size) != 0 ||
        connect(client, (struct sockaddr *)&place, sizeof(place)) != 0) {
        skip(); // no network here either
    }
    char line[32];
    snprintf(line, sizeof(line), "connect %d", ntohs(place.sin_port));
    struct sandbox_result result = run(line);
    assert_text(buffer_string(&result.out), "unreachable\n");
    sandbox_result_release(&result);
    close(server);
    close(client);
}

static void
a_box_has_its_own_processes_and_an_ordinary_user(void **state)
{
    (void)state;
    struct sandbox_result result = run("who");
    assert_text(buffer_string(&result.out), "pid 1 root 0 parent 0\n");
    sandbox_result_release(&result);
}

static void
the_environment_is_not_ours(void **state)
{
    (void)state;
    setenv("OURO_SECRET", "secret", 1);
    struct sandbox_result result = run("environment");
    assert_text(buffer_string(&result.out), "TMPDIR=/w\nLC_ALL=C.UTF-8\n");
    sandbox_result_release(&result);
    unsetenv("OURO_SECRET");
}

static void
only_what_is_passed_on_is_open(void **state)
{
    struct job job;
    char said[16] = "";
    int pipe_ends[2];
    (void)state;
    prepare(&job, "descriptors");
    int open_without_reason = open("/", O_RDONLY);
    assert_number(pipe2(pipe_ends, O_CLOEXEC), 0);
    job.task.passed[0] = pipe_ends[1];
    struct sandbox_result result = run_job(&job);
    assert_text(buffer_string(&result.out), "0 1 2 3 ");
    assert_number(read(pipe_ends[0], said, sizeof(said)), 6);
    assert_text(said, "passed");
    close(open_without_reason);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    sandbox_result_release(&result);
}

/* Whether so many bytes have come. */
static bool
has_come(void *context, const struct buffer *out)
{
    return out->length >= *(const size_t *)context;
}

static void
a_box_that_is_paused_stands_still(void **state)
{
    static const char *const WORDS[] = {"/bin/sh", "-c", "cat <&3", NULL};
    struct job job;
    int ends[2];
    size_t wanted = 1;
    (void)state;
    prepare(&job, "exit 0");
    assert_number(pipe2(ends, O_CLOEXEC), 0);
    job.task.arguments = WORDS;
    job.task.passed[0] = ends[0];
    for (int paused = 0; paused < 2; paused++) {
        struct sandbox *sandbox = sandbox_start(&job.task);
        struct sandbox_result result;
        wanted = 1;
        assert_number(write(ends[1], "a", 1), 1);
        sandbox_watch(sandbox, has_come, &wanted);
        sandbox_pause(sandbox, true);
        sandbox_pause(sandbox, paused);
        assert_number(write(ends[1], "b", 1), 1);
        sandbox_allow(sandbox, paused ? 50 : 60000);
        wanted = 2;
        sandbox_watch(sandbox, has_come, &wanted);
        sandbox_end(sandbox, &result);
        assert_text(buffer_string(&result.out), paused ? "a" : "ab");
        assert_number(result.timed_out, paused);
        sandbox_result_release(&result);
    }
    close(ends[0]);
    close(ends[1]);
    sandbox_pause(NULL, true);
}

/* A process that is stopped while it is made may miss what lets it go on. */
static void
a_box_that_was_paused_goes_on(void **state)
{
    static const char *const WORDS[] = {
        "/bin/sh", "-c", "while :; do (:); (:); (:); (:); echo; done", NULL};
    struct job job;
    struct sandbox_result result;
    size_t wanted = 1;
    (void)state;
    prepare(&job, "exit 0");
    job.task.arguments = WORDS;
    struct sandbox *sandbox = sandbox_start(&job.task);
    const struct buffer *out = sandbox_watch(sandbox, has_come, &wanted);
    for (int pauses = 0; pauses < 400 && has_come(&wanted, out); pauses++) {
        sandbox_pause(sandbox, true);
        sandbox_pause(sandbox, false);
        sandbox_allow(sandbox, 10000);
        wanted = out->length + 1;
        sandbox_watch(sandbox, has_come, &wanted);
    }
    sandbox_end(sandbox, &result);
    assert_false(result.timed_out);
    assert_true(has_come(&wanted, &result.out));
    sandbox_result_release(&result);
}

/* --- limits -------------------------------------------------------------- */

static void
the_time_by_the_clock_is_limited(void **state)
{
    struct job job;
    (void)state;
    prepare(&job, "sleep");
    job.task.wall_ms = 200;
    struct sandbox_result result = run_job(&job);
    assert_text(result.failure, "");
    assert_true(result.timed_out);
    assert_true(result.wall_us >= 200000);
    assert_true(WIFSIGNALED(result.status));
    sandbox_result_release(&result);
}

static void
the_time_of_the_processor_is_limited(void **state)
{
    struct job job;
    (void)state;
    prepare(&job, "loop");
    job.task.cpu_s = 1;
    struct sandbox_result result = run_job(&job);
    assert_false(result.timed_out);
    assert_true(WIFSIGNALED(result.status));
    sandbox_result_release(&result);
}

static void
each_output_is_limited(void **state)
{
    static const char *const LINES[] = {"print out", "print err"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct job job;
        prepare(&job, LINES[i]);
        job.task.output_limit = 1000;
        struct sandbox_result result = run_job(&job);
        assert_text(result.failure, "");
        assert_true(result.over_output);
        assert_false(result.timed_out);
        assert_number(result.out.length, i == 0 ? 1000 : 0);
        assert_number(result.err.length, i == 0 ? 0 : 1000);
        sandbox_result_release(&result);
    }
}

static void
the_size_of_a_file_is_limited(void **state)
{
    struct job job;
    (void)state;
    prepare(&job, "fill");
    job.task.file_bytes = 64 * 1024;
    struct sandbox_result result = run_job(&job);
    assert_text(buffer_string(&result.out), "65536\n");
    sandbox_result_release(&result);
}

static void
the_memory_of_files_is_limited(void **state)
{
    struct job job;
    (void)state;
    prepare(&job, "fill");
    job.task.file_bytes = (int64_t)1 << 30;
    struct sandbox_result result = run_job(&job);
    long bytes = strtol(buffer_string(&result.out), NULL, 10);
    assert_true(bytes > 0 && bytes <= 96L << 20);
    sandbox_result_release(&result);
}

/* The limit counts all processes of the user, so no more than it can be. */
static void
the_number_of_processes_is_limited(void **state)
{
    struct job job;
    (void)state;
    prepare(&job, "fork");
    job.task.processes = 8;
    struct sandbox_result result = run_job(&job);
    assert_text(result.failure, "");
    assert_true(strtol(buffer_string(&result.out), NULL, 10) < 8);
    sandbox_result_release(&result);
}

static void
the_space_of_addresses_is_limited(void **state)
{
    struct job job;
    (void)state;
    prepare(&job, "take");
    job.task.memory_bytes = 64 << 20;
    struct sandbox_result result = run_job(&job);
    long mebibytes = strtol(buffer_string(&result.out), NULL, 10);
    assert_true(mebibytes > 0 && mebibytes < 64);
    sandbox_result_release(&result);
}

/* --- the end of a box ---------------------------------------------------- */

static void
nothing_of_a_box_outlives_it(void **state)
{
    struct job job;
    char byte = 0;
    int pipe_ends[2];
    (void)state;
    prepare(&job, "fork"); // leaves children that wait for ever
    assert_number(pipe2(pipe_ends, O_CLOEXEC), 0);
    job.task.passed[0] = pipe_ends[1];
    struct sandbox_result result = run_job(&job);
    assert_true(strtol(buffer_string(&result.out), NULL, 10) > 0);
    // They hold the pipe; it is at its end only when they are gone.
    close(pipe_ends[1]);
    assert_number(read(pipe_ends[0], &byte, 1), 0);
    close(pipe_ends[0]);
    sandbox_result_release(&result);
}

static void
two_boxes_do_not_see_each_other(void **state)
{
    struct job first;
    struct job second;
    (void)state;
    prepare(&first, "write /w/first /w/second");
    prepare(&second, "see /w/first /w/second");
    struct sandbox *one = sandbox_start(&first.task);
    struct sandbox *two = sandbox_start(&second.task);
    struct sandbox_result result;
    sandbox_wait(two, &result); // not in the order of their start
    assert_text(result.failure, "");
    assert_text(buffer_string(&result.out), "/w/first none\n/w/second none\n");
    sandbox_result_release(&result);
    sandbox_wait(one, &result);
    assert_text(result.failure, "");
    assert_text(buffer_string(&result.out),
                "/w/first written\n/w/second written\n");
    sandbox_result_release(&result);
}

static void
no_descriptor_is_left_open(void **state)
{
    (void)state;
    int before = open("/", O_RDONLY | O_CLOEXEC);
    close(before);
    for (int i = 0; i < 5; i++) {
        struct sandbox_result result = run("exit 0");
        sandbox_result_release(&result);
    }
    int after = open("/", O_RDONLY | O_CLOEXEC);
    close(after);
    assert_number(after, before);
}

static void
the_layers_are_named(void **state)
{
    (void)state;
    struct sandbox_result result = run("exit 0");
    assert_contains(result.level, "pid mount net ipc uts ");
    assert_contains(result.level, "seccomp limits");
    assert_false(result.is_open);
    assert_number(strstr(result.level, "landlock") != NULL, landlock_works());
    sandbox_result_release(&result);
}

/* --- machines that lack something ---------------------------------------- */

/* Runs a case in a process that is refused something. */
static void
on_a_machine_without(unsigned what, void (*test)(void))
{
    int status = 0;
    if (program.length == 0) {
        skip();
    }
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (refusal_begin(what) != 0) {
            _exit(1);
        }
        test();
        fflush(NULL);
        _exit(0); // a failure has left by a jump, or by exit()
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_number(status, 0);
}

/* Ends the process, unless it holds. */
static void
must_hold(bool holds, const char *what, const struct sandbox_result *result)
{
    if (!holds) {
        fprintf(stderr, "not so: %s (%s) (%s) (%s) (%s)\n", what,
                result->failure, result->level, buffer_string(&result->out),
                buffer_string(&result->err));
        _exit(1);
    }
}

static void
try_without_landlock(void)
{
    struct sandbox_result result = run("read /etc/passwd /usr/bin/true");
    must_hold(strstr(result.level, "landlock") == NULL, "layer", &result);
    must_hold(strcmp(buffer_string(&result.out),
                     "/etc/passwd No such file or directory\n"
                     "/usr/bin/true read\n") == 0,
              "output", &result);
    sandbox_result_release(&result);
}

static void
without_landlock_a_box_does_without(void **state)
{
    (void)state;
    on_a_machine_without(REFUSAL_OF_LANDLOCK, try_without_landlock);
}

static void
try_to_be_refused(void)
{
    struct job job;
    prepare(&job, "exit 0");
    struct sandbox_result result = run_job(&job);
    must_hold(strstr(result.failure, "--unsafe-no-namespaces") != NULL,
              "the way out", &result);
    sandbox_result_release(&result);
}

static void
without_namespaces_a_box_is_refused_and_the_way_out_named(void **state)
{
    (void)state;
    on_a_machine_without(REFUSAL_OF_NAMESPACES, try_to_be_refused);
}

/* How many folders of open boxes there are. */
static int
count_folders(void)
{
    int count = 0;
    DIR *entries = opendir("/tmp");
    const struct dirent *entry = NULL;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        count += strncmp(entry->d_name, "ouro-box-", 9) == 0;
    }
    closedir(entries);
    return count;
}

static struct sandbox_result
run_open(const char *line)
{
    struct job job;
    sandbox_allow_open(true);
    prepare(&job, line);
    job.words[0] = "./probe";
    unsetenv("TMPDIR");
    int before = count_folders();
    struct sandbox_result result = run_job(&job);
    must_hold(result.is_open, "open", &result);
    must_hold(strstr(result.level, "mount") == NULL, "layer", &result);
    must_hold(count_folders() == before, "no folder is left", &result);
    return result;
}

static void
try_an_open_box(void)
{
    char *folder = tempdir_make();
    char *secret = tempdir_write(folder, "secret", "secret");
    char line[300];
    snprintf(line, sizeof(line), "read %s ./probe /usr/bin/true", secret);
    struct sandbox_result result = run_open(line);
    snprintf(line, sizeof(line),
             "%s Permission denied\n./probe read\n"
             "/usr/bin/true read\n",
             secret);
    must_hold(!landlock_works() ||
                  strcmp(buffer_string(&result.out), line) == 0,
              "reading", &result);
    sandbox_result_release(&result);
    snprintf(line, sizeof(line), "write mine %s/theirs", folder);
    result = run_open(line);
    must_hold(strstr(buffer_string(&result.out), "mine written") != NULL &&
                  strstr(buffer_string(&result.out), "theirs written") == NULL,
              "writing", &result);
    sandbox_result_release(&result);
    free(secret);
    tempdir_remove(folder);
}

static void
an_open_box_reaches_its_own_folder_and_programs(void **state)
{
    (void)state;
    on_a_machine_without(REFUSAL_OF_NAMESPACES, try_an_open_box);
}

static void
try_an_open_box_of_nothing(void)
{
    struct sandbox_result result = run_open("exit 3");
    must_hold(WIFEXITED(result.status) && WEXITSTATUS(result.status) == 3,
              "status", &result);
    sandbox_result_release(&result);
}

static void
an_open_box_works_without_landlock(void **state)
{
    (void)state;
    on_a_machine_without(REFUSAL_OF_NAMESPACES | REFUSAL_OF_LANDLOCK,
                         try_an_open_box_of_nothing);
}

static void
try_children_in_an_open_box(void)
{
    struct job job;
    char byte = 0;
    int ends[2];
    sandbox_allow_open(true);
    prepare(&job, "fork");
    job.words[0] = "./probe";
    if (pipe2(ends, O_CLOEXEC) != 0) {
        _exit(1);
    }
    job.task.passed[0] = ends[1];
    struct sandbox_result result = run_job(&job);
    must_hold(strtol(buffer_string(&result.out), NULL, 10) > 0, "children",
              &result);
    close(ends[1]);
    must_hold(read(ends[0], &byte, 1) == 0, "all ended", &result);
    sandbox_result_release(&result);
}

static void
nothing_of_an_open_box_outlives_it(void **state)
{
    (void)state;
    on_a_machine_without(REFUSAL_OF_NAMESPACES, try_children_in_an_open_box);
}

/* Starts an open box and is killed at once. */
static void
be_killed(void)
{
    struct job job;
    sandbox_allow_open(true);
    prepare(&job, "fork");
    job.words[0] = "./probe";
    if (sandbox_start(&job.task) != NULL) {
        raise(SIGKILL);
    }
    _exit(1);
}

static void
try_to_kill_the_caller(void)
{
    const struct sandbox_result nothing = {0};
    char *folder = tempdir_make();
    int status = 0;
    setenv("TMPDIR", folder, 1);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t caller = fork();
    if (caller == 0) {
        be_killed();
    }
    must_hold(waitpid(caller, &status, 0) == caller && WIFSIGNALED(status),
              "killed", &nothing);
    alarm(20);
    while (waitpid(-1, NULL, 0) > 0) { // what it has left behind
    }
    alarm(0);
    must_hold(rmdir(folder) == 0, "an empty folder", &nothing);
    free(folder);
}

static void
a_caller_that_is_killed_leaves_no_open_box(void **state)
{
    (void)state;
    on_a_machine_without(REFUSAL_OF_NAMESPACES, try_to_kill_the_caller);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_result_tells_the_exit_status),
        cmocka_unit_test(the_result_tells_the_signal),
        cmocka_unit_test(a_program_that_cannot_be_started_is_a_failure),
        cmocka_unit_test(both_outputs_are_kept_apart),
        cmocka_unit_test(the_machine_is_out_of_sight),
        cmocka_unit_test(a_hidden_folder_is_empty),
        cmocka_unit_test(a_folder_that_is_shown_may_lie_anywhere),
        cmocka_unit_test(nothing_but_the_work_folder_can_be_written),
        cmocka_unit_test(a_written_file_is_gone_with_the_box),
        cmocka_unit_test(the_network_is_out_of_reach),
        cmocka_unit_test(a_box_has_its_own_processes_and_an_ordinary_user),
        cmocka_unit_test(the_environment_is_not_ours),
        cmocka_unit_test(only_what_is_passed_on_is_open),
        cmocka_unit_test(a_box_that_is_paused_stands_still),
        cmocka_unit_test(a_box_that_was_paused_goes_on),
        cmocka_unit_test(the_time_by_the_clock_is_limited),
        cmocka_unit_test(the_time_of_the_processor_is_limited),
        cmocka_unit_test(each_output_is_limited),
        cmocka_unit_test(the_size_of_a_file_is_limited),
        cmocka_unit_test(the_memory_of_files_is_limited),
        cmocka_unit_test(the_number_of_processes_is_limited),
        cmocka_unit_test(the_space_of_addresses_is_limited),
        cmocka_unit_test(nothing_of_a_box_outlives_it),
        cmocka_unit_test(two_boxes_do_not_see_each_other),
        cmocka_unit_test(no_descriptor_is_left_open),
        cmocka_unit_test(the_layers_are_named),
        cmocka_unit_test(without_landlock_a_box_does_without),
        cmocka_unit_test(
            without_namespaces_a_box_is_refused_and_the_way_out_named),
        cmocka_unit_test(an_open_box_reaches_its_own_folder_and_programs),
        cmocka_unit_test(an_open_box_works_without_landlock),
        cmocka_unit_test(nothing_of_an_open_box_outlives_it),
        cmocka_unit_test(a_caller_that_is_killed_leaves_no_open_box),
    };
    return cmocka_run_group_tests(cases, build_program, release_program);
}
