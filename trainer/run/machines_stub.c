/* In place of machines_mpi.c where MPI is not to be had. */
#include "core/base/error.h"
#include "trainer/run/machines.h"

sordino_status machines_join(machines **out, sordino_error *why)
{
    *out = NULL;
    if (machines_started())
        return error_set(why, SORDINO_UNSUPPORTED,
                         "Started by mpirun, but built without MPI; start it without");
    return SORDINO_OK;
}

void machines_leave(machines *m)
{
    (void)m;
}

uint32_t machines_rank(const machines *m)
{
    (void)m;
    return 0;
}

uint32_t machines_count(const machines *m)
{
    (void)m;
    return 1;
}

void machines_broadcast(machines *m, void *bytes, size_t n)
{
    (void)m, (void)bytes, (void)n;
}

bool machines_any(machines *m, bool mine)
{
    (void)m;
    return mine;
}

sordino_status machines_agree(machines *m, sordino_status mine, sordino_error *why)
{
    (void)m, (void)why;
    return mine;
}

sordino_status machines_same(machines *m, const char *text, const char *what, sordino_error *why)
{
    (void)m, (void)text, (void)what, (void)why;
    return SORDINO_OK;
}

sordino_status machines_reserve(machines *m, uint32_t lanes, size_t n, sordino_error *why)
{
    (void)m, (void)lanes, (void)n, (void)why;
    return SORDINO_OK;
}

void machines_sum(machines *m, float *const *lanes, float *sum)
{
    (void)m, (void)lanes, (void)sum;
}

void machines_all_reduce(machines *m, double *numbers, size_t n)
{
    (void)m, (void)numbers, (void)n;
}
