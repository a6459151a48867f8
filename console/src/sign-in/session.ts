/**
 * The token the page works with: kept while it is good, renewed before its end, gone when it cannot be.
 *
 * Always true: it lives in this object and the tab's own storage, never in an address; one renewal at a time, however
 * many ask; a renewal that fails for a while is tried again by the next one who asks, one that is refused ends it.
 */

export interface Grant {
  readonly accessToken: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly refreshToken: string | null;
}

/** The issuer will not renew it: the user has to sign in again. */
export class SignedOut extends Error {
  override readonly name = 'SignedOut';
}

export interface SessionOptions {
  /** A new grant in place of one that ends. @throws SignedOut when it is refused, else what went wrong */
  readonly renew: (grant: Grant) => Promise<Grant>;
  /** The tab's: `sessionStorage`. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly now: () => number;
  /** Told whenever there is a grant, or none any more. */
  readonly onChange: (isSignedIn: boolean) => void;
}

export interface Session {
  isSignedIn(): boolean;
  /** One that is good for a while yet. @throws SignedOut */
  token(): Promise<string>;
  begin(grant: Grant): void;
  /** The API refused the token: the next one who asks gets another, or has to sign in. */
  refused(): void;
  end(): void;
}

const KEPT_AS = 'moniqo.session';
/** Renewed so long before its end. */
export const MARGIN_MS = 60_000;

export function createSession({ renew, storage, now, onChange }: SessionOptions): Session {
  let grant = readGrant(storage.getItem(KEPT_AS));
  let renewal: Promise<Grant> | null = null;

  /** Of whom it is: another one after each sign-in and each end. */
  let owner = 0;

  const set = (next: Grant | null): void => {
    grant = next;
    if (next === null) storage.removeItem(KEPT_AS);
    else storage.setItem(KEPT_AS, JSON.stringify(next));
    onChange(next !== null);
  };

  const become = (next: Grant | null): void => {
    owner += 1;
    renewal = null;
    set(next);
  };

  const renewed = async (old: Grant): Promise<Grant> => {
    const mine = owner;
    try {
      const next = await renew(old);
      // Signed out meanwhile, or in as another: it stays so.
      if (mine !== owner) throw new SignedOut('the session was ended');
      set(next);
      return next;
    } catch (error) {
      if (error instanceof SignedOut && mine === owner) become(null);
      throw error;
    } finally {
      if (mine === owner) renewal = null;
    }
  };

  return {
    isSignedIn: () => grant !== null,
    token: async () => {
      if (grant === null) throw new SignedOut('sign in first');
      if (now() < grant.expiresAt - MARGIN_MS) return grant.accessToken;
      const old = grant;
      renewal ??= renewed(old);
      try {
        return (await renewal).accessToken;
      } catch (error) {
        // Not refused, only not reached: what is still good is used to its end.
        if (!(error instanceof SignedOut) && now() < old.expiresAt) return old.accessToken;
        throw error;
      }
    },
    begin: become,
    refused: () => {
      if (grant !== null) set({ ...grant, expiresAt: 0 });
    },
    end: () => become(null),
  };
}

function readGrant(text: string | null): Grant | null {
  if (text === null) return null;
  const kept = JSON.parse(text) as Partial<Grant>;
  const { accessToken, expiresAt, refreshToken = null } = kept;
  return typeof accessToken === 'string' && typeof expiresAt === 'number'
    ? { accessToken, expiresAt, refreshToken }
    : null;
}
