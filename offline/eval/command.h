/* Runs a measure of the user's: a program that is given two files and prints a number. */
#ifndef EVAL_COMMAND_H
#define EVAL_COMMAND_H

#include <stdbool.h>

#include "offline/eval/why.h"

/*
 * Runs `command` (a program, found by PATH, and arguments of it, separated by blanks; no shell)
 * with `clean` and `processed` as two more arguments, and takes the last number it prints on its
 * standard output. False and `w` set when it cannot be run, fails, or prints none. Any thread.
 */
bool command_measure(const char *command, const char *clean, const char *processed, double *value,
                     why *w);

#endif
