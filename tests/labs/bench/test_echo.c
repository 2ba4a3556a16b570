/* The echo server of rt-bench, as those use it who measure it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/testing.h"
#include "tests/support/program.h"

enum {
    CLIENTS = 100
};

static pid_t server;
static int port;
static FILE *out, *err; // what it says

static void
start_server(void)
{
    int out_pipe[2];
    int err_pipe[2];
    char *path = program_path("rt-bench");
    assert_number(pipe(out_pipe) + pipe(err_pipe), 0);
    server = fork();
    if (server == 0) {
        program_prepare();
        dup2(out_pipe[1], STDOUT_FILENO);
        dup2(err_pipe[1], STDERR_FILENO);
        execl(path, path, "--echo", "0", (char *)NULL);
        _exit(127);
    }
    free(path);
    close(out_pipe[1]);
    close(err_pipe[1]);
    out = fdopen(out_pipe[0], "r");
    err = fdopen(err_pipe[0], "r");
    assert_number(fscanf(out, "ready %d", &port), 1);
}

/* Ends it; what it has said on stderr by then. */
static char *
stop_server(void)
{
    static char said[4096];
    int status = 0;
    kill(server, SIGTERM);
    waitpid(server, &status, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    said[fread(said, 1, sizeof(said) - 1, err)] = '\0';
    fclose(out);
    fclose(err);
    return said;
}

static int
connect_client(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_number(
        connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void
expect_echo(int fd, const char *text)
{
    char back[64] = "";
    assert_number(write(fd, text, strlen(text)), strlen(text));
    assert_number(recv(fd, back, strlen(text), MSG_WAITALL), strlen(text));
    assert_text(back, text);
}

/* Their figures would be lost among what the server has to say of them. */
static void
clients_that_hang_up_are_not_worth_a_word(void **state)
{
    int clients[CLIENTS];
    struct linger at_once = {.l_onoff = 1};
    (void)state;
    start_server();
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = connect_client();
        expect_echo(clients[i], "hello");
    }
    for (int i = 0; i < CLIENTS; i++) {
        setsockopt(clients[i], SOL_SOCKET, SO_LINGER, &at_once,
                   sizeof(at_once));
        close(clients[i]); // sends a reset
    }
    int last = connect_client(); // by its answer all resets have been seen
    expect_echo(last, "still there");
    close(last);
    assert_text(stop_server(), "");
}

static void
what_is_no_port_is_refused(void **state)
{
    static const char *const PORTS[] = {"", "e7", "65536", "-1", "80x"};
    char *path = program_path("rt-bench");
    char line[512];
    (void)state;
    for (size_t i = 0; i < sizeof(PORTS) / sizeof(*PORTS); i++) {
        snprintf(line, sizeof(line), "%s --echo '%s' 2> /dev/null", path,
                 PORTS[i]);
        int status = system(line);
        assert_number(WEXITSTATUS(status), 2);
    }
    free(path);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(clients_that_hang_up_are_not_worth_a_word),
        cmocka_unit_test(what_is_no_port_is_refused),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
