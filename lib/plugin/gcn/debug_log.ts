/** GCN_DEBUG's lines on stderr, in the wording in which libgomp's tests look for them. */
import { writeSync } from "node:fs";

export class DebugLog {
  constructor(
    readonly enabled: boolean,
    private readonly write: (text: string) => void = toStderr,
  ) {}

  /** The text is made where somebody reads it. */
  line(text: () => string): void {
    if (this.enabled) this.write(`GCN debug: ${text()}\n`);
  }
  warn(text: () => string): void {
    if (this.enabled) this.write(`GCN warning: ${text()}\n`);
  }
}

/** At once: a line about what crashes is there when it crashes. */
const toStderr = (text: string): void => {
  writeSync(2, text);
};
