// The kernels that scripts/bench --softgpu counts, for both sides: see work.h.
#include "work.h"

// Vector instructions in a row: two chains of f32, two of u32.
KERNEL(straight, 256) {
  global u32* out = (global u32*)arguments.out;
  EACH_ITEM(256) {
    const u32 n = group * 256 + item;
    f32 x = (f32)(n & 1023) * 0.125f, y = 1;
    u32 p = n, q = ~n;
    for (u32 t = 0; t < arguments.turns; t++) {
      x = x * 0.75f + y;
      y = y - x * 0.125f + 0.25f;  // never a denormal: gfx803 flushes them, this CPU does not
      p = (p ^ q) + (q >> 3);
      q = q * 69069 + (p | 1);
      x = x < 1000 ? x : 1;
    }
    union {
      f32 f;
      u32 u;
    } bits = {x + y};
    out[n] = bits.u ^ p ^ q;
  }
}

// out = a + b.
KERNEL(vector_add, 256) {
  const global f32* restrict a = (const global f32*)arguments.a;
  const global f32* restrict b = (const global f32*)arguments.b;
  global f32* restrict out = (global f32*)arguments.out;
  EACH_ITEM(256) {
    const u32 n = group * 256 + item;
    out[n] = a[n] + b[n];
  }
}

// out = a + factor * b, in f64.
KERNEL(triad, 256) {
  const global f64* restrict a = (const global f64*)arguments.a;
  const global f64* restrict b = (const global f64*)arguments.b;
  global f64* restrict out = (global f64*)arguments.out;
  EACH_ITEM(256) {
    const u32 n = group * 256 + item;
    out[n] = __builtin_fma(b[n], arguments.factor, a[n]);
  }
}

// out = a * b, square matrices of `count` rows, a multiple of 16: a workgroup computes a tile from tiles in LDS.
KERNEL(matmul, 256) {
  shared f32 tile_a[16][16], tile_b[16][16];
  const global f32* restrict a = (const global f32*)arguments.a;
  const global f32* restrict b = (const global f32*)arguments.b;
  global f32* restrict out = (global f32*)arguments.out;
  const u32 n = arguments.count, tiles = n / 16, left = group % tiles * 16, top = group / tiles * 16;
  OWN(f32, sum, 256);
  EACH_ITEM(256) MINE(sum) = 0;
  for (u32 from = 0; from < n; from += 16) {
    EACH_ITEM(256) {
      const u32 x = item % 16, y = item / 16;
      tile_a[y][x] = a[(top + y) * n + from + x];
      tile_b[y][x] = b[(from + y) * n + left + x];
    }
    BARRIER();
    EACH_ITEM(256) {
      const u32 x = item % 16, y = item / 16;
      f32 partial = MINE(sum);
      for (u32 k = 0; k < 16; k++) partial = __builtin_fmaf(tile_a[y][k], tile_b[k][x], partial);
      MINE(sum) = partial;
    }
    BARRIER();
  }
  EACH_ITEM(256) out[(top + item / 16) * n + left + item % 16] = MINE(sum);
}

// Accelerations of `count` bodies {x, y, z, mass} in a, each by all.
KERNEL(nbody, 256) {
  const global f32* restrict body = (const global f32*)arguments.a;
  global f32* restrict out = (global f32*)arguments.out;
  EACH_ITEM(256) {
    const u32 n = group * 256 + item;
    const f32 px = body[4 * n], py = body[4 * n + 1], pz = body[4 * n + 2];
    f32 ax = 0, ay = 0, az = 0;
    for (u32 i = 0; i < arguments.count; i++) {
      const f32 x = body[4 * i] - px, y = body[4 * i + 1] - py, z = body[4 * i + 2] - pz;
      const f32 root = RECIPROCAL_ROOT(__builtin_fmaf(x, x, __builtin_fmaf(y, y, __builtin_fmaf(z, z, 0.01f))));
      const f32 pull = body[4 * i + 3] * root * root * root;
      ax = __builtin_fmaf(pull, x, ax);
      ay = __builtin_fmaf(pull, y, ay);
      az = __builtin_fmaf(pull, z, az);
    }
    out[4 * n] = ax;
    out[4 * n + 1] = ay;
    out[4 * n + 2] = az;
    out[4 * n + 3] = 0;
  }
}

// SHA-256 (FIPS 180-4) of one block: the work-item's number sixteen times, XORed with the words' numbers; `turns`
// times over, each digest going on from the one before. out: eight words for each work-item.
static inline u32 turned(u32 x, u32 by) {
  return x >> by | x << (32 - by);
}
KERNEL(sha256, 256) {
  static const
#ifdef __AMDGCN__
      constant
#endif
          u32 kRound[64] = {
              0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
              0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
              0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
              0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
              0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
              0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
              0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
              0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
          };
  global u32* out = (global u32*)arguments.out;
  EACH_ITEM(256) {
    const u32 n = group * 256 + item;
    u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (u32 t = 0; t < arguments.turns; t++) {
      u32 w[16], s[8];
      for (u32 i = 0; i < 16; i++) w[i] = n ^ i;
      for (u32 i = 0; i < 8; i++) s[i] = h[i];
#pragma clang loop unroll(full)
      for (u32 i = 0; i < 64; i++) {
        if (i >= 16) {
          const u32 w2 = w[(i - 2) % 16], w15 = w[(i - 15) % 16];
          w[i % 16] += (turned(w2, 17) ^ turned(w2, 19) ^ w2 >> 10) + w[(i - 7) % 16] +
                       (turned(w15, 7) ^ turned(w15, 18) ^ w15 >> 3);
        }
        const u32 e = s[4], a = s[0];
        const u32 one =
            s[7] + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & s[5]) ^ (~e & s[6])) + kRound[i] + w[i % 16];
        const u32 two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        s[7] = s[6], s[6] = s[5], s[5] = e, s[4] = s[3] + one, s[3] = s[2], s[2] = s[1], s[1] = a, s[0] = one + two;
      }
      for (u32 i = 0; i < 8; i++) h[i] += s[i];
    }
    for (u32 i = 0; i < 8; i++) out[8 * n + i] = h[i];
  }
}

// Sorts each 512 words of a in LDS.
KERNEL(bitonic, 256) {
  shared u32 words[512];
  const global u32* restrict a = (const global u32*)arguments.a;
  global u32* restrict out = (global u32*)arguments.out;
  EACH_ITEM(256) {
    words[item] = a[group * 512 + item];
    words[item + 256] = a[group * 512 + 256 + item];
  }
  BARRIER();
  for (u32 size = 2; size <= 512; size *= 2) {
    for (u32 step = size / 2; step > 0; step /= 2) {
      EACH_ITEM(256) {
        const u32 low = 2 * item - (item & (step - 1)), high = low + step;
        const u32 x = words[low], y = words[high];
        if ((x > y) == ((low & size) == 0)) {
          words[low] = y;
          words[high] = x;
        }
      }
      BARRIER();
    }
  }
  EACH_ITEM(256) {
    out[group * 512 + item] = words[item];
    out[group * 512 + 256 + item] = words[item + 256];
  }
}

// Steps until n + 1 comes to one.
KERNEL(collatz, 256) {
  global u32* out = (global u32*)arguments.out;
  EACH_ITEM(256) {
    u64 n = group * 256 + item + 1;
    u32 steps = 0;
    while (n != 1) {
      if (n & 1) {
        n = 3 * n + 1;
      } else {
        n /= 2;
      }
      steps++;
    }
    out[group * 256 + item] = steps;
  }
}
