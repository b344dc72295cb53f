/**
 * Boxes in arrays: sections that are not contiguous, as `target update` copies them (a[2:3][0:8], a submatrix, a block of a volume).
 *
 * Source: OpenMP 5.2, 13.9 (target update); 3.2.5 (array sections).
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import { options as checkedOptions, integer } from "../validate.js";
import { integers } from "./array_places.js";

/** Lists of as many numbers as the array has dimensions, the outermost first, in elements. */
export interface Box {
  /** Bytes of an element. */
  readonly element: number;
  /** Of the whole array. */
  readonly dimensions: readonly number[];
  /** Where the box begins. */
  readonly offsets: readonly number[];
  readonly volume: readonly number[];
}

/** A box of at most three dimensions, in an array that begins `skipped` bytes into the whole one: as plugins copy it. */
export interface Slab {
  readonly skipped: number;
  /** Bytes of a row, rows, planes. */
  readonly size: readonly [number, number, number];
  /** Bytes into a row, row, plane. */
  readonly offset: readonly [number, number, number];
  /** Bytes from row to row; rows from plane to plane. */
  readonly rowPitch: number;
  readonly planePitch: number;
}

/**
 * @param bytes - what the array has.
 * @throws OffloadError `ERR_OFFLOAD_ADDRESS` where the box does not lie in the array, or the array not in its memory.
 */
export function checkedBox(box: Box, bytes: number): Box {
  const { element, ...lists } = checkedOptions("map's box", box, ["element", "dimensions", "offsets", "volume"]);
  const dimensions = integers("dimensions", lists.dimensions);
  const offsets = integers("offsets", lists.offsets);
  const volume = integers("volume", lists.volume);
  const rank = dimensions.length;
  if (rank === 0 || offsets.length !== rank || volume.length !== rank) {
    throw outside(`a box of ${volume.length} dimensions has ${offsets.length} offsets in ${rank} dimensions`);
  }
  for (const [i, dimension] of dimensions.entries()) {
    const end = (offsets[i] as number) + (volume[i] as number);
    if (end > dimension) {
      throw outside(`dimension ${i} of the box ends at ${end} of ${dimension}`);
    }
  }
  const needed = dimensions.reduce((product, dimension) => product * dimension, integer("element", element, 1));
  if (needed > bytes) throw outside(`an array of ${needed} bytes does not lie in ${bytes}`);
  return { element, dimensions, offsets, volume };
}

export const isEmpty = ({ volume }: Box): boolean => volume.includes(0);

/** From the first byte of the box to the end of its last, from the array's beginning. */
export function extentOf({ element, dimensions, offsets, volume }: Box): readonly [number, number] {
  let [first, last, stride] = [0, 0, element];
  for (let i = dimensions.length - 1; i >= 0; i--) {
    const offset = offsets[i] as number;
    first += offset * stride;
    last += (offset + (volume[i] as number) - 1) * stride;
    stride *= dimensions[i] as number;
  }
  return [first, last + element];
}

/** Dimensions of which the box has everything are part of a larger element. */
function merged(box: Box): Box {
  let { element } = box;
  const [dimensions, offsets, volume] = [[...box.dimensions], [...box.offsets], [...box.volume]];
  while (dimensions.length > 1 && volume.at(-1) === dimensions.at(-1)) {
    element *= dimensions.pop() as number;
    offsets.pop();
    volume.pop();
  }
  return { element, dimensions, offsets, volume };
}

/** The box in parts of at most three dimensions. */
export function* slabsOf(box: Box): Generator<Slab> {
  yield* slabs(merged(box), 0);
}

function* slabs({ element, dimensions, offsets, volume }: Box, skipped: number): Generator<Slab> {
  if (volume.length > 3) {
    const [, ...inner] = dimensions;
    const stride = inner.reduce((product, dimension) => product * dimension, element);
    const rest = { element, dimensions: inner, offsets: offsets.slice(1), volume: volume.slice(1) };
    const [offset = 0] = offsets;
    for (let i = 0; i < (volume[0] as number); i++) yield* slabs(rest, skipped + (offset + i) * stride);
    return;
  }
  const [width = 1, height = 1, depth = 1] = [...volume].reverse();
  const [x = 0, y = 0, z = 0] = [...offsets].reverse();
  const [columns = 1, rows = 1] = [...dimensions].reverse();
  const size = [width * element, height, depth] as const;
  yield { skipped, size, offset: [x * element, y, z], rowPitch: columns * element, planePitch: rows };
}

const outside = (why: string): OffloadError => new OffloadError("ERR_OFFLOAD_ADDRESS", why);
