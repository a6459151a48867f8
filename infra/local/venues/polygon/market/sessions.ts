/** When markets are open, in New York's time (facts 3.3, 3.4). Crypto always is. */
import type { Cluster } from './symbols.ts';

const CLOCK = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const MINUTE_MS = 60_000;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

export interface NewYork {
  /** 0 = Sunday */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

export function newYork(time: number): NewYork {
  const parts = new Map(CLOCK.formatToParts(time).map(({ type, value }) => [type, value]));
  return {
    day: DAYS.indexOf(parts.get('weekday') ?? ''),
    hour: Number(parts.get('hour')),
    minute: Number(parts.get('minute')),
  };
}

const [SUNDAY, FRIDAY, SATURDAY] = [0, 5, 6];
const CLOSES = 17;
const METALS_OPEN = 18;
const [STOCKS_OPEN, STOCKS_CLOSE] = [4, 20];

/** From the calendar alone; holidays are not known. */
export function isInSession(cluster: Cluster, isMetal: boolean, { day, hour }: NewYork): boolean {
  if (cluster === 'crypto') return true;
  if (cluster === 'stocks') {
    return day !== SUNDAY && day !== SATURDAY && hour >= STOCKS_OPEN && hour < STOCKS_CLOSE;
  }
  if (day === SATURDAY) return false;
  if (day === SUNDAY) return hour >= (isMetal ? METALS_OPEN : CLOSES);
  return day !== FRIDAY || hour < CLOSES;
}

/** The calendar, unless a market was opened or closed by hand. Looks at the calendar once a minute. */
export class Sessions {
  private readonly forced = new Map<Cluster, boolean>();
  private readonly alwaysOpen: boolean;
  private minute = Number.NaN;
  private local: NewYork = { day: SUNDAY, hour: 0, minute: 0 };

  constructor(alwaysOpen: boolean) {
    this.alwaysOpen = alwaysOpen;
  }

  /** null: by the calendar again. */
  force(cluster: Cluster, open: boolean | null): void {
    if (open === null) this.forced.delete(cluster);
    else this.forced.set(cluster, open);
  }

  isOpen(cluster: Cluster, isMetal: boolean, now: number): boolean {
    const forced = this.forced.get(cluster);
    if (forced !== undefined || this.alwaysOpen) return forced ?? true;
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== this.minute) {
      this.minute = minute;
      this.local = newYork(now);
    }
    return isInSession(cluster, isMetal, this.local);
  }
}
