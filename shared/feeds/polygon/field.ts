/** Fields of Polygon's messages by number: they are looked for some ten times a message, thousands of times a second. */
export const FIELD = {
  ev: 0,
  pair: 1,
  sym: 2,
  p: 3,
  t: 4,
  s: 5,
  c: 6,
  i: 7,
  x: 8,
  r: 9,
  z: 10,
  q: 11,
  bp: 12,
  bs: 13,
  ap: 14,
  as: 15,
  bx: 16,
  ax: 17,
  a: 18,
  b: 19,
  o: 20,
  h: 21,
  l: 22,
  v: 23,
  vw: 24,
  e: 25,
  dv: 26,
  av: 27,
  dav: 28,
  op: 29,
  ds: 30,
  trfi: 31,
  T: 32,
  fmv: 33,
  val: 34,
  status: 35,
  message: 36,
} as const;

export type Field = (typeof FIELD)[keyof typeof FIELD];

/** By number. */
export const FIELD_NAMES = Object.keys(FIELD) as unknown as Readonly<Record<Field, keyof typeof FIELD>> &
  readonly (keyof typeof FIELD)[];
