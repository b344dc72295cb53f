/** An image as it is registered with libgomp: its tables, and what the host has for them. */
import { parseCodeObject } from "../../codeobject/code_object.js";
import { type GccImage, gccImages, isElf } from "../../codeobject/index.js";
import { OffloadError } from "../../errors.js";
import type { ForeignKernelInfo } from "../../hsa/native_foreign.js";
import { type GcnImage, readImage } from "../../plugin/gcn/gcn_image.js";
import { bytesAt, pin } from "../../target/host_memory.js";
import { bytesOf, didYouMean } from "../../validate.js";
import type { RegisterRequest, VariablePlace } from "./driver.js";
import { type ImageVersion, imageVersion, type Release } from "./release.js";

const CONSTRUCTORS = ["_init_array", "_fini_array"] as const;

export interface HostVariable {
  readonly name: string;
  readonly memory: Uint8Array;
  readonly size: number;
  readonly link: boolean;
}

export interface ReadRegistration {
  readonly version: ImageVersion;
  readonly codeObject: Uint8Array;
  /** Constructors and destructors first. */
  readonly kernels: readonly ForeignKernelInfo[];
  /** The names of the other kernels, in order. */
  readonly functions: readonly string[];
  readonly variables: readonly HostVariable[];
  readonly indirectFunctions: readonly number[];
  readonly requires: number;
}

/**
 * @param isas - the devices'; none: nothing will be loaded, and any image is as good.
 * @param ownPlugin - whether this package's plugin loads it, which takes images of every release.
 * @throws OffloadError `ERR_OFFLOAD_IMAGE`, `ERR_OFFLOAD_UNKNOWN_KERNEL`, `ERR_OFFLOAD_UNKNOWN_VARIABLE`; CodeObjectError.
 */
export function readRegistration(
  { image, functions, variables }: RegisterRequest,
  isas: readonly string[],
  release: Release,
  ownPlugin: boolean,
): ReadRegistration {
  const read = readFor(image, isas);
  const version = imageVersion(release, read.abi.abi);
  const foreign = !ownPlugin && isas.length > 0;
  if (version === null || (foreign && read.abi.abi === "gcc-12" && release > 12)) {
    throw new OffloadError(
      "ERR_OFFLOAD_IMAGE",
      `libgomp of GCC ${release} does not run this image, whose kernels are of ${read.abi.abi} (${read.abi.evidence})`,
    );
  }
  // The plugin's own table of results has two rows less than there are kernels, whether these are among them or not.
  if (read.constructors === null || read.destructors === null) {
    throw new OffloadError(
      "ERR_OFFLOAD_IMAGE",
      `libgomp wants both ${CONSTRUCTORS.join(" and ")} in the table of an image's kernels`,
    );
  }
  const info = (name: string): ForeignKernelInfo => ({ name, dimensions: [0, 0, 0], sgprs: -1, vgprs: -1 });
  const kernels = chosen(read, functions).map((kernel) => ({ ...kernel, sgprs: -1 }));
  return {
    version,
    codeObject: read.codeObject,
    kernels: [...CONSTRUCTORS.map(info), ...kernels],
    functions: kernels.map(({ name }) => name),
    variables: hostVariables(read, variables),
    indirectFunctions: read.indirectFunctions,
    requires: read.requires,
  };
}

function readFor(image: unknown, isas: readonly string[]): GcnImage {
  const [first, ...others] = isas;
  if (first === undefined) {
    const any = anyOf(image);
    return readImage(any, parseCodeObject(any.codeObject).target);
  }
  try {
    return readImage(image, first);
  } catch (error) {
    for (const isa of others) {
      try {
        return readImage(image, isa);
      } catch {}
    }
    throw error;
  }
}

/** Without a device: a program's first image. */
function anyOf(image: unknown): GccImage | { readonly codeObject: Uint8Array } {
  const source = (image as { codeObject?: unknown } | null)?.codeObject === undefined ? { codeObject: image } : image;
  const bytes = bytesOf("image", (source as { codeObject: unknown }).codeObject);
  const [embedded] = isElf(bytes) ? gccImages(bytes) : [];
  return embedded ?? { ...(source as object), codeObject: bytes };
}

function chosen({ kernels }: GcnImage, functions: readonly string[] | null): GcnImage["kernels"] {
  if (functions === null) return kernels;
  return functions.map((wanted) => {
    const found = kernels.find(({ name }) => name === wanted);
    if (found !== undefined) return found;
    const names = kernels.map(({ name }) => name);
    throw new OffloadError(
      "ERR_OFFLOAD_UNKNOWN_KERNEL",
      `the image has no function "${wanted}"${didYouMean(wanted, names)}: it has ${names.join(", ") || "none"}`,
    );
  });
}

/** In the table's order. What nobody has memory for gets some: libgomp knows variables by their addresses. */
function hostVariables(read: GcnImage, places: readonly VariablePlace[]): HostVariable[] {
  const declared = read.hostVariables ?? [];
  if (declared.length !== (read.variables?.length ?? declared.length)) {
    throw new OffloadError(
      "ERR_OFFLOAD_IMAGE",
      `the image has ${read.variables?.length} variables whose sizes only its program tells: register the program`,
    );
  }
  const names = declared.map(({ name }, i) => name ?? `(variable ${i})`);
  const unknown = places.find(({ name }) => !names.includes(name));
  if (unknown !== undefined) {
    throw new OffloadError(
      "ERR_OFFLOAD_UNKNOWN_VARIABLE",
      `there is no variable "${unknown.name}"${didYouMean(unknown.name, names)}: there is ${names.join(", ") || "none"}`,
    );
  }
  return declared.map(({ size, link }, i) => {
    const name = names[i] as string;
    const place = places.find((each) => each.name === name);
    if (place === undefined) return { name, size, link, memory: new Uint8Array(Math.max(size, 1)) };
    if (place.bytes !== size) {
      throw new OffloadError(
        "ERR_OFFLOAD_ADDRESS",
        `variable ${name} has ${size} bytes, and the memory for it ${place.bytes}`,
      );
    }
    pin(place.owner);
    return { name, size, link, memory: bytesAt(place.owner, place.address, size) };
  });
}
