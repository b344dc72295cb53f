/** Boxes copied row by row, between arrays on the device and on the host (memcpy2d, memcpy3d). */
import { OffloadError } from "../../errors.js";
import { bytesOf, describe, integer, invalidType, object } from "../../validate.js";
import type { RectangularCopy, RectangularPlace } from "../plugin.js";

/** What copies rows. */
export interface CopyingDevice {
  /** Refuses what is not the device's. */
  mustHold(address: number, bytes: number): void;
  copy(destination: number, source: number, bytes: number): void;
  write(destination: number, source: Uint8Array): void;
  read(destination: Uint8Array, source: number): void;
}

/** One side: where a row begins, in bytes from its array's beginning. */
interface Side {
  readonly address: number | null;
  readonly bytes: Uint8Array | null;
  row(y: number, z: number): number;
}

/** @throws OffloadError `ERR_OFFLOAD_ADDRESS` where the box does not lie in its arrays. */
export function copyRectangle(device: CopyingDevice, box: RectangularCopy): void {
  const size = three("size", box.size);
  const [width, height, depth] = size;
  const to = side("destination", box.destination, size);
  const from = side("source", box.source, size);
  if (width === 0 || height === 0 || depth === 0) return;
  // As a whole, before the first row is written.
  for (const { address, row } of [to, from]) {
    if (address === null) continue;
    const first = row(0, 0);
    device.mustHold(address + first, row(height - 1, depth - 1) + width - first);
  }
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const [at, source] = [to.row(y, z), from.row(y, z)];
      if (to.address !== null && from.address !== null) device.copy(to.address + at, from.address + source, width);
      else if (to.address !== null) device.write(to.address + at, part(from, source, width));
      else if (from.address !== null) device.read(part(to, at, width), from.address + source);
      else part(to, at, width).set(part(from, source, width));
    }
  }
}

const part = ({ bytes }: Side, at: number, width: number): Uint8Array => (bytes as Uint8Array).subarray(at, at + width);

function three(name: string, values: readonly number[]): [number, number, number] {
  if (!Array.isArray(values)) throw invalidType(name, "three integers", values);
  return [integer(`${name}[0]`, values[0]), integer(`${name}[1]`, values[1]), integer(`${name}[2]`, values[2])];
}

function side(name: string, place: RectangularPlace, [width, height, depth]: RectangularCopy["size"]): Side {
  object(name, place);
  const [x, y, z] = three(`${name}.offset`, place.offset);
  const rowPitch = integer(`${name}.rowPitch`, place.rowPitch);
  const planePitch = integer(`${name}.planePitch`, place.planePitch);
  const row = (j: number, k: number): number => ((z + k) * planePitch + y + j) * rowPitch + x;
  if ((height > 1 && x + width > rowPitch) || (depth > 1 && y + height > planePitch)) {
    throw new OffloadError(
      "ERR_OFFLOAD_ADDRESS",
      `the ${name}'s box of ${width}×${height}×${depth} does not fit its rows of ${rowPitch} bytes and planes of ${planePitch} rows`,
    );
  }
  if (typeof place.at === "number") return { address: integer(`${name}.at`, place.at), bytes: null, row };
  const bytes = bytesOf(`${name}.at`, place.at);
  const end = height === 0 || depth === 0 ? 0 : row(height - 1, depth - 1) + width;
  if (end > bytes.length) {
    throw new OffloadError(
      "ERR_OFFLOAD_ADDRESS",
      `the ${name}'s box ends at byte ${end} of ${describe(place.at)}, which has ${bytes.length}`,
    );
  }
  return { address: null, bytes, row };
}
