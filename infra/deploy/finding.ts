/** What a check found, and the lines it is told in. */

export interface Finding {
  readonly name: string;
  /** `doubt`: it may go wrong because of it. */
  readonly state: 'ok' | 'missing' | 'doubt';
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string;
}

const WORDS = { ok: 'ok', missing: 'MISSING', doubt: 'DOUBT' } as const;

export const findingLines = (findings: readonly Finding[]): readonly string[] =>
  findings.flatMap(({ name, state, detail, remedy }) => [
    `${WORDS[state].padEnd(8)} ${name.padEnd(17)} ${detail}`,
    ...(state === 'ok' || remedy === undefined ? [] : [`${' '.repeat(26)} -> ${remedy}`]),
  ]);
