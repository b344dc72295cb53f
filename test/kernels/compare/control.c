// Branches, loops, calls: what makes lanes diverge.
#include "compare.h"

ITEM(control_switch, "u") {
  u32 v = U(0);
  for (u32 k = 0; k < 8; ++k) {
    switch (U(k) % 12) {
      case 0:
        v += 3;
        break;
      case 1:
        v ^= v << 7;
        __attribute__((fallthrough));
      case 2:
        v -= U(1);
        break;
      case 3:
        v = v >> 3 | v << 29;
        break;
      case 4:
        v *= 5;
        break;
      case 5:
        v = ~v;
        break;
      case 6:
        continue;
      case 7:
        v += k;
        break;
      case 9:
        v |= 0x10101;
        break;
      case 10:
        v &= 0xfefefefe;
        break;
      default:
        v -= 1;
    }
    v += U(k) >> 5;
  }
  PUT(v);
}

ITEM(control_sparse_switch, "u") {
  u32 sum = 0;
  for (u32 k = 0; k < 8; ++k) {
    switch (U(k) & 0x8c1) {
      case 0:
        sum += 1;
        break;
      case 1:
        sum += 20;
        break;
      case 0x40:
        sum += 300;
        break;
      case 0x41:
        sum += 4000;
        break;
      case 0x880:
        sum += 50000;
        break;
      case 0x8c1:
        sum += 600000;
        break;
      default:
        sum ^= k;
    }
  }
  PUT(sum);
}

ITEM(control_loops, "u") {
  u32 found = 0, total = 0;
  for (u32 i = 2; i < 60; ++i) {
    u32 j = 2;
    for (; j * j <= i; ++j)
      if (i % j == 0) goto composite;
    if ((i ^ U(0)) % 5 == 0) continue;
    if (++found > U(1) % 17) break;
    total += i;
  composite:;
  }
  PUT(found), PUT(total);
  u32 x = U(2) | 1, n = 0;
  do {
    x = x * 1664525 + 1013904223;
    if (x >> 30 == 1) n += 2;
  } while (++n < 40 && x >> 28);
  PUT(x), PUT(n);
}

ITEM(control_machine, "u") {  // a state machine of gotos over bits
  u32 steps = 0, accepted = 0, bits = U(0), left = 32;
idle:
  if (!left--) goto end;
  ++steps;
  if ((bits >>= 1) & 1) goto one;
  goto idle;
one:
  if (!left--) goto end;
  ++steps;
  if ((bits >>= 1) & 1) goto two;
  goto idle;
two:
  if (!left--) goto end;
  ++accepted;
  if ((bits >>= 1) & 1) goto two;
  goto one;
end:
  PUT(steps), PUT(accepted);
}

ITEM(control_logic, "u") {
  const u32 a = U(0) & 1, b = U(1) & 2, c = U(2) & 4, d = U(3) & 8;
  u32 calls = 0;
  PUT((a && b) || (c && d)), PUT((a || (++calls, b)) && (c || (++calls, d))), PUT(calls);
  PUT(a ? b ? 1 : 2 : c ? d ? 3 : 4 : 5), PUT(!a && !b && !(c || d)), PUT((a || b) ^ (c && d));
}

static noinline u32 fibonacci(u32 n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}
static noinline u32 odd(u32 n);
static noinline u32 even(u32 n) {
  return n == 0 ? 1 : odd(n - 1);
}
static noinline u32 odd(u32 n) {
  return n == 0 ? 0 : even(n - 1);
}

ITEM(control_recursion, "u") {
  PUT(fibonacci(U(0) % 10)), PUT(even(U(1) % 12));
}

typedef u32 Function(u32, u32);
static noinline u32 sum(u32 a, u32 b) {
  return a + b;
}
static noinline u32 rest(u32 a, u32 b) {
  return a - b;
}
static noinline u32 product(u32 a, u32 b) {
  return a * b;
}
static noinline u32 mixed(u32 a, u32 b) {
  return (a << 5 | a >> 27) ^ b;
}
TABLE(sum) TABLE(rest) TABLE(product) TABLE(mixed) static Function* const functions[4] = {sum, rest, product, mixed};
TABLE(functions)

ITEM(control_function_pointers, "u") {
  u32 v = U(0);
  for (u32 k = 0; k < 8; ++k) v = functions[U(k) >> 7 & 3](v, U(k));
  PUT(v);
}

static noinline u64 many(u32 a, u64 b, f32 c, f64 d, u8 e, i16 f, u64 g, u32 h, u64 i, u64 j, u64 k, u64 l, u64 m,
                         u64 n, u64 o, u64 p, u64 q, u64 r) {
  return a + b * 3 + (u64)(i64)c + (u64)(i64)d + e - (u64)f + g * h + i + j * 2 + k * 3 + l * 5 + m * 7 + n * 11 +
         o * 13 + p * 17 + q * 19 + r * 23;
}

ITEM(control_arguments, "u") {  // more than registers take
  PUTL(many(U(0), UL(1), (f32)(U(2) >> 8), (f64)U(3), (u8)U(4), (i16)U(5), UL(3), U(6), UL(0), UL(1), UL(2), UL(3),
            U(1), U(2), U(3), U(4), U(5), U(6)));
}

static noinline u32 early(u32 a, u32 b) {
  if (a & 1) return b;
  for (u32 k = 0; k < 10; ++k) {
    if ((a >> k & 3) == 3) return k + b;
    b = b * 7 + k;
  }
  return a ^ b;
}

ITEM(control_returns, "u") {
  for (u32 k = 0; k < 4; ++k) PUT(early(U(k), U(k + 4)));
}

ITEM(control_queens, "u") {  // placements of queens on a board of five with two squares taken
  u32 columns[5], row = 0, count = 0;
  const u32 taken = U(0) % 25, other = U(1) % 25;
  columns[0] = 0;
  for (;;) {
    u32 fits = columns[row] < 5;
    if (fits) {
      fits = row * 5 + columns[row] != taken && row * 5 + columns[row] != other;
      for (u32 k = 0; fits && k < row; ++k)
        if (columns[k] == columns[row] || columns[k] + row - k == columns[row] || columns[k] == columns[row] + row - k)
          fits = 0;
      if (fits && row == 4) ++count, fits = 0;
      if (fits) {
        columns[++row] = 0;
        continue;
      }
      ++columns[row];
    } else {
      if (row == 0) break;
      ++columns[--row];
    }
  }
  PUT(count);
}

ITEM(control_interpreter, "u") {  // a stack machine whose program is the input
  u32 stack[8] = {1, 2, 3, 4, 5, 6, 7, 8}, top = 7, pc = 0, fuel = 200;
  const u8* program = (const u8*)in;
  while (fuel-- && pc < 32) {
    const u8 op = program[pc++];
    switch (op & 7) {
      case 0:
        stack[top & 7] += op;
        break;
      case 1:
        stack[(top - 1) & 7] *= stack[top & 7], --top;
        break;
      case 2:
        stack[++top & 7] = op;
        break;
      case 3:
        if (stack[top & 7] & 1) pc = pc + (op >> 5);
        break;
      case 4:
        stack[top & 7] ^= stack[(top - 1) & 7];
        break;
      case 5:
        if (stack[top & 7]-- % 3 == 0) pc = op >> 4;
        break;
      case 6:
        --top;
        break;
      default:
        stack[op >> 5] = stack[top & 7];
    }
  }
  for (u32 k = 0; k < 8; ++k) PUT(stack[k]);
  PUT(top), PUT(pc), PUT(fuel);
}
