/** Paths of the page: patterns like `/positions/:position_id`. */

export type PathParams = Readonly<Record<string, string>>;

/** What a pattern finds in a path; null = it is another one. A trailing slash makes no difference. */
export function matchPath(pattern: string, path: string): PathParams | null {
  const wanted = partsOf(pattern);
  const given = partsOf(path);
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? '';
    if (!part.startsWith(':')) {
      if (part !== text) return null;
      continue;
    }
    const value = decoded(text);
    if (value === null) return null;
    params[part.slice(1)] = value;
  }
  return params;
}

const partsOf = (path: string): readonly string[] => path.split('/').filter((part) => part !== '');

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not written by this page: it names nothing.
    return null;
  }
}
