#include "quiz/core/tokens.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "quiz/core/arena.h"
#include "quiz/core/text.h"
#include "quiz/core/words.h"
#include "quiz/core/xalloc.h"

// --- word lists ------------------------------------------------------------

static const char *const CLAUSE_WORDS[] = {
    "but",      "however", "while", "whereas", "so",     "because",
    "although", "но",      "а",     "зато",    "однако", "поэтому",
    "хотя",     "потому",  "иначе", NULL};
static const char *const NEGATING[] = {
    "not",      "no",       "never",   "without", "cannot",    "neither",
    "nor",      "rather",   "instead", "don't",   "doesn't",   "isn't",
    "aren't",   "can't",    "won't",   "didn't",  "wasn't",    "weren't",
    "couldn't", "wouldn't", "hasn't",  "haven't", "shouldn't", "dont",
    "doesnt",   "isnt",     "cant",    "wont",    "не",        "нет",
    "без",      "нельзя",   "вместо",  NULL};
static const char *const NEGATING_ALSO[] = {
    "ни",      "никогда",  "никто",   "ничто",   "ничего", "никак",
    "никакой", "никакого", "никакие", "никаких", NULL};
static const char *const DENYING[] = {"false",       "myth",     "wrong",
                                      "untrue",      "неверно",  "миф",
                                      "заблуждение", "неправда", NULL};
/* Two words in a row that only look like a negation. */
static const char *const PSEUDO[][2] = {
    {"not", "only"},    {"no", "longer"}, {"not", "just"},  {"no", "matter"},
    {"nothing", "but"}, {"no", "wonder"}, {"не", "только"}, {"не", "просто"},
    {"не", "зря"},      {"почти", "не"},  {"не", "столько"}};
static const char *const FUNCTION_WORDS[] = {
    "a",        "an",    "the",     "is",      "are",     "was",
    "were",     "be",    "been",    "being",   "am",      "do",
    "does",     "did",   "has",     "have",    "had",     "can",
    "could",    "will",  "would",   "may",     "might",   "must",
    "should",   "of",    "in",      "on",      "at",      "to",
    "from",     "by",    "with",    "for",     "as",      "into",
    "through",  "about", "and",     "or",      "but",     "so",
    "if",       "when",  "while",   "that",    "which",   "who",
    "what",     "it",    "its",     "this",    "these",   "those",
    "they",     "their", "them",    "you",     "your",    "we",
    "i",        "he",    "one",     "there",   "then",    "than",
    "because",  "only",  "also",    "not",     "no",      "up",
    "out",      "until", "where",   "how",     "all",     "each",
    "every",    "и",     "в",       "во",      "на",      "с",
    "со",       "к",     "ко",      "у",       "о",       "об",
    "от",       "до",    "из",      "за",      "по",      "при",
    "для",      "без",   "через",   "под",     "над",     "не",
    "ни",       "но",    "а",       "или",     "что",     "чтобы",
    "как",      "когда", "если",    "то",      "это",     "этот",
    "эта",      "эти",   "того",    "он",      "она",     "оно",
    "они",      "его",   "ее",      "их",      "им",      "мы",
    "вы",       "я",     "же",      "ли",      "бы",      "есть",
    "был",      "была",  "было",    "были",    "будет",   "быть",
    "может",    "можно", "нужно",   "так",     "там",     "тут",
    "уже",      "еще",   "только",  "также",   "потому",  "поэтому",
    "пока",     "где",   "который", "которая", "которые", "который",
    "которого", "все",   "каждый",  "нет",     "да",      "сам",
    "себя",     "свой",  "хотя",    "раз",     "ведь",    "между",
    NULL};
/* Spellings of one term, and forms that the stemmers keep apart; the right
 * column is the usual one. */
static const char *const SPELLINGS[][2] = {
    {"гил", "gil"},
    {"гила", "gil"},
    {"гилом", "gil"},
    {"джил", "gil"},
    {"рефкаунт", "refcount"},
    {"лок", "lock"},
    {"лока", "lock"},
    {"мьютекс", "lock"},
    {"тред", "thread"},
    {"треды", "thread"},
    {"тредов", "thread"},
    {"таск", "task"},
    {"таски", "task"},
    {"таска", "task"},
    {"луп", "loop"},
    {"дедлок", "deadlock"},
    {"пайп", "pipe"},
    {"пикл", "pickle"},
    {"корутина", "coroutine"},
    {"корутины", "coroutine"},
    {"сопрограмма", "coroutine"},
    {"сопрограммы", "coroutine"},
    {"хеш", "hash"},
    {"хэш", "hash"},
    {"кэш", "cache"},
    {"кеш", "cache"},
    {"кэша", "кеш"},
    {"кэше", "кеш"},
    {"freed", "free"},
    {"frees", "free"},
    {"froze", "freeze"},
    {"frozen", "freeze"},
    {"ran", "run"},
    {"held", "hold"},
    {"kept", "keep"},
    {"took", "take"},
    {"taken", "take"},
    {"gave", "give"},
    {"given", "give"},
    {"died", "die"},
    {"dies", "die"},
    {"dying", "die"},
    {"dead", "die"},
    {"became", "become"},
    {"becomes", "become"},
    {"fell", "fall"},
    {"falls", "fall"},
    {"went", "go"},
    {"goes", "go"},
    {"gone", "go"},
    {"lost", "lose"},
    {"left", "leave"},
    {"made", "make"},
    {"found", "find"},
    {"saw", "see"},
    {"seen", "see"},
    {"sent", "send"},
    {"wrote", "write"},
    {"written", "write"},
    {"broke", "break"},
    {"broken", "break"},
    {"chosen", "choose"},
    {"threw", "throw"},
    {"meant", "mean"},
    {"referenced", "reference"},
    {"referencing", "reference"},
    {"память", "памяти"},
    {"памятью", "памяти"},
    {"ссылок", "ссылка"},
    {"ссылки", "ссылка"},
    {"ссылку", "ссылка"},
    {"ссылке", "ссылка"},
    {"потоков", "поток"},
    {"memories", "memory"},
    {"indices", "index"},
    {"умер", "умирает"},
    {"умрет", "умирает"},
    {"шел", "идет"},
};

static bool
is_listed(const char *const *list, const char *word)
{
    for (; *list != NULL; list++) {
        if (strcmp(*list, word) == 0) {
            return true;
        }
    }
    return false;
}

// --- keys ------------------------------------------------------------------

bool
token_has_key(const struct token *token, const char *key)
{
    for (int i = 0; i < TOKEN_KEYS && token->keys[i] != NULL; i++) {
        if (strcmp(token->keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

void
token_add_key(struct token *token, const char *key)
{
    int count = 0;
    while (count < TOKEN_KEYS && token->keys[count] != NULL) {
        if (strcmp(token->keys[count], key) == 0) {
            return;
        }
        count++;
    }
    if (count < TOKEN_KEYS) {
        token->keys[count] = key;
    }
}

static void
add_word_and_stem(struct arena *arena, struct token *token, const char *word)
{
    char stem[128];
    token_add_key(token, word);
    words_stem(word, stem, sizeof(stem));
    token_add_key(token, arena_string(arena, stem, strlen(stem)));
    for (size_t i = 0; i < sizeof(SPELLINGS) / sizeof(*SPELLINGS); i++) {
        if (strcmp(SPELLINGS[i][0], word) == 0) {
            words_stem(SPELLINGS[i][1], stem, sizeof(stem));
            token_add_key(token, SPELLINGS[i][1]);
            token_add_key(token, arena_string(arena, stem, strlen(stem)));
        }
    }
}

static void
add_keys(struct arena *arena, struct token *token)
{
    add_word_and_stem(arena, token, token->word);
    // The parts of a compound: cpu-bound, и/или.
    if (strpbrk(token->word, "-/") == NULL || token->word[0] == '-') {
        return;
    }
    for (const char *at = token->word; *at != '\0';) {
        size_t length = strcspn(at, "-/");
        if (length > 0) {
            add_word_and_stem(arena, token, arena_string(arena, at, length));
        }
        at += length + (at[length] != '\0');
    }
}

// --- scanning --------------------------------------------------------------

struct scanner {
    struct arena *arena;
    const char *text;
    size_t length, at;
    struct token *items;
    size_t count, capacity;
    int sentence, clause, relations;
};

/* The code point at a place (U+FFFD for a broken byte, 0 at the end) and its
 * size. */
static utf8proc_int32_t
code_at(const struct scanner *scanner, size_t at, size_t *size)
{
    utf8proc_int32_t code = 0;
    *size = 0;
    if (at >= scanner->length) {
        return 0;
    }
    utf8proc_ssize_t got =
        utf8proc_iterate((const utf8proc_uint8_t *)scanner->text + at,
                         (utf8proc_ssize_t)(scanner->length - at), &code);
    *size = got > 0 ? (size_t)got : 1;
    return got > 0 ? code : 0xFFFD;
}

static bool
is_word_code(utf8proc_int32_t code)
{
    if (code < 0x80) {
        return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
               (code >= 'A' && code <= 'Z') || code == '_';
    }
    utf8proc_category_t category = utf8proc_category(code);
    return category <= UTF8PROC_CATEGORY_NO && category != 0;
}

/* Signs that may stand inside a word between two word characters. */
static bool
joins(utf8proc_int32_t code)
{
    return code == '\'' || code == 0x2019 || code == '-' || code == 0x2010 ||
           code == 0x2011 || code == '/';
}

/* The end of the word that starts at the scanner's place. A point joins when
 * what follows is no new sentence: 3.13, gc.collect. */
static size_t
word_end(const struct scanner *scanner)
{
    size_t at = scanner->at;
    for (;;) {
        size_t size = 0;
        size_t next_size = 0;
        utf8proc_int32_t code = code_at(scanner, at, &size);
        utf8proc_int32_t next = code_at(scanner, at + size, &next_size);
        bool point = code == '.' && next < 0x80 && is_word_code(next) &&
                     !(next >= 'A' && next <= 'Z');
        if (is_word_code(code) ||
            ((point || joins(code)) && is_word_code(next))) {
            at += size;
            continue;
        }
        return at;
    }
}

static struct token *
add_token(struct scanner *scanner, size_t from, size_t to)
{
    if (scanner->count == scanner->capacity) {
        scanner->capacity = scanner->capacity * 2 + 64;
        scanner->items = xreallocarray(scanner->items, scanner->capacity,
                                       sizeof(*scanner->items));
    }
    char *folded = words_fold(scanner->text + from, to - from);
    struct token *token = &scanner->items[scanner->count++];
    *token = (struct token){
        .from = from,
        .to = to,
        .word = arena_string(scanner->arena, folded, strlen(folded)),
        .sentence = scanner->sentence,
        .clause = scanner->clause};
    free(folded);
    return token;
}

static void
scan_word(struct scanner *scanner)
{
    size_t from = scanner->at;
    size_t to = word_end(scanner);
    struct token *token = add_token(scanner, from, to);
    scanner->at = to;
    // A call is known by its name; O(1) by all of it.
    if (strncmp(scanner->text + to, "()", 2) == 0) {
        scanner->at = token->to = to + 2;
    }
    else if (strcmp(token->word, "o") == 0 && scanner->text[to] == '(') {
        size_t end = to;
        while (end < scanner->length && end < to + 12 &&
               scanner->text[end] != ')') {
            end++;
        }
        if (end < scanner->length && scanner->text[end] == ')') {
            scanner->count--;
            token = add_token(scanner, from, end + 1);
            scanner->at = end + 1;
        }
    }
    if (is_listed(CLAUSE_WORDS, token->word)) {
        token->clause = ++scanner->clause;
    }
}

/* +=, ==, ->, !=, =, ++: the signs that programmers read aloud. */
static bool
scan_operator(struct scanner *scanner)
{
    static const char SIGNS[] = "+-=<>!";
    size_t length = strspn(scanner->text + scanner->at, SIGNS);
    const char *sign = scanner->text + scanner->at;
    bool number = *sign == '-' && sign[1] >= '0' && sign[1] <= '9' &&
                  (scanner->at == 0 || strchr(" (\t\n", sign[-1]) != NULL);
    if (number) {
        size_t from = scanner->at++;
        size_t to = word_end(scanner);
        add_token(scanner, from, to);
        scanner->at = to;
        return true;
    }
    if (length == 0 || (length == 1 && *sign != '=' && *sign != '+') ||
        strspn(sign, "!") == length || strspn(sign, "-") >= length) {
        return false;
    }
    scanner->relations += *sign == '=' || *sign == '-';
    add_token(scanner, scanner->at, scanner->at + length);
    scanner->at += length;
    return true;
}

/* Whether a newline begins a new thought: an empty line, a list item, or a
 * line that starts like a sentence. */
static bool
newline_ends(const struct scanner *scanner)
{
    size_t at = scanner->at + 1;
    while (at < scanner->length && strchr(" \t\r", scanner->text[at])) {
        at++;
    }
    size_t size = 0;
    utf8proc_int32_t code = code_at(scanner, at, &size);
    if (code == 0 || code == '\n') {
        return true;
    }
    if (code < 0x80 && strchr("-*+#0123456789", (int)code) != NULL) {
        return true; // a list
    }
    return utf8proc_tolower(code) != code; // a capital letter
}

/* Whether the point here is one inside of a name: threading.Lock. The name
 * counts as two words, because "is run.The next" is often typed as well. */
static bool
is_in_name(const struct scanner *scanner)
{
    size_t at = scanner->at;
    char before = at > 0 ? scanner->text[at - 1] : ' ';
    char behind = scanner->text[at + 1];
    return ((before >= 'a' && before <= 'z') || before == '_') &&
           behind >= 'A' && behind <= 'Z';
}

static void
scan_sign(struct scanner *scanner)
{
    size_t size = 0;
    utf8proc_int32_t code = code_at(scanner, scanner->at, &size);
    switch (code) {
    case '\n':
        if (!newline_ends(scanner)) {
            break;
        }
        scanner->sentence++;
        scanner->clause++;
        break;
    case ';':
        scanner->relations++;
        scanner->sentence++;
        scanner->clause++;
        break;
    case '.':
        if (is_in_name(scanner)) {
            break;
        }
        scanner->sentence++;
        scanner->clause++;
        break;
    case '!':
    case '?':
    case 0x2026: // …
        scanner->sentence++;
        scanner->clause++;
        break;
    case ',':
    case ':':
    case '(':
    case ')':
    case '-':
    case 0x2013:
    case 0x2014:
        scanner->clause++;
        break;
    case 0x2192: // →
        scanner->relations++;
        break;
    default:
        break;
    }
    scanner->at += size;
}

// --- negation --------------------------------------------------------------

static bool
is_pseudo(const struct token *items, size_t i, size_t count)
{
    for (size_t p = 0; p < sizeof(PSEUDO) / sizeof(*PSEUDO); p++) {
        bool before = i + 1 < count &&
                      strcmp(items[i].word, PSEUDO[p][0]) == 0 &&
                      strcmp(items[i + 1].word, PSEUDO[p][1]) == 0;
        bool behind = i > 0 && strcmp(items[i - 1].word, PSEUDO[p][0]) == 0 &&
                      strcmp(items[i].word, PSEUDO[p][1]) == 0;
        if (before || behind) {
            return true;
        }
    }
    return false;
}

static void
mark_negations(struct token *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_pseudo(items, i, count)) {
            continue;
        }
        if (is_listed(NEGATING, items[i].word)) {
            items[i].negation = TOKEN_NEGATES;
        }
        else if (is_listed(NEGATING_ALSO, items[i].word)) {
            items[i].negation = TOKEN_NEGATES_ALSO;
        }
        else if (is_listed(DENYING, items[i].word)) {
            items[i].negation = TOKEN_DENIES_BEFORE;
        }
    }
}

struct tokens
tokens_of(struct arena *arena, const char *text, size_t length)
{
    // Scanned from a terminated copy, so that looking ahead is safe.
    struct scanner scanner = {.arena = arena,
                              .text = arena_string(arena, text, length),
                              .length = length};
    while (scanner.at < length) {
        size_t size = 0;
        utf8proc_int32_t code = code_at(&scanner, scanner.at, &size);
        if (is_word_code(code)) {
            scan_word(&scanner);
        }
        else if (!scan_operator(&scanner)) {
            scan_sign(&scanner);
        }
    }
    mark_negations(scanner.items, scanner.count);
    for (size_t i = 0; i < scanner.count; i++) {
        add_keys(arena, &scanner.items[i]);
        scanner.items[i].is_function =
            is_listed(FUNCTION_WORDS, scanner.items[i].word);
    }
    struct tokens tokens = {
        .items = arena_copy(arena, scanner.items,
                            scanner.count * sizeof(*scanner.items)),
        .count = scanner.count,
        .relations = scanner.relations};
    free(scanner.items);
    return tokens;
}
