// Bytes, halves, structs, unaligned places, arrays in private memory.
#include "compare.h"

ITEM(memory_bytes, "u") {
  const u8* bytes = (const u8*)in;
  u8* to = (u8*)out;
  for (u32 k = 0; k < 32; ++k) to[k] = bytes[31 - k];
  for (u32 k = 0; k < 32; ++k) to[32 + k] = (u8)(bytes[k] + ((const i8*)bytes)[(k + 5) % 32]);
  ((u16*)(to + 64))[3] = ((const u16*)bytes)[5];
  to[64 + bytes[0] % 6] = bytes[1];
}

ITEM(memory_halves, "u") {
  const u16* halves = (const u16*)in;
  u16* to = (u16*)out;
  for (u32 k = 0; k < 16; ++k) to[k] = halves[15 - k];
  for (u32 k = 0; k < 16; ++k) to[16 + k] = (u16)(((const i16*)halves)[k] >> 3);
  for (u32 k = 0; k < 16; ++k) out[16 + k] = (u32)((const i16*)halves)[k];
}

ITEM(memory_signed_loads, "u") {
  for (u32 k = 0; k < 8; ++k) PUT(((const i8*)in)[k * 3]), PUT(((const u8*)in)[k * 3 + 1]), PUT(((const i16*)in)[k]);
  PUTL(((const i8*)in)[31]), PUTL(((const i16*)in)[15]), PUTL(((const i32*)in)[7]);
}

struct __attribute__((packed)) Packed {
  u8 a;
  u32 b;
  u16 c;
  u64 d;
  f32 e;
  u8 f;
};

ITEM(memory_packed, "u") {
  struct Packed s;
  __builtin_memcpy(&s, in, sizeof s);
  PUT(s.a), PUT(s.b), PUT(s.c), PUTL(s.d), PUT(__builtin_bit_cast(u32, s.e)), PUT(s.f);
  s.b += s.a, s.d *= s.c, s.c = (u16)(s.c + s.f);
  __builtin_memcpy((u8*)out + 1, &s, sizeof s);
}

ITEM(memory_unaligned, "u") {
  const u8* bytes = (const u8*)in;
  for (u32 k = 0; k < 5; ++k) {
    u32 word;
    u64 pair;
    u16 half;
    __builtin_memcpy(&word, bytes + k * 5 + 1, 4), __builtin_memcpy(&pair, bytes + k * 4 + 3, 8),
        __builtin_memcpy(&half, bytes + 2 * k + 1, 2);
    PUT(word), PUTL(pair), PUT(half);
  }
}

struct Point {
  f32 x, y, z;
  u32 tag;
};
struct Segment {
  struct Point from, to;
};
static noinline struct Segment turned(struct Segment s) {
  struct Segment r = {s.to, s.from};
  r.from.tag ^= s.from.tag;
  return r;
}

ITEM(memory_structs, "u") {
  struct Segment s;
  __builtin_memcpy(&s, in, sizeof s);
  struct Segment list[3] = {s, turned(s), turned(turned(s))};
  list[U(0) % 3].to.tag += 9;
  const struct Segment chosen = list[U(1) % 3];
  __builtin_memcpy(out, &chosen, sizeof chosen);
  __builtin_memcpy(out + 8, list, sizeof list);
}

ITEM(memory_sort, "u") {
  u32 a[16];
  for (u32 k = 0; k < 16; ++k) a[k] = ((const u16*)in)[k];
  for (u32 k = 1; k < 16; ++k) {
    const u32 v = a[k];
    u32 j = k;
    for (; j && a[j - 1] > v; --j) a[j] = a[j - 1];
    a[j] = v;
  }
  for (u32 k = 0; k < 16; ++k) PUT(a[k]);
}

ITEM(memory_byte_array, "u") {
  u8 table[64];
  for (u32 k = 0; k < 64; ++k) table[k] = (u8)k;
  const u8* key = (const u8*)in;
  u32 j = 0;
  for (u32 k = 0; k < 64; ++k) {  // the shuffle of RC4
    j = (j + table[k] + key[k % 32]) % 64;
    const u8 t = table[k];
    table[k] = table[j], table[j] = t;
  }
  __builtin_memcpy(out, table, sizeof table);
}

ITEM(memory_wide_array, "u") {
  u64 wide[8];
  f64 floats[4] = {1, 2, 3, 4};
  for (u32 k = 0; k < 8; ++k) wide[k] = (u64)U(k) << k;
  for (u32 k = 0; k < 8; ++k) wide[U(k) % 8] ^= wide[(k + 3) % 8] * 3, floats[U(k) % 4] += (f64)(U(k) >> 8);
  for (u32 k = 0; k < 8; ++k) PUTL(wide[k]);
  for (u32 k = 0; k < 4; ++k) PUTD(floats[k]);
}

#ifdef __clang__
typedef u32 u32x4 __attribute__((ext_vector_type(4)));
typedef f32 f32x3 __attribute__((ext_vector_type(3)));
typedef u8 u8x4 __attribute__((ext_vector_type(4)));

ITEM(memory_vectors, "u") {
  const u32x4 x = *(const u32x4*)in, y = *(const u32x4*)(in + 4);
  *(u32x4*)out = x + y.wzyx;
  *(u32x4*)(out + 4) = x > y ? x : y;
  *(u32x4*)(out + 8) = __builtin_shufflevector(x, y, 0, 5, 2, 7) * 3;
  const u8x4 b = __builtin_bit_cast(u8x4, U(0)), c = __builtin_bit_cast(u8x4, U(5));
  out[12] = __builtin_bit_cast(u32, b + c), out[13] = __builtin_bit_cast(u32, b.wzyx >> (u8)1), out[14] = x[U(6) % 4];
  f32x3 v = {(f32)U(0), (f32)U(1), (f32)U(2)};
  v = v * 0.5f + v.zxy;
  out[15] = f32_bits(v.x), out[16] = f32_bits(v.y), out[17] = f32_bits(v.z);
}
#endif

union Word {
  u32 u;
  f32 f;
  u8 b[4];
  i16 h[2];
};

ITEM(memory_unions, "u") {
  union Word w = {U(0)};
  PUT(w.b[0] + 256u * w.b[3]), PUT(w.h[1]), w.b[U(1) % 4] = 0x7f, PUT(w.u), w.h[0] = (i16)(w.h[1] * 3), PUT(w.u);
  w.f = (f32)U(2), PUT(w.u);
}

ITEM(memory_list, "u") {
  struct Node {
    u32 value;
    struct Node* next;
  } nodes[8], *head = 0;
  for (u32 k = 0; k < 8; ++k) {
    struct Node** place = &head;
    while (*place && (*place)->value < U(k)) place = &(*place)->next;
    nodes[k] = (struct Node){U(k), *place};
    *place = &nodes[k];
  }
  for (struct Node* n = head; n; n = n->next) PUT(n->value);
}

ITEM(memory_matrix, "u") {
  i32 a[4][4], b[4][4], c[4][4] = {0};
  for (u32 k = 0; k < 16; ++k)
    a[k / 4][k % 4] = (i8)(U(k / 4) >> 8 * (k % 4)), b[k % 4][k / 4] = (i8)(U(4 + k / 4) >> 8 * (k % 4));
  for (u32 i = 0; i < 4; ++i)
    for (u32 j = 0; j < 4; ++j)
      for (u32 k = 0; k < 4; ++k) c[i][j] += a[i][k] * b[k][j];
  for (u32 k = 0; k < 16; ++k) PUT(c[k / 4][k % 4]);
  PUT(c[U(0) % 4][U(1) % 4]);
}

static const u8 alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
TABLE(alphabet)

ITEM(memory_text, "u") {  // base64 of 24 bytes, then what strings do
  const u8* bytes = (const u8*)in;
  u8* text = (u8*)out;
  for (u32 k = 0; k < 24; k += 3) {
    const u32 group = (u32)bytes[k] << 16 | (u32)bytes[k + 1] << 8 | bytes[k + 2];
    for (u32 c = 0; c < 4; ++c) *text++ = alphabet[group >> (18 - 6 * c) & 63];
  }
  u32 length = 0, vowels = 0;
  for (const u8* c = (const u8*)out; *c && length < 32; ++c, ++length)
    vowels += *c == 'A' || *c == 'e' || *c == 'i' || *c == 'O';
  out[10] = length, out[11] = vowels;
}

static const u32 primes[16] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53};
TABLE(primes)
static const f64 weights[4] = {0.25, -1.5, 3.75, 1e10};
TABLE(weights)

ITEM(memory_tables, "u") {
  for (u32 k = 0; k < 8; ++k) PUT(U(k) % primes[U(k) >> 28]);
  for (u32 k = 0; k < 4; ++k) PUTD(weights[U(k) & 3] * (f64)(U(k) >> 16));
}

ITEM(memory_moves, "u") {
  u8 buffer[48];
  __builtin_memset(buffer, 0xa5, sizeof buffer);
  __builtin_memcpy(buffer + 3, in, 32);
  __builtin_memmove(buffer + 9, buffer + 1, 30);
  __builtin_memmove(buffer, buffer + 7, 17);
  __builtin_memcpy(out, buffer, sizeof buffer);
}
