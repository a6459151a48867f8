/** Prices of a bar of the tape, per source. */
import type { Bar, Units } from '../../domain/triggers/types.ts';
import { type Codec, integers, objects } from './codec.ts';

/** Units are whole numbers below 9e11 by construction; the brand is put back on. */
export const units = integers as Codec<Units>;

export const prices = objects<Bar['low']>({ bid: units, ask: units, last: units, mid: units });
