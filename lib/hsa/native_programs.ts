/**
 * The addon's face for programs that run in this process under the real libgomp, and for its plugin library, whose calls JavaScript
 * answers: native/addon/host_program.cc. Conventions as in `native.ts`.
 *
 * @packageDocumentation
 */

/** How a call of libgomp's was: 0 done, 1 failed, 2 a kernel called exit(), 3 it called abort(). */
export type PluginOutcome = 0 | 1 | 2 | 3;

/**
 * Answers a call of libgomp's plugin: a number at once, or undefined where `answerPlugin` follows for `request`. `words`: eight of them, as
 * native/libgomp_plugin/bridge.h has them for each operation; addresses and sizes are numbers. Must not throw.
 */
export type ServePlugin = (request: number, operation: number, ...words: number[]) => number | undefined;

export interface NativePrograms {
  /** From now on this thread answers for libgomp's plugin. Throws `ERR_INVALID_STATE` where another does. */
  servePlugin(serve: ServePlugin): void;
  answerPlugin(request: number, outcome: PluginOutcome, value: number, message?: string): void;
  /**
   * Whoever waits for an answer, or asks later, is told that there is none. Where the process ends with a program under way they wait for
   * that instead, and it ends without the handlers that have been registered for its end: this answers true then.
   */
  stopServingPlugin(processEnds: boolean): boolean;
  /** Opens a plugin library, so that a libgomp in this process finds it by its SONAME. Programs do so by themselves. */
  openPluginLibrary(library: string): void;
  /**
   * Opens `words[0]` on a thread of its own and calls its main with the words. Before that it opens `libgomp` and asks for the plugin
   * library that goes with it. `endsProcess`: exit() follows, with main's status. `ended` gets main's status, where the process goes on, or
   * why there was no main to call. The event loop waits for it.
   */
  startProgram(
    libgomp: string,
    words: readonly string[],
    endsProcess: boolean,
    ended: (status: number, trouble: string | null) => void,
  ): void;
  /** Ends the process from a thread of its own: exit(status), abort(), or as a fatal error of libgomp's does (1). */
  endProcess(outcome: PluginOutcome, status: number, message?: string): void;
  /** Calls a C function, `void (*)(void *)`, on a native thread; one at a time, in order. The event loop waits for it. */
  callFunction(fn: number, data: number, done: () => void): void;
  /** Writes to C's stdout, behind what the process's C code has written. */
  printText(text: string): void;
  /** A C string of the process, which is UTF-8. */
  hostText(address: number): string;
}
