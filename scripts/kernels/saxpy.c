#include "gcn.h"

// y = a * x + y, over n elements.
kernel saxpy(u32 n, f32 a, const global f32* x, global f32* y) {
  u32 i = global_x();
  if (i < n) y[i] = a * x[i] + y[i];
}
