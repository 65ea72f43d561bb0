// HDF5's view of bytes in memory. Its own `core` driver copies them twice and takes the copy for a file that can grow.
#include "internal.h"

#include <stdlib.h>
#include <string.h>

struct memory {
    H5FD_t file;
    struct sqz_hdf5_bytes bytes;
    haddr_t end;
};

static H5FD_t *open_bytes(const char *name, unsigned flags, hid_t access, haddr_t most) {
    (void)name;
    (void)most;
    const struct sqz_hdf5_bytes *bytes = H5Pget_driver_info(access);
    if (!bytes || flags & H5F_ACC_RDWR) return NULL;
    struct memory *memory = calloc(1, sizeof *memory);
    if (!memory) return NULL;
    memory->bytes = *bytes;
    return &memory->file;
}

static herr_t close_bytes(H5FD_t *file) {
    free(file);
    return 0;
}

static herr_t query(const H5FD_t *file, unsigned long *flags) {
    (void)file;
    *flags = 0;
    return 0;
}

static haddr_t get_end(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    return ((const struct memory *)file)->end;
}

static herr_t set_end(H5FD_t *file, H5FD_mem_t type, haddr_t end) {
    (void)type;
    ((struct memory *)file)->end = end;
    return 0;
}

static haddr_t size(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    return ((const struct memory *)file)->bytes.count;
}

static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t count, void *target) {
    (void)type;
    (void)transfer;
    const struct memory *memory = (const struct memory *)file;
    if (address > memory->bytes.count || count > memory->bytes.count - address) return -1;
    memcpy(target, memory->bytes.start + address, count);
    return 0;
}

static herr_t refuse_write(
    H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t count, const void *source) {
    (void)file;
    (void)type;
    (void)transfer;
    (void)address;
    (void)count;
    (void)source;
    return -1;
}

const H5FD_class_t sqz_hdf5_memory = {
    .name = "memory",
    .maxaddr = INT64_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(struct sqz_hdf5_bytes),
    .open = open_bytes,
    .close = close_bytes,
    .query = query,
    .get_eoa = get_end,
    .set_eoa = set_end,
    .get_eof = size,
    .read = read_bytes,
    .write = refuse_write,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};
