// What the lanes of one wave tell each other.
#include "gcn.h"

// out[i] = a bit for each lane of the wave whose value is odd (the low 32 and the high 32 lanes in two words).
kernel wave_ballot(const global u32* in, global u32* out) {
  u32 i = global_x();
#if __AMDGCN_WAVEFRONT_SIZE == 64
  u64 odd = __builtin_amdgcn_ballot_w64(in[i] & 1);
#else
  u64 odd = __builtin_amdgcn_ballot_w32(in[i] & 1);
#endif
  out[2 * i] = (u32)odd;
  out[2 * i + 1] = (u32)(odd >> 32);
}

// out[i] = the value of the lane that in[i] names, modulo 32, within its wave; and of the first lane.
kernel wave_shuffle(const global u32* in, global u32* out) {
  u32 i = global_x();
  out[2 * i] = (u32)__builtin_amdgcn_ds_bpermute((i32)(in[i] & 31) * 4, (i32)(i * 3));
  out[2 * i + 1] = (u32)__builtin_amdgcn_readfirstlane((i32)(in[i] + 1));
}

// out[i] = the value of the lane before in the row of 16, or 1000 for the first of a row.
kernel wave_shift(const global u32* in, global u32* out) {
  u32 i = global_x();
  out[i] = (u32)__builtin_amdgcn_update_dpp(1000, (i32)in[i], 0x111 /* row_shr:1 */, 0xf, 0xf, 0);
}

// out[i] = the lane's number in its wave.
kernel wave_lane(global u32* out) {
  u32 lane = __builtin_amdgcn_mbcnt_lo(~0u, 0);
#if __AMDGCN_WAVEFRONT_SIZE == 64
  lane = __builtin_amdgcn_mbcnt_hi(~0u, lane);
#endif
  out[global_x()] = lane;
}
