/** An error as the addon throws it. */
export function failure(code: string, extra: object = {}): Error {
  return Object.assign(new Error(code), { code, ...extra });
}
