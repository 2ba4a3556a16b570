#include "tests/support/screen.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "labs/testing.h"
#include "quiz/core/width.h"

FILE *
screen_begin(struct screen *screen)
{
    *screen = (struct screen){0};
    screen->out = open_memstream(&screen->text, &screen->size);
    assert_non_null(screen->out);
    return screen->out;
}

/* The length of a style sequence at text ("\033[1;36m"), or 0. */
static size_t
style_length(const char *text)
{
    if (strncmp(text, "\033[", 2) != 0) {
        return 0;
    }
    size_t length = 2 + strspn(text + 2, "0123456789;");
    return text[length] == 'm' ? length + 1 : 0;
}

void
screen_end(struct screen *screen)
{
    fclose(screen->out);
    char *kept = screen->text;
    for (const char *at = screen->text; *at != '\0';) {
        size_t style = style_length(at);
        screen->styles += style > 0;
        at += style;
        if (style == 0) {
            *kept++ = *at++;
        }
    }
    *kept = '\0';
}

void
screen_release(struct screen *screen)
{
    free(screen->text);
    *screen = (struct screen){0};
}

static bool
may_be_printed(utf8proc_int32_t code, bool utf8)
{
    bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    bool turns = code == 0x200E || code == 0x200F || code == 0x61C ||
                 (code >= 0x2028 && code <= 0x202E) ||
                 (code >= 0x2066 && code <= 0x2069);
    return code == '\n' || (!control && !turns && (utf8 || code < 0x80));
}

void
screen_check(const struct screen *screen, int width, bool utf8,
             const char *from)
{
    for (const char *at = screen->text; *at != '\0';) {
        utf8proc_int32_t code = -1;
        utf8proc_ssize_t size =
            utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &code);
        if (size <= 0 || !may_be_printed(code, utf8)) {
            fail_msg("U+%04X at byte %d of\n%s\nfrom\n%s", (unsigned)code,
                     (int)(at - screen->text), screen->text, from);
        }
        at += size;
    }
    for (const char *line = screen->text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        char *copy = strndup(line, length);
        int columns = (int)width_of(copy);
        free(copy);
        if (columns > width) {
            fail_msg("%d columns of %d:\n%.*s\nfrom\n%s", columns, width,
                     (int)length, line, from);
        }
        line += length + (line[length] == '\n');
    }
}
