/** Times as people read them: local ones, with UTC beside them, and how long ago. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface TimeOptions {
  /** Default: the browser's. */
  readonly locale?: string;
  readonly timeZone?: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf({ locale, timeZone }: TimeOptions, withDate: boolean): Intl.DateTimeFormat {
  const key = `${locale ?? ''}|${timeZone ?? ''}|${withDate}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(locale, {
    ...(withDate && { year: 'numeric', month: '2-digit', day: '2-digit' }),
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false },
    ...(timeZone !== undefined && { timeZone }),
  });
  formats.set(key, made);
  return made;
}

/** Only to compare: the same text for all times of a day, whatever the locale. */
const dayOf = (at: Date, { timeZone }: TimeOptions): string =>
  at.toLocaleDateString('en-CA', timeZone === undefined ? {} : { timeZone });

/** Local time of the ISO text `iso`; with the date unless it is of the day of `now`. */
export function timeText(iso: string, now: number, options: TimeOptions = {}): string {
  const at = new Date(iso);
  return formatOf(options, dayOf(at, options) !== dayOf(new Date(now), options)).format(at);
}

/** `2026-01-05 12:00:00.123 UTC` */
export const utcText = (iso: string): string => iso.replace('T', ' ').replace('Z', ' UTC');

/** A span in two units: `3d 4h`, `5m 07s`, `12s`. */
export function spanText(ms: number): string {
  const whole = Math.max(0, ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)}s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m ${two(Math.floor((whole % MINUTE) / SECOND))}s`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)}h ${two(Math.floor((whole % HOUR) / MINUTE))}m`;
  return `${Math.floor(whole / DAY)}d ${two(Math.floor((whole % DAY) / HOUR))}h`;
}

/** From the ISO text to `now`; null where there is no time. */
export const ageText = (iso: string | null, now: number): string | null =>
  iso === null ? null : spanText(now - Date.parse(iso));
