/** Executables in which every kernel exists, and what else a test names. */
import type { NativeAgent, NativeExecutable, SymbolInfo } from "../../../lib/hsa/native.js";
import type { FakeNative } from "./native.js";

/** Symbols by name; every kernel that is asked for exists. */
export interface FakeSymbols {
  readonly [name: string]: SymbolInfo;
}

export class FakeExecutable implements NativeExecutable {
  disposed = false;
  readonly #objects = new Map<string, number>();

  constructor(private readonly owner: FakeNative) {
    owner.counters.executablesLive++;
  }
  loadAgentCodeObject(): void {}
  defineVariable(_agent: NativeAgent, name: string, address: number): void {
    this.owner.defined.set(name, address);
  }
  freeze(): void {}
  validate(): number {
    return 0;
  }
  frozen(): boolean {
    return true;
  }
  symbol(name: string): SymbolInfo | null {
    const known = this.owner.symbols[name];
    if (known !== undefined) return known;
    if (!name.endsWith(".kd")) return null;
    const object = this.#objects.get(name) ?? this.owner.nextObject();
    this.#objects.set(name, object);
    return {
      type: "kernel",
      name,
      linkage: "module",
      object,
      kernargSize: 0,
      kernargAlignment: 16,
      groupSize: 0,
      privateSize: 0,
      dynamicCallstack: false,
    };
  }
  symbols(): SymbolInfo[] {
    return Object.values(this.owner.symbols);
  }
  dispose(): void {
    if (!this.disposed) this.owner.counters.executablesLive--;
    this.disposed = true;
  }
}
