#include "CProcess.h"
#include <malloc.h>

void sqz_give_memory_back(void) { malloc_trim(0); }
