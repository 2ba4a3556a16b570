#include "grader/mistake.h"

#include <stddef.h>
#include <string.h>

#include "grader/language.h"

static const struct mistake MISTAKES[] = {
    {"missing_semicolon",
     {"expected \xE2\x80\x98;\xE2\x80\x99"},
     SAY_LATER("A semicolon is missing, mostly at the end of the line that is "
               "marked or of the one before it.")},
    {"missing_semicolon",
     {"or \xE2\x80\x98;\xE2\x80\x99 before"},
     SAY_LATER("A semicolon is missing, mostly at the end of the line that is "
               "marked or of the one before it.")},
    {"missing_semicolon",
     {"\xE2\x80\x98,\xE2\x80\x99, \xE2\x80\x98;\xE2\x80\x99"},
     SAY_LATER("A semicolon is missing, mostly at the end of the line that is "
               "marked or of the one before it.")},
    {"semicolon_before_body",
     {"expected identifier or", "before \xE2\x80\x98{"},
     SAY_LATER("There is a semicolon between the head of a function and its "
               "body: remove it.")},
    {"missing_brace",
     {"expected declaration or statement at end of input"},
     SAY_LATER("A closing brace } is missing: count them from the last "
               "function that compiles.")},
    {"extra_brace",
     {"expected identifier or", "before \xE2\x80\x98}"},
     SAY_LATER("There is one closing brace } too many.")},
    {"missing_parenthesis",
     {"expected \xE2\x80\x98)\xE2\x80\x99"},
     SAY_LATER("A closing parenthesis ) is missing.")},
    {"else_without_if",
     {"without a previous \xE2\x80\x98if"},
     SAY_LATER("An else belongs to the if right before it: look for a "
               "semicolon behind the condition, or for missing braces.")},
    {"code_outside_of_function",
     {"expected identifier or", "before"},
     SAY_LATER("This stands outside of any function: a brace } before it may "
               "be one too many.")},
    {"undeclared",
     {"undeclared"},
     SAY_LATER("Nothing of this name is known here: a slip of the pen, a "
               "variable of another block, or a header that is missing.")},
    {"unknown_type",
     {"unknown type name"},
     SAY_LATER("No type has this name: is the word struct before it missing, "
               "or an #include?")},
    {"unknown_function",
     {"implicit declaration of function"},
     SAY_LATER("No function of this name was declared before its use: a slip "
               "of the pen, a missing #include, or a helper that stands "
               "further down.")},
    {"no_such_field",
     {"has no member named"},
     SAY_LATER("The struct has no field of this name: look it up in its "
               "header.")},
    {"arrow_for_dot",
     {"is a pointer; did you mean to use"},
     SAY_LATER("The left side is a pointer: write -> instead of a dot.")},
    {"dot_for_arrow",
     {"invalid type argument of \xE2\x80\x98->"},
     SAY_LATER("The left side is a struct and no pointer: write a dot instead "
               "of ->.")},
    {"not_a_pointer",
     {"invalid type argument of unary"},
     SAY_LATER("A star * takes what a pointer points to, but this is no "
               "pointer.")},
    {"too_few_arguments",
     {"too few arguments"},
     SAY_LATER("The function is called with fewer arguments than it takes.")},
    {"too_many_arguments",
     {"too many arguments"},
     SAY_LATER("The function is called with more arguments than it takes.")},
    {"static_by_mistake",
     {"static declaration of", "follows non-static"},
     SAY_LATER("The header promises this function to everybody, but static "
               "hides it: remove the word static.")},
    {"wrong_signature",
     {"conflicting types for"},
     SAY_LATER("The header declares it otherwise: return type and parameters "
               "must be the same.")},
    {"defined_twice",
     {"redefinition of"},
     SAY_LATER("It is defined twice: remove or rename one of the two.")},
    {"integer_from_pointer",
     {"makes integer from pointer"},
     SAY_LATER("A pointer is used as a number: is a star * or an arrow -> "
               "missing?")},
    {"pointer_from_integer",
     {"makes pointer from integer"},
     SAY_LATER("A number is used as a pointer: is an ampersand & missing, or "
               "was the function never declared?")},
    {"other_pointer",
     {"from incompatible pointer type"},
     SAY_LATER("The two pointers point to different types; of a struct that "
               "begins with another one, pass the address of that field.")},
    {"other_type",
     {"incompatible type"},
     SAY_LATER("The value has another type than is wanted here.")},
    {"const_lost",
     {"discards \xE2\x80\x98"
      "const"},
     SAY_LATER("What may only be read is passed to where it may be written: "
               "add const there, or do not pass it.")},
    {"const_written",
     {"read-only"},
     SAY_LATER("It is const, so it may be read and not written.")},
    {"not_assignable",
     {"lvalue required"},
     SAY_LATER("Only what has a place in memory can be assigned to; for a "
               "comparison write ==.")},
    {"void_value",
     {"void value not ignored"},
     SAY_LATER("The function returns nothing, so its result cannot be used.")},
    {"void_pointer",
     {"void *"},
     SAY_LATER("Nobody knows what a void pointer points to: assign it to a "
               "pointer of the right type first.")},
    {"incomplete_type",
     {"incomplete type"},
     SAY_LATER("The fields of this struct are not known here: include its "
               "header, or use the functions for it.")},
    {"undefined_type",
     {"undefined type"},
     SAY_LATER("The fields of this struct are not known here: include its "
               "header, or use the functions for it.")},
    {"no_return",
     {"control reaches end of non-void"},
     SAY_LATER("The function promises a value, but not every way through it "
               "ends with return.")},
    {"return_without_value",
     {"with no value, in function returning non-void"},
     SAY_LATER("The function promises a value: write it behind return.")},
    {"return_with_value",
     {"with a value, in function returning void"},
     SAY_LATER("The function is void, so return takes no value.")},
    {"not_initialized",
     {"used uninitialized"},
     SAY_LATER("The variable is read before anything was written to it.")},
    {"assignment_as_condition",
     {"assignment used as truth value"},
     SAY_LATER("= assigns; to compare, write ==.")},
    {"no_effect",
     {"no effect"},
     SAY_LATER("The line computes something and throws it away: was an "
               "assignment = meant?")},
    {"unused",
     {"unused"},
     SAY_LATER("Nothing uses it: has the line that should do so been "
               "forgotten?")},
    {"format",
     {"format", "expects"},
     SAY_LATER("The conversion in the format does not fit the type of the "
               "argument.")},
    {"local_returned",
     {"address of local variable"},
     SAY_LATER("The variable is gone when the function returns, so its "
               "address is worth nothing.")},
    {"endless_recursion",
     {"infinite recursion"},
     SAY_LATER("The function calls itself on every way: it needs one that "
               "ends.")},
    {"no_such_header",
     {"No such file or directory"},
     SAY_LATER("There is no such header: compare the name with the #include "
               "lines of the starter.")},
    {"unfinished_text",
     {"missing terminating"},
     SAY_LATER("A text has no closing quotation mark on its line.")},
    {"strange_character",
     {"stray"},
     SAY_LATER("This character does not belong into C: it often comes from "
               "text that was copied from a page.")},
    {"not_called",
     {"called object"},
     SAY_LATER("This is no function: is an operator missing before the "
               "parenthesis?")},
    {"not_an_array",
     {"subscripted value is neither"},
     SAY_LATER("Only arrays and pointers have elements [ ].")},
    {"not_in_a_loop",
     {"not within"},
     SAY_LATER("break and continue work inside of a loop only: look at the "
               "braces.")},
    {"wrong_operands",
     {"invalid operands"},
     SAY_LATER("These two types cannot be combined so: compare the fields, "
               "not the structs.")},
    {"no_parameter_name",
     {"expected", "before"},
     SAY_LATER("Something is missing or too many right before the mark.")},
};

const struct mistake *
mistake_find(const char *text)
{
    for (size_t i = 0; i < sizeof(MISTAKES) / sizeof(*MISTAKES); i++) {
        const char *at = text;
        for (size_t word = 0;
             word < 3 && at != NULL && MISTAKES[i].said[word] != NULL;
             word++) {
            at = strstr(at, MISTAKES[i].said[word]);
            at = at != NULL ? at + strlen(MISTAKES[i].said[word]) : NULL;
        }
        if (at != NULL) {
            return &MISTAKES[i];
        }
    }
    return NULL;
}
