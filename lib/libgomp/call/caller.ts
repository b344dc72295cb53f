/** A driver in use: until its disposal, and with map lists as it takes them. */
import { OffloadError } from "../../errors.js";
import { flatten, type MapList } from "../../target/index.js";
import { integer } from "../../validate.js";
import type { CallRequest, CallResult, Driver } from "./driver.js";
import { type Construct, type MapArrays, mapArrays, usesHostPointers } from "./map_arrays.js";

/** GOMP_DEVICE_ICV: the default device. */
export const DEFAULT_DEVICE = -1;
export const INT_MAX = 2 ** 31 - 1;

export class Caller {
  disposed = false;
  /** What libgomp has found, and its default among them. */
  devices = 0;
  defaultDevice = 0;

  constructor(readonly driver: Driver) {}

  mustBeOpen(): void {
    if (this.disposed) throw disposedError();
  }
  call(request: CallRequest): Promise<CallResult> {
    if (this.disposed) return Promise.reject(disposedError());
    return this.driver.call(request);
  }
  async number(name: string, ...words: number[]): Promise<number> {
    return (await this.call({ name, words })).value;
  }

  /** A device's own number; null for the host. */
  deviceOf(device: number = this.defaultDevice): number | null {
    return device >= 0 && device < this.devices ? device : null;
  }

  /** @throws OffloadError `ERR_OFFLOAD_MAP_KIND` */
  arrays(maps: MapList, construct: Construct): MapArrays {
    const items = flatten(maps);
    const { isolated, release } = this.driver;
    if (isolated && items.some(usesHostPointers)) {
      throw new OffloadError(
        "ERR_OFFLOAD_MAP_KIND",
        "pointers that lie in host memory lead nowhere in libgomp's own process: open it without isolate",
      );
    }
    return mapArrays(items, construct, release);
  }
}

export const disposedError = (): OffloadError =>
  new OffloadError("ERR_OFFLOAD_DISPOSED", "libgomp was used after its disposal");

export const deviceNumber = (device: number): number =>
  device === DEFAULT_DEVICE ? device : integer("device", device, 0, INT_MAX);
