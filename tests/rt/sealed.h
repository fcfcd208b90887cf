/* Runs work in a child process in which every system call is caught (seccomp, Linux). */
#ifndef RT_SEALED_H
#define RT_SEALED_H

#include <stdbool.h>

typedef struct sealed_result {
    bool finished;      /* the work returned */
    int syscall_number; /* of the first system call it made, or -1 */
    int signal;         /* that ended it otherwise, or 0 */
} sealed_result;

/* True where such a child can be made. */
bool sealed_supported(void);

/* Forks; the child seals itself, calls work(arg) and leaves. What `work` writes to memory is lost.
 * Returns false when the child could not be made or sealed. */
bool sealed_run(void (*work)(void *), void *arg, sealed_result *result);

#endif
