/**
 * What `loadImage` takes, read: an image that GCC's mkoffload has put into a program, or a plain code object. Nothing of it is on a
 * device yet.
 *
 * Source: plugin-gcn.c (struct gcn_image_desc) and gcc/config/gcn/mkoffload.cc of GCC 12 to 17.
 *
 * @packageDocumentation
 */

import { Elf } from "../../codeobject/elf.js";
import {
  type CodeObject,
  type GccImage,
  type GccVariable,
  gccImages,
  gccVersion,
  isElf,
  parseCodeObject,
  parseTarget,
  selectCodeObject,
  suitability,
  validateCodeObject,
} from "../../codeobject/index.js";
import { OffloadError } from "../../errors.js";
import { describe } from "../../validate.js";
import type { OpenaccDimensions } from "../plugin.js";
import { type FoundAbi, findAbi, type KernelAbi } from "./kernel_abi.js";

/** An image with what its registration says; what is left out is taken from the code object. */
export interface GcnImageSource extends Partial<Omit<GccImage, "codeObject" | "indirectFunctions">> {
  /** A code object, a clang offload bundle, or a host program with GCC's images in it. */
  readonly codeObject: Uint8Array;
  /** Where the code object does not tell by itself. */
  readonly abi?: KernelAbi;
  /**
   * The host's addresses of the functions that device code may call by them (GCC 14), in the order of the device's table. A number, which
   * is all that a file tells, leaves the device without.
   */
  readonly indirectFunctions?: readonly number[] | number;
}

export interface KernelDescription {
  readonly name: string;
  readonly dimensions: OpenaccDimensions;
  readonly vgprs: number;
}

export interface GcnImage {
  readonly codeObject: Uint8Array;
  readonly object: CodeObject;
  readonly abi: FoundAbi;
  /** Whether LDS is shared out between teams: since GCC 14. */
  readonly sharesLds: boolean;
  /** The functions, in the table's order, without constructors and destructors. */
  readonly kernels: readonly KernelDescription[];
  readonly constructors: string | null;
  readonly destructors: string | null;
  /** The host's names for the variables in the image's table; null where only the device's own table tells their number. */
  readonly variables: readonly (string | null)[] | null;
  /** The same with what the program says of each; null where there is no program. */
  readonly hostVariables: readonly GccVariable[] | null;
  /** `omp requires` bits. */
  readonly requires: number;
  /** Host addresses. */
  readonly indirectFunctions: readonly number[];
}

const CONSTRUCTORS = "_init_array";
const DESTRUCTORS = "_fini_array";
const NO_DIMENSIONS: OpenaccDimensions = [0, 0, 0];

/**
 * @param image - the bytes of a code object, a bundle or a host program; a `GccImage`; or a `GcnImageSource`.
 * @param isa - the agent's, as HSA names it.
 * @throws OffloadError `ERR_OFFLOAD_IMAGE`; CodeObjectError for bytes that are damaged, or for another GPU.
 */
export function readImage(image: unknown, isa: string): GcnImage {
  const source = asSource(image);
  const embedded = isElf(source.codeObject) ? embeddedFor(source.codeObject, isa) : null;
  const { codeObject, ...told }: GcnImageSource = {
    ...embedded,
    ...source,
    ...(embedded ? { codeObject: embedded.codeObject } : {}),
  };
  const bytes = selectCodeObject(codeObject, isa);
  const object = validateCodeObject(bytes, isa);
  const compiler = told.compiler ?? gccVersion(bytes);
  const abi =
    told.abi === undefined ? findAbi(object, compiler) : { abi: asAbi(told.abi), evidence: "as the caller says" };
  const kernels =
    told.kernels ??
    object.kernels.map(({ name, vgprCount }) => ({ name, dimensions: NO_DIMENSIONS, vgprs: vgprCount ?? 0 }));
  const names = new Set(object.kernels.map(({ name }) => name));
  const missing = kernels.find(({ name }) => !names.has(name));
  if (missing !== undefined) {
    throw new OffloadError(
      "ERR_OFFLOAD_IMAGE",
      `the image's table names kernel ${missing.name}, which its code object does not have`,
    );
  }
  const has = (name: string): string | null => (kernels.some((kernel) => kernel.name === name) ? name : null);
  return {
    codeObject: bytes,
    object,
    abi,
    sharesLds: told.layout === "14" || (compiler !== null && Number.parseInt(compiler, 10) >= 14),
    kernels: kernels
      .filter(({ name }) => name !== CONSTRUCTORS && name !== DESTRUCTORS)
      .map(({ name, dimensions, vgprs }) => ({ name, dimensions, vgprs })),
    constructors: has(CONSTRUCTORS),
    destructors: has(DESTRUCTORS),
    variables: told.variables?.map(({ name }) => name) ?? unnamedVariables(bytes),
    hostVariables: told.variables ?? null,
    requires: told.requires ?? 0,
    indirectFunctions: typeof told.indirectFunctions === "object" ? told.indirectFunctions : [],
  };
}

/** As many as GCC's table has rows; its symbol has no size. Null where there is no such table. */
function unnamedVariables(bytes: Uint8Array): null[] | null {
  const table = new Elf(bytes).sectionNamed(".gnu.offload_vars");
  return table === undefined ? null : new Array<null>(Math.floor(table.size / 16)).fill(null);
}

function asSource(image: unknown): GcnImageSource {
  const bytes = asBytes(image);
  if (bytes !== null) return { codeObject: bytes };
  const inner = asBytes((image as { codeObject?: unknown } | null | undefined)?.codeObject);
  if (inner !== null) return { ...(image as GcnImageSource), codeObject: inner };
  throw new OffloadError(
    "ERR_OFFLOAD_IMAGE",
    `the GCN plugin's image is the bytes of a code object, of a bundle or of a program, or an object with them as codeObject: not ${describe(image)}`,
  );
}

function asBytes(value: unknown): Uint8Array | null {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null;
}

function asAbi(abi: unknown): KernelAbi {
  if (abi === "gcc-12" || abi === "gcc-13" || abi === "plain") return abi;
  throw new OffloadError("ERR_OFFLOAD_IMAGE", `an image's abi is "gcc-12", "gcc-13" or "plain", not ${describe(abi)}`);
}

/** The one image of a host program that runs on the agent; null where it has none of GCC's. */
function embeddedFor(program: Uint8Array, isa: string): GccImage | null {
  const images = gccImages(program);
  if (images.length === 0) return null;
  const agent = parseTarget(isa);
  const there = images.map((image) => ({ image, object: parseCodeObject(image.codeObject) }));
  const fitting = there.filter(({ object }) => agent !== null && suitability(object.features, agent) > 0);
  const [only, ...others] = fitting;
  if (only === undefined) {
    throw new OffloadError(
      "ERR_OFFLOAD_IMAGE",
      `none of the program's images runs on ${isa}: they are for ${there.map(({ object }) => object.target).join(", ")}; compile it with -foffload-options=-march=${agent?.processor ?? "…"}`,
    );
  }
  if (others.length > 0) {
    throw new OffloadError(
      "ERR_OFFLOAD_IMAGE",
      `the program has ${fitting.length} images for ${isa}: load each of gccImages() by itself`,
    );
  }
  return only.image;
}
