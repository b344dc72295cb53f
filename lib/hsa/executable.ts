/** Executables and their symbols (HSA 1.2, 2.10). */
import type { Agent } from "./agent.js";
import type { CodeObjectReader } from "./code-object-reader.js";
import { guarded } from "./errors.js";
import type { NativeExecutable, SymbolInfo } from "./native.js";

/** Code objects that are loaded and linked together for agents. */
export class Executable implements Disposable {
  /** ROCr reads the object's bytes until the executable goes, so the readers live as long. */
  readonly #readers: CodeObjectReader[] = [];

  constructor(readonly native: NativeExecutable) {}

  get disposed(): boolean {
    return this.native.disposed;
  }

  /** Loads an object for an agent; the executable owns the reader from now on. */
  load(agent: Agent, reader: CodeObjectReader, options?: string): void {
    guarded(() => this.native.loadAgentCodeObject(agent.native, reader.native, options));
    this.#readers.push(reader);
  }
  defineVariable(agent: Agent, name: string, address: number): void {
    guarded(() => this.native.defineVariable(agent.native, name, address));
  }
  freeze(options?: string): void {
    guarded(() => this.native.freeze(options));
  }
  get frozen(): boolean {
    return guarded(() => this.native.frozen());
  }
  /** Whether hsa_executable_validate finds nothing wrong. */
  valid(): boolean {
    return guarded(() => this.native.validate()) === 0;
  }
  symbol(name: string, agent: Agent): SymbolInfo | null {
    return guarded(() => this.native.symbol(name, agent.native));
  }
  symbols(agent: Agent): SymbolInfo[] {
    return guarded(() => this.native.symbols(agent.native));
  }

  dispose(): void {
    guarded(() => this.native.dispose());
    for (const reader of this.#readers) reader.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
