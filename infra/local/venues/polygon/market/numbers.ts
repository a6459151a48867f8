/** Numbers as the wire writes them. Prices are whole units here; their text is exact (below 2^53, 15 digits). */
const POWERS = Array.from({ length: 10 }, (_, digits) => 10 ** digits);

/** Sizes of crypto trades are whole counts of 1e-8. */
export const SIZE_DECIMALS = 8;

/** The nearest double of a whole number over a power of ten: its shortest text is the decimal itself. */
export const decimalOf = (units: number, decimals: number): number => units / (POWERS[decimals] ?? 1);

export const priceText = (units: number, decimals: number): string => String(decimalOf(units, decimals));

const EXPONENT_BELOW = 10_000;

/** As the vendor writes small sizes: `4.522e-05`. */
export function sizeText(units: number): string {
  const size = decimalOf(units, SIZE_DECIMALS);
  if (units === 0 || units >= EXPONENT_BELOW) return String(size);
  return size.toExponential().replace(/e-(\d)$/, 'e-0$1');
}

/** Decimal text as whole units. @throws when it is no number above zero, or has finer digits */
export function unitsOf(text: string, decimals: number): number {
  const [, whole = '', fraction = ''] = /^(\d{1,12})(?:\.(\d+))?$/.exec(text) ?? [];
  const units = Number(whole + fraction.padEnd(decimals, '0'));
  if (whole === '' || fraction.length > decimals || units === 0) {
    throw new Error(
      `${text}: a price above zero with at most ${decimals} digits after the point is expected`,
    );
  }
  return units;
}
