/** Signing in, as the host's configuration says: what the shell shows and what its buttons do. */
import { signal } from '@preact/signals';
import type { ConsoleConfig } from '../config.ts';
import { authorizeUrl, grantOfCode, localGrant, logoutUrl, renewedGrant } from './issuer.ts';
import { createSession, type Session } from './session.ts';

export interface SignIn {
  readonly session: Session;
  readonly isSignedIn: { readonly value: boolean };
  /** Why signing in did not work; null = nothing is wrong. */
  readonly trouble: { readonly value: string | null };
  /** Takes the code that the address brought, if it did, and takes it out of the address. */
  arrive(): Promise<void>;
  signIn(): Promise<void>;
  signOut(): void;
}

export function createSignIn({ sign_in: config }: ConsoleConfig): SignIn {
  const isSignedIn = signal(false);
  const trouble = signal<string | null>(null);
  const { origin } = location;
  const session = createSession({
    renew: (grant) => (config.kind === 'local' ? localGrant(config) : renewedGrant(config, grant)),
    storage: sessionStorage,
    now: Date.now,
    onChange: (value) => {
      isSignedIn.value = value;
    },
  });
  isSignedIn.value = session.isSignedIn();

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    trouble.value = null;
    try {
      await work();
    } catch (error) {
      trouble.value = error instanceof Error ? error.message : String(error);
    }
  };

  return {
    session,
    isSignedIn,
    trouble,
    arrive: () =>
      attempt(async () => {
        if (config.kind === 'local') return;
        const search = new URLSearchParams(location.search);
        if (!search.has('code') && !search.has('error')) return;
        // Used up by the first who reads it: it stays in no history.
        history.replaceState(null, '', location.pathname);
        const arrived = await grantOfCode(config, origin, search, sessionStorage);
        if (arrived === null) return;
        history.replaceState(null, '', arrived.to);
        session.begin(arrived.grant);
      }),
    signIn: () =>
      attempt(async () => {
        if (config.kind === 'local') return session.begin(await localGrant(config));
        location.assign(
          await authorizeUrl(config, origin, `${location.pathname}${location.search}`, sessionStorage),
        );
      }),
    signOut: () => {
      session.end();
      if (config.kind === 'cognito') location.assign(logoutUrl(config, origin));
    },
  };
}
