/** Data constructs: regions, enter and exit data, update. Source: target.c (GOMP_target_data_ext and its like) of GCC 12 to 17. */
import { OffloadError } from "../../errors.js";
import type { MapList } from "../../target/index.js";
import type { MapItem } from "../../target/map_item.js";
import { options as checkedOptions } from "../../validate.js";
import { type Caller, DEFAULT_DEVICE, deviceNumber, disposedError } from "./caller.js";
import type { CallRequest } from "./driver.js";
import type { Held } from "./held.js";
import { dependList } from "./host_places.js";
import type { Launches } from "./launches.js";
import type { MapArrays } from "./map_arrays.js";
import type { DataOptions, LibgompDataRegion } from "./options.js";

const OPTIONS = ["device", "depend"] as const;
const EXIT_DATA = 2;

interface OpenRegion {
  readonly arrays: MapArrays;
}

export class DataConstructs {
  readonly #caller: Caller;
  readonly #launches: Launches;
  readonly #held: Held;
  /** The innermost last. */
  readonly #regions: OpenRegion[] = [];

  constructor(caller: Caller, launches: Launches, held: Held) {
    this.#caller = caller;
    this.#launches = launches;
    this.#held = held;
  }

  /** `target data`: regions end in the opposite order. */
  async targetData(maps: MapList, options: Pick<DataOptions, "device"> = {}): Promise<LibgompDataRegion> {
    const { device = DEFAULT_DEVICE } = checkedOptions("targetData's options", options, ["device"]);
    const arrays = this.#caller.arrays(maps, "data");
    const region: OpenRegion = { arrays };
    this.#caller.mustBeOpen();
    const request: CallRequest = {
      name: "GOMP_target_data_ext",
      words: [deviceNumber(device), arrays.kinds.length, arrays.addresses, arrays.sizes, arrays.kinds],
      reads: arrays.reads,
      answers: 2,
    };
    this.#regions.push(region);
    const { pointers } = await this.#caller.call(request).catch((error: unknown) => {
      this.#regions.splice(this.#regions.indexOf(region), 1);
      throw error;
    });
    let ended = false;
    const end = async (): Promise<void> => {
      if (ended) throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the data region has ended already");
      if (this.#caller.disposed || this.#regions.at(-1) !== region) throw this.#wrongEnd(region);
      ended = true;
      await this.#endRegion();
    };
    return {
      addresses: pointers,
      get ended() {
        return ended;
      },
      end,
      [Symbol.asyncDispose]: async () => {
        if (!ended && !this.#caller.disposed) await end();
      },
    };
  }
  #wrongEnd(region: OpenRegion): OffloadError {
    if (this.#caller.disposed) return disposedError();
    const inner = this.#regions.length - 1 - this.#regions.indexOf(region);
    return new OffloadError(
      "ERR_OFFLOAD_REGION_ORDER",
      `${inner} data region${inner === 1 ? " has" : "s have"} begun since, and must end before: libgomp ends the last one`,
    );
  }
  async #endRegion(): Promise<void> {
    const region = this.#regions.pop();
    if (region === undefined) return;
    const { reads, writes } = region.arrays;
    // Items go back together with those of launches in the region that nobody has waited for.
    await this.#caller.call({ name: "GOMP_target_end_data", words: [], reads, writes });
  }

  /** `target enter data`; the memory stays alive until it is unmapped. */
  async enterData(maps: MapList, options: DataOptions = {}): Promise<void> {
    const arrays = this.#caller.arrays(maps, "enter");
    const request = this.#request("GOMP_target_enter_exit_data", arrays, 0, options);
    const device = this.#caller.deviceOf(options.device);
    if (device !== null) for (const { owner, address } of arrays.reads) this.#held.add(owner, address, device);
    await this.#caller.call(request);
  }
  /** `target exit data`, with map.from, map.release and map.delete. */
  async exitData(maps: MapList, options: DataOptions = {}): Promise<void> {
    const arrays = this.#caller.arrays(maps, "exit");
    await this.#caller.call(this.#request("GOMP_target_enter_exit_data", arrays, EXIT_DATA, options));
    await this.#release(arrays.items, options.device);
  }
  async #release(items: readonly MapItem[], given?: number): Promise<void> {
    const device = this.#caller.deviceOf(given);
    if (device === null) return;
    for (const { owner, address } of items) {
      if (owner === null || !this.#held.has(owner, address, device)) continue;
      const { value } = await this.#caller.call({ name: "omp_target_is_present", words: [{ owner, address }, device] });
      if (value === 0) this.#held.drop(owner, address, device);
    }
  }
  /** `target update`: map.to copies to the device, map.from back. */
  async update(maps: MapList, options: DataOptions = {}): Promise<void> {
    await this.#caller.call(this.#request("GOMP_target_update_ext", this.#caller.arrays(maps, "update"), 0, options));
  }
  #request(name: string, arrays: MapArrays, flags: number, options: DataOptions): CallRequest {
    const { device = DEFAULT_DEVICE, depend } = checkedOptions("the options", options, OPTIONS);
    return {
      name,
      words: [
        deviceNumber(device),
        arrays.kinds.length,
        arrays.addresses,
        arrays.sizes,
        arrays.kinds,
        flags,
        dependList(depend),
      ],
      reads: arrays.reads,
      writes: [...arrays.writes, ...(depend === undefined ? [] : this.#launches.written())],
    };
  }
  /** The innermost first. */
  async endAll(): Promise<void> {
    while (this.#regions.length > 0) await this.#endRegion();
  }
}
