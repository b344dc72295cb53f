#!/usr/bin/env node
/** The command line: `gcn-offload COMMAND …`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../hsa/locate.js";
import { nearest } from "../validate.js";
import { type Command, EXIT, errorObject, errorText, exitCodeOf, help, InputError, parse } from "./command.js";
import { exec } from "./exec.js";
import { host } from "./host.js";
import { info } from "./info.js";
import { inspect } from "./inspect.js";
import { run } from "./run.js";

const COMMANDS: readonly Command[] = [info, inspect, run, exec, host];

const HELP_OPTION = { type: "boolean", short: "h", help: "show this" } as const;

function overview(): string {
  const rows = COMMANDS.map(({ name, usage, summary }) => `  ${name} ${usage}\n      ${summary}`);
  return [
    "usage: gcn-offload COMMAND …",
    "",
    "Launches precompiled AMD GPU code objects through the HSA runtime, on a GPU or on the software GPU.",
    "",
    ...rows,
    "",
    "gcn-offload COMMAND --help tells more. GCN_OFFLOAD_DEVICE chooses the device: auto, hardware, software, software:gfx90a*2.",
  ].join("\n");
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as { version: string }).version;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === "--help" || name === "-h" || name === "help") {
    print(overview());
    return EXIT.ok;
  }
  if (name === "--version" || name === "-V") {
    print(version());
    return EXIT.ok;
  }
  let json = false;
  try {
    const found = COMMANDS.find((command) => command.name === name);
    if (found === undefined) {
      const near = nearest(
        name ?? "",
        COMMANDS.map((command) => command.name),
      );
      const meant = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "; see gcn-offload --help";
      throw new InputError(
        name === undefined ? `there is no command\n\n${overview()}` : `there is no command ${name}${meant}`,
      );
    }
    const command: Command = { ...found, options: { ...found.options, help: HELP_OPTION } };
    const invocation = parse(command, rest);
    json = invocation.flags.has("json");
    if (invocation.flags.has("help")) {
      print(help(command));
      return EXIT.ok;
    }
    return await found.run(invocation, { print });
  } catch (error) {
    if (json) print(JSON.stringify(errorObject(error), null, 2));
    process.stderr.write(`gcn-offload: ${errorText(error)}\n`);
    return exitCodeOf(error);
  }
}

// A reader that has seen enough (| head) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
