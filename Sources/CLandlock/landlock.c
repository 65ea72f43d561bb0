#define _GNU_SOURCE
#include "CLandlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Debian 12's headers end with version 2 of the interface.
#define TRUNCATE (1ULL << 14)
#define IOCTL_DEVICE (1ULL << 15)

static const uint64_t read_file = LANDLOCK_ACCESS_FS_READ_FILE;
static const uint64_t read_directory = LANDLOCK_ACCESS_FS_READ_DIR;

static uint64_t all_rights(int version) {
    // Version 1 has 13 rights, from LANDLOCK_ACCESS_FS_EXECUTE to LANDLOCK_ACCESS_FS_MAKE_SYM.
    uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    if (version >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3) rights |= TRUNCATE;
    if (version >= 5) rights |= IOCTL_DEVICE;
    return rights;
}

int sqz_landlock_version(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int)version;
}

int sqz_landlock_create(int version) {
    struct landlock_ruleset_attr attributes = {.handled_access_fs = all_rights(version)};
    return (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
}

int sqz_landlock_allow(int ruleset, int version, const char *path, int writable) {
    int file = open(path, O_PATH | O_CLOEXEC);
    if (file < 0) return -1;
    struct stat status;
    struct landlock_path_beneath_attr rule = {.parent_fd = file, .allowed_access = read_file};
    int result = fstat(file, &status);
    if (result == 0) {
        // Rights on directories can't be given on a file.
        if (S_ISDIR(status.st_mode)) rule.allowed_access |= read_directory;
        if (writable) {
            rule.allowed_access |= LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                                   LANDLOCK_ACCESS_FS_REMOVE_FILE | (version >= 3 ? TRUNCATE : 0);
        }
        result = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(file);
    return result;
}

int sqz_landlock_enforce(int ruleset) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}
