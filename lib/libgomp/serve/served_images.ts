/**
 * The images that libgomp has loaded onto a plugin's devices, and their functions, which it holds by numbers.
 *
 * Source: target.c (gomp_load_image_to_device) and plugin-gcn.c (GOMP_OFFLOAD_load_image) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import type { LoadedImage, OffloadPlugin, TargetFunction } from "../../plugin/index.js";
import { viewAt } from "../raw_memory.js";
import { Handles } from "./handles.js";
import type { Words } from "./operations.js";
import { registeredImage } from "./registered_image.js";

const DEVICE_NUMBER = "__gomp_device_num";

export class ServedImages {
  readonly functions = new Handles<TargetFunction>("function");
  /** By device and by where the program's descriptor is. */
  readonly #images = new Map<string, LoadedImage>();
  readonly #plugin: OffloadPlugin;

  constructor(plugin: OffloadPlugin) {
    this.#plugin = plugin;
  }

  /** Fills the table of address pairs: functions, variables, and one more for what the runtime itself puts into the image. */
  load([device = 0, version = 0, data = 0, pairs = 0, count = 0, hostFunctions = 0, family = 0]: Words): number {
    const image = this.#plugin.loadImage(device, registeredImage(version, data, hostFunctions));
    this.#images.set(`${device}:${data}`, image);
    const ranges = [
      ...image.functions.map((fn) => [this.functions.add(fn), 1] as const),
      ...image.variables.map(({ address, size, link }) => [address, size, link] as const),
      this.#icvsFor(family, image),
    ];
    if (ranges.length > count) {
      throw new OffloadError(
        "ERR_OFFLOAD_IMAGE",
        `the image has ${ranges.length} entries, and ${count} were registered`,
      );
    }
    const table = viewAt(pairs, 16 * count);
    for (const [i, [address, size, link = false]] of ranges.entries()) {
      table.setBigUint64(16 * i, BigInt(address), true);
      // Of a variable that is linked when it is mapped the size has the mark that the host's own table has.
      const end = BigInt(address) + BigInt(size) + (link ? 1n << 63n : 0n);
      table.setBigUint64(16 * i + 8, BigInt.asUintN(64, end), true);
    }
    return ranges.length;
  }

  unload(device: number, data: number): void {
    const key = `${device}:${data}`;
    const image = this.#images.get(key);
    if (image === undefined) {
      throw new OffloadError("ERR_OFFLOAD_IMAGE", `an image is to be unloaded from device ${device} that is not there`);
    }
    this.#images.delete(key);
    const own = new Set(image.functions);
    this.functions.removeAll((fn) => own.has(fn));
    this.#plugin.unloadImage(image);
  }

  /** Of a device that ends, and its images with it. */
  endDevice(device: number): void {
    for (const [key, image] of this.#images) {
      if (image.device === device) this.#images.delete(key);
    }
    this.functions.removeAll((fn) => fn.device === device);
  }

  /** What libgomp fills by itself; newer ones do not know the variable of images of GCC 12, which is the device's number. */
  #icvsFor(family: number, { device, icvs }: LoadedImage): readonly [address: number, size: number] {
    if (icvs === null) return [0, 0];
    if (family <= 12 || icvs.name !== DEVICE_NUMBER) return [icvs.address, icvs.size];
    this.#plugin.host2dev(device, icvs.address, new Int32Array([device]));
    return [0, 0];
  }
}
