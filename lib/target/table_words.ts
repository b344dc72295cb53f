/** The words of a target variable table as host code writes them: pairs of 32 bits, low then high. */

const TWO_32 = 2 ** 32;

/** A whole number below 2^53. Not by `%`, which is a call for numbers of this size. */
export function setWord(words: Uint32Array, i: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  words[2 * i] = value - high * TWO_32;
  words[2 * i + 1] = high;
}
