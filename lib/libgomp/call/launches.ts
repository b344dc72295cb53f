/** Launches of target regions, and waiting for them. Source: target.c (GOMP_target_ext), task.c of GCC 12 to 17. */
import { teamWords } from "../../plugin/foreign/launch_words.js";
import type { MapList } from "../../target/index.js";
import type { MapItem } from "../../target/map_item.js";
import { kindOf, MAP } from "../../target/map_kind.js";
import { options as checkedOptions, integer } from "../../validate.js";
import { type Caller, DEFAULT_DEVICE, deviceNumber, INT_MAX } from "./caller.js";
import type { CallRequest, Section } from "./driver.js";
import { dependList } from "./host_places.js";
import { Launch } from "./launch.js";
import type { LaunchOptions, NowaitLaunch } from "./options.js";
import type { ProgramFunction, RegisteredProgram } from "./program.js";

const OPTIONS = ["teams", "threads", "device", "depend", "nowait"] as const;
const NOWAIT = 1;

export class Launches {
  readonly #caller: Caller;
  /** By number, in the order in which they were made. */
  readonly #launches = new Map<number, Launch>();
  #next = 0;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** @returns null where the launch is over. */
  async target(
    fn: ProgramFunction,
    maps: MapList,
    options: LaunchOptions & { readonly nowait?: boolean },
  ): Promise<NowaitLaunch | null> {
    const given = checkedOptions("target's options", options, OPTIONS);
    const { device = DEFAULT_DEVICE, depend, nowait = false } = given;
    const arrays = this.#caller.arrays(maps, "target");
    const launch = new Launch(this.#next++, fn, arrays);
    const request: CallRequest = {
      name: "GOMP_target_ext",
      words: [
        deviceNumber(device),
        launch.fn.address,
        arrays.kinds.length,
        arrays.addresses,
        arrays.sizes,
        arrays.kinds,
        nowait ? NOWAIT : 0,
        dependList(depend, nowait ? [launch.mark] : []),
        launchAttributes(given),
      ],
      reads: arrays.reads,
      // Of a launch that waits for others, what they copy back as well.
      writes: nowait ? [] : [...arrays.writes, ...(depend === undefined ? [] : this.written())],
      launch: {
        id: launch.id,
        fn: launch.fn.address,
        copied: arrays.items.map(isCopied),
      },
    };
    this.#launches.set(launch.id, launch);
    try {
      await this.#caller.call(request);
    } catch (error) {
      this.#end([launch], { error });
      throw error;
    }
    if (nowait) return { over: launch.over, wait: () => this.#wait(launch) };
    this.#end([launch]);
    await launch.over;
    return null;
  }
  /** What launches that nobody has waited for may copy back. */
  written(): Section[] {
    return [...this.#launches.values()].flatMap(({ arrays }) => arrays.writes);
  }
  #end(launches: readonly Launch[], failure?: { readonly error: unknown }): void {
    for (const launch of launches) {
      this.#launches.delete(launch.id);
      this.#caller.driver.launchOver(launch.id);
      launch.end(failure);
    }
  }
  async #wait(launch: Launch): Promise<void> {
    if (!launch.settled) {
      await this.#waitWith([launch], {
        name: "GOMP_taskwait_depend",
        words: [[1, 0, launch.mark]],
        writes: this.written(),
      });
    }
    await launch.over;
  }

  /**
   * `taskwait`: when every `nowait` launch that has been made is over.
   *
   * @throws what the host's form of a function has thrown, the first of several.
   */
  async taskwait(): Promise<void> {
    const waited = [...this.#launches.values()];
    await this.#waitWith(waited, { name: "GOMP_taskwait", words: [], writes: this.written() });
    for (const { over } of waited) await over;
  }
  async #waitWith(launches: readonly Launch[], request: CallRequest): Promise<void> {
    try {
      await this.#caller.call(request);
    } catch (error) {
      this.#end(launches, { error });
      throw error;
    }
    this.#end(launches);
  }

  /** Whether some of the program's functions may still run. */
  any(program: RegisteredProgram): boolean {
    return [...this.#launches.values()].some(({ fn }) => fn.program === program);
  }
  /** Of which nothing will be heard any more. */
  abandon(error: unknown): void {
    for (const launch of this.#launches.values()) launch.end({ error });
  }

  /** What runs where libgomp calls a host function. */
  async hostCall(id: number | null): Promise<void> {
    const launch = id === null ? undefined : this.#launches.get(id);
    await launch?.runOnHost(launch.fn.program.fallback[launch.fn.name], this.#whyOnHost());
  }
  #whyOnHost(): string {
    return this.#caller.devices === 0
      ? "libgomp has found no device: OMP_TARGET_OFFLOAD says disabled, or its plugin libgomp-plugin-gcn.so.1 is missing, Debian's libgomp-plugin-amdgcn1"
      : "the device's number is no device's, or its image cannot run there";
  }
}

/** Words up to a null (GOMP_TARGET_ARG_…). */
function launchAttributes({ teams = 1, threads }: LaunchOptions): BigUint64Array {
  const attributes = {
    ...(teams === "auto" ? {} : { teams: integer("teams", teams, 1, INT_MAX) }),
    ...(threads === undefined ? {} : { threads: integer("threads", threads, 1, INT_MAX) }),
  };
  return BigUint64Array.from([...teamWords(attributes), 0], BigInt);
}

const isCopied = ({ kind, size }: MapItem): boolean => kindOf(kind) === MAP.FIRSTPRIVATE && size > 0;
