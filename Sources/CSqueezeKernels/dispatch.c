// Which kernel sets this processor can run.
#include "CSqueezeKernels.h"

// The sets that this build holds, slowest first: for each SET(name) a file has the table sqz_kernels_NAME and the question
// sqz_has_NAME, to the processor or the kernel, whether it runs here.
#if defined(__x86_64__)
#define SETS SET(scalar) SET(baseline) SET(avx2) SET(avxvnni) SET(avx512) SET(avx512vnni) SET(amx)
#else
#define SETS SET(scalar) SET(baseline) SET(dotprod) SET(i8mm)
#endif

#define SET(name) extern const sqz_kernels sqz_kernels_##name; int sqz_has_##name(void);
SETS
#undef SET

#define SET(name) {&sqz_kernels_##name, sqz_has_##name},
static const struct {
    const sqz_kernels *table;
    int (*runs)(void);
} sets[] = {SETS};

int sqz_kernels_count(void) {
    int count = 0;
    for (size_t set = 0; set < sizeof sets / sizeof *sets; set++) count += sets[set].runs();
    return count;
}

const sqz_kernels *sqz_kernels_at(int index) {
    int set = 0;
    while (!sets[set].runs() || index-- > 0) set++;
    return sets[set].table;
}
