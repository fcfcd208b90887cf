/* The second half of a message, "what is wrong; what to do"; its subject is put before by main.c.
 */
#ifndef EVAL_WHY_H
#define EVAL_WHY_H

typedef struct why {
    char text[512]; /* "" when nothing is wrong */
} why;

/* Writes the printf-style text, cut to size; returns 0, so that callers `return why_set(...)`. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
int why_set(why *w, const char *format, ...);

/* "out of memory; ..." */
int why_no_memory(why *w);

#endif
