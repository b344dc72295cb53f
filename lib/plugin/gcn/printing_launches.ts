/** Launches in flight that may print: what they have printed is read now and then. */
import { drainConsole } from "./console_output.js";
import type { GcnLaunch } from "./gcn_launch.js";

/** Milliseconds between two looks. */
const POLL_MILLISECONDS = 2;

export class PrintingLaunches {
  readonly #print: (text: string) => void;
  readonly #launches = new Set<GcnLaunch>();
  #ticker: NodeJS.Timeout | null = null;

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  add(launch: GcnLaunch): void {
    this.#launches.add(launch);
    // Of no account for the process's life: the launch itself keeps it going.
    this.#ticker ??= setInterval(() => this.poll(), POLL_MILLISECONDS).unref();
  }
  delete(launch: GcnLaunch): void {
    this.#launches.delete(launch);
  }
  poll(): void {
    for (const { block } of this.#launches) drainConsole(block, false, this.#print);
    if (this.#launches.size === 0) this.end();
  }
  end(): void {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#ticker = null;
  }
}
