/* Builder: the exit statuses of the program inside the compile box. */
#ifndef GRADER_BUILDER_H
#define GRADER_BUILDER_H

enum builder_ending {
    BUILDER_DONE,
    BUILDER_NOT_COMPILED,
    BUILDER_TOO_LARGE, // what came of it, to be handed over
    BUILDER_NOT_LINKED,
    BUILDER_STOPPED // it took too long
};

#endif
