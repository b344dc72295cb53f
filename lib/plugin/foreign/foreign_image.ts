/**
 * An image on a C plugin's device: what is loaded, and what load_image has answered, by its names.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import type { NativeForeignPlugin } from "../../hsa/native_foreign.js";
import { problemOf } from "../gcn/gcn_function.js";
import { readImage } from "../gcn/gcn_image.js";
import type { LoadedImage, TargetEntry, TargetFunction } from "../plugin.js";

const CONSTRUCTORS = ["_init_array", "_fini_array"] as const;
/** GCC 12's kernels find their heap and output elsewhere than those of later releases. */
const LAST_OLD_FAMILY = 12;
const LINK = 1n << 63n;
/** Bytes. */
const MOST_ARGUMENTS = 8;

export class ForeignFunction implements TargetFunction {
  /** What the plugin says; null: it has not been asked. */
  canRun: boolean | null = null;

  constructor(
    readonly image: ForeignImage,
    readonly name: string,
    /** `struct kernel_info *` */
    readonly address: number,
    /** Why it cannot be launched; null where it can. The plugin would end the process for it. */
    readonly refusal: string | null,
    /** Work-items of a workgroup, at most. */
    readonly maxWorkgroup: number,
  ) {}
  get device(): number {
    return this.image.device;
  }
}

export class ForeignImage implements LoadedImage {
  readonly functions: readonly ForeignFunction[];
  readonly variables: readonly TargetEntry[];
  readonly icvs: TargetEntry | null;
  readonly id: number;
  /** Whether launches may begin. */
  loaded = true;
  /** Launches that stand in a queue and have not gone to the device. */
  held = 0;
  /** Launches in queues that are not over, and what happens when they all are. */
  #queued = 0;
  #whenOver: (() => void) | null = null;

  /** Constructors have run when it returns. @throws OffloadError `ERR_OFFLOAD_IMAGE`, `ERR_OFFLOAD_PLUGIN` */
  constructor(
    readonly native: NativeForeignPlugin,
    readonly device: number,
    image: unknown,
    isa: string,
  ) {
    const { codeObject, object, kernels, constructors, destructors, variables, abi, indirectFunctions } = readImage(
      image,
      isa,
    );
    // Kernels of no GCC's read nothing but the table's address, which is first in all.
    const fits = abi.abi === "plain" || abi.abi === (native.family <= LAST_OLD_FAMILY ? "gcc-12" : "gcc-13");
    if (!fits) {
      throw new OffloadError(
        "ERR_OFFLOAD_IMAGE",
        `a plugin of GCC ${native.family} does not run this image, whose kernels are of ${abi.abi} (${abi.evidence})`,
      );
    }
    // The plugin's own table of results has two rows less than there are kernels, whether these are among them or not.
    if (constructors === null || destructors === null) {
      throw new OffloadError(
        "ERR_OFFLOAD_IMAGE",
        `a C plugin wants both ${CONSTRUCTORS.join(" and ")} in the table of an image's kernels`,
      );
    }
    const names = (variables ?? []).map((name, i) => name ?? `(variable ${i})`);
    const info = (name: string) => ({ name, dimensions: [0, 0, 0] as const, sgprs: 0, vgprs: 0 });
    const { id, places } = native.loadImage(
      device,
      codeObject,
      [...CONSTRUCTORS.map(info), ...kernels.map((kernel) => ({ ...kernel, sgprs: 0 }))],
      names.length,
      indirectFunctions,
    );
    this.id = id;
    const place = (i: number, name: string): TargetEntry => {
      const size = BigInt(places[2 * i + 1] ?? 0);
      return { name, address: Number(places[2 * i] ?? 0), size: Number(size & ~LINK), link: (size & LINK) !== 0n };
    };
    const known = new Map(object.kernels.map((kernel) => [kernel.name, kernel]));
    const refusal = (name: string): string | null => {
      const metadata = known.get(name);
      if (metadata === undefined) return null;
      const hidden = `it takes the compiler's own arguments (${metadata.kernargSize} bytes), which no C plugin hands over`;
      return problemOf(metadata) ?? (metadata.kernargSize > MOST_ARGUMENTS ? hidden : null);
    };
    const most = (name: string): number => known.get(name)?.maxWorkgroupSize ?? Number.POSITIVE_INFINITY;
    this.functions = kernels.map(
      ({ name }, i) => new ForeignFunction(this, name, place(i, name).address, refusal(name), most(name)),
    );
    this.variables = names.map((name, i) => place(kernels.length + i, name));
    const other = place(
      kernels.length + names.length,
      native.family <= 12 ? "__gomp_device_num" : "__gomp_additional_icvs",
    );
    this.icvs = other.address === 0 ? null : other;
  }
  /** A launch into a queue, until it is over. */
  async queued(over: Promise<void>): Promise<void> {
    this.#queued++;
    try {
      await over;
    } finally {
      if (--this.#queued === 0) this.#whenOver?.();
    }
  }
  /** When all launches are over that stand in queues now. */
  whenOver(then: () => void): void {
    this.#whenOver = then;
  }

  /** What lies on the device. */
  get entries(): readonly TargetEntry[] {
    return this.icvs === null ? this.variables : [...this.variables, this.icvs];
  }
}
