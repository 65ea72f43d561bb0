#include "internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One call at a time, whether the library was built for threads or not.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static hid_t driver = H5I_INVALID_HID;

static void enter(void) {
    pthread_mutex_lock(&lock);
    if (driver < 0) {
        H5dont_atexit();
        H5open();
        H5PLset_loading_state(0);
        driver = H5FDregister(&sqz_hdf5_memory);
    }
    // Errors are asked for, not printed. Where it was built for threads, each has its own.
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static void leave(void) { pthread_mutex_unlock(&lock); }

// The innermost of the library's errors.
static herr_t take_reason(unsigned number, const H5E_error2_t *error, void *context) {
    (void)number;
    *(const char **)context = error->desc;
    return 1;
}

int sqz_hdf5_fail(char *message, const char *why) {
    const char *reason = NULL;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_reason, &reason);
    if (reason && *reason)
        snprintf(message, SQZ_HDF5_MESSAGE, "%s (HDF5: %.120s)", why, reason);
    else
        snprintf(message, SQZ_HDF5_MESSAGE, "%s", why);
    H5Eclear2(H5E_DEFAULT);
    return -1;
}

struct sqz_hdf5 *sqz_hdf5_open(const void *bytes, size_t count, char *message) {
    struct sqz_hdf5_bytes source = {bytes, count};
    struct sqz_hdf5 *file = calloc(1, sizeof *file);
    if (!file) return NULL;
    enter();
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5O_info_t info;
    H5Pset_driver(access, driver, &source);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    file->file = H5Fopen("memory", H5F_ACC_RDONLY, access);
    if (file->file < 0 || H5Oget_info2(file->file, &info, H5O_INFO_BASIC) < 0) {
        sqz_hdf5_fail(message, "it is not a whole HDF5 file");
        if (file->file >= 0) H5Fclose(file->file);
        free(file);
        file = NULL;
    } else {
        file->root = info.addr;
    }
    H5Pclose(access);
    leave();
    return file;
}

void sqz_hdf5_close(struct sqz_hdf5 *file) {
    enter();
    H5Fclose(file->file);
    H5Eclear2(H5E_DEFAULT);
    leave();
    free(file);
}

uint64_t sqz_hdf5_root(const struct sqz_hdf5 *file) { return file->root; }

// MARK: Objects

static int is_float(hid_t type, hid_t right) { return H5Tequal(type, right) > 0; }

static int is_half(hid_t type) {
    hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    int is = is_float(type, half);
    if (!is && H5Tset_order(half, H5T_ORDER_BE) >= 0) is = is_float(type, half);
    H5Tclose(half);
    return is;
}

static enum sqz_hdf5_type kind_of(hid_t type) {
    switch (H5Tget_class(type)) {
    case H5T_FLOAT:
        if (is_float(type, H5T_IEEE_F32LE) || is_float(type, H5T_IEEE_F32BE)) return SQZ_HDF5_FLOAT32;
        if (is_float(type, H5T_IEEE_F64LE) || is_float(type, H5T_IEEE_F64BE)) return SQZ_HDF5_FLOAT64;
        return is_half(type) ? SQZ_HDF5_FLOAT16 : SQZ_HDF5_OTHER;
    case H5T_INTEGER: return SQZ_HDF5_INTEGER;
    case H5T_STRING: return SQZ_HDF5_TEXT;
    case H5T_COMPOUND: return SQZ_HDF5_COMPOUND;
    default: return SQZ_HDF5_OTHER;
    }
}

static int describe(hid_t dataset, struct sqz_hdf5_object *object, char *message) {
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    hsize_t shape[H5S_MAX_RANK];
    int dimensions = space < 0 ? -1 : H5Sget_simple_extent_dims(space, shape, NULL), result = -1;
    if (type < 0 || dimensions < 0) {
        sqz_hdf5_fail(message, "its type or shape can't be read");
    } else if (dimensions > SQZ_HDF5_DIMENSIONS) {
        sqz_hdf5_fail(message, "it has more than 8 dimensions");
    } else {
        object->type = kind_of(type);
        object->dimensions = dimensions;
        for (int index = 0; index < dimensions; index++) object->shape[index] = shape[index];
        result = 0;
    }
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return result;
}

int sqz_hdf5_object(struct sqz_hdf5 *file, uint64_t address, struct sqz_hdf5_object *object, char *message) {
    enter();
    int result = 0;
    hid_t id = H5Oopen_by_addr(file->file, address);
    memset(object, 0, sizeof *object);
    switch (id < 0 ? H5I_BADID : H5Iget_type(id)) {
    case H5I_BADID: result = sqz_hdf5_fail(message, "it can't be opened"); break;
    case H5I_GROUP: object->kind = SQZ_HDF5_GROUP; break;
    case H5I_DATASET:
        object->kind = SQZ_HDF5_DATASET;
        result = describe(id, object, message);
        break;
    default: object->kind = SQZ_HDF5_NEITHER;
    }
    if (id >= 0) H5Oclose(id);
    leave();
    return result;
}

// MARK: Links

struct links {
    sqz_hdf5_link_visitor visit;
    void *context;
};

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *context) {
    (void)group;
    const struct links *links = context;
    enum sqz_hdf5_link link =
        info->type == H5L_TYPE_HARD ? SQZ_HDF5_HARD : info->type == H5L_TYPE_SOFT ? SQZ_HDF5_SOFT : SQZ_HDF5_FOREIGN;
    return links->visit(links->context, name, link, link == SQZ_HDF5_HARD ? info->u.address : 0) != 0;
}

int sqz_hdf5_links(
    struct sqz_hdf5 *file, uint64_t group, sqz_hdf5_link_visitor visit, void *context, char *message) {
    enter();
    struct links links = {visit, context};
    hid_t id = H5Oopen_by_addr(file->file, group);
    // In the order of the file, since any other makes a list of all links first.
    int result = id < 0 ? -1 : H5Literate(id, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit_link, &links);
    if (result < 0) sqz_hdf5_fail(message, "what is in it can't be listed");
    if (id >= 0) H5Oclose(id);
    leave();
    return result < 0 ? -1 : 0;
}

// MARK: Values

static int visit_texts(hid_t attribute, size_t most, sqz_hdf5_text_visitor visit, void *context) {
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute), memory = H5I_INVALID_HID;
    hssize_t count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    char *bytes = NULL;
    int result = -1;
    if (type < 0 || count < 0) goto end;
    result = 0;
    if (H5Tget_class(type) != H5T_STRING || count == 0 || (size_t)count > most) goto end;
    int varies = H5Tis_variable_str(type) > 0;
    size_t size = H5Tget_size(type), taken = 0;
    // Of fixed length they lie in the attribute, which has 64 KB.
    if (size == 0 || __builtin_mul_overflow(size, (size_t)count, &taken) || taken > 1 << 20) goto end;
    result = -1;
    memory = H5Tcopy(type);
    bytes = calloc(1, taken);
    if (!bytes || memory < 0 || H5Aread(attribute, memory, bytes) < 0) goto end;
    for (hssize_t index = 0; index < count; index++) {
        const char *text = varies ? ((char **)bytes)[index] : bytes + size * index;
        if (!text) continue;
        const char *end = varies ? text + strlen(text) : memchr(text, 0, size);
        visit(context, text, end ? (size_t)(end - text) : size);
    }
    if (varies) H5Dvlen_reclaim(memory, space, H5P_DEFAULT, bytes);
    result = 0;
end:
    free(bytes);
    if (memory >= 0) H5Tclose(memory);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return result;
}

int sqz_hdf5_texts(
    struct sqz_hdf5 *file, uint64_t object, const char *attribute, size_t most, sqz_hdf5_text_visitor visit,
    void *context, char *message) {
    enter();
    hid_t id = H5Oopen_by_addr(file->file, object), found = H5I_INVALID_HID;
    htri_t exists = id < 0 ? -1 : H5Aexists(id, attribute);
    int result = exists < 0 ? -1 : 0;
    if (exists > 0) {
        found = H5Aopen(id, attribute, H5P_DEFAULT);
        result = found < 0 ? -1 : visit_texts(found, most, visit, context);
    }
    if (result < 0) sqz_hdf5_fail(message, "its attributes can't be read");
    if (found >= 0) H5Aclose(found);
    if (id >= 0) H5Oclose(id);
    leave();
    return result;
}

int sqz_hdf5_read(struct sqz_hdf5 *file, uint64_t dataset, float *values, size_t count, char *message) {
    enter();
    hid_t id = H5Oopen_by_addr(file->file, dataset), type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    int result = -1;
    if (id < 0 || H5Iget_type(id) != H5I_DATASET || (type = H5Dget_type(id)) < 0 || (space = H5Dget_space(id)) < 0) {
        sqz_hdf5_fail(message, "it can't be opened");
    } else if (kind_of(type) > SQZ_HDF5_FLOAT64 || H5Sget_simple_extent_npoints(space) != (hssize_t)count) {
        sqz_hdf5_fail(message, "it has not the numbers that its shape says");
    } else if (sqz_hdf5_check_storage(id, count, H5Tget_size(type), message) == 0) {
        if (H5Dread(id, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
            sqz_hdf5_fail(message, "its numbers can't be read");
        else
            result = 0;
    }
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    if (id >= 0) H5Oclose(id);
    leave();
    return result;
}
