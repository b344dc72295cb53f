/** Errors of the natives that drive C libraries, as the package throws them. */
import { OffloadError, type OffloadErrorCode } from "./errors.js";

const CODES: ReadonlySet<unknown> = new Set(["ERR_OFFLOAD_PLUGIN", "ERR_OFFLOAD_LIBGOMP"] satisfies OffloadErrorCode[]);

export function checked<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (error instanceof OffloadError || !CODES.has(code)) throw error;
    throw new OffloadError(code as OffloadErrorCode, message, { cause: error });
  }
}
