/**
 * Which convention a kernel's arguments follow, found from the object itself: GCC 12's block, GCC 13's and later with stacks in it, or
 * clang's, which is one pointer to the table with the compiler's own arguments behind it.
 *
 * @packageDocumentation
 */
import type { CodeObject } from "../../codeobject/index.js";
import { OffloadError } from "../../errors.js";

export type KernelAbi = "gcc-12" | "gcc-13" | "plain";

export interface FoundAbi {
  readonly abi: KernelAbi;
  /** What told it: "compiled by GCC 12.2.0". */
  readonly evidence: string;
}

/** A function that GCC has outlined from a target region, or that runs constructors. */
const GCC_NAME = /(?:^|\.)_omp_fn\.\d+$|^_(?:init|fini)_array$/;

/**
 * @param compiler - GCC's version, where the object's comment has one.
 * @throws OffloadError `ERR_OFFLOAD_IMAGE` where GCC's kernels do not tell their release.
 */
export function findAbi(object: CodeObject, compiler: string | null): FoundAbi {
  if (compiler !== null) {
    return {
      abi: Number.parseInt(compiler, 10) >= 13 ? "gcc-13" : "gcc-12",
      evidence: `compiled by GCC ${compiler}`,
    };
  }
  const has = (name: string): boolean => object.variables.some((variable) => variable.name === name);
  if (has("__gomp_additional_icvs")) return { abi: "gcc-13", evidence: "it has __gomp_additional_icvs" };
  if (has("__gomp_device_num")) return { abi: "gcc-12", evidence: "it has __gomp_device_num" };
  const gcc = object.kernels.find(({ name }) => GCC_NAME.test(name));
  if (gcc === undefined) return { abi: "plain", evidence: "no trace of GCC in it" };
  throw new OffloadError(
    "ERR_OFFLOAD_IMAGE",
    `kernel ${gcc.name} is GCC's, but the object tells nothing of GCC's release (its comment is gone, and it has neither __gomp_device_num nor __gomp_additional_icvs): say abi: "gcc-12", or "gcc-13" for 13 and later`,
  );
}
