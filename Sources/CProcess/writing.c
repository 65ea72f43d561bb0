#define _GNU_SOURCE
#include "CProcess.h"

#include <fcntl.h>

int sqz_begin_writing(int descriptor, long offset, long count) {
    return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}
