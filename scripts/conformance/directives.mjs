// DejaGnu's directives: `{ dg-name word … }` in a test's comments, in Tcl's syntax, and the conditions they carry
// (GCC internals, "Directives used within DejaGnu tests").

/** What a backslash makes of a character outside of braces; every other character stands for itself. */
const ESCAPES = { n: "\n", t: "\t", r: "\r" };

/**
 * Reads a Tcl list: words in braces are taken as they are, others have their backslashes replaced.
 * @param {string} text @returns {string[]}
 */
export function words(text) {
  const list = [];
  for (let at = 0; ; ) {
    while (at < text.length && /\s/.test(text[at])) at++;
    if (at >= text.length) return list;
    if (text[at] === "{") {
      const end = closing(text, at);
      list.push(text.slice(at + 1, end));
      at = end + 1;
      continue;
    }
    const quoted = text[at] === '"';
    if (quoted) at++;
    let word = "";
    for (; at < text.length && (quoted ? text[at] !== '"' : !/\s/.test(text[at])); at++) {
      if (text[at] === "\\") {
        at++;
        word += ESCAPES[text[at]] ?? text[at] ?? "";
      } else {
        word += text[at];
      }
    }
    if (quoted) at++;
    list.push(word);
  }
}

/** Where the brace that opens at `open` closes; the text's end where it does not. */
function closing(text, open) {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  return text.length;
}

/** @param {string} source @returns {{ name: string, args: string[] }[]} */
export function directives(source) {
  const found = [];
  for (const line of source.split("\n")) {
    const open = line.search(/\{\s+dg-/);
    if (open < 0) continue;
    const [name, ...args] = words(line.slice(open + 1, closing(line, open)));
    found.push({ name, args });
  }
  return found;
}

const TRIPLET = "x86_64-pc-linux-gnu";
const glob = (pattern, text) =>
  new RegExp(
    `^${pattern
      .replace(/[.+^$()|\\]/g, "\\$&")
      .replace(/\*/g, ".*")
      .replace(/\?/g, ".")}$`,
  ).test(text);

/** What the effective targets are that libgomp's tests ask for, with an AMD GPU that has memory of its own. */
const EFFECTIVE = {
  ...Object.fromEntries(
    [
      "offload_device",
      "offload_device_nonshared_as",
      "offload_target_amdgcn",
      "openacc_radeon_accel_selected",
      "openacc_radeon_accel_present",
      "tls",
      "tls_runtime",
      "lp64",
      "size32plus",
      "sync_int_long",
      "sync_char_short",
      "weak_undefined",
      "shared",
      "fpic",
      "lto",
      "alloca",
      "large_long_double",
      "fortran_large_real",
      "fortran_large_int",
      "fortran_real_16",
      "int128",
      "__float128",
      "vect_simd_clones",
      "pthread",
    ].map((name) => [name, true]),
  ),
};

/**
 * Whether a condition holds: words that are names or target triplets, `!`, `&&`, `||`, and braces; words beside each other
 * are alternatives.
 * @param {string} text @param {ReadonlySet<string>} also further effective targets, such as the language
 */
export function holds(text, also) {
  const tokens = text.match(/&&|\|\||!|\{|\}|[^\s{}!&|]+/g) ?? [];
  let at = 0;
  const any = () => {
    let value = all();
    while (at < tokens.length && tokens[at] !== "}") {
      if (tokens[at] === "||") at++;
      const next = all();
      value ||= next;
    }
    return value;
  };
  const all = () => {
    let value = one();
    while (tokens[at] === "&&") {
      at++;
      const next = one();
      value &&= next;
    }
    return value;
  };
  const one = () => {
    const token = tokens[at++];
    if (token === "!") return !one();
    if (token === "{") {
      const value = any();
      at++;
      return value;
    }
    if (token.includes("-") || token.includes("*")) return glob(token, TRIPLET);
    return also.has(token) || EFFECTIVE[token] === true;
  };
  return tokens.length === 0 || any();
}

/**
 * A directive's last word: `target CONDITION` or `xfail CONDITION`.
 * @param {string | undefined} text @returns {{ applies: boolean, xfail: boolean }}
 */
export function selector(text, also) {
  if (text === undefined) return { applies: true, xfail: false };
  let result = { applies: true, xfail: false };
  const parts = text.trim().split(/\b(target|xfail)\b/);
  for (let i = 1; i < parts.length; i += 2) {
    const value = holds(parts[i + 1].trim(), also);
    result = parts[i] === "target" ? { ...result, applies: value } : { ...result, xfail: value };
  }
  return result;
}

/** `dg-skip-if` and its kind: a condition, options of which one must be there, options of which none may be. */
export function applies([, condition = "*-*-*", include = "*", exclude = ""], flags, also) {
  const has = (pattern) => pattern === "*" || flags.some((flag) => glob(pattern, flag));
  return holds(condition.replace(/^\s*target\b/, ""), also) && words(include).some(has) && !words(exclude).some(has);
}
