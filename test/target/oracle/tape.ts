/** The choices that a random sequence is made by. */

/** A stream of random numbers: what a sequence is made of. */
export class Tape {
  #at = 0;
  constructor(readonly numbers: readonly number[]) {}
  /** From 0 on, less than `count`; zeros beyond the end. */
  below(count: number): number {
    return (this.numbers[this.#at++] ?? 0) % count;
  }
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
  /** By weights. */
  weighed<T>(choices: readonly (readonly [number, T])[]): T {
    let at = this.below(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, choice] of choices) {
      if (at < weight) return choice;
      at -= weight;
    }
    return (choices[0] as readonly [number, T])[1];
  }
}
