/*
 * Catches calls that real-time code must not make. A program that links forbidden.c has its own
 * malloc, pthread_mutex_lock, printf and so on: while the calling thread is armed each call is
 * noted, then carried out as usual, so that the program can go on and tell.
 */
#ifndef RT_FORBIDDEN_H
#define RT_FORBIDDEN_H

#include <stddef.h>

/* From here on calls of this thread are noted. */
void forbidden_arm(void);

/* Stops noting. Returns how many calls were made since forbidden_arm, and the name of the first in
 * `*first` (NULL when there was none; static storage). */
size_t forbidden_disarm(const char **first);

#endif
