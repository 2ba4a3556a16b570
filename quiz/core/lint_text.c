#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "quiz/core/glossary.h"
#include "quiz/core/lint_rules.h"
#include "quiz/core/passage.h"
#include "quiz/core/prose.h"
#include "quiz/core/question.h"
#include "quiz/core/xalloc.h"

enum {
    ASK_WORDS_EN = 60,
    ASK_WORDS_RU = 55,
    SENTENCE_WORDS = 40,
    EXPLAIN_CHARACTERS = 80,
    SHOWN = 60 // bytes of a piece that a message shows
};

/* A passage with both its texts parted. */
struct reading {
    const struct linting *linting;
    const struct passage *passage;
    struct prose prose[LANG_COUNT];
};

/* Something to say about the text of one language. */
__attribute__((format(printf, 4, 5))) static void
say(const struct reading *reading, enum lint_rule rule, enum lang lang,
    const char *format, ...)
{
    char path[112];
    char *message = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0) {
        abort();
    }
    va_end(arguments);
    snprintf(path, sizeof(path), "%s.%s", reading->passage->path,
             lang_name(lang));
    lint_say(reading->linting, rule, path, "%s", message);
    free(message);
}

// --- sets of pieces --------------------------------------------------------

struct pieces {
    char **items;
    size_t count;
};

/* Steals piece. */
static void
add_piece(struct pieces *pieces, char *piece)
{
    for (size_t i = 0; i < pieces->count; i++) {
        if (strcmp(pieces->items[i], piece) == 0) {
            free(piece);
            return;
        }
    }
    pieces->items = xreallocarray(pieces->items, pieces->count + 1,
                                  sizeof(*pieces->items));
    pieces->items[pieces->count++] = piece;
}

static bool
has_piece(const struct pieces *pieces, const char *piece)
{
    bool found = false;
    for (size_t i = 0; !found && i < pieces->count; i++) {
        found = strcmp(pieces->items[i], piece) == 0;
    }
    return found;
}

static void
release_pieces(struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++) {
        free(pieces->items[i]);
    }
    free(pieces->items);
}

/* Says which pieces stand in one language alone. */
static void
compare_pieces(const struct reading *reading, enum lint_rule rule,
               const struct pieces pieces[LANG_COUNT])
{
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        const struct pieces *other = &pieces[LANG_COUNT - 1 - lang];
        for (size_t i = 0; i < pieces[lang].count; i++) {
            if (!has_piece(other, pieces[lang].items[i])) {
                say(reading, rule, (enum lang)lang,
                    rule == LINT_NUMBERS
                        ? tr("the number %.*s does not stand in '%s'")
                        : tr("the code `%.*s` does not stand in '%s'"),
                    SHOWN, pieces[lang].items[i],
                    lang_name((enum lang)(LANG_COUNT - 1 - lang)));
            }
        }
    }
}

// --- numbers ---------------------------------------------------------------

static bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t
digits(const char *at)
{
    return strspn(at, "0123456789");
}

/* The length of what parts groups of thousands here: a comma, a blank, a
 * no-break space, also a narrow one; 0 if three digits and no more do not
 * follow. */
static size_t
group_sign(const char *at)
{
    size_t length = *at == ',' || *at == ' '              ? 1
                    : strncmp(at, "\xC2\xA0", 2) == 0     ? 2
                    : strncmp(at, "\xE2\x80\xAF", 3) == 0 ? 3
                                                          : 0;
    return length > 0 && digits(at + length) == 3 ? length : 0;
}

/* Reads a number as it is written in either language into piece, without what
 * parts thousands and with a point. Returns what comes after it. */
static const char *
read_number(const char *at, struct text *piece)
{
    bool grouped = *at != '0' && digits(at) <= 3;
    text_add_bytes(piece, at, digits(at));
    at += digits(at);
    for (size_t sign = 0; grouped && (sign = group_sign(at)) > 0;) {
        text_add_bytes(piece, at + sign, 3);
        at += sign + 3;
    }
    while ((*at == '.' || *at == ',') && is_digit(at[1])) {
        text_add_char(piece, '.');
        text_add_bytes(piece, at + 1, digits(at + 1));
        at += 1 + digits(at + 1);
    }
    return at;
}

static struct pieces
numbers_of(const char *said)
{
    struct pieces numbers = {0};
    for (const char *at = said; *at != '\0';) {
        if (!is_digit(*at)) {
            at++;
            continue;
        }
        struct text piece = {0};
        at = read_number(at, &piece);
        add_piece(&numbers, text_steal(&piece));
    }
    return numbers;
}

static void
lint_numbers(const struct reading *reading)
{
    struct pieces numbers[LANG_COUNT];
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        numbers[lang] = numbers_of(text_string(&reading->prose[lang].said));
    }
    compare_pieces(reading, LINT_NUMBERS, numbers);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        release_pieces(&numbers[lang]);
    }
}

// --- code and names --------------------------------------------------------

static void
lint_code_spans(const struct reading *reading)
{
    struct pieces codes[LANG_COUNT] = {{0}};
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        const struct prose *prose = &reading->prose[lang];
        for (size_t i = 0; i < prose->code_count; i++) {
            add_piece(&codes[lang], xstrdup(prose->codes[i]));
        }
    }
    compare_pieces(reading, LINT_CODE_SPANS, codes);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        release_pieces(&codes[lang]);
    }
}

/* CPython, ob_refcnt, GIL: no ordinary word. */
static bool
is_name(const char *word, size_t length)
{
    bool inner = false;
    for (size_t i = 0; i < length; i++) {
        inner |= word[i] == '_' || (i > 0 && isupper((unsigned char)word[i]));
    }
    return inner;
}

static bool
is_word_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_';
}

/* The next Latin word from at on, and its length; NULL at the end. */
static const char *
next_word(const char *at, size_t *length)
{
    while (*at != '\0' && !isalpha((unsigned char)*at) && *at != '_') {
        at++;
    }
    size_t end = 0;
    while (is_word_byte(at[end])) {
        end++;
    }
    *length = end;
    return end > 0 ? at : NULL;
}

static bool
holds_ignoring_case(const char *text, const char *word, size_t length)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (strncasecmp(at, word, length) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the glossary has a word of its own for it in the other language. */
static bool
is_translated(const struct reading *reading, const char *word)
{
    const struct glossary *glossary = reading->linting->context->glossary;
    return glossary != NULL && glossary_find(glossary, word) != NULL;
}

/* Names of the English text must stand in the Russian one, and Latin words of
 * the Russian one must come from the English one. */
static void
lint_names(const struct reading *reading)
{
    struct pieces told = {0};
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        enum lang other = (enum lang)(LANG_COUNT - 1 - lang);
        const char *there = reading->passage->text.in[other];
        size_t length = 0;
        const char *at = text_string(&reading->prose[lang].said);
        while ((at = next_word(at, &length)) != NULL) {
            // CPUs and PEPs are names in the plural.
            size_t bare = length > 2 && at[length - 1] == 's' &&
                                  isupper((unsigned char)at[length - 2])
                              ? length - 1
                              : length;
            char *word = xstrndup(at, bare);
            at += length;
            bool asked = lang == LANG_EN ? is_name(word, bare) : bare >= 2;
            if (asked && !has_piece(&told, word) &&
                !holds_ignoring_case(there, word, bare) &&
                !is_translated(reading, word)) {
                say(reading, LINT_NAMES, (enum lang)lang,
                    tr("'%.*s' does not stand in '%s'"), SHOWN, word,
                    lang_name(other));
                add_piece(&told, xstrdup(word));
            }
            free(word);
        }
    }
    release_pieces(&told);
}

// --- letters and signs -----------------------------------------------------

static bool
is_cyrillic(utf8proc_int32_t code)
{
    return code >= 0x400 && code <= 0x4FF;
}

static utf8proc_int32_t
next_code(const char **at)
{
    utf8proc_int32_t code = 0;
    utf8proc_ssize_t size =
        utf8proc_iterate((const utf8proc_uint8_t *)*at, -1, &code);
    *at += size > 0 ? size : 1;
    return size > 0 ? code : 0xFFFD;
}

/* How many letters of each script. */
static void
count_scripts(const char *said, size_t *latin, size_t *cyrillic)
{
    *latin = *cyrillic = 0;
    for (const char *at = said; *at != '\0';) {
        utf8proc_int32_t code = next_code(&at);
        *latin += code < 0x80 && isalpha(code) != 0;
        *cyrillic += is_cyrillic(code);
    }
}

static void
lint_script(const struct reading *reading)
{
    size_t latin = 0;
    size_t cyrillic = 0;
    count_scripts(text_string(&reading->prose[LANG_EN].said), &latin,
                  &cyrillic);
    if (cyrillic > 0) {
        say(reading, LINT_SCRIPT, LANG_EN, "%s",
            tr("Russian letters in the English text"));
    }
    const struct prose *russian = &reading->prose[LANG_RU];
    count_scripts(text_string(&russian->said), &latin, &cyrillic);
    if (cyrillic == 0 && prose_words(russian) - russian->code_count >= 3 &&
        latin > 0) {
        say(reading, LINT_SCRIPT, LANG_RU, "%s",
            tr("no Russian letter in the Russian text"));
    }
}

/* Within a line: what is set in, or ends in blanks, is Markdown's matter. */
static bool
has_two_blanks(const char *said)
{
    for (const char *at = said; (at = strstr(at, "  ")) != NULL;) {
        size_t blanks = strspn(at, " ");
        if (at > said && at[-1] != '\n' && at[blanks] != '\n' &&
            at[blanks] != '\0') {
            return true;
        }
        at += blanks;
    }
    return false;
}

static void
lint_signs(const struct reading *reading, enum lang lang)
{
    const char *said = text_string(&reading->prose[lang].said);
    if (has_two_blanks(said)) {
        say(reading, LINT_SPACES, lang, "%s", tr("two blanks in a row"));
    }
    if (strstr(said, " - ") != NULL) {
        say(reading, LINT_DASH, lang, "%s",
            tr("a hyphen between blanks: write a dash (—)"));
    }
    if (lang == LANG_RU && strpbrk(said, "\"") != NULL) {
        say(reading, LINT_QUOTES, lang, "%s",
            tr("\" in Russian: write « and »"));
    }
    if (lang == LANG_EN && (strstr(said, "«") || strstr(said, "»"))) {
        say(reading, LINT_QUOTES, lang, "%s", tr("« in English: write \""));
    }
}

/* Words that are written with ё, as they look without; a star stands for any
 * ending. */
static const char *const WITHOUT_YO[] = {
    "берет*",      "введенн*",     "ведет*",
    "вел",         "вернет*",      "включен",
    "включенн*",   "возьмет*",     "войдет",
    "вошел",       "встает*",      "выведенн*",
    "выдает*",     "дает*",        "дешевая",
    "дешево",      "дешевое",      "дешевые",
    "дешевый",     "дешевых",      "днем",
    "дойдет",      "ее",           "еще",
    "ждет*",       "живет",        "заберет*",
    "заведен",     "завел",        "завершен",
    "завершенн*",  "задает*",      "зайдет*",
    "займет*",     "закрепленн*",  "заменен",
    "замененн*",   "занесен",      "запрещен",
    "запрещенн*",  "зачет",        "идет",
    "изменен",     "измененн*",    "изобретенн*",
    "легкая",      "легкие",       "легкий",
    "легких",      "легкое",       "легкой",
    "мое",         "моем",         "надежн*",
    "назовет*",    "найдет*",      "насчет",
    "начнет*",     "нашел",        "нее",
    "несет*",      "обновлен",     "обновленн*",
    "объединенн*", "объем",        "объема",
    "объеме",      "объемов",      "объемом",
    "объему",      "объемы",       "определен",
    "определенн*", "освобожден",   "освобожденн*",
    "остается",    "отведенн*",    "отдает*",
    "отключен",    "отключенн*",   "отменен",
    "отмененн*",   "отсоединенн*", "отсчет*",
    "отчет*",      "передает*",    "перенесет*",
    "пересчет*",   "подключен",    "подключенн*",
    "подсчет*",    "пойдет",       "поймет*",
    "попадет*",    "порожденн*",   "пошлет*",
    "приведен",    "приведенн*",   "приведет*",
    "привел",      "придет*",      "прикрепленн*",
    "применен",    "примененн*",   "причем",
    "пришел",      "произойдет",   "произошел",
    "пройдет",     "прочтет*",     "прошел",
    "путем",       "разделен",     "разделенн*",
    "разрешен",    "разрешенн*",   "распределенн*",
    "растет*",     "расчет*",      "сведенн*",
    "свое",        "своем",        "соединен",
    "соединенн*",  "создает*",     "сохранен",
    "сохраненн*",  "сочтет*",      "счет",
    "счете",       "счетом",       "счетчик*",
    "твое",        "твоем",        "трех",
    "тяжелая",     "тяжелое",      "тяжелые",
    "тяжелый",     "тяжелых",      "удален",
    "удаленн*",    "уйдет*",       "умрет*",
    "упадет*",     "учет",         "учета",
    "учете",       "учетом",       "учету",
    "учтен",       "учтенн*",      "учтет*",
    "ушел",        "четк*",        "четырех",
    "шел"};

static bool
lacks_yo(const char *word)
{
    for (size_t i = 0; i < sizeof(WITHOUT_YO) / sizeof(*WITHOUT_YO); i++) {
        size_t length = strlen(WITHOUT_YO[i]);
        bool prefix = WITHOUT_YO[i][length - 1] == '*';
        if (prefix ? strncmp(word, WITHOUT_YO[i], length - 1) == 0
                   : strcmp(word, WITHOUT_YO[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void
add_code(struct text *text, utf8proc_int32_t code)
{
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t size = utf8proc_encode_char(code, bytes);
    text_add_bytes(text, (const char *)bytes, (size_t)size);
}

/* ё where the dictionary has it. */
static void
lint_yo(const struct reading *reading)
{
    struct text word = {0};
    for (const char *at = text_string(&reading->prose[LANG_RU].said);;) {
        utf8proc_int32_t code = *at != '\0' ? next_code(&at) : 0;
        if (is_cyrillic(code)) {
            add_code(&word, utf8proc_tolower(code));
            continue;
        }
        if (word.length > 0 && lacks_yo(word.bytes)) {
            say(reading, LINT_YO, LANG_RU, tr("'%.*s' lacks its ё"), SHOWN,
                word.bytes);
        }
        text_truncate(&word, 0);
        if (code == 0) {
            break;
        }
    }
    text_release(&word);
}

// --- terms, length ---------------------------------------------------------

static void
lint_terms(const struct reading *reading, enum lang lang)
{
    const struct glossary *glossary = reading->linting->context->glossary;
    const struct term *term = NULL;
    const char *form =
        glossary == NULL
            ? NULL
            : glossary_avoided(glossary, lang,
                               text_string(&reading->prose[lang].said), &term);
    if (form != NULL) {
        say(reading, LINT_TERM, lang, tr("not '%s' but '%s' is our word"),
            form, term->name.in[lang]);
    }
}

static void
lint_length(const struct reading *reading, enum lang lang)
{
    const struct prose *prose = &reading->prose[lang];
    size_t words = prose_words(prose);
    size_t limit = lang == LANG_EN ? ASK_WORDS_EN : ASK_WORDS_RU;
    if (reading->passage->role == PASSAGE_ASK && words > limit) {
        say(reading, LINT_LONG, lang,
            tr("the question has %zu words, at most %zu are easy to take in"),
            words, limit);
    }
    words = prose_longest_sentence(prose);
    if (reading->passage->role != PASSAGE_RUBRIC && words > SENTENCE_WORDS) {
        say(reading, LINT_LONG, lang, tr("a sentence of %zu words"), words);
    }
}

static void
lint_passage(const struct passage *passage, void *data)
{
    struct reading reading = {.linting = data, .passage = passage};
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        prose_init(&reading.prose[lang], passage->text.in[lang]);
    }
    lint_numbers(&reading);
    lint_code_spans(&reading);
    lint_names(&reading);
    lint_script(&reading);
    lint_yo(&reading);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        lint_signs(&reading, (enum lang)lang);
        lint_terms(&reading, (enum lang)lang);
        lint_length(&reading, (enum lang)lang);
        prose_release(&reading.prose[lang]);
    }
}

// --- the question's texts together -----------------------------------------

static size_t
characters(const char *text)
{
    size_t count = 0;
    for (const char *at = text; *at != '\0'; at++) {
        count += ((unsigned char)*at & 0xC0) != 0x80;
    }
    return count;
}

static void
lint_explanation(const struct linting *linting)
{
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        const char *text = linting->question->explain.in[lang];
        size_t length = characters(text);
        if (length < EXPLAIN_CHARACTERS) {
            lint_say(linting, LINT_EXPLAIN_SHORT,
                     lang == LANG_EN ? "explain.en" : "explain.ru",
                     tr("an explanation of %zu characters, at least %d say "
                        "why"),
                     length, EXPLAIN_CHARACTERS);
        }
    }
}

/* The translation is of another original than the one that stands there. */
static void
lint_stale(const struct linting *linting)
{
    const struct question *question = linting->question;
    const char *from = question->translated_from;
    enum lang lang = LANG_EN;
    char hash[PASSAGE_HASH_BYTES];
    if (from == NULL || strchr(from, '-') == NULL) {
        return;
    }
    char *name = xstrndup(from, strcspn(from, "-"));
    bool known = lang_from_name(name, &lang) == 0;
    free(name);
    passage_hash(question, lang, hash);
    if (known && strcmp(strchr(from, '-') + 1, hash) != 0) {
        lint_say(linting, LINT_STALE, "translated_from",
                 tr("the text '%s' has changed since it was translated; when "
                    "the translation fits again, write %s-%s"),
                 lang_name(lang), lang_name(lang), hash);
    }
}

static void
lint_code(const struct linting *linting, const char *path, const char *code,
          size_t most_lines)
{
    enum {
        COLUMNS = 76
    };
    size_t lines = 0;
    for (const char *at = code; at != NULL;) {
        size_t length = strcspn(at, "\n");
        char *line = xstrndup(at, length);
        lines++;
        if (characters(line) > COLUMNS) {
            lint_say(linting, LINT_CODE, path,
                     tr("line %zu of the code is longer than %d columns"),
                     lines, COLUMNS);
        }
        free(line);
        at = at[length] == '\n' ? at + length + 1 : NULL;
    }
    if (lines > most_lines) {
        lint_say(linting, LINT_CODE, path,
                 tr("%zu lines of code, at most %zu are easy to read"), lines,
                 most_lines);
    }
}

void
lint_texts(const struct linting *linting)
{
    enum {
        CODE_LINES = 15,
        PROOF_LINES = 25
    };
    const struct question *question = linting->question;
    struct linting own = *linting;
    passage_each(question, lint_passage, &own);
    lint_explanation(linting);
    lint_stale(linting);
    if (question->code != NULL) {
        lint_code(linting, "code", question->code, CODE_LINES);
    }
    if (question->proof.code != NULL) {
        lint_code(linting, "proof.code", question->proof.code, PROOF_LINES);
    }
}
