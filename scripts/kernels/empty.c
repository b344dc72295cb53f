#include "gcn.h"

// Nothing: what a launch costs.
kernel empty(void) {}
