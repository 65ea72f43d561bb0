// What a set's table and kernels are called in other files.
#ifndef NAMES_H
#define NAMES_H

#define JOINED(a, b, c) a##b##c
#define TABLE_OF(set) JOINED(sqz_kernels_, set, )
#define KERNEL_OF(set, function) JOINED(sqz_, set, _##function)

#endif
