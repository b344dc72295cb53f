/**
 * The one argument validator: checks what a caller of the public API hands over, and says what was wrong in Node's own manner
 * (`ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`).
 *
 * @packageDocumentation
 */

/** A TypeError or RangeError with Node's `code`. */
export interface CodedError extends Error {
  readonly code: string;
}

function coded(error: Error, code: string): CodedError {
  return Object.assign(error, { code });
}

/** How a value is named in a message: short, and never its whole content. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return value.length > 40 ? `"${value.slice(0, 37)}…"` : JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return value.name ? `the function ${value.name}` : "a function";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object") return `an instance of ${value.constructor?.name ?? "Object"}`;
  return typeof value;
}

export function invalidType(name: string, expected: string, value: unknown): CodedError {
  return coded(new TypeError(`${name} must be ${expected}, not ${describe(value)}`), "ERR_INVALID_ARG_TYPE");
}

export function outOfRange(name: string, expected: string, value: unknown): CodedError {
  return coded(new RangeError(`${name} must be ${expected}, not ${describe(value)}`), "ERR_OUT_OF_RANGE");
}

/** Of a value that makes no sense where it stands. */
export function invalidValue(message: string): CodedError {
  return coded(new TypeError(message), "ERR_INVALID_ARG_VALUE");
}

/** An integer in [low, high]. */
export function integer(name: string, value: unknown, low = 0, high = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== "number") throw invalidType(name, "a number", value);
  if (!Number.isInteger(value) || value < low || value > high) {
    throw outOfRange(name, `an integer from ${low} to ${high === Number.MAX_SAFE_INTEGER ? "2^53-1" : high}`, value);
  }
  return value;
}

/** A time that may be set a timer to. */
export const milliseconds = (name: string, value: unknown): number => integer(name, value, 1, 2 ** 31 - 1);

export function string(name: string, value: unknown): string {
  if (typeof value !== "string") throw invalidType(name, "a string", value);
  return value;
}

export function object(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null) throw invalidType(name, "an object", value);
}

/** A plain options object; a key that is not among `allowed` is an error that names the near one. */
export function options<T extends object>(name: string, value: T, allowed: readonly (keyof T & string)[]): T {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalidType(name, "an object", value);
  // Without an array of its keys: this is part of each launch.
  for (const key in value) {
    if (!(allowed as readonly string[]).includes(key) && Object.hasOwn(value, key)) {
      throw invalidValue(`${name} has no option "${key}"${didYouMean(key, allowed)}`);
    }
  }
  return value;
}

/**
 * The bytes of a typed array, a DataView or an ArrayBuffer, as they lie.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE` where the buffer has been detached, or has shrunk.
 */
export function bytesOf(name: string, value: unknown): Uint8Array {
  try {
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Uint8Array(value);
  } catch (error) {
    throw coded(
      new TypeError(`${name} has no bytes any more: its buffer has been detached or resized`, { cause: error }),
      "ERR_INVALID_ARG_VALUE",
    );
  }
  throw invalidType(name, "a typed array, a DataView or an ArrayBuffer", value);
}

/** The names in `known` that a misspelled `name` may have meant, nearest first. */
export function nearest(name: string, known: readonly string[], limit = 3): string[] {
  const wanted = name.toLowerCase();
  return known
    .map((candidate) => ({ candidate, distance: likeness(wanted, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.max(2, Math.floor(Math.max(name.length, candidate.length) / 3)),
    )
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** ` (did you mean "a" or "b"?)`, or nothing where no name is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearest(name, known).map((candidate) => `"${candidate}"`);
  return near.length === 0 ? "" : ` (did you mean ${near.join(" or ")}?)`;
}

/** Edit distance, but a part of a name is near to the whole: `saxpy` and `_Z5saxpyifPfS_`. */
function likeness(a: string, b: string): number {
  return a.length >= 3 && (b.includes(a) || a.includes(b)) ? 1 : editDistance(a, b);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
