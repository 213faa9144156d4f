// Numbers, sizes, times and dates as a person reads them. Words are English; times are the reader's.

const WHOLE = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const DATE_TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** Shown where there is no number. */
export const NONE = '–';

/** 10015 → "10,015". */
export function formatCount(value: number): string {
  return WHOLE.format(value);
}

/** "1 image", "10,015 images"; `many` where adding an s is not enough. */
export function formatNumberOf(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** Bytes in decimal units, three digits at most: 1536000 → "1.5 MB". */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

/** Below this many samples one decimal of a percentage would be noise. */
const FEW = 100;

/** A share in [0, 1] measured on `samples` images: "70.2 %", or "70 %" when they are few. */
export function formatShare(value: number | null | undefined, samples = Infinity): string {
  if (!isNumber(value)) return NONE;
  return `${(value * 100).toFixed(samples < FEW ? 0 : 1)} %`;
}

/** A score in [0, 1] that is not a share, such as F1 or AUC: "0.947", or "0.95" on few images. */
export function formatScore(value: number | null | undefined, samples = Infinity): string {
  if (!isNumber(value)) return NONE;
  return value.toFixed(samples < FEW ? 2 : 3);
}

/** An interval of shares: "66.1–76.0 %"; empty where one end is missing. */
export function formatShareRange(
  low: number | null | undefined,
  high: number | null | undefined,
  samples = Infinity,
): string {
  if (!isNumber(low) || !isNumber(high)) return '';
  const digits = samples < FEW ? 0 : 1;
  return `${(low * 100).toFixed(digits)}–${(high * 100).toFixed(digits)} %`;
}

/** An interval of scores: "0.931–0.960"; empty where one end is missing. */
export function formatScoreRange(
  low: number | null | undefined,
  high: number | null | undefined,
  samples = Infinity,
): string {
  if (!isNumber(low) || !isNumber(high)) return '';
  return `${formatScore(low, samples)}–${formatScore(high, samples)}`;
}

/** A difference with its sign: "+0.012", "−0.003", "0.000". */
export function formatDifference(value: number | null | undefined): string {
  if (!isNumber(value)) return NONE;
  const size = Math.abs(value).toFixed(3);
  return Number(size) === 0 ? size : `${value < 0 ? '−' : '+'}${size}`;
}

/** A p-value with its sign: "= 0.032", or "< 0.001". */
export function formatP(value: number): string {
  return value < 0.001 ? '< 0.001' : `= ${value.toFixed(3)}`;
}

/** A probability as a percentage that never claims certainty: "<0.1 %", "97.3 %", ">99.9 %". */
export function formatProbability(value: number): string {
  if (value > 0 && value < 0.001) return '<0.1 %';
  if (value < 1 && value > 0.999) return '>99.9 %';
  return `${(value * 100).toFixed(1)} %`;
}

/** A loss: three significant digits, enough to see it move. */
export function formatLoss(value: number | null | undefined): string {
  if (!isNumber(value)) return NONE;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** A learning rate as people write them: 0.001, 3e-5. */
export function formatRate(value: number): string {
  if (value === 0) return '0';
  return value >= 0.0001 ? String(Number(value.toPrecision(2))) : value.toExponential(1);
}

/** "3 Dec 2025, 18:00" in the reader's zone. */
export function formatDateTime(iso: string | null | undefined): string {
  if (!iso) return NONE;
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? NONE : DATE_TIME.format(date);
}

/** A length of time: "45 s", "3 min 20 s", "2 h 5 min", "1 d 3 h". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return joined(minutes, 'min', whole % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joined(hours, 'h', minutes % 60, 'min');
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/**
 * Time left, rounded to what an estimate can know: "about 2 h 10 min left", "less than 10 s left".
 * Null when there is no estimate.
 */
export function formatTimeLeft(seconds: number | null | undefined): string | null {
  if (!isNumber(seconds) || seconds < 0) return null;
  if (seconds < 10) return 'less than 10 s left';
  const step = seconds < 60 ? 5 : seconds < 600 ? 10 : seconds < 3600 ? 60 : 300;
  return `about ${formatDuration(Math.round(seconds / step) * step)} left`;
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
