/** The regions of regions.c as GCC 12 compiles them, and the lists that its constructs hand over to libgomp, as the compiler tells them. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "vitest";
import type { MapItem } from "../../lib/target/index.js";
import { kindName, kindOf } from "../../lib/target/map_kind.js";
import { compile } from "../openmp/toolchain.js";
import { type Program, program } from "../plugin/gcn/programs.js";

const folder = fileURLToPath(new URL("programs", import.meta.url));

export const regions = (): Promise<Program> => program("regions.c", "gfx906", [], folder);

/** A construct's list: kinds with their alignments, and sizes. */
export type CompiledList = readonly { readonly kind: number; readonly size: number }[];

/** In the order of the program's `main`. */
const CONSTRUCTS = [
  "saxpy",
  "total",
  "step",
  "fill",
  "through",
  "member",
  "twice",
  "maybe",
  "count",
  "enter the struct",
  "enter its values",
  "leave its values",
  "leave the struct",
  "update self",
  "update device if present",
  "update device and pointer",
] as const;
export type Construct = (typeof CONSTRUCTS)[number];

export async function compiledLists(): Promise<ReadonlyMap<Construct, CompiledList>> {
  const entries = join(folder, "lists.c");
  const version = createHash("sha256").update(readFileSync(entries)).digest("hex").slice(0, 8);
  const path = await compile("regions.c", "gfx906", {
    folder,
    options: ["-foffload=disable", `-DLISTS=0x${version}`, entries],
  });
  const { stdout } = await promisify(execFile)(path);
  const lists = stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { readonly items: CompiledList }).items);
  expect(lists).toHaveLength(CONSTRUCTS.length);
  return new Map(CONSTRUCTS.map((name, i) => [name, lists[i] as CompiledList]));
}

/** The same memory, with the compiler's kinds and sizes. */
export function asCompiled(items: readonly MapItem[], list: CompiledList): MapItem[] {
  expect(items).toHaveLength(list.length);
  return items.map(({ address, owner }, i) => ({ ...(list[i] as CompiledList[number]), address, owner }));
}

/** Kinds in words, and sizes. */
export const shown = (items: CompiledList): string[] =>
  items.map(({ kind, size }) => `${kindName(kindOf(kind))} ${size}`);
