/* Says when the kernels that are asked for are not there. */
#ifndef COMMON_KERNELS_H
#define COMMON_KERNELS_H

#include <stdbool.h>

/* False, and a line on standard error with the program's name first, when SORDINO_KERNELS asks for
 * kernels that this processor does not have: others may give other bits than were asked for. */
bool kernels_check(const char *program);

#endif
