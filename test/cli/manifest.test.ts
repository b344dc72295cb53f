import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseManifest } from "../../lib/cli/manifest.js";
import { BytesArgument, LocalArgument, ScalarArgument } from "../../lib/index.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gcn-offload-manifest-"));
  writeFileSync(join(folder, "sixteen.bin"), new Uint8Array(16).fill(7));
});
afterAll(() => rmSync(folder, { recursive: true }));

const base = { codeObject: "a.hsaco", kernel: "k", grid: [64, 1, 1], workgroup: [64, 1, 1], args: [] as unknown[] };
const argument = async (entry: unknown) => (await parseManifest({ ...base, args: [entry] }, folder)).args[0];
const scalar = async (entry: unknown): Promise<ScalarArgument> => {
  const made = await argument(entry);
  if (made?.kind !== "value" || !(made.argument instanceof ScalarArgument)) throw new Error("no scalar");
  return made.argument;
};

test("paths are relative to the manifest", async () => {
  expect((await parseManifest(base, folder)).codeObject).toBe(join(folder, "a.hsaco"));
  expect((await parseManifest({ ...base, codeObject: "/x/a.hsaco" }, folder)).codeObject).toBe("/x/a.hsaco");
});

test("scalars come as numbers, as decimal text, and as bytes", async () => {
  expect((await scalar({ kind: "i32", value: -5 })).value).toBe(-5);
  expect((await scalar({ kind: "u64", value: "18446744073709551615" })).value).toBe(18446744073709551615n);
  expect((await scalar({ kind: "i64", value: "-9223372036854775808" })).value).toBe(-9223372036854775808n);
  expect((await scalar({ kind: "i8", value: "-128" })).value).toBe(-128);
  expect((await scalar({ kind: "f32", value: "-1.5e-3" })).value).toBe(-0.0015);
  expect((await scalar({ kind: "f64", value: "-inf" })).value).toBe(Number.NEGATIVE_INFINITY);
  expect((await scalar({ kind: "f16", value: "nan" })).value).toBeNaN();
  const raw = await argument({ kind: "f32", hex: "0000 c03f" });
  expect(raw).toMatchObject({ kind: "value", argument: new BytesArgument(Uint8Array.of(0, 0, 0xc0, 0x3f)) });
});

test("bytes, LDS and buffers", async () => {
  expect(await argument({ kind: "bytes", hex: "0x01020304", align: 4 })).toEqual({
    kind: "value",
    argument: new BytesArgument(Uint8Array.of(1, 2, 3, 4)),
    align: 4,
  });
  expect(await argument({ kind: "local", bytes: 1024 })).toMatchObject({ argument: new LocalArgument(1024) });
  expect(await argument({ kind: "buffer", bytes: 16 })).toEqual({
    kind: "buffer",
    byteLength: 16,
    init: null,
    expect: null,
    compare: { type: "exact" },
  });
  const checked = await argument({
    kind: "buffer",
    bytes: 16,
    init: "sixteen.bin",
    expect: "sixteen.bin",
    compare: { type: "f32", ulp: 1 },
  });
  expect(checked).toMatchObject({ compare: { type: "f32", ulp: 1 } });
  expect(await argument({ kind: "buffer", bytes: 16, expect: "sixteen.bin", compare: "f64" })).toMatchObject({
    compare: { type: "f64" },
  });
});

const BAD: readonly [string, unknown, RegExp][] = [
  ["no object", [], /the manifest must be an object, not an array/],
  ["a misspelled key", { ...base, kernal: "k" }, /the manifest takes no "kernal" \(did you mean "kernel"\?\)/],
  ["no code object", { ...base, codeObject: undefined }, /codeObject must be text, not missing/],
  ["no arguments", { ...base, args: undefined }, /args must be a list, not missing/],
  ["an empty grid", { ...base, grid: [0, 1, 1] }, /grid\[0\] must be an integer from 1 on, not 0/],
  ["four dimensions", { ...base, grid: [1, 1, 1, 1] }, /grid must be one to three numbers/],
  [
    "a kind that there is not",
    { ...base, args: [{ kind: "f23", value: 1 }] },
    /args\[0\].kind must be one of .* \(did you mean/,
  ],
  ["no kind", { ...base, args: [{}] }, /args\[0\].kind/],
  ["an argument that is no object", { ...base, args: [5] }, /args\[0\] must be an object, not 5/],
  ["neither value nor hex", { ...base, args: [{ kind: "i32" }] }, /args\[0\] needs either value or hex/],
  ["both value and hex", { ...base, args: [{ kind: "i32", value: 1, hex: "00000000" }] }, /either value or hex/],
  [
    "a value out of range",
    { ...base, args: [{ kind: "u8", value: 256 }] },
    /args\[0\]: u8's value must be an integer from 0 to 255, not 256/,
  ],
  [
    "a fraction for an integer",
    { ...base, args: [{ kind: "i32", value: "1.5" }] },
    /args\[0\].value must be a decimal integer/,
  ],
  ["words for a number", { ...base, args: [{ kind: "f32", value: "one" }] }, /a decimal number, not "one"/],
  ["hex of another size", { ...base, args: [{ kind: "f64", hex: "00000000" }] }, /hex has 4 bytes; f64 has 8/],
  ["odd hex", { ...base, args: [{ kind: "bytes", hex: "abc" }] }, /hex digits, two each/],
  ["an alignment that is none", { ...base, args: [{ kind: "bytes", hex: "ab", align: 3 }] }, /a power of two/],
  [
    "a buffer of nothing",
    { ...base, args: [{ kind: "buffer", bytes: 0 }] },
    /args\[0\].bytes must be an integer from 1 on/,
  ],
  ["a missing file", { ...base, args: [{ kind: "buffer", bytes: 4, init: "no.bin" }] }, /args\[0\].init: ENOENT/],
  [
    "too long an init",
    { ...base, args: [{ kind: "buffer", bytes: 4, init: "sixteen.bin" }] },
    /init has 16 bytes, more than the buffer's 4/,
  ],
  [
    "an expect of another size",
    { ...base, args: [{ kind: "buffer", bytes: 32, expect: "sixteen.bin" }] },
    /expect has 16 bytes, and the buffer 32/,
  ],
  ["compare without expect", { ...base, args: [{ kind: "buffer", bytes: 4, compare: "f32" }] }, /compare needs expect/],
  [
    "a tolerance for bytes",
    { ...base, args: [{ kind: "buffer", bytes: 16, expect: "sixteen.bin", compare: { type: "exact", ulp: 1 } }] },
    /exact has no tolerance/,
  ],
  [
    "two tolerances",
    { ...base, args: [{ kind: "buffer", bytes: 16, expect: "sixteen.bin", compare: { type: "f32", ulp: 1, abs: 1 } }] },
    /either ulp, or abs and rel/,
  ],
  [
    "a negative tolerance",
    { ...base, args: [{ kind: "buffer", bytes: 16, expect: "sixteen.bin", compare: { type: "f32", ulp: -1 } }] },
    /ulp must be a number from 0 on/,
  ],
];
test.each(BAD)("%s is refused", async (_what, json, message) => {
  await expect(parseManifest(json, folder)).rejects.toThrow(message);
  await expect(parseManifest(json, folder)).rejects.toThrow(expect.objectContaining({ name: "InputError" }));
});
