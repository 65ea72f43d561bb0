// What a dataset may be stored like. Keras writes plain numbers, one behind the other; people's tools cut them into chunks and
// compress these.
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// Asking for a chunk by its number walks all before it.
enum { MOST_CHUNKS = 4096, MOST_FILTERS = 3 };

// The library gives zlib as much memory as it asks for: whoever unpacks more than a chunk is found out here first.
static int unpacks_to_a_chunk(const uint8_t *bytes, size_t count, size_t most) {
    uint8_t block[1 << 15];
    z_stream stream = {.next_in = (uint8_t *)bytes, .avail_in = (uInt)count};
    if (inflateInit(&stream) != Z_OK) return 0;
    int status = Z_OK;
    while (status == Z_OK && stream.total_out <= most) {
        stream.next_out = block;
        stream.avail_out = sizeof block;
        status = inflate(&stream, Z_NO_FLUSH);
    }
    int fits = status == Z_STREAM_END && stream.total_out <= most;
    inflateEnd(&stream);
    return fits;
}

static int check_chunk(hid_t dataset, hid_t space, hsize_t number, size_t size, char *message) {
    hsize_t offset[SQZ_HDF5_DIMENSIONS], stored = 0;
    unsigned mask = 0;
    haddr_t address = 0;
    if (H5Dget_chunk_info(dataset, space, number, offset, &mask, &address, &stored) < 0)
        return sqz_hdf5_fail(message, "its chunks can't be found");
    // deflate(1) makes nothing a thousandth larger.
    if (stored == 0 || stored > size + size / 512 + 1024)
        return sqz_hdf5_fail(message, "it has a chunk of a size that compressing never gives");
    uint8_t *bytes = malloc(stored);
    if (!bytes) return sqz_hdf5_fail(message, "there is no memory for a chunk of it");
    uint32_t filters = 0;
    int result = 0;
    if (H5Dread_chunk(dataset, H5P_DEFAULT, offset, &filters, bytes) < 0)
        result = sqz_hdf5_fail(message, "a chunk of it can't be read");
    else if (filters == 0 && !unpacks_to_a_chunk(bytes, stored, size))
        result = sqz_hdf5_fail(message, "a chunk of it does not unpack to what a chunk has");
    free(bytes);
    return result;
}

// Whether it is compressed; -1 where by what is not read.
static int check_filters(hid_t creation, char *message) {
    int count = H5Pget_nfilters(creation), compresses = 0;
    if (count < 0 || count > MOST_FILTERS) return sqz_hdf5_fail(message, "it has filters that are not read");
    for (int index = 0; index < count; index++) {
        unsigned flags = 0;
        size_t values = 0;
        char name[64] = "";
        H5Z_filter_t filter = H5Pget_filter2(creation, index, &flags, &values, NULL, sizeof name, name, NULL);
        if (filter == H5Z_FILTER_DEFLATE && !compresses) {
            compresses = 1;
        } else if (filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32) {
            char why[120];
            snprintf(why, sizeof why, "it is packed by HDF5's filter %d; gzip alone is unpacked", (int)filter);
            return sqz_hdf5_fail(message, why);
        }
    }
    return compresses;
}

static int check_chunks(hid_t dataset, hid_t creation, size_t count, size_t size, char *message) {
    hsize_t sides[SQZ_HDF5_DIMENSIONS];
    int dimensions = H5Pget_chunk(creation, SQZ_HDF5_DIMENSIONS, sides);
    if (dimensions < 0 || dimensions > SQZ_HDF5_DIMENSIONS) return sqz_hdf5_fail(message, "its chunks have no shape");
    size_t numbers = 1;
    for (int index = 0; index < dimensions; index++)
        if (sides[index] == 0 || __builtin_mul_overflow(numbers, (size_t)sides[index], &numbers) || numbers > 2 * count + 1024)
            return sqz_hdf5_fail(message, "its chunks are larger than it is");
    int compresses = check_filters(creation, message);
    if (compresses <= 0) return compresses;
    // Not H5S_ALL, which these two do not take in 1.10.
    hid_t space = H5Dget_space(dataset);
    hsize_t chunks = 0;
    int result = 0;
    if (space < 0 || H5Dget_num_chunks(dataset, space, &chunks) < 0)
        result = sqz_hdf5_fail(message, "its chunks can't be counted");
    else if (chunks > MOST_CHUNKS)
        result = sqz_hdf5_fail(message, "it is cut into more than 4096 chunks");
    for (hsize_t number = 0; result == 0 && number < chunks; number++)
        result = check_chunk(dataset, space, number, numbers * size, message);
    if (space >= 0) H5Sclose(space);
    return result;
}

int sqz_hdf5_check_storage(hid_t dataset, size_t count, size_t size, char *message) {
    hid_t creation = H5Dget_create_plist(dataset);
    if (creation < 0) return sqz_hdf5_fail(message, "how it is stored can't be read");
    int result = 0;
    if (H5Pget_external_count(creation) != 0) {
        result = sqz_hdf5_fail(message, "it has its numbers in another file");
    } else {
        switch (H5Pget_layout(creation)) {
        case H5D_COMPACT:
        case H5D_CONTIGUOUS: break;
        case H5D_CHUNKED: result = check_chunks(dataset, creation, count, size, message); break;
        case H5D_VIRTUAL: result = sqz_hdf5_fail(message, "it is a view of other datasets"); break;
        default: result = sqz_hdf5_fail(message, "it is stored in a way that is not read");
        }
    }
    H5Pclose(creation);
    return result;
}
