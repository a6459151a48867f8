/** `/config.json`: what the console's page is told by whoever serves it. */

export const CONFIG_FILE = 'config.json';
export const INDEX_FILE = 'index.html';

/** Where a sign-in ends, and a sign-out. */
export const REDIRECT_PATH = '/';

/** Its form is the reader's. */
export type { ConsoleConfig } from '../../console/src/config.ts';

/**
 * The page with a policy of its own, before anything else in it. It can only narrow what the headers allow.
 * @throws Error when there is no `<head>`
 */
export function withPolicy(html: string, policy: string): string {
  const head = /<head>/.exec(html);
  if (head === null) throw new Error('index.html of the console has no <head>');
  const end = head.index + head[0].length;
  const tag = `\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`;
  return `${html.slice(0, end)}${tag}${html.slice(end)}`;
}
