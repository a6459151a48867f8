/** Finds a name that one object of a JSON text has twice: parsers keep one of the two, and which of them is anybody's guess. */

interface Frame {
  /** Of an object, as far as it is read; null in an array. */
  readonly names: Set<string> | null;
  /** The name, or the index, whose value is being read. */
  at: string | number;
}

/** `start` is at a quotation mark; answers where the string's other one is. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** Escapes are undone: "a" and "\u0061" are one name. */
const nameOf = (quoted: string): string =>
  quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);

/** The path of the first name that comes again ("inner.0.name"), or null. `text` must be valid JSON. */
export function repeatedName(text: string): string | null {
  const frames: Frame[] = [];
  let isNameNext = false;
  for (let at = 0; at < text.length; at += 1) {
    const frame = frames.at(-1);
    switch (text[at]) {
      case '{':
        frames.push({ names: new Set(), at: '' });
        isNameNext = true;
        break;
      case '[':
        frames.push({ names: null, at: 0 });
        isNameNext = false;
        break;
      case '}':
      case ']':
        frames.pop();
        isNameNext = false;
        break;
      case ',':
        isNameNext = frame?.names != null;
        if (typeof frame?.at === 'number') frame.at += 1;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (isNameNext && frame?.names != null) {
          const name = nameOf(text.slice(at, end + 1));
          frame.at = name;
          if (frame.names.has(name)) return frames.map((one) => one.at).join('.');
          frame.names.add(name);
          isNameNext = false;
        }
        at = end;
        break;
      }
      default:
    }
  }
  return null;
}
