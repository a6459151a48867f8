/** A price message before it is trusted (design section 11). */
import type { Tick } from '../triggers/types.ts';

/** What a message brings. */
export type Printed = 'quote' | 'trade';

/** Exact decimal text beside the units, and what the message itself said. */
export interface PriceTick {
  readonly tick: Tick;
  readonly bid: string;
  readonly ask: string;
  readonly last: string;
  /** False when the source has no quotes and bid = ask = last. */
  readonly quoted: boolean;
  /** What the message brought; the rest is carried from earlier ones. Absent: all of it is news. */
  readonly printed?: Printed;
  /** The venue's own time of the message, epoch ms; absent where it has none. */
  readonly venueAt?: number;
  /** Whose message it is, where the source brings those of several venues. */
  readonly venue?: string;
  /** Bid and ask are those of several venues as one already, though one of them sent the message. */
  readonly combined?: boolean;
  /** The source, where a stream is made of several. */
  readonly feed?: string;
  /** Made of a price in another currency (basis.ts). */
  readonly converted?: boolean;
}
