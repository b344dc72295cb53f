// usage: host KERNEL ITEMS IN_BYTES OUT_BYTES INPUTS      reads the input buffers from stdin, writes the output buffer to stdout
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gcn.h"

u32 current_x;
kernel math_u32(u32 n, const u32* a, const u32* b, u32* out);
kernel math_u64(u32 n, const u64* a, const u64* b, u64* out);
kernel math_f32(u32 n, const f32* a, const f32* b, f32* out);
kernel math_f64(u32 n, const f64* a, const f64* b, f64* out);
kernel math_convert(u32 n, const f64* a, u64* out);

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  u32 n = (u32)strtoul(argv[2], 0, 10);
  size_t in = strtoul(argv[3], 0, 10), out = strtoul(argv[4], 0, 10);
  char *a = malloc(in), *b = malloc(in), *c = calloc(1, out);
  if (!a || !b || !c || fread(a, 1, in, stdin) != in) return 2;
  if (fread(b, 1, in, stdin) != in) memset(b, 0, in);
  for (current_x = 0; current_x < n; current_x++) {
    if (!strcmp(argv[1], "math_u32")) math_u32(n, (u32*)a, (u32*)b, (u32*)c);
    else if (!strcmp(argv[1], "math_u64")) math_u64(n, (u64*)a, (u64*)b, (u64*)c);
    else if (!strcmp(argv[1], "math_f32")) math_f32(n, (f32*)a, (f32*)b, (f32*)c);
    else if (!strcmp(argv[1], "math_f64")) math_f64(n, (f64*)a, (f64*)b, (f64*)c);
    else if (!strcmp(argv[1], "math_convert")) math_convert(n, (f64*)a, (u64*)c);
    else return 2;
  }
  return fwrite(c, 1, out, stdout) == out ? 0 : 3;
}
