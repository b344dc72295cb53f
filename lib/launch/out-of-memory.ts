import { bytesText, OffloadError } from "../errors.js";
import { HsaError } from "../hsa/index.js";

/** A failed allocation, told with what was asked for. Other errors pass. */
export function outOfMemory(error: unknown, bytes: number, where: string, largest: number): unknown {
  const exhausted = ["ERR_HSA_OUT_OF_RESOURCES", "ERR_HSA_INVALID_ALLOCATION"];
  if (!(error instanceof HsaError) || !exhausted.includes(error.code)) return error;
  return new OffloadError(
    "ERR_OFFLOAD_OUT_OF_MEMORY",
    `${bytesText(bytes)} cannot be had of ${where}, which gives at most ${bytesText(largest)} at once: dispose buffers that are no longer in use`,
    { cause: error },
  );
}
