/** An event as it is told: over WebSockets and to webhooks alike. */
import type { UserEvent } from '../../ports/push.ts';
import type { EventView } from '../../ports/push-messages.ts';
import { time } from '../views/text.ts';

const DIGITS = 16;

/** The id of an event, which is also the place to go on from. Sorts as text. */
export const cursorText = (seq: number): string => String(seq).padStart(DIGITS, '0');

/** Null: none that was ever given out. */
export const parseCursor = (text: string): number | null => {
  if (!/^\d{16}$/.test(text)) return null;
  const seq = Number.parseInt(text, 10); // not money: a running number
  return Number.isSafeInteger(seq) ? seq : null;
};

export const eventView = ({ seq, type, at, data }: UserEvent): EventView => ({
  id: cursorText(seq),
  type,
  at: time(at),
  data,
});
