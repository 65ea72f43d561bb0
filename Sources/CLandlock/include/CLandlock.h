// Landlock (landlock(7)) has no wrappers in glibc 2.36.
#pragma once

// The version that this kernel has; 0 where it has none.
int sqz_landlock_version(void);

// A ruleset that handles every right on files that `version` knows. Gives a descriptor, or -1 with errno.
int sqz_landlock_create(int version);

// Lets a file, or all below a directory, be read; and changed, where `writable` is not 0. Gives 0, or -1 with errno.
int sqz_landlock_allow(int ruleset, int version, const char *path, int writable);

// From now on this thread, and those that it starts, may do only what was allowed. Gives 0, or -1 with errno.
int sqz_landlock_enforce(int ruleset);
