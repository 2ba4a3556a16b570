#include "labs/runtime/connection.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil_release.h"
#include "labs/runtime/serialize.h"

static const char GONE[] = "got end of file during message";

static int
system_error(void)
{
    return rt_error_set(RT_ERROR_OS, "[Errno %d] %s", errno, strerror(errno));
}

int
rt_pipe(bool duplex, struct rt_connection ends[2])
{
    int files[2];
    // Sockets in both cases: of them a send() to nobody is an error, not a
    // signal.
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, files) != 0) {
        return system_error();
    }
    ends[0] = (struct rt_connection){files[0], true, duplex};
    ends[1] = (struct rt_connection){files[1], duplex, true};
    if (!duplex) {
        shutdown(files[0], SHUT_WR);
        shutdown(files[1], SHUT_RD);
    }
    return 0;
}

void
rt_connection_close(struct rt_connection *connection)
{
    if (connection->file >= 0) {
        close(connection->file);
        connection->file = -1;
    }
}

static int
check(const struct rt_connection *connection, bool to_read)
{
    if (connection->file < 0) {
        return rt_error_set(RT_ERROR_OS, "handle is closed");
    }
    if (to_read && !connection->is_readable) {
        return rt_error_set(RT_ERROR_OS, "connection is write-only");
    }
    if (!to_read && !connection->is_writable) {
        return rt_error_set(RT_ERROR_OS, "connection is read-only");
    }
    return 0;
}

// --- sending ---------------------------------------------------------------

static int
send_all(int file, const void *bytes, size_t size)
{
    const char *at = bytes;
    bool held = rt_gil_release_begin();
    ssize_t sent = 0;
    while (size > 0 && (sent >= 0 || errno == EINTR)) {
        sent = send(file, at, size, MSG_NOSIGNAL);
        if (sent > 0) {
            at += sent;
            size -= (size_t)sent;
        }
    }
    rt_gil_release_end(held);
    return size > 0 ? system_error() : 0;
}

int
rt_connection_send_bytes(const struct rt_connection *connection,
                         const void *bytes, size_t size)
{
    struct __attribute__((packed)) {
        uint32_t small;
        uint64_t large;
    } header = {.large = htobe64(size)};
    bool is_large = size > INT32_MAX;
    header.small = htobe32(is_large ? UINT32_MAX : (uint32_t)size);
    if (check(connection, false) != 0 ||
        send_all(connection->file, &header,
                 is_large ? sizeof(header) : sizeof(header.small)) != 0) {
        return -1;
    }
    return send_all(connection->file, bytes, size);
}

int
rt_connection_send(const struct rt_connection *connection,
                   struct rt_object *object)
{
    struct rt_object *bytes = rt_serialize(object);
    if (bytes == NULL) {
        return -1;
    }
    int result = rt_connection_send_bytes(connection, rt_bytes_data(bytes),
                                          rt_bytes_size(bytes));
    rt_decref(bytes);
    return result;
}

// --- receiving -------------------------------------------------------------

/* All of it: 0. The end before the first byte: an EOF error, or within: an OS
 * error; is_inside says that a part of the message has been read before. */
static int
receive_all(int file, void *bytes, size_t size, bool is_inside)
{
    size_t done = 0;
    ssize_t got = 1;
    bool held = rt_gil_release_begin();
    while (done < size && (got > 0 || (got < 0 && errno == EINTR))) {
        got = recv(file, (char *)bytes + done, size - done, 0);
        done += got > 0 ? (size_t)got : 0;
    }
    rt_gil_release_end(held);
    if (done == size) {
        return 0;
    }
    // Who is gone with something unread resets the connection.
    if (got < 0 && errno != ECONNRESET) {
        return system_error();
    }
    return is_inside || done > 0 ? rt_error_set(RT_ERROR_OS, GONE)
                                 : rt_error_set(RT_ERROR_EOF, "%s", "");
}

static int
receive_size(int file, uint64_t *size)
{
    uint32_t small = 0;
    if (receive_all(file, &small, sizeof(small), false) != 0) {
        return -1;
    }
    *size = be32toh(small);
    if (*size == UINT32_MAX) {
        uint64_t large = 0;
        if (receive_all(file, &large, sizeof(large), true) != 0) {
            return -1;
        }
        *size = be64toh(large);
    }
    return 0;
}

int
rt_connection_receive_bytes(struct rt_connection *connection, size_t most,
                            struct rt_object **bytes)
{
    uint64_t size = 0;
    if (check(connection, true) != 0 ||
        receive_size(connection->file, &size) != 0) {
        return -1;
    }
    if (size > most) {
        rt_connection_close(connection);
        return rt_error_set(RT_ERROR_VALUE,
                            "message of %llu bytes is too long",
                            (unsigned long long)size);
    }
    struct rt_object *made = rt_bytes_new(NULL, (size_t)size);
    if (made != NULL && receive_all(connection->file, rt_bytes_data(made),
                                    (size_t)size, true) != 0) {
        rt_clear(&made);
    }
    *bytes = made;
    return made != NULL ? 0 : -1;
}

int
rt_connection_receive(struct rt_connection *connection, size_t most,
                      const struct rt_class *const *classes,
                      size_t class_count, struct rt_object **object)
{
    struct rt_object *bytes = NULL;
    if (rt_connection_receive_bytes(connection, most, &bytes) != 0) {
        return -1;
    }
    int result = rt_deserialize(rt_bytes_data(bytes), rt_bytes_size(bytes),
                                classes, class_count, object);
    rt_decref(bytes);
    return result;
}

int
rt_connection_poll(const struct rt_connection *connection, int64_t timeout_us)
{
    if (check(connection, true) != 0) {
        return -1;
    }
    struct pollfd poll_for = {.fd = connection->file, .events = POLLIN};
    bool held = rt_gil_release_begin();
    int found = rt_deadline_poll(&poll_for, 1, timeout_us);
    rt_gil_release_end(held);
    return found < 0 ? system_error() : found > 0;
}
