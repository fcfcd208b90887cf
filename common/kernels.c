#include "common/kernels.h"
#include "common/fail.h"

#include <sordino/sordino.h>

#include <stdio.h>

bool kernels_check(const char *program)
{
    sordino_error why;
    if (sordino_kernels(NULL, &why) == SORDINO_OK)
        return true;
    fail_fit(&why);
    fprintf(stderr, "%s: %s\n", program, why.text);
    return false;
}
