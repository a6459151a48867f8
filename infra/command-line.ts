/** What the commands of this project read their arguments with. */
import { readFileSync } from 'node:fs';

/** An argument is missing, unknown or wrong; the message names it and says what is expected. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

export interface KnownOptions {
  readonly withValue: ReadonlySet<string>;
  readonly flags: ReadonlySet<string>;
  /** Those with a value that may be given several times. */
  readonly repeatable?: ReadonlySet<string>;
}

export interface GivenOptions {
  /** What does not begin with `--`, in its order. */
  readonly words: readonly string[];
  /** By name, `--` included; a flag's value is ''. */
  readonly given: ReadonlyMap<string, string>;
  /** All values, in their order, of what may be given several times. */
  readonly repeated: ReadonlyMap<string, readonly string[]>;
}

/**
 * Splits arguments; both `--name value` and `--name=value` are read.
 * @throws OptionError for an option that is unknown, given twice, or has a value too many or too few
 */
export function readArguments(argv: readonly string[], known: KnownOptions): GivenOptions {
  const words: string[] = [];
  const given = new Map<string, string>();
  const repeated = new Map<string, readonly string[]>();
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const cut = word.indexOf('=');
    const name = cut < 0 ? word : word.slice(0, cut);
    const inline = cut < 0 ? null : word.slice(cut + 1);
    if (!word.startsWith('--')) {
      words.push(word);
    } else if (given.has(name)) {
      throw new OptionError(`${name} is given twice`);
    } else if (known.flags.has(name)) {
      if (inline !== null) throw new OptionError(`${name} takes no value`);
      given.set(name, '');
    } else if (known.withValue.has(name) || known.repeatable?.has(name) === true) {
      if (inline === null) at += 1;
      const value = inline ?? argv[at] ?? '';
      if (value === '' || (inline === null && value.startsWith('--'))) {
        throw new OptionError(`${name} needs a value`);
      }
      if (known.withValue.has(name)) given.set(name, value);
      else repeated.set(name, [...(repeated.get(name) ?? []), value]);
    } else {
      throw new OptionError(`unknown option ${word}`);
    }
  }
  return { words, given, repeated };
}

/** The same for a command that knows options only. */
export function readOptions(argv: readonly string[], known: KnownOptions): ReadonlyMap<string, string> {
  const { words, given } = readArguments(argv, known);
  const [word] = words;
  if (word !== undefined) throw new OptionError(`unknown option ${word}`);
  return given;
}

/** @throws OptionError unless the text is a whole number from `from` to `to` */
export function wholeNumber(name: string, text: string, from: number, to: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= from && value <= to) return value;
  throw new OptionError(`${name} ${text}: a whole number from ${from} to ${to} is expected`);
}

/** The JSON document of a file that an option names. Null: the option is absent. */
export function readJsonFile(name: string, file: string | undefined): unknown {
  if (file === undefined) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OptionError(`${name} ${file}: ${why}`);
  }
}
