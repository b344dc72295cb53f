/**
 * A launch described in a file, for `gcn-offload run`. Everything is checked before a device is touched.
 *
 * @packageDocumentation
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  address,
  bytes,
  f16,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type LaunchArgument,
  local,
  SCALAR_BYTES,
  type ScalarKind,
  u8,
  u16,
  u32,
  u64,
} from "../device/arguments.js";
import type { Extent } from "../device/geometry.js";
import { describe, didYouMean } from "../validate.js";
import { InputError } from "./command.js";
import { type CompareType, type Comparison, elementBytes } from "./compare.js";

export interface BufferArgument {
  readonly kind: "buffer";
  readonly byteLength: number;
  /** The bytes it begins with; the rest is zeros. */
  readonly init: Uint8Array | null;
  readonly expect: Uint8Array | null;
  readonly compare: Comparison;
}

export interface ValueArgument {
  readonly kind: "value";
  readonly argument: LaunchArgument;
  /** The alignment that the manifest states for bytes; the kernel's table must agree. */
  readonly align: number | null;
}

export interface Manifest {
  /** Absolute. */
  readonly codeObject: string;
  readonly kernel: string;
  readonly grid: Extent;
  readonly workgroup: Extent | undefined;
  readonly dynamicLds: number | undefined;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly device: string | number | undefined;
  readonly args: readonly (BufferArgument | ValueArgument)[];
}

type Json = Readonly<Record<string, unknown>>;

const KEYS = ["codeObject", "kernel", "grid", "workgroup", "args", "dynamicLds", "timeout", "device"] as const;
const WRAPPERS: Readonly<Record<ScalarKind, (value: never) => LaunchArgument>> = {
  i8,
  u8,
  i16,
  u16,
  i32,
  u32,
  i64,
  u64,
  f16,
  f32,
  f64,
};
const KINDS = [...Object.keys(WRAPPERS), "bytes", "buffer", "local", "address"];
const COMPARE_TYPES: readonly CompareType[] = ["exact", "f16", "f32", "f64"];

/** @throws InputError for whatever the file says that is not so. */
export async function readManifest(file: string): Promise<Manifest> {
  const text = await readFile(file, "utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${file} is not JSON: ${(error as Error).message}`);
  }
  return parseManifest(json, dirname(resolve(file)));
}

/** @param folder - what relative paths are relative to. */
export async function parseManifest(json: unknown, folder: string): Promise<Manifest> {
  const manifest = object(json, "the manifest", KEYS);
  const { args } = manifest;
  if (!Array.isArray(args)) throw wrong("args", "a list", args);
  return {
    codeObject: resolve(folder, text(manifest.codeObject, "codeObject")),
    kernel: text(manifest.kernel, "kernel"),
    grid: extent(manifest.grid, "grid"),
    workgroup: manifest.workgroup === undefined ? undefined : extent(manifest.workgroup, "workgroup"),
    dynamicLds: optional(manifest.dynamicLds, (value) => natural(value, "dynamicLds", 0)),
    timeout: optional(manifest.timeout, (value) => natural(value, "timeout", 1)),
    device: optional(manifest.device, device),
    args: await Promise.all(args.map((entry: unknown, index) => argument(entry, `args[${index}]`, folder))),
  };
}

async function argument(entry: unknown, where: string, folder: string): Promise<BufferArgument | ValueArgument> {
  const { kind } = object(entry, where, null);
  if (typeof kind !== "string" || !KINDS.includes(kind)) {
    const near = typeof kind === "string" ? didYouMean(kind, KINDS) : "";
    throw new InputError(`${where}.kind must be one of ${KINDS.join(", ")}, not ${describe(kind)}${near}`);
  }
  switch (kind) {
    case "buffer":
      return buffer(object(entry, where, ["kind", "bytes", "init", "expect", "compare"]), where, folder);
    case "local":
      return value(local(natural(object(entry, where, ["kind", "bytes"]).bytes, `${where}.bytes`, 1)));
    case "address": {
      const at = object(entry, where, ["kind", "value"]).value;
      return value(address(natural(typeof at === "string" ? Number(at) : at, `${where}.value`, 0)));
    }
    case "bytes": {
      const { hex, align } = object(entry, where, ["kind", "hex", "align"]);
      return value(
        bytes(hexBytes(hex, `${where}.hex`)),
        optional(align, (n) => powerOfTwo(n, `${where}.align`)) ?? null,
      );
    }
    default:
      return value(scalar(kind as ScalarKind, object(entry, where, ["kind", "value", "hex"]), where));
  }
}

const value = (argument: LaunchArgument, align: number | null = null): ValueArgument => ({
  kind: "value",
  argument,
  align,
});

async function buffer(entry: Json, where: string, folder: string): Promise<BufferArgument> {
  const byteLength = natural(entry.bytes, `${where}.bytes`, 1);
  const init = await optional(entry.init, (name) => file(name, `${where}.init`, folder));
  const expect = await optional(entry.expect, (name) => file(name, `${where}.expect`, folder));
  if (init !== undefined && init.length > byteLength) {
    throw new InputError(`${where}.init has ${init.length} bytes, more than the buffer's ${byteLength}`);
  }
  if (expect !== undefined && expect.length !== byteLength) {
    throw new InputError(`${where}.expect has ${expect.length} bytes, and the buffer ${byteLength}`);
  }
  if (entry.compare !== undefined && expect === undefined) throw new InputError(`${where}.compare needs expect`);
  const compare = comparison(entry.compare, `${where}.compare`);
  if (byteLength % elementBytes(compare.type) !== 0) {
    throw new InputError(`${where}: ${byteLength} bytes are no whole number of ${compare.type}`);
  }
  return { kind: "buffer", byteLength, init: init ?? null, expect: expect ?? null, compare };
}

function comparison(entry: unknown, where: string): Comparison {
  if (entry === undefined) return { type: "exact" };
  const asked: Json = typeof entry === "string" ? { type: entry } : object(entry, where, ["type", "ulp", "abs", "rel"]);
  const type = COMPARE_TYPES.find((known) => known === asked.type);
  if (type === undefined) throw wrong(`${where}.type`, `one of ${COMPARE_TYPES.join(", ")}`, asked.type);
  const tolerance = (key: "ulp" | "abs" | "rel"): Record<string, number> => {
    const given = asked[key];
    if (given === undefined) return {};
    if (typeof given !== "number" || !(given >= 0)) throw wrong(`${where}.${key}`, "a number from 0 on", given);
    return { [key]: given };
  };
  const made = { type, ...tolerance("ulp"), ...tolerance("abs"), ...tolerance("rel") } as Comparison;
  if (type === "exact" && Object.keys(made).length > 1) throw new InputError(`${where}: exact has no tolerance`);
  if (made.ulp !== undefined && (made.abs !== undefined || made.rel !== undefined)) {
    throw new InputError(`${where} has either ulp, or abs and rel`);
  }
  return made;
}

function scalar(kind: ScalarKind, entry: Json, where: string): LaunchArgument {
  if ((entry.value === undefined) === (entry.hex === undefined)) {
    throw new InputError(`${where} needs either value or hex`);
  }
  if (entry.hex !== undefined) {
    const raw = hexBytes(entry.hex, `${where}.hex`);
    if (raw.length !== SCALAR_BYTES[kind]) {
      throw new InputError(`${where}.hex has ${raw.length} bytes; ${kind} has ${SCALAR_BYTES[kind]}`);
    }
    return bytes(raw);
  }
  try {
    return WRAPPERS[kind](number(kind, entry.value, `${where}.value`) as never);
  } catch (error) {
    throw error instanceof InputError ? error : new InputError(`${where}: ${(error as Error).message}`);
  }
}

/** JSON has no 64-bit integers and no infinities: they come as text. */
function number(kind: ScalarKind, given: unknown, where: string): number | bigint {
  if (typeof given === "number") return given;
  if (typeof given !== "string") throw wrong(where, "a number or a decimal string", given);
  const word = given.trim();
  if (!kind.startsWith("f")) {
    if (!/^[+-]?\d+$/.test(word)) throw wrong(where, "a decimal integer", given);
    const wide = BigInt(word.replace(/^\+/, ""));
    return SCALAR_BYTES[kind] === 8 ? wide : Number(wide);
  }
  if (/^[+-]?inf(inity)?$/i.test(word))
    return word.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^[+-]?nan$/i.test(word)) return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word)) throw wrong(where, "a decimal number", given);
  return Number(word);
}

function object(json: unknown, where: string, keys: readonly string[] | null): Json {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw wrong(where, "an object", json);
  for (const key of keys === null ? [] : Object.keys(json)) {
    if (!keys?.includes(key)) throw new InputError(`${where} takes no "${key}"${didYouMean(key, keys ?? [])}`);
  }
  return json as Json;
}

async function file(name: unknown, where: string, folder: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(folder, text(name, where)));
  } catch (error) {
    throw error instanceof InputError ? error : new InputError(`${where}: ${(error as Error).message}`);
  }
}

function extent(json: unknown, where: string): Extent {
  const list: readonly unknown[] = Array.isArray(json) ? json : [json];
  if (list.length < 1 || list.length > 3) throw wrong(where, "one to three numbers", json);
  const sizes = list.map((size, axis) => natural(size, `${where}[${axis}]`, 1));
  return sizes as unknown as Extent;
}

function device(json: unknown): string | number {
  return typeof json === "string" ? json : natural(json, "device", 0);
}

function text(json: unknown, where: string): string {
  if (typeof json !== "string" || json === "") throw wrong(where, "text", json);
  return json;
}

function natural(json: unknown, where: string, least: number): number {
  if (typeof json !== "number" || !Number.isSafeInteger(json) || json < least) {
    throw wrong(where, `an integer from ${least} on`, json);
  }
  return json;
}

function powerOfTwo(json: unknown, where: string): number {
  const size = natural(json, where, 1);
  if (!Number.isInteger(Math.log2(size))) throw wrong(where, "a power of two", json);
  return size;
}

function hexBytes(json: unknown, where: string): Uint8Array {
  const digits = text(json, where).replaceAll(/\s+/g, "").replace(/^0x/i, "");
  if (!/^([0-9a-f]{2})+$/i.test(digits)) throw wrong(where, "bytes in hex digits, two each", json);
  return Uint8Array.from(Buffer.from(digits, "hex"));
}

const optional = <T>(json: unknown, read: (json: unknown) => T): T | undefined =>
  json === undefined ? undefined : read(json);

const wrong = (where: string, expected: string, got: unknown): InputError =>
  new InputError(`${where} must be ${expected}, not ${got === undefined ? "missing" : describe(got)}`);
