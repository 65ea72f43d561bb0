#pragma once

/// Limits the memory for data (RLIMIT_DATA) of another process, in bytes: prlimit(2), which Swift's view of the C library does
/// not have. 0, or -1 and errno.
int sqz_limit_data(int process, unsigned long bytes);

/// Accepts a connection that is closed in programs that are started, and does not block: accept4(2), which Swift's view of the
/// C library does not have. A descriptor, or -1 and errno.
int sqz_accept(int socket);

/// What was freed goes back to the kernel, also from between pieces that are still used: malloc_trim(3), which Swift's view of the
/// C library does not have.
void sqz_give_memory_back(void);

/// How many processors this process's affinity allows: sched_getaffinity(2). -1 and errno where that can't be told.
int sqz_allowed_processors(void);

/// Has the kernel begin to write a part of a file to the disk, without waiting for the end of it: sync_file_range(2), which Swift's
/// view of the C library does not have. 0, or -1 and errno.
int sqz_begin_writing(int descriptor, long offset, long count);

/// This process is killed when the one ends that started it: PR_SET_PDEATHSIG of prctl(2), which Swift's view of the C library does
/// not have. 0, or -1 and errno.
int sqz_end_with_parent(void);
