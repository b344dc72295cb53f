// c = a * b for square row-major matrices of any size n: each workgroup of 16 x 16 computes a tile of c from tiles in LDS.
#define TILE 16

__attribute__((reqd_work_group_size(TILE, TILE, 1))) __attribute__((visibility("protected")))
__kernel void matmul(uint n, __global const float* restrict a, __global const float* restrict b,
                     __global float* restrict c) {
  __local float tile_a[TILE][TILE];
  __local float tile_b[TILE][TILE];
  const uint x = __builtin_amdgcn_workitem_id_x();
  const uint y = __builtin_amdgcn_workitem_id_y();
  const uint column = __builtin_amdgcn_workgroup_id_x() * TILE + x;
  const uint row = __builtin_amdgcn_workgroup_id_y() * TILE + y;
  float sum = 0;
  for (uint from = 0; from < n; from += TILE) {
    tile_a[y][x] = row < n && from + x < n ? a[row * n + from + x] : 0;
    tile_b[y][x] = from + y < n && column < n ? b[(from + y) * n + column] : 0;
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
    for (uint k = 0; k < TILE; k++) sum = __builtin_fmaf(tile_a[y][k], tile_b[k][x], sum);
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
  }
  if (row < n && column < n) c[row * n + column] = sum;
}
