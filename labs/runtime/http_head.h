/* HTTP head: what stands before the body of a message, and what it means.
 *
 * After RFC 9112. What comes over a connection may be damaged or hostile, so
 * all that is doubtful is refused with the line and the reason: two lengths
 * that differ, a length beside chunks, folded lines, control characters, a
 * space before a colon. Nothing is kept: slices point into the bytes. */
#ifndef LABS_RUNTIME_HTTP_HEAD_H
#define LABS_RUNTIME_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters of somebody else's. */
struct rt_slice {
    const char *at;
    size_t size;
};

struct rt_http_head {
    int status;                     // of a response, 100 to 599
    struct rt_slice method, target; // of a request
    struct rt_slice fields;         // all lines behind the first one
    int64_t length;                 // Content-Length; -1: none
    bool is_old;                    // HTTP/1.0
    bool is_chunked;
    bool is_last; // the connection ends behind this message
};

/* Reads the head of a response or of a request, with the empty line at its
 * end. 0, or -1 with a pending value error. */
int rt_http_read_response(struct rt_slice bytes, struct rt_http_head *head);
int rt_http_read_request(struct rt_slice bytes, struct rt_http_head *head);

/* The value of the first field of that name in any case; at NULL if there is
 * none. */
struct rt_slice rt_http_field(const struct rt_http_head *head,
                              const char *name);

/* The size of a chunk, out of its first line with the line feed. -1 with a
 * pending value error. */
int64_t rt_http_chunk_size(struct rt_slice line);

#endif
