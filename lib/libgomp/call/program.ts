/** A program's image that libgomp knows: its functions and variables by their names. */
import { OffloadError } from "../../errors.js";
import type { HostBody } from "../../plugin/index.js";
import type { Mappable } from "../../target/map.js";
import { didYouMean, string } from "../../validate.js";
import type { Registration } from "./driver.js";

export interface RegisterOptions {
  /** Which of the image's functions; by default all. */
  readonly functions?: readonly string[];
  /**
   * Host memory for `declare target` variables, by name: `map.to(memory)` and its like then mean the device's variable. As many bytes as
   * the variable has. What is left out has memory that nobody sees.
   */
  readonly variables?: Readonly<Record<string, Mappable>>;
  /**
   * The host's own form of functions, by name: run on JavaScript's thread where libgomp runs a region on the host, with the region's
   * variables in argument order. libgomp waits for a promise that one answers.
   */
  readonly fallback?: Readonly<Record<string, HostBody>>;
}

/** A target region of a registered program, to be launched in place of its name. */
export class ProgramFunction {
  constructor(
    readonly program: RegisteredProgram,
    readonly name: string,
    /** The host function's, by which libgomp knows it. */
    readonly address: number,
  ) {}
}

/** A program that libgomp knows, until its disposal: from `Libgomp.register`. */
export class RegisteredProgram implements AsyncDisposable {
  readonly #functions: ReadonlyMap<string, ProgramFunction>;
  readonly #dispose: () => Promise<void>;
  #disposed = false;

  /** Use `Libgomp.register`. */
  constructor(
    readonly registration: Registration,
    readonly fallback: Readonly<Record<string, HostBody>>,
    /** What libgomp may read as long as it knows the image. */
    readonly memory: unknown,
    dispose: () => Promise<void>,
  ) {
    this.#functions = new Map(
      registration.functions.map(({ name, address }) => [name, new ProgramFunction(this, name, address)]),
    );
    this.#dispose = dispose;
  }

  get disposed(): boolean {
    return this.#disposed;
  }
  get functions(): readonly string[] {
    return [...this.#functions.keys()];
  }
  /** Bytes of each variable; of one that is linked the device has a pointer, which is filled when it is mapped. */
  get variables(): Registration["variables"] {
    return this.registration.variables;
  }
  find(name: string): ProgramFunction | undefined {
    return this.#functions.get(name);
  }
  /** @throws OffloadError `ERR_OFFLOAD_UNKNOWN_KERNEL` */
  function(name: string): ProgramFunction {
    const found = this.find(name);
    if (found === undefined) throw unknownFunction(name, this.functions);
    return found;
  }

  /** libgomp forgets the image, once the launches before are over. Idempotent. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#dispose();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

export function unknownFunction(name: string, names: readonly string[]): OffloadError {
  string("the function's name", name);
  return new OffloadError(
    "ERR_OFFLOAD_UNKNOWN_KERNEL",
    `there is no function "${name}"${didYouMean(name, names)}: there is ${names.join(", ") || "none"}`,
  );
}
