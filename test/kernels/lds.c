// LDS: static, external (its size is the launch's), and barriers between several waves.
#include "gcn.h"

// Reverses each workgroup's elements in place; workgroups of up to 1024.
kernel lds_reverse(global u32* data) {
  shared u32 tile[1024];
  u32 i = local_x(), n = size_x();
  tile[i] = data[global_x()];
  barrier();
  data[global_x()] = tile[n - 1 - i];
}

extern lds u32 dynamic[];

// As lds_reverse, in LDS beyond the static part: 4 bytes for each work-item must be asked for.
kernel lds_reverse_dynamic(global u32* data) {
  u32 i = local_x(), n = size_x();
  dynamic[i] = data[global_x()];
  barrier();
  data[global_x()] = dynamic[n - 1 - i];
}

// Inclusive prefix sums within each workgroup (Hillis and Steele): two barriers a step.
kernel lds_prefix_sum(global u32* data) {
  shared u32 sums[1024];
  u32 i = local_x(), n = size_x();
  sums[i] = data[global_x()];
  for (u32 distance = 1; distance < n; distance *= 2) {
    barrier();
    u32 value = i >= distance ? sums[i - distance] : 0;
    barrier();
    sums[i] += value;
  }
  data[global_x()] = sums[i];
}

// Bytes and halves at odd places: counts[v] = how often byte v is in the workgroup's part of `data`, added to `counts` in memory.
kernel lds_histogram(u32 n, const global u8* data, global u32* counts) {
  shared u32 bins[256];
  for (u32 i = local_x(); i < 256; i += size_x()) bins[i] = 0;
  barrier();
  for (u32 i = global_x(); i < n; i += grid_x()) __atomic_fetch_add(&bins[data[i]], 1, __ATOMIC_RELAXED);
  barrier();
  for (u32 i = local_x(); i < 256; i += size_x()) __atomic_fetch_add(&counts[i], bins[i], __ATOMIC_RELAXED);
}

// The first wave waits in a loop until the last one has raised a flag in LDS: waves of a workgroup must take turns.
kernel lds_handover(global u32* out) {
  shared u32 flag;
  u32 i = local_x();
  if (i == 0) flag = 0;
  barrier();
  if (i == size_x() - 1) __atomic_store_n(&flag, 42, __ATOMIC_RELEASE);
  if (i == 0) {
    u32 seen;
    while ((seen = __atomic_load_n(&flag, __ATOMIC_ACQUIRE)) == 0) __builtin_amdgcn_s_sleep(1);
    out[group_x()] = seen;
  }
}
