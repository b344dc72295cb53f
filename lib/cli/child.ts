/** A program in a process of its own, for which a command stands: its streams, its signals and its end are the command's. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** Signals that a user or a supervisor sends to a program. */
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGWINCH"] as const;

/** As timeout(1) has it. */
const OUT_OF_TIME = 124;

export interface ChildOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What to call it in messages; by default the program. */
  readonly name?: string;
  /** Milliseconds after which it is ended, with a message. */
  readonly timeout?: number;
  /** Whether the end by a signal is worth a message: the shell's stands for the program itself only. */
  readonly tellsSignals?: boolean;
}

/** Answers the program's exit status; where it died of a signal, so does this process. */
export function runChild(program: string, words: readonly string[], options: ChildOptions): Promise<number> {
  const { env, name = program, timeout, tellsSignals = false } = options;
  return new Promise((resolve, reject) => {
    // Listened for before there is a program: a signal in between would end us and leave the program without anybody.
    const forwards = FORWARDED.map((signal) => {
      const forward = (): void => {
        child.kill(signal);
      };
      process.on(signal, forward);
      return () => process.off(signal, forward);
    });
    const child = spawn(program, words, { stdio: "inherit", env });
    let late = false;
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            child.kill("SIGKILL");
          }, timeout);
    const over = (): void => {
      clearTimeout(timer);
      for (const stop of forwards) stop();
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      over();
      // As the shell has it: 127 not found, 126 found and not executable.
      if (error.code === "ENOENT" || error.code === "EACCES") {
        console.error(`gcn-offload: ${name}: ${error.code === "ENOENT" ? "not found" : "cannot be executed"}`);
        resolve(error.code === "ENOENT" ? 127 : 126);
      } else {
        reject(error);
      }
    });
    child.on("exit", (code, signal) => {
      over();
      if (late) {
        console.error(`gcn-offload: ${name} did not end within ${(timeout ?? 0) / 1000} s, and was ended`);
        resolve(OUT_OF_TIME);
        return;
      }
      if (signal === null) {
        resolve(code ?? 0);
        return;
      }
      if (tellsSignals) console.error(`gcn-offload: ${name} was ended by ${signal}`);
      // Whoever waits for us is to see what the program died of.
      process.kill(process.pid, signal);
      // Signals that are ignored or caught by Node itself leave the shell's way of saying it.
      setTimeout(() => resolve(128 + constants.signals[signal]), 100);
    });
  });
}
