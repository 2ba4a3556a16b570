#include "labs/runtime/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "labs/runtime/bytes.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil_release.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_executor.h"

enum {
    MOST_PORT = 65535,
    HOST_BYTES = 256
};

size_t
rt_address_count(const struct rt_object *addresses)
{
    return rt_bytes_size(addresses) / sizeof(struct rt_address);
}

const struct rt_address *
rt_address_at(struct rt_object *addresses, size_t index)
{
    return (const struct rt_address *)(const void *)rt_bytes_data(addresses) +
           index;
}

// --- numbers and paths -----------------------------------------------------

/* Whether it is a number. */
static bool
read_number(const char *host, int port, struct rt_address *address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)&address->name;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->name;
    *address = (struct rt_address){0};
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        address->size = sizeof(*four);
        return true;
    }
    if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        address->size = sizeof(*six);
        return true;
    }
    return false;
}

static int
check_port(int port)
{
    return port < 0 || port > MOST_PORT
               ? rt_error_set(RT_ERROR_VALUE, "port must be 0-65535.")
               : 0;
}

struct rt_object *
rt_address_of_number(const char *host, int port)
{
    struct rt_address address;
    if (check_port(port) != 0) {
        return NULL;
    }
    if (!read_number(host, port, &address)) {
        rt_error_set(RT_ERROR_VALUE, "'%.80s' is not the number of a host",
                     host);
        return NULL;
    }
    return rt_bytes_new(&address, sizeof(address));
}

struct rt_object *
rt_address_of_path(const char *path)
{
    struct rt_address address = {.size = sizeof(struct sockaddr_un)};
    struct sockaddr_un *local = (struct sockaddr_un *)&address.name;
    if (path[0] == '\0' || strlen(path) >= sizeof(local->sun_path)) {
        rt_error_set(RT_ERROR_VALUE, "AF_UNIX path is empty or too long");
        return NULL;
    }
    local->sun_family = AF_UNIX;
    snprintf(local->sun_path, sizeof(local->sun_path), "%s", path);
    return rt_bytes_new(&address, sizeof(address));
}

void
rt_address_print(const struct rt_address *address, char *text, size_t size)
{
    const struct sockaddr_in *four = (const void *)&address->name;
    const struct sockaddr_in6 *six = (const void *)&address->name;
    const struct sockaddr_un *local = (const void *)&address->name;
    char host[INET6_ADDRSTRLEN];
    switch (address->name.ss_family) {
    case AF_INET:
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
        snprintf(text, size, "('%s', %d)", host, ntohs(four->sin_port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
        snprintf(text, size, "('%s', %d, %u, %u)", host, ntohs(six->sin6_port),
                 ntohl(six->sin6_flowinfo), six->sin6_scope_id);
        break;
    default:
        snprintf(text, size, "'%s'", local->sun_path);
        break;
    }
}

// --- names -----------------------------------------------------------------

/* What a thread is asked. */
struct question {
    int port;
    char host[HOST_BYTES];
};

static struct rt_object *
copy_answers(const struct addrinfo *first, int port)
{
    size_t count = 0;
    for (const struct addrinfo *at = first; at != NULL; at = at->ai_next) {
        count++;
    }
    struct rt_object *addresses =
        rt_bytes_new(NULL, count * sizeof(struct rt_address));
    if (addresses == NULL) {
        return NULL;
    }
    memset(rt_bytes_data(addresses), 0, rt_bytes_size(addresses));
    struct rt_address *address = (void *)rt_bytes_data(addresses);
    for (const struct addrinfo *at = first; at != NULL; at = at->ai_next) {
        memcpy(&address->name, at->ai_addr, at->ai_addrlen);
        address->size = at->ai_addrlen;
        // The port has the same place in both kinds.
        ((struct sockaddr_in *)&address->name)->sin_port =
            htons((uint16_t)port);
        address++;
    }
    return addresses;
}

static int
ask(struct rt_object *argument, struct rt_object **result)
{
    struct question question;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *answers = NULL;
    memcpy(&question, rt_bytes_data(argument), sizeof(question));
    bool held = rt_gil_release_begin();
    int status = getaddrinfo(question.host, NULL, &hints, &answers);
    rt_gil_release_end(held);
    if (status != 0) {
        return rt_error_set(RT_ERROR_OS, "[Errno %d] %s", status,
                            gai_strerror(status));
    }
    *result = copy_answers(answers, question.port);
    freeaddrinfo(answers);
    return *result != NULL ? 0 : -1;
}

struct resolve {
    struct rt_coroutine frame;
    struct question question;
};

static struct rt_object *
ask_in_thread(const struct resolve *my)
{
    struct rt_object *question =
        rt_bytes_new(&my->question, sizeof(my->question));
    if (question == NULL) {
        return NULL;
    }
    struct rt_object *future =
        rt_loop_run_in_executor(rt_loop_running(), NULL, ask, question);
    rt_decref(question);
    return future;
}

static enum rt_sent
resolve_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    const struct resolve *my = (struct resolve *)frame;
    struct rt_address address;
    RT_BEGIN;
    if (check_port(my->question.port) != 0) {
        RT_FAIL;
    }
    if (read_number(my->question.host, my->question.port, &address)) {
        *result = rt_bytes_new(&address, sizeof(address));
        return *result != NULL ? RT_SENT_RETURN : RT_SENT_ERROR;
    }
    RT_AWAIT(ask_in_thread(my));
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_RETURN(rt_new_ref(sent));
    RT_END;
}

struct rt_object *
rt_address_resolve(const char *host, int port)
{
    static const struct rt_code CODE =
        RT_COROUTINE("resolve", struct resolve, 0, resolve_body);
    if (strlen(host) >= HOST_BYTES) {
        rt_error_set(RT_ERROR_VALUE, "the name of a host is too long");
        return NULL;
    }
    struct resolve *my = rt_coroutine_new(&CODE);
    if (my == NULL) {
        return NULL;
    }
    my->question.port = port;
    snprintf(my->question.host, sizeof(my->question.host), "%s", host);
    return &my->frame.head;
}
