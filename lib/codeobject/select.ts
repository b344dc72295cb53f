/** Which code object of a file is for an agent. */

import { bytesOf, string } from "../validate.js";
import { bundlesIn, isBundle } from "./bundle.js";
import { Elf, EM_AMDGPU, firstBytes, isElf } from "./elf.js";
import { CodeObjectError } from "./errors.js";
import { parseTarget, suitability } from "./targets.js";
import type { BundleEntry, TargetId } from "./types.js";

/**
 * The entries of a clang offload bundle, or of all bundles in a HIP executable; a plain code object has none.
 *
 * @throws CodeObjectError `ERR_CODE_OBJECT_MALFORMED`, `ERR_CODE_OBJECT_TRUNCATED`, `ERR_CODE_OBJECT_UNSUPPORTED` (compression).
 */
export function listBundle(bytes: Uint8Array): BundleEntry[] {
  return bundlesIn(bytesOf("the file", bytes)).flat();
}

/**
 * The code objects for an agent: `bytes` may be a code object, which is answered as it is, a clang offload bundle, or an executable
 * with HIP fat binaries, of which each translation unit gives one. Of several entries that run on the agent, the most specific wins.
 *
 * @param isa The agent's, as HSA names it.
 * @throws CodeObjectError as `listBundle`; `ERR_CODE_OBJECT_FORMAT` for anything else; `ERR_CODE_OBJECT_ISA_MISMATCH`, where nothing
 *   fits, names what there is.
 */
export function selectCodeObjects(bytes: Uint8Array, isa: string): Uint8Array[] {
  const file = bytesOf("the file", bytes);
  string("isa", isa);
  if (isElf(file) && new Elf(file).header.machine === EM_AMDGPU) return [bytes];
  const bundles = bundlesIn(file);
  if (bundles.length === 0) throw nothingInside(file);
  const agent = parseTarget(isa);
  const chosen = bundles.flatMap((entries) => (agent === null ? [] : (best(entries, agent) ?? [])));
  if (chosen.length === 0) {
    const ids = [
      ...new Set(
        bundles
          .flat()
          .filter(isDevice)
          .map((entry) => entry.target || entry.id),
      ),
    ];
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_ISA_MISMATCH",
      `nothing in the bundle runs on ${isa}: it has ${ids.join(", ") || "no GPU code"}; build it for the agent too (clang --offload-arch)`,
    );
  }
  return chosen.map((entry) => entry.bytes);
}

/**
 * The one code object for an agent; see `selectCodeObjects`.
 *
 * @throws CodeObjectError as `selectCodeObjects`; `ERR_CODE_OBJECT_AMBIGUOUS` where an executable has several.
 */
export function selectCodeObject(bytes: Uint8Array, isa: string): Uint8Array {
  const [only, ...others] = selectCodeObjects(bytes, isa);
  if (only === undefined || others.length > 0) {
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_AMBIGUOUS",
      `the file has ${others.length + 1} code objects for ${isa}, one per translation unit; take them apart with selectCodeObjects`,
    );
  }
  return only;
}

function isDevice(entry: BundleEntry): boolean {
  return entry.kind !== "host" && entry.size > 0;
}

function best(entries: readonly BundleEntry[], agent: TargetId): BundleEntry | null {
  let chosen: BundleEntry | null = null;
  let score = 0;
  for (const entry of entries) {
    const target = isDevice(entry) ? parseTarget(entry.target) : null;
    const candidate = target === null ? 0 : suitability(target, agent);
    if (candidate > score) {
      chosen = entry;
      score = candidate;
    }
  }
  return chosen;
}

function nothingInside(bytes: Uint8Array): CodeObjectError {
  if (isElf(bytes)) {
    return new CodeObjectError(
      "ERR_CODE_OBJECT_NOT_AMDGPU",
      "the file is an ELF file for another machine, with no HIP fat binary (.hip_fatbin) in it",
    );
  }
  const what = isBundle(bytes)
    ? "an empty bundle"
    : `neither a code object nor a clang offload bundle: it starts with ${firstBytes(bytes)}`;
  return new CodeObjectError("ERR_CODE_OBJECT_FORMAT", `the file is ${what}`);
}
