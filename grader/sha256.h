/* SHA-256 (FIPS 180-4), to name a file's content. */
#ifndef GRADER_SHA256_H
#define GRADER_SHA256_H

#include <stddef.h>

/* The digest of length bytes as 64 hexadecimal digits and a terminator. */
void sha256_hex(const void *bytes, size_t length, char hex[65]);

#endif
