/** `/config.json`: what the console's page is told by whoever serves it. */

export const CONFIG_FILE = 'config.json';
export const INDEX_FILE = 'index.html';

/** Where a sign-in ends, and a sign-out. */
export const REDIRECT_PATH = '/';

export type SignIn =
  | { readonly kind: 'local'; readonly token_url: string }
  | {
      readonly kind: 'cognito';
      /** `https://...`, without a slash at the end. */
      readonly domain: string;
      readonly client_id: string;
      readonly scopes: readonly string[];
      readonly redirect_path: string;
    };

export interface ConsoleConfig {
  readonly stage: 'laptop' | 'sandbox' | 'prod';
  /** With `/api/v1`. */
  readonly api: string;
  /** `ws` or `wss`. */
  readonly push: string;
  readonly sign_in: SignIn;
}

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
