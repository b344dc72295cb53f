/** Target regions of GCC 12's programs on the software GPU, two devices of it. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect } from "vitest";
import {
  flatten,
  type MapItem,
  type MapList,
  type Offload,
  type OffloadOptions,
  offload,
} from "../../../lib/target/index.js";
import { type Program, program } from "../../plugin/gcn/programs.js";

export const DEVICE = "software:gfx906*2";
const folder = fileURLToPath(new URL("../programs", import.meta.url));

export class Regions {
  program!: Program;
  omp!: Offload;

  open(options: OffloadOptions = {}): Promise<Offload> {
    return offload(this.program.path, { device: DEVICE, environment: {}, ...options });
  }

  /** The region's name, once its list is found to be as long as the table that the compiler has laid out. */
  name(fn: string, maps: MapList): string {
    expect(flatten(maps).length).toBe(this.program.tables.get(fn)?.length);
    return `${fn}._omp_fn.0`;
  }
  target(fn: string, maps: readonly (MapItem | readonly MapItem[])[], options: Parameters<Offload["target"]>[2] = {}) {
    return this.omp.target(this.name(fn, maps), maps, options);
  }
}

/** For a whole file. */
export function useRegions(options: OffloadOptions = {}): Regions {
  const regions = new Regions();
  beforeAll(async () => {
    regions.program = await program("maps.c", "gfx906", [], folder);
    regions.omp = await regions.open(options);
  }, 120_000);
  afterAll(() => regions.omp?.dispose());
  return regions;
}
