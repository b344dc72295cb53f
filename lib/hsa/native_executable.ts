/**
 * The addon's face for code objects and executables: native/addon/code_object_reader.cc and executable.cc. Conventions as in
 * `native.ts`.
 *
 * @packageDocumentation
 */
import type { NativeAgent } from "./native_agent.js";

export interface NativeCodeObjectReader {
  readonly disposed: boolean;
  dispose(): void;
}
export interface NativeExecutable {
  readonly disposed: boolean;
  loadAgentCodeObject(agent: NativeAgent, reader: NativeCodeObjectReader, options?: string): void;
  /** hsa_executable_agent_global_variable_define. */
  defineVariable(agent: NativeAgent, name: string, address: number): void;
  freeze(options?: string): void;
  /** 0 where valid, as hsa_executable_validate answers. */
  validate(): number;
  frozen(): boolean;
  /** hsa_executable_get_symbol_by_name; null where there is none. */
  symbol(name: string, agent: NativeAgent): SymbolInfo | null;
  /** hsa_executable_iterate_agent_symbols. */
  symbols(agent: NativeAgent): SymbolInfo[];
  dispose(): void;
}
export type SymbolInfo = KernelSymbolInfo | VariableSymbolInfo | IndirectFunctionSymbolInfo;
export interface KernelSymbolInfo {
  readonly type: "kernel";
  readonly name: string;
  readonly linkage: "module" | "program";
  /** Kernel object: the address of its descriptor. */
  readonly object: number;
  readonly kernargSize: number;
  readonly kernargAlignment: number;
  readonly groupSize: number;
  readonly privateSize: number;
  readonly dynamicCallstack: boolean;
}
export interface VariableSymbolInfo {
  readonly type: "variable";
  readonly name: string;
  readonly linkage: "module" | "program";
  readonly address: number;
  readonly byteLength: number;
  readonly alignment: number;
  readonly constant: boolean;
}
export interface IndirectFunctionSymbolInfo {
  readonly type: "indirect-function";
  readonly name: string;
  readonly linkage: "module" | "program";
  readonly object: number;
}
