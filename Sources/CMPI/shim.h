// What a job's ranks need of MPI, whose names are macros that Swift does not see. An error ends all ranks, with a line of MPI's own
// (MPI_ERRORS_ARE_FATAL, the default), so that there is none to look at here.
#pragma once
#include <mpi.h>
#include <stddef.h>

// One thread, the one that calls this, speaks.
static inline void sqz_mpi_start(void) {
    int provided;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
}

static inline int sqz_mpi_rank(void) {
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static inline int sqz_mpi_count(void) {
    int count;
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    return count;
}

// How many of the ranks are on this machine.
static inline int sqz_mpi_count_here(void) {
    MPI_Comm here;
    int count;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
    MPI_Comm_size(here, &count);
    MPI_Comm_free(&here);
    return count;
}

// MPI counts in int.
static inline int sqz_mpi_piece(size_t bytes) { return bytes < 1 << 30 ? (int)bytes : 1 << 30; }

// Sends to a rank while it receives of it. There is no message of nothing.
static inline void sqz_mpi_exchange(int partner, const void *outgoing, size_t sent, void *incoming, size_t received) {
    const char *from = (const char *)outgoing;
    char *to = (char *)incoming;
    while (sent > 0 || received > 0) {
        int out = sqz_mpi_piece(sent), in = sqz_mpi_piece(received);
        MPI_Sendrecv(
            from, out, MPI_BYTE, out > 0 ? partner : MPI_PROC_NULL, 0, to, in, MPI_BYTE,
            in > 0 ? partner : MPI_PROC_NULL, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        from += out, to += in;
        sent -= (size_t)out, received -= (size_t)in;
    }
}

static inline void sqz_mpi_end(void) { MPI_Finalize(); }

static inline void sqz_mpi_abort(void) { MPI_Abort(MPI_COMM_WORLD, 1); }
