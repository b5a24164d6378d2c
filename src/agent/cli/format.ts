// Numbers as people read them.

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const STEP = 1000;

/** As in "12.3 GB". */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[unit] ?? ''}`;
}

/** As in "1 file" or "12 files". */
export const formatFiles = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`;

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;

/** As in "1 h 5 min", "4 min 3 s" or "12 s". */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / HOUR_S), Math.floor((whole % HOUR_S) / MINUTE_S)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % MINUTE_S} s` : `${whole} s`;
}
