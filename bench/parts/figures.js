// Medians with their spread, ratios, and tables of them.

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const spreadOf = (values) => ({
  median: median(values),
  least: Math.min(...values),
  most: Math.max(...values),
});

/** Of the figures by name. */
export const spreadsOf = (figures) => new Map([...figures].map(([name, values]) => [name, spreadOf(values)]));

const digits = (value) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
export const textOf = ({ median: middle, least, most }) =>
  `${digits(middle)} (${digits(least)}–${digits(most)})`;

/** Rows of texts, the first of them the heading, as a Markdown table that can be read on a terminal as well. */
export function tableOf(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [heading, ...rest] = rows;
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}
