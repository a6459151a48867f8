/** What a run counted and what it found wrong. */

export class Tally {
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #violations = new Set<string>();

  /** Adds to a figure of a group, for instance `kills`, `submit`. */
  count(group: string, name: string, by = 1): void {
    const figures = this.#counts.get(group) ?? new Map<string, number>();
    figures.set(name, (figures.get(name) ?? 0) + by);
    this.#counts.set(group, figures);
  }

  of(group: string): Readonly<Record<string, number>> {
    return Object.fromEntries([...(this.#counts.get(group) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  total(group: string): number {
    return Object.values(this.of(group)).reduce((all, one) => all + one, 0);
  }

  /** Something that must never be. */
  violation(text: string): void {
    this.#violations.add(text);
  }

  get violations(): readonly string[] {
    return [...this.#violations];
  }
}
