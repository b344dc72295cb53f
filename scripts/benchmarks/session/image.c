// The code object that every row launches: an image as libgomp's plugin for GCN takes it, with nothing in it. Each GCC
// looks for the symbol of its own release: __gomp_device_num GCC 12, __gomp_additional_icvs GCC 13 and later.
#include "gcn.h"

kernel empty(const global void* table) {
  (void)table;
}

// The plugin runs these when it loads and unloads an image.
kernel _init_array(const global void* table) {
  (void)table;
}
kernel _fini_array(const global void* table) {
  (void)table;
}

visible int __gomp_device_num;
visible struct {
  u32 default_device, max_active_levels;
  u32 more[2];
} __gomp_additional_icvs;
