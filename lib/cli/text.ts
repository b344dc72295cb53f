/** Lines and columns. */

/** Rows with aligned columns; columns of numbers to the right. The first row is the head. */
export function table(rows: readonly (readonly (string | number)[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, String(cell).length);
  }
  return rows
    .map((row) =>
      (
        indent +
        row
          .map((cell, column) => {
            const width = widths[column] ?? 0;
            return typeof cell === "number" ? String(cell).padStart(width) : cell.padEnd(width);
          })
          .join("  ")
      ).trimEnd(),
    )
    .join("\n");
}

/** Bytes as people say them: `2 GiB`, `1.5 MiB`, `64 bytes`. */
export function bytes(count: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Nanoseconds as people say them. */
export function duration(nanoseconds: number): string {
  if (nanoseconds < 1000) return `${nanoseconds.toFixed(0)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(1)} µs`;
  if (nanoseconds < 1e9) return `${(nanoseconds / 1e6).toFixed(2)} ms`;
  return `${(nanoseconds / 1e9).toFixed(3)} s`;
}
