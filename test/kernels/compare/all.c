// Every kernel of this folder as one translation unit: one run of the compiler for each target and level.
#include "control.c"
#include "convert.c"
#include "double.c"
#include "float.c"
#include "integer.c"
#include "memory.c"
#include "wide.c"

#ifdef __clang__  // GCC has neither halves nor local memory of a workgroup
#include "group.c"
#include "half.c"
#endif
