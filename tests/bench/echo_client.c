/* echo_client PORT CONNECTIONS MESSAGES: the load of e6, for any server that
 * sends back what it gets, at a port of this machine.
 *
 * Each connection has one message of 64 bytes on its way, and sends the next
 * one when that has come back, so nothing can pile up and nothing can be lost
 * unseen: a message that does not come back within a while, or not as it was,
 * ends the program with status 1. The first tenth is not measured. Prints
 * thousands of messages in a second, and how long the median one and the
 * slowest hundredth took at least, in microseconds. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MESSAGE_BYTES = 64,
    MOST_EVENTS = 512,
    PATIENCE_MS = 30 * 1000
};

struct client {
    int fd;
    int64_t sent_ns;
    uint32_t message; // what is written into it
};

static struct client *clients;
static int64_t *taken_ns; // of the messages that count
static int poller;

static void
give_up(const char *what)
{
    fprintf(stderr, "echo_client: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
connect_one(struct client *client, uint32_t index, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 ||
        setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) !=
            0 ||
        connect(client->fd, (const struct sockaddr *)&address,
                sizeof(address)) != 0 ||
        epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event) != 0) {
        give_up("cannot connect");
    }
}

static void
send_next(struct client *client)
{
    unsigned char message[MESSAGE_BYTES] = {0};
    client->message++;
    memcpy(message, &client->message, sizeof(client->message));
    client->sent_ns = now_ns();
    if (send(client->fd, message, sizeof(message), MSG_NOSIGNAL) !=
        MESSAGE_BYTES) {
        give_up("cannot send");
    }
}

static void
receive(const struct client *client)
{
    unsigned char message[MESSAGE_BYTES + 1];
    if (recv(client->fd, message, sizeof(message), 0) != MESSAGE_BYTES ||
        memcmp(message, &client->message, sizeof(client->message)) != 0) {
        give_up("another message came back");
    }
}

/* Until so many have come back. Returns when the ones that count began. */
static int64_t
run(int64_t total)
{
    struct epoll_event events[MOST_EVENTS];
    int64_t warm = total / 10;
    int64_t start_ns = 0;
    for (int64_t done = 0; done < total;) {
        int count = epoll_wait(poller, events, MOST_EVENTS, PATIENCE_MS);
        if (count <= 0) {
            give_up("nothing comes back");
        }
        for (int i = 0; i < count && done < total; i++, done++) {
            struct client *client = &clients[events[i].data.u32];
            receive(client);
            if (done == warm) {
                start_ns = now_ns();
            }
            if (done >= warm) {
                taken_ns[done - warm] = now_ns() - client->sent_ns;
            }
            send_next(client);
        }
    }
    return start_ns;
}

static int
by_size(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a;
    int64_t second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

int
main(int argc, char **argv)
{
    int port = argc == 4 ? atoi(argv[1]) : 0;
    int connections = argc == 4 ? atoi(argv[2]) : 0;
    int64_t total = argc == 4 ? atoll(argv[3]) : 0;
    if (port <= 0 || connections <= 0 || total < 10) {
        fputs("usage: echo_client PORT CONNECTIONS MESSAGES\n", stderr);
        return 2;
    }
    int64_t measured = total - total / 10;
    clients = calloc((size_t)connections, sizeof(*clients));
    taken_ns = calloc((size_t)measured, sizeof(*taken_ns));
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (clients == NULL || taken_ns == NULL || poller < 0) {
        give_up("cannot begin");
    }
    for (int i = 0; i < connections; i++) {
        connect_one(&clients[i], (uint32_t)i, port);
    }
    for (int i = 0; i < connections; i++) {
        send_next(&clients[i]);
    }
    int64_t start_ns = run(total);
    double took_ms = (double)(now_ns() - start_ns) / 1e6;
    qsort(taken_ns, (size_t)measured, sizeof(*taken_ns), by_size);
    int64_t median_ns = taken_ns[measured / 2];
    int64_t late_ns = taken_ns[measured - measured / 100 - 1];
    printf("%.1f %.1f %.1f\n", (double)measured / took_ms,
           (double)median_ns / 1e3, (double)late_ns / 1e3);
    free(clients);
    free(taken_ns);
    return EXIT_SUCCESS;
}
