/** Proof key for code exchange (RFC 7636, S256): what is made here never leaves the page but as its hash. */

/** Text for a URL, of bytes. */
export function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** 43 characters: 32 random bytes. */
export const randomText = (): string => base64Url(crypto.getRandomValues(new Uint8Array(32)));

/** What is sent ahead of the verifier. */
export async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return base64Url(new Uint8Array(digest));
}
