#include "trainer/run/machines.h"

#include <stdlib.h>

bool machines_started(void)
{
    /* Open MPI; MPICH, Intel MPI and Slurm's PMI; PMIx, by which Slurm and others start both. */
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_SIZE") || getenv("PMIX_RANK");
}
