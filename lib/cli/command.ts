/**
 * What all commands share: their options, their help, their exit codes, and how they say that something is wrong.
 *
 * @packageDocumentation
 */
import { parseArgs } from "node:util";
import { DeviceError, OffloadError } from "../errors.js";
import { HsaError } from "../hsa/index.js";
import { nearest } from "../validate.js";

/** The exit codes of every command but `exec`, which passes its program's on. */
export const EXIT = { ok: 0, mismatch: 1, input: 2, device: 3 } as const;

export interface Option {
  readonly type: "boolean" | "string";
  readonly short?: string;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly help: string;
}

export interface Invocation {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly positionals: readonly string[];
}

export interface Command {
  readonly name: string;
  /** After the name: `FILE [--json]`. */
  readonly usage: string;
  readonly summary: string;
  /** What the help says besides the options. */
  readonly details?: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Everything from the first word that is no option on belongs to another program. */
  readonly passesOn?: boolean;
  /** Answers the exit code. */
  run(invocation: Invocation, output: Output): Promise<number>;
}

export interface Output {
  /** One line, or several. */
  print(text: string): void;
}

/** A mistake in what the user typed or wrote in a file. */
export class InputError extends Error {
  override readonly name = "InputError";
}

export const JSON_OPTION: Option = { type: "boolean", help: "print JSON for programs" };

/** @throws InputError for an option that the command does not have, naming the near ones. */
export function parse(command: Command, words: readonly string[]): Invocation {
  const options = Object.entries(command.options);
  const end = command.passesOn ? ownWords(command, words) : words.length;
  const { tokens, positionals } = parseArgs({
    args: words.slice(0, end),
    options: Object.fromEntries(
      options.map(([name, { type, short }]) => [name, { type, ...(short ? { short } : {}) }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const flags = new Set<string>();
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = command.options[token.name];
    if (option === undefined) throw new InputError(unknownOption(command, token.rawName));
    if (option.type === "boolean") {
      if (token.value !== undefined) throw new InputError(`${token.rawName} takes no value`);
      flags.add(token.name);
    } else {
      if (token.value === undefined || token.value === "") throw new InputError(`${token.rawName} needs a value`);
      values.set(token.name, token.value);
    }
  }
  const rest = words.slice(end);
  return { flags, values, positionals: [...positionals, ...(rest[0] === "--" ? rest.slice(1) : rest)] };
}

/** How many of the words are the command's own. */
function ownWords(command: Command, words: readonly string[]): number {
  let at = 0;
  while (at < words.length) {
    const word = words[at] as string;
    if (word === "--" || !word.startsWith("-")) return at;
    const takesNext = command.options[word.replace(/^--/, "")]?.type === "string";
    at += takesNext ? 2 : 1;
  }
  return words.length;
}

function unknownOption(command: Command, name: string): string {
  const known = Object.keys(command.options).map((option) => `--${option}`);
  const near = nearest(name, known);
  const meant = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : `; see gcn-offload ${command.name} --help`;
  return `${command.name} has no option ${name}${meant}`;
}

export function help(command: Command): string {
  const rows = Object.entries(command.options).map(([name, { short, value, help: text }]) => {
    const names = `${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}`;
    return `  ${names.padEnd(24)} ${text}`;
  });
  return [
    `usage: gcn-offload ${command.name} ${command.usage}`,
    "",
    command.summary,
    ...(command.details ? ["", command.details] : []),
    "",
    "options:",
    ...rows,
  ].join("\n");
}

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof HsaError && error.code === "ERR_HSA_DEVICE_SETTING") return EXIT.input;
  if (error instanceof HsaError || error instanceof DeviceError) return EXIT.device;
  const device = ["ERR_OFFLOAD_NO_DEVICE", "ERR_OFFLOAD_OUT_OF_MEMORY"];
  if (error instanceof OffloadError && device.includes(error.code)) return EXIT.device;
  return EXIT.input;
}

/** The error in a line, or as an object for programs. Mistakes in this package itself keep their stack. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  if (error instanceof InputError || typeof code === "string") {
    return typeof code === "string" && code.startsWith("ERR_") ? `${error.message} [${code}]` : error.message;
  }
  return error.stack ?? error.message;
}

export function errorObject(error: unknown): object {
  const { code, status } = error as { code?: unknown; status?: unknown };
  return {
    error: {
      code: typeof code === "string" ? code : "ERR_INPUT",
      ...(typeof status === "number" ? { status } : {}),
      message: error instanceof Error ? error.message : String(error),
    },
  };
}
