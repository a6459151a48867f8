/**
 * Where an error came from, in the words of our sources: read from the map beside the bundle when the first stack is looked at.
 * Node's own way (`--enable-source-maps`) reads map and bundle again with every load, which was a fifteenth of a cold start that
 * had no error.
 */
import type { SourceMap } from 'node:module';

/**
 * Part of each bundle as text, so it names nothing outside of itself. Stacks are as they would be without it where there is
 * no map, and where a place is not ours.
 */
export function mapStacks(require: NodeJS.Require, bundleUrl: string): void {
  let map: SourceMap | null | undefined;
  const mapOf = (): SourceMap | null => {
    if (map !== undefined) return map;
    // Who asks for a stack has an error at hand already: a second one in its place would hide it.
    try {
      const text: string = require('node:fs').readFileSync(new URL(`${bundleUrl}.map`), 'utf8');
      map = new (require('node:module').SourceMap)(JSON.parse(text)) as SourceMap;
    } catch {
      map = null;
    }
    return map;
  };
  const placeOf = (site: NodeJS.CallSite): string => {
    const [text, line, column] = [String(site), site.getLineNumber(), site.getColumnNumber()];
    if (site.getFileName() !== bundleUrl || line === null || column === null) return text;
    const origin = mapOf()?.findOrigin(line, column);
    return origin === undefined || !('fileName' in origin)
      ? text
      : text.replace(
          `${bundleUrl}:${line}:${column}`,
          `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`,
        );
  };
  const headOf = (error: unknown): string => {
    try {
      return String(error);
    } catch {
      return 'an error that cannot be written';
    }
  };
  Error.prepareStackTrace = (error, sites) =>
    [headOf(error), ...sites.map((site) => `    at ${placeOf(site)}`)].join('\n');
}

/** After the shim of `require`, in the bundles of functions. */
export const STACK_SHIM = `(${mapStacks.toString()})(require,import.meta.url);`;
