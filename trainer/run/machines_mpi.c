/*
 * By MPI. A sum is cut into as many slices as there are machines: each gets its slice of every
 * lane, adds them in order, and all get all slices. That moves about as much as MPI_Allreduce does,
 * whose order of adding depends on the number of machines.
 */
#include "core/base/error.h"
#include "trainer/run/machines.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mpi.h>

enum { SHARE_MOST = 1 << 28 }; /* bytes a call; MPI counts by int */
enum { BUSY_TRIES = 100, PAUSE = 50000 /* ns */ };

struct machines {
    int rank, count;
    uint32_t lanes;
    size_t n;
    int *counts, *starts; /* [count]: slices */
    float *parts;         /* [lanes][own slice] */
    MPI_Request *requests;
};

/* MPI's own waiting keeps a processor busy, which this machine's threads may have use for, and
 * other programs: while machine 0 scores, the others have nothing to do for seconds. */
static void wait_for(MPI_Request *requests, int n)
{
    const struct timespec pause = {.tv_nsec = PAUSE};
    int done = 0;
    for (int tries = 0; !done; tries++) {
        MPI_Testall(n, requests, &done, MPI_STATUSES_IGNORE);
        if (!done && tries > BUSY_TRIES)
            nanosleep(&pause, NULL);
    }
}

sordino_status machines_join(machines **out, sordino_error *why)
{
    int level;
    *out = NULL;
    if (!machines_started())
        return SORDINO_OK;
    machines *m = calloc(1, sizeof *m);
    if (!m)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for MPI");
    /* MPI ends all machines when it fails, or when one of them dies. */
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &m->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &m->count);
    *out = m;
    return SORDINO_OK;
}

void machines_leave(machines *m)
{
    if (!m)
        return;
    free(m->counts);
    free(m->starts);
    free(m->parts);
    free(m->requests);
    free(m);
    MPI_Finalize();
}

uint32_t machines_rank(const machines *m)
{
    return m ? (uint32_t)m->rank : 0;
}

uint32_t machines_count(const machines *m)
{
    return m ? (uint32_t)m->count : 1;
}

void machines_broadcast(machines *m, void *bytes, size_t n)
{
    for (size_t at = 0; m && at < n; at += SHARE_MOST) {
        const size_t some = n - at < SHARE_MOST ? n - at : SHARE_MOST;
        MPI_Request r;
        MPI_Ibcast((char *)bytes + at, (int)some, MPI_BYTE, 0, MPI_COMM_WORLD, &r);
        wait_for(&r, 1);
    }
}

/* Number of the first machine that says so; count when none does. */
static int first_of(const machines *m, bool mine)
{
    MPI_Request r;
    int first = mine ? m->rank : m->count;
    MPI_Iallreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD, &r);
    wait_for(&r, 1);
    return first;
}

bool machines_any(machines *m, bool mine)
{
    return m ? first_of(m, mine) < m->count : mine;
}

sordino_status machines_agree(machines *m, sordino_status mine, sordino_error *why)
{
    if (!m)
        return mine;
    const int first = first_of(m, mine != SORDINO_OK);
    if (first == m->count)
        return SORDINO_OK;
    sordino_error told = {.status = mine};
    if (m->rank == first) {
        char host[MPI_MAX_PROCESSOR_NAME] = "";
        int length;
        MPI_Get_processor_name(host, &length);
        const char *const text = why ? why->text : sordino_status_text(mine);
        if (first > 0)
            (void)error_set(&told, mine, "%s (machine %d of %d): %s", host, first + 1, m->count,
                            text);
        else
            (void)error_set(&told, mine, "%s", text);
    }
    MPI_Bcast(&told, (int)sizeof told, MPI_BYTE, first, MPI_COMM_WORLD);
    if (why)
        *why = told;
    return told.status;
}

sordino_status machines_same(machines *m, const char *text, const char *what, sordino_error *why)
{
    if (!m)
        return SORDINO_OK;
    size_t n = strlen(text) + 1;
    machines_broadcast(m, &n, sizeof n);
    char *const theirs = calloc(n, 1);
    sordino_status status = SORDINO_OK;
    if (!theirs)
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for MPI");
    status = machines_agree(m, status, why);
    if (theirs && status == SORDINO_OK) {
        if (m->rank == 0)
            memcpy(theirs, text, n);
        machines_broadcast(m, theirs, n);
        if (strcmp(theirs, text) != 0)
            status =
                error_set(why, SORDINO_BAD_ARG, "%s differ from those of the first machine", what);
        status = machines_agree(m, status, why);
    }
    free(theirs);
    return status;
}

sordino_status machines_reserve(machines *m, uint32_t lanes, size_t n, sordino_error *why)
{
    if (!m)
        return SORDINO_OK;
    if (n > INT_MAX)
        return error_set(why, SORDINO_BAD_ARG, "A gradient of %zu floats is too long for MPI", n);
    const size_t count = (size_t)m->count;
    m->lanes = lanes;
    m->n = n;
    m->counts = calloc(count, sizeof *m->counts);
    m->starts = calloc(count, sizeof *m->starts);
    m->requests = calloc(lanes, sizeof *m->requests);
    m->parts = calloc(lanes * (n / count + 1), sizeof *m->parts);
    if (!m->counts || !m->starts || !m->requests || !m->parts)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for gradients");
    for (size_t i = 0, at = 0; i < count; i++) {
        m->counts[i] = (int)(n / count + (i < n % count));
        m->starts[i] = (int)at;
        at += (size_t)m->counts[i];
    }
    return SORDINO_OK;
}

void machines_sum(machines *m, float *const *lanes, float *sum)
{
    if (!m)
        return;
    const size_t own = (size_t)m->counts[m->rank];
    for (uint32_t i = 0; i < m->lanes; i++)
        MPI_Iscatterv(lanes[i], m->counts, m->starts, MPI_FLOAT, m->parts + i * own, (int)own,
                      MPI_FLOAT, (int)i % m->count, MPI_COMM_WORLD, &m->requests[i]);
    wait_for(m->requests, (int)m->lanes);
    for (uint32_t i = 1; i < m->lanes; i++)
        for (size_t k = 0; k < own; k++)
            m->parts[k] += m->parts[i * own + k];
    MPI_Request r;
    MPI_Iallgatherv(m->parts, (int)own, MPI_FLOAT, sum, m->counts, m->starts, MPI_FLOAT,
                    MPI_COMM_WORLD, &r);
    wait_for(&r, 1);
}

void machines_all_reduce(machines *m, double *numbers, size_t n)
{
    MPI_Request r;
    if (!m)
        return;
    MPI_Iallreduce(MPI_IN_PLACE, numbers, (int)n, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD, &r);
    wait_for(&r, 1);
}
