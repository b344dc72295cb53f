/** Target regions of GCC 12's programs on the software GPU, two devices of it, by the plugin under test. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { ForeignPlugin } from "../../../lib/plugin/index.js";
import {
  flatten,
  type MapItem,
  type MapList,
  type Offload,
  type OffloadOptions,
  offload,
} from "../../../lib/target/index.js";
import { type Program, program } from "../../plugin/gcn/programs.js";
import { DEVICES, FOREIGN, GPU } from "../../plugin/under-test.js";

export const DEVICE = DEVICES;
const folder = fileURLToPath(new URL("../programs", import.meta.url));

export class Regions {
  program!: Program;
  /** GCC's plugin, which every Offload gets; null: each opens its own. */
  foreign: ForeignPlugin | null = null;
  #omp: Offload | null = null;

  get omp(): Offload {
    if (this.#omp === null) throw new Error("it is opened before each test");
    return this.#omp;
  }

  /** GCC's plugin has one image on a device: `omp` goes before another comes, and comes back before the next test. */
  async open(options: OffloadOptions = {}): Promise<Offload> {
    const { foreign } = this;
    if (foreign === null) return offload(this.program.path, { device: DEVICE, environment: {}, ...options });
    await this.close();
    const { device: _, ...others } = options;
    return offload(this.program.path, { plugin: foreign, environment: {}, ...others });
  }
  async reopen(options: OffloadOptions): Promise<void> {
    this.#omp ??= await this.open(options);
  }
  async close(): Promise<void> {
    const omp = this.#omp;
    this.#omp = null;
    await omp?.[Symbol.asyncDispose]();
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
    regions.program = await program("maps.c", GPU, [], folder);
    if (FOREIGN) regions.foreign = ForeignPlugin.open({ device: DEVICE });
  }, 120_000);
  beforeEach(() => regions.reopen(options));
  afterAll(async () => {
    await regions.close();
    regions.foreign?.dispose();
  });
  return regions;
}
