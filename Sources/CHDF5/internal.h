#pragma once

#include "CHDF5.h"

// Debian's name for the folder, so that no flag of a compiler says it.
#include <hdf5/serial/hdf5.h>

struct sqz_hdf5 {
    hid_t file;
    uint64_t root;
};

// The driver by which the library reads bytes of memory, and what it is told of these.
struct sqz_hdf5_bytes {
    const uint8_t *start;
    size_t count;
};
extern const H5FD_class_t sqz_hdf5_memory;

// Whether a dataset's numbers can be read in memory that is in proportion to its shape, from this file alone; -1 with a message
// where not. `size` is bytes of a number in the file.
int sqz_hdf5_check_storage(hid_t dataset, size_t count, size_t size, char *message);

// Says why, and the library's reason where it has one; -1.
int sqz_hdf5_fail(char *message, const char *why);
