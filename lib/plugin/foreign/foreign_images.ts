/**
 * The images of a C plugin's devices: one on each, which has to be over before there can be another.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import type { LoadedImage } from "../plugin.js";
import { ForeignImage } from "./foreign_image.js";
import type { ForeignMemory } from "./foreign_memory.js";

export class ForeignImages {
  readonly #images = new Map<number, ForeignImage>();

  constructor(readonly memory: ForeignMemory) {}

  /** @throws OffloadError `ERR_OFFLOAD_IMAGE`, `ERR_OFFLOAD_PLUGIN` */
  load(device: number, image: unknown, isa: string): ForeignImage {
    if (this.#images.has(device)) {
      throw new OffloadError(
        "ERR_OFFLOAD_IMAGE",
        `device ${device} has an image: a C plugin has one, and loses it to another. Unload it first, and let its launches be over`,
      );
    }
    const loaded = this.memory.calls.call((native) => new ForeignImage(native, device, image, isa));
    this.#images.set(device, loaded);
    this.memory.addVariables(device, loaded.entries);
    return loaded;
  }

  /** @throws OffloadError `ERR_OFFLOAD_NO_DEVICE`, `ERR_OFFLOAD_IMAGE` */
  mustHave(image: LoadedImage): ForeignImage {
    const { calls } = this.memory;
    const own = image instanceof ForeignImage && image.native === calls.native;
    if (own) calls.mustBeReady(image.device);
    if (own && this.#images.get(image.device) === image && image.loaded) return image;
    throw new OffloadError("ERR_OFFLOAD_IMAGE", "the image is not loaded here, or has been unloaded");
  }

  /** At once, or when what is held back of its launches is over. What its device was sent is over. */
  unload(image: ForeignImage): void {
    if (image.held === 0) {
      this.#images.delete(image.device);
      this.#unload(image);
      return;
    }
    const { calls } = this.memory;
    const { device } = image;
    const life = calls.life(device);
    image.whenOver(() => {
      if (this.#images.get(device) !== image || calls.life(device) !== life || calls.isLost(device)) return;
      this.#images.delete(device);
      // Nobody is there to be told, but by the plugin's own words on stderr.
      try {
        this.#unload(image);
      } catch {}
    });
  }

  /** @param there - whether the device can still unload. */
  endDevice(device: number, there: boolean): void {
    const image = this.#images.get(device);
    if (image === undefined) return;
    this.#images.delete(device);
    image.loaded = false;
    if (there) this.#unload(image);
  }

  #unload(image: ForeignImage): void {
    this.memory.removeVariables(image.device, image.entries);
    this.memory.calls.call((native) => native.unloadImage(image.device, image.id));
  }
}
