/** A local time as the user writes it, as the stretch around it that the API is asked for. */

const AROUND_MS = 30_000;
const WRITTEN = /^(?:(\d{4})-(\d{2})-(\d{2})[ T])?(\d{1,2}):(\d{2})(?::(\d{2}))?$/;

/** Without a day: the last time that the clock said so. Null: that is no time. */
export function aroundLocal(text: string, now: Date): { readonly from: string; readonly to: string } | null {
  const found = WRITTEN.exec(text.trim());
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found
    .slice(1)
    .map((part) => Number.parseInt(part ?? '', 10)); // not money: a time
  if ((hour ?? 0) > 23 || (minute ?? 0) > 59 || (second || 0) > 59) return null;
  const clock = [hour ?? 0, minute ?? 0, second || 0] as const;
  const hasDay = found[1] !== undefined && year !== undefined && month !== undefined && day !== undefined;
  const at = hasDay
    ? new Date(year, month - 1, day, ...clock)
    : new Date(now.getFullYear(), now.getMonth(), now.getDate(), ...clock);
  if (!hasDay && at.getTime() > now.getTime()) at.setDate(at.getDate() - 1);
  const iso = (ms: number): string => new Date(ms).toISOString();
  return { from: iso(at.getTime() - AROUND_MS), to: iso(at.getTime() + AROUND_MS) };
}
