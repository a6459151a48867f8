/**
 * A small seeded generator of 32-bit numbers (a counter through an integer mixer), for made-up prices only.
 *
 * The same seed gives the same numbers on every machine; nothing here reads a clock or the system's random.
 */
export type Random = () => number;

/** Mixes text into a 32-bit seed (FNV-1a). */
export function seedFrom(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Answers whole numbers from 0 to 2^32 - 1. */
export function seededRandom(seed: number): Random {
  // Signed: the engine keeps 32 bits with a sign as they are, and makes an object of any larger number.
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  };
}
