// Reads weights of an HDF5 file that lies in memory: groups, datasets of floats, attributes that are texts. Nothing else of the
// library is within reach of a file: no other files, no plugins, no writing.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SQZ_HDF5_DIMENSIONS = 8, SQZ_HDF5_MESSAGE = 256 };

struct sqz_hdf5;

// What a link leads to. Soft links are never followed, nor are those to other files.
enum sqz_hdf5_link { SQZ_HDF5_HARD, SQZ_HDF5_SOFT, SQZ_HDF5_FOREIGN };

enum sqz_hdf5_kind { SQZ_HDF5_GROUP, SQZ_HDF5_DATASET, SQZ_HDF5_NEITHER };

enum sqz_hdf5_type {
    SQZ_HDF5_FLOAT16,
    SQZ_HDF5_FLOAT32,
    SQZ_HDF5_FLOAT64,
    SQZ_HDF5_INTEGER,
    SQZ_HDF5_TEXT,
    SQZ_HDF5_COMPOUND,
    SQZ_HDF5_OTHER,
};

struct sqz_hdf5_object {
    enum sqz_hdf5_kind kind;
    // Of a dataset.
    enum sqz_hdf5_type type;
    int dimensions;
    uint64_t shape[SQZ_HDF5_DIMENSIONS];
};

// The functions that can fail return 0, or -1 with the library's own word in `message`, of SQZ_HDF5_MESSAGE bytes. They may be
// called from any thread; visitors must not call them.

// The bytes must stay until the file is closed. NULL where it is no HDF5 file.
struct sqz_hdf5 *sqz_hdf5_open(const void *bytes, size_t count, char *message);
void sqz_hdf5_close(struct sqz_hdf5 *file);

// Objects are told by their addresses in the file.
uint64_t sqz_hdf5_root(const struct sqz_hdf5 *file);
int sqz_hdf5_object(struct sqz_hdf5 *file, uint64_t address, struct sqz_hdf5_object *object, char *message);

// A visitor that returns other than 0 ends it; that is no failure.
typedef int (*sqz_hdf5_link_visitor)(void *context, const char *name, enum sqz_hdf5_link link, uint64_t address);
int sqz_hdf5_links(
    struct sqz_hdf5 *file, uint64_t group, sqz_hdf5_link_visitor visit, void *context, char *message);

// The texts of an attribute, of fixed or of varying length; none where there is no such attribute, or it holds others than texts
// or more than `most`.
typedef void (*sqz_hdf5_text_visitor)(void *context, const char *text, size_t count);
int sqz_hdf5_texts(
    struct sqz_hdf5 *file, uint64_t object, const char *attribute, size_t most, sqz_hdf5_text_visitor visit,
    void *context, char *message);

// Reads a dataset of `count` floats of whichever width.
int sqz_hdf5_read(struct sqz_hdf5 *file, uint64_t dataset, float *values, size_t count, char *message);
