/* Preloaded into a program on the software GPU: when the program ends, says in the file that GCN_OFFLOAD_COUNTS names
   what the software GPU did for it: "dispatches wave-instructions nanoseconds". A program that dies of a signal says
   nothing. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../native/softgpu/driver/thunk/gcn_softgpu.h"

__attribute__((destructor)) static void report(void) {
  const char* name = getenv("GCN_OFFLOAD_COUNTS");
  void* thunk = name ? dlopen("libhsakmt.so.1", RTLD_LAZY | RTLD_NOLOAD) : NULL;
  if (!thunk) return;
  int (*statistics)(struct gcn_softgpu_counts*) =
      (int (*)(struct gcn_softgpu_counts*))dlsym(thunk, "gcn_softgpu_statistics");
  struct gcn_softgpu_counts counts = {.size = sizeof counts};
  if (!statistics || statistics(&counts) != 0) return;
  FILE* file = fopen(name, "w");
  if (!file) return;
  fprintf(file, "%ju %ju %ju\n", (uintmax_t)counts.dispatches, (uintmax_t)counts.wave_instructions,
          (uintmax_t)counts.dispatch_nanoseconds);
  fclose(file);
}
