/** Errors of the natives that drive a C plugin, as the package throws them. */
import { OffloadError } from "../../errors.js";

export function checked<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof OffloadError || (error as { code?: unknown }).code !== "ERR_OFFLOAD_PLUGIN") throw error;
    throw new OffloadError("ERR_OFFLOAD_PLUGIN", (error as Error).message, { cause: error });
  }
}
