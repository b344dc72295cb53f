/**
 * The image that a program has registered with libgomp, as libgomp hands it to its plugin: structures in the program's memory, which
 * stay there as long as the image is registered.
 *
 * Source: gcc/config/gcn/mkoffload.cc and plugin-gcn.c (struct gcn_image_desc) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import type { GccLayout } from "../../codeobject/gcc_image.js";
import { OffloadError } from "../../errors.js";
import { addon } from "../../hsa/addon.js";
import type { GcnImageSource } from "../../plugin/index.js";
import { bytesAt, viewAt, wordOf, wordsAt } from "../raw_memory.js";

/** Of what describes a kernel: name, three dimensions, registers. */
const KERNEL_BYTES = 32;

/** Which releases write the image's descriptor so, by the version that was registered: libgomp's in the upper half, the GPU's below. */
function layoutOf(version: number): GccLayout {
  const library = version >>> 16;
  const device = version & 0xffff;
  if (device < 2 || device > 3) {
    throw new OffloadError(
      "ERR_OFFLOAD_IMAGE",
      `the program's image is of version ${device}, and this plugin reads those of versions 2 (GCC 12) and 3`,
    );
  }
  return library >= 3 ? "14" : library === 2 ? "13" : "12";
}

/**
 * @param version - what the image was registered with.
 * @param data - where its descriptor is: the image and its size, the number of kernels, their descriptions, the number of variables.
 * @param hostFunctions - of GCC 14 and later, the host's addresses of functions that device code calls by them; else 0.
 */
export function registeredImage(version: number, data: number, hostFunctions: number): GcnImageSource {
  const layout = layoutOf(version);
  const descriptor = viewAt(data, 32);
  const image = viewAt(wordOf(descriptor, 0), 16);
  const kernelCount = descriptor.getUint32(8, true);
  const kernels = viewAt(wordOf(descriptor, 16), KERNEL_BYTES * kernelCount);
  const indirect = layout === "14" ? descriptor.getUint32(24, true) : 0;
  const variables = descriptor.getUint32(layout === "14" ? 28 : 24, true);
  return {
    layout,
    // A copy: the device's own lies with the runtime, and this is read now and then, for its names.
    codeObject: bytesAt(wordOf(image, 8), wordOf(image, 0)).slice(),
    kernels: Array.from({ length: kernelCount }, (_, i) => {
      const at = KERNEL_BYTES * i;
      return {
        name: addon().hostText(wordOf(kernels, at)),
        dimensions: [
          kernels.getInt32(at + 8, true),
          kernels.getInt32(at + 12, true),
          kernels.getInt32(at + 16, true),
        ] as const,
        sgprs: kernels.getInt32(at + 20, true),
        vgprs: kernels.getInt32(at + 24, true),
      };
    }),
    variables: Array.from({ length: variables }, () => ({ name: null, hostAddress: 0, size: 0, link: false })),
    ...(hostFunctions === 0 || indirect === 0
      ? {}
      : { indirectFunctions: Array.from(wordsAt(hostFunctions, indirect), Number) }),
  };
}
