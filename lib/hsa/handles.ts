/** What callers hand to HSA: objects of this layer, and host memory that has to stay where it is. */
import { markAsUntransferable } from "node:worker_threads";
import { invalidType } from "../validate.js";

/** What stands behind an agent, a signal or another object. @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function nativeOf<T extends object>(name: string, object: { readonly native: T }): T {
  const native: unknown = (object as Partial<typeof object> | null | undefined)?.native;
  if (typeof native === "object" && native !== null) return native as T;
  throw invalidType(name, "an object of this runtime's", object);
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function nativesOf<T extends object>(name: string, objects: readonly { readonly native: T }[]): T[] {
  if (!Array.isArray(objects)) throw invalidType(name, "an array of this runtime's objects", objects);
  return (objects as typeof objects).map((object, i) => nativeOf(`${name}[${i}]`, object));
}

/** Nobody transfers a buffer whose address others have: its bytes would be elsewhere. */
export function pin(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer) markAsUntransferable(buffer);
}
