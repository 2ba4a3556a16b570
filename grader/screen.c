#include "grader/screen.h"

#include <ctype.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "grader/language.h"

enum {
    REASON_BYTES = 4096, // after so much nobody reads on
    INLINE_LOOKS = 64    // at the source, for what it calls
};

struct object {
    const char *bytes;
    size_t length;
    const Elf64_Shdr *sections;
    size_t section_count;
    const char *names; // of the sections, terminated
    size_t names_length;
    const Elf64_Sym *symbols;
    size_t symbol_count;
    const char *strings; // of the symbols
    size_t strings_length;
};

/* The bytes of a section, or NULL if they lie outside of the file. */
static const char *
section_bytes(const struct object *object, size_t section)
{
    if (section >= object->section_count) {
        return NULL;
    }
    const Elf64_Shdr *header = &object->sections[section];
    return header->sh_type == SHT_NOBITS ||
                   header->sh_offset > object->length ||
                   header->sh_size > object->length - header->sh_offset ||
                   header->sh_offset % 8 != 0
               ? NULL
               : object->bytes + header->sh_offset;
}

/* A string table: its last byte is 0, so every string in it ends. */
static const char *
string_table(const struct object *object, size_t section, size_t *length)
{
    if (section >= object->section_count) {
        return NULL;
    }
    const Elf64_Shdr *header = &object->sections[section];
    if (header->sh_type != SHT_STRTAB || header->sh_size == 0 ||
        header->sh_offset > object->length ||
        header->sh_size > object->length - header->sh_offset) {
        return NULL;
    }
    const char *bytes = object->bytes + header->sh_offset;
    *length = header->sh_size;
    return bytes[header->sh_size - 1] == '\0' ? bytes : NULL;
}

static int
open_object(struct object *object, const struct buffer *file)
{
    const Elf64_Ehdr *header = (const void *)file->bytes;
    *object = (struct object){.bytes = file->bytes, .length = file->length};
    if (file->length < sizeof(*header) ||
        memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_shentsize != sizeof(Elf64_Shdr) ||
        header->e_shoff > file->length || header->e_shoff % 8 != 0 ||
        header->e_shnum >
            (file->length - header->e_shoff) / sizeof(Elf64_Shdr)) {
        return -1;
    }
    object->sections = (const void *)(file->bytes + header->e_shoff);
    object->section_count = header->e_shnum;
    object->names =
        string_table(object, header->e_shstrndx, &object->names_length);
    for (size_t i = 0; i < object->section_count; i++) {
        if (object->sections[i].sh_type == SHT_SYMTAB) {
            object->symbols = (const void *)section_bytes(object, i);
            object->symbol_count =
                object->sections[i].sh_size / sizeof(Elf64_Sym);
            object->strings = string_table(object, object->sections[i].sh_link,
                                           &object->strings_length);
        }
    }
    return object->names == NULL || object->symbols == NULL ||
                   object->strings == NULL
               ? -1
               : 0;
}

static const char *
symbol_name(const struct object *object, size_t symbol)
{
    size_t at = object->symbols[symbol].st_name;
    return at < object->strings_length ? object->strings + at : "";
}

static const char *
section_name(const struct object *object, size_t section)
{
    size_t at = object->sections[section].sh_name;
    return at < object->names_length ? object->names + at : "";
}

/* Code that would run before anybody calls the file's functions. */
static bool
runs_by_itself(const char *section)
{
    static const char *const SECTIONS[] = {
        ".init_array", ".fini_array", ".preinit_array", ".ctors",
        ".dtors",      ".init",       ".fini"};
    for (size_t i = 0; i < sizeof(SECTIONS) / sizeof(*SECTIONS); i++) {
        size_t length = strlen(SECTIONS[i]);
        if (strncmp(section, SECTIONS[i], length) == 0 &&
            (section[length] == '\0' || section[length] == '.')) {
            return true;
        }
    }
    return false;
}

/* What the compiler itself refers to, for what every C file may use. */
static bool
is_the_compilers(const char *name)
{
    static const char *const NAMES[] = {"_GLOBAL_OFFSET_TABLE_",
                                        "__stack_chk_fail", "__tls_get_addr"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What the compiler calls where the processor has no instruction: numbers of
 * 128 bits, complex ones, checked sums, counts of bits. These functions are
 * linked into the part (compile.c). */
static bool
is_a_helper(const char *name)
{
    static const char *const NAMES[] = {
        "absv",  "add",  "ashl",   "ashr",     "bswap",  "clrsb", "clz",
        "cmp",   "ctz",  "div",    "eq",       "extend", "ffs",   "fix",
        "float", "ge",   "gt",     "le",       "lshr",   "lt",    "mod",
        "mul",   "ne",   "parity", "popcount", "powi",   "sub",   "trunc",
        "ucmp",  "udiv", "umod",   "unord"};
    static const char *const MODES[] = {"si", "di", "ti", "hf", "sf",
                                        "df", "xf", "tf", "hc", "sc",
                                        "dc", "xc", "tc"};
    size_t length = strlen(name);
    bool is_one = false;
    // Atomics, and decimal numbers.
    if (strncmp(name, "__aarch64_", 10) == 0 ||
        strncmp(name, "__bid_", 6) == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES) && !is_one; i++) {
        is_one = strncmp(name, "__", 2) == 0 &&
                 strncmp(name + 2, NAMES[i], strlen(NAMES[i])) == 0;
    }
    // "__divmodti4", "__fixdfti": the mode, and how many operands
    length -= is_one && name[length - 1] >= '2' && name[length - 1] <= '4';
    for (size_t i = 0; i < sizeof(MODES) / sizeof(*MODES) && is_one; i++) {
        if (length > 4 && strncmp(name + length - 2, MODES[i], 2) == 0) {
            return true;
        }
    }
    return false;
}

/* What only a linker makes; in an object it would speak to the loader, or to
 * whoever reads the linker's messages. */
static bool
is_the_linkers(const char *section)
{
    static const char *const SECTIONS[] = {
        ".dynamic",      ".dynsym",        ".dynstr",      ".hash",
        ".gnu.hash",     ".gnu.version",   ".gnu.warning", ".gnu.linkonce",
        ".gnu.lto_",     ".interp",        ".got",         ".plt",
        ".rel.dyn",      ".rela.dyn",      ".rela.plt",    ".relr.",
        ".eh_frame_hdr", ".tm_clone_table"};
    for (size_t i = 0; i < sizeof(SECTIONS) / sizeof(*SECTIONS); i++) {
        if (strncmp(section, SECTIONS[i], strlen(SECTIONS[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* What keeps the books on the runtime's memory, and what gives memory that is
 * not in them. */
static bool
keeps_books(const char *name)
{
    static const char *const BEGINNINGS[] = {
        "rt_alloc_get",    "rt_alloc_set", "rt_alloc_fail_nth",
        "rt_allocator_",   "rt_arena_",    "rt_debug_",
        "rt_heap_",        "rt_huge_",     "rt_reftrace_start",
        "rt_reftrace_stop"};
    for (size_t i = 0; i < sizeof(BEGINNINGS) / sizeof(*BEGINNINGS); i++) {
        if (strncmp(name, BEGINNINGS[i], strlen(BEGINNINGS[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Under one of these names a function would be called by what the sanitizers
 * put into the file. */
static bool
is_a_sanitizers(const char *name)
{
    static const char *const BEGINNINGS[] = {"__asan_", "__ubsan_", "__lsan_",
                                             "__sanitizer_", "__interceptor_"};
    for (size_t i = 0; i < sizeof(BEGINNINGS) / sizeof(*BEGINNINGS); i++) {
        if (strncmp(name, BEGINNINGS[i], strlen(BEGINNINGS[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Adds a sentence with a name in the place of its "%s". */
static void
add_named(struct buffer *reason, const char *sentence, const char *name)
{
    struct buffer clean = {0};
    const char *place = strstr(sentence, "%s");
    buffer_add_clean(&clean, name, strlen(name), 80);
    buffer_add(reason, sentence, (size_t)(place - sentence));
    buffer_add(reason, buffer_string(&clean), clean.length);
    buffer_add(reason, place + 2, strlen(place + 2));
    buffer_add(reason, "\n", 1);
    buffer_release(&clean);
}

static void
find_forbidden_sections(const struct object *object, struct buffer *reason)
{
    for (size_t i = 0;
         i < object->section_count && reason->length < REASON_BYTES; i++) {
        unsigned type = object->sections[i].sh_type;
        const char *name = section_name(object, i);
        if (type == SHT_INIT_ARRAY || type == SHT_FINI_ARRAY ||
            type == SHT_PREINIT_ARRAY || runs_by_itself(name)) {
            buffer_format(reason, "%s\n",
                          say("code that runs by itself is not allowed "
                              "(constructors, destructors)"));
        }
        if (strcmp(name, ".note.GNU-stack") == 0 &&
            (object->sections[i].sh_flags & SHF_EXECINSTR) != 0) {
            buffer_format(
                reason, "%s\n",
                say("code on the stack does not run here: a function "
                    "inside of another one cannot be pointed to"));
        }
        if (is_the_linkers(name) || type == SHT_DYNAMIC ||
            type == SHT_DYNSYM) {
            add_named(reason, say("the section %s is the linker's own"), name);
        }
    }
}

/* Says what to call instead, once, of a function that is often tried. */
static void
add_way_out(const char *name, struct buffer *reason)
{
    static const char *const OF_MEMORY[] = {"malloc", "calloc", "realloc"};
    const char *way = say("memory comes from rt_alloc() and goes back to "
                          "rt_free(): labs/runtime/alloc.h");
    for (size_t i = 0; i < sizeof(OF_MEMORY) / sizeof(*OF_MEMORY); i++) {
        if (strcmp(name, OF_MEMORY[i]) == 0 &&
            strstr(buffer_string(reason), way) == NULL) {
            buffer_format(reason, "%s\n", way);
        }
    }
}

// --- inline ----------------------------------------------------------------

static bool
is_of_a_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte < 0;
}

/* Whether a text has this as a word, and a parenthesis behind it. */
static bool
names_function(const char *at, const char *end, const char *name)
{
    size_t length = strlen(name);
    const char *start = at;
    while ((at = memmem(at, (size_t)(end - at), name, length)) != NULL) {
        const char *next = at + length;
        next += strspn(next, " \t\r\n");
        if (*next == '(' && (at == start || !is_of_a_word(at[-1]))) {
            return true;
        }
        at += length;
    }
    return false;
}

static bool
is_the_word_inline(const char *text, const char *at)
{
    static const char *const SPELLINGS[] = {"inline", "__inline",
                                            "__inline__"};
    size_t length = 0;
    while (at > text && is_of_a_word(at[-1])) {
        at--;
    }
    while (is_of_a_word(at[length])) {
        length++;
    }
    bool is = false;
    for (size_t i = 0; i < sizeof(SPELLINGS) / sizeof(*SPELLINGS); i++) {
        is |= strlen(SPELLINGS[i]) == length &&
              memcmp(at, SPELLINGS[i], length) == 0;
    }
    return is;
}

/* Whether the source defines a function inline, and says no more than that: in
 * C that is only what may be put into its callers, and who calls it all the
 * same calls another one. */
static bool
is_only_inline(const struct buffer *source, const char *name)
{
    static const char WORD[] = "inline";
    const char *text = buffer_string(source);
    const char *end = text + source->length;
    const char *at = text;
    while ((at = memmem(at, (size_t)(end - at), WORD, sizeof(WORD) - 1)) !=
           NULL) {
        const char *next = at + strcspn(at, ";{}");
        if (*next == '{' && is_the_word_inline(text, at) &&
            names_function(at, next, name)) {
            return true;
        }
        at = next;
    }
    return false;
}

static void
add_inline(struct buffer *reason, const char *name)
{
    add_named(reason,
              say("%s is inline and nothing else, so there may be none to "
                  "call: write static inline for your own helper, and leave "
                  "inline out of what the lab asks for"),
              name);
}

/* What the file calls of the lab's names and has only inline. */
static void
find_inline(const struct object *object, const struct buffer *source,
            struct buffer *reason)
{
    int looks = INLINE_LOOKS;
    for (size_t i = 0; i < object->symbol_count && looks > 0; i++) {
        const char *name = symbol_name(object, i);
        if (object->symbols[i].st_shndx == SHN_UNDEF &&
            strncmp(name, "rt_", 3) == 0) {
            looks--;
            if (is_only_inline(source, name)) {
                add_inline(reason, name);
            }
        }
    }
}

// --- what is missing or forbidden ------------------------------------------

static bool
may_be_called(const char *name, const struct manifest *manifest)
{
    return (strncmp(name, "rt_", 3) == 0 && !keeps_books(name)) ||
           manifest_lists(manifest->allow, name) || is_the_compilers(name) ||
           is_a_helper(name);
}

/* What is not there because the file has it inline goes to another reason. */
static void
find_forbidden(const struct object *object, const struct manifest *manifest,
               const struct buffer *source, struct buffer *reason,
               struct buffer *reason_of_inline)
{
    find_forbidden_sections(object, reason);
    for (size_t i = 0;
         i < object->symbol_count &&
         reason->length + reason_of_inline->length < REASON_BYTES;
         i++) {
        const Elf64_Sym *symbol = &object->symbols[i];
        const char *name = symbol_name(object, i);
        bool defined = symbol->st_shndx != SHN_UNDEF;
        bool global = ELF64_ST_BIND(symbol->st_info) != STB_LOCAL;
        if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC) {
            buffer_format(reason, "%s\n",
                          say("indirect functions are not allowed"));
        }
        // The linker has the loader call these two.
        if (defined && global &&
            (strcmp(name, "_init") == 0 || strcmp(name, "_fini") == 0)) {
            add_named(reason, say("the name %s belongs to the linker"), name);
        }
        if (defined && global && strcmp(name, "main") == 0) {
            buffer_format(reason, "%s\n",
                          say("remove your own main: the lab has one"));
        }
        if (defined && is_a_sanitizers(name)) {
            add_named(reason, say("the name %s belongs to the sanitizers"),
                      name);
        }
        if (defined || !global || name[0] == '\0' ||
            may_be_called(name, manifest)) {
            continue;
        }
        if (is_only_inline(source, name)) {
            add_inline(reason_of_inline, name);
        }
        else {
            add_named(reason, say("this lab does not allow the function %s"),
                      name);
            add_way_out(name, reason);
        }
    }
}

static const Elf64_Sym *
find_symbol(const struct object *object, const char *name, size_t length)
{
    for (size_t i = 0; i < object->symbol_count; i++) {
        const char *own = symbol_name(object, i);
        if (strlen(own) == length && memcmp(own, name, length) == 0) {
            return &object->symbols[i];
        }
    }
    return NULL;
}

static void
find_missing(const struct object *object, const struct manifest *manifest,
             const struct buffer *source, struct buffer *reason)
{
    const char *exports = manifest->exports;
    for (const char *at = exports + strspn(exports, " "); *at != '\0';) {
        size_t length = strcspn(at, " ");
        char name[128];
        const Elf64_Sym *symbol = find_symbol(object, at, length);
        snprintf(name, sizeof(name), "%.*s", (int)length, at);
        bool missing = symbol == NULL || symbol->st_shndx == SHN_UNDEF;
        if (missing && is_only_inline(source, name)) {
            add_inline(reason, name);
        }
        else if (missing) {
            buffer_format(reason, say("missing: %s"),
                          manifest_prototype(manifest, name));
            buffer_format(reason, "\n");
        }
        else if (ELF64_ST_BIND(symbol->st_info) == STB_LOCAL) {
            buffer_format(reason,
                          say("%s is static, so nobody else can call it: "
                              "remove the word static"),
                          name);
            buffer_format(reason, "\n");
        }
        else if (ELF64_ST_VISIBILITY(symbol->st_other) == STV_HIDDEN ||
                 ELF64_ST_VISIBILITY(symbol->st_other) == STV_INTERNAL) {
            buffer_format(reason,
                          say("%s is hidden, so nobody else can call it: "
                              "remove its visibility"),
                          name);
            buffer_format(reason, "\n");
        }
        else if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC) {
            buffer_format(reason, say("%s is no function, expected: %s"), name,
                          manifest_prototype(manifest, name));
            buffer_format(reason, "\n");
        }
        at += length;
        at += strspn(at, " ");
    }
}

enum verdict
screen_object(const struct buffer *object, const struct manifest *manifest,
              const struct buffer *source, struct buffer *reason)
{
    struct object open;
    struct buffer reason_of_inline = {0};
    if (open_object(&open, object) != 0) {
        buffer_format(reason, "%s\n", say("the object file cannot be read"));
        return VERDICT_FORBIDDEN;
    }
    find_forbidden(&open, manifest, source, reason, &reason_of_inline);
    bool forbidden = reason->length > 0;
    if (!forbidden) {
        buffer_add(reason, buffer_string(&reason_of_inline),
                   reason_of_inline.length);
        find_inline(&open, source, reason);
    }
    buffer_release(&reason_of_inline);
    if (forbidden) {
        return VERDICT_FORBIDDEN;
    }
    if (reason->length == 0) {
        find_missing(&open, manifest, source, reason);
    }
    return reason->length > 0 ? VERDICT_LINK_ERROR : VERDICT_PASS;
}
