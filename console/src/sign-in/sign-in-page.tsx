/** What is shown to whom is not signed in. */
import { useSignal } from '@preact/signals';
import type { ConsoleConfig } from '../config.ts';
import type { SignIn } from './sign-in.ts';

export interface SignInPageProps {
  readonly config: ConsoleConfig;
  readonly signIn: SignIn;
}

export function SignInPage({ config, signIn }: SignInPageProps) {
  const isBusy = useSignal(false);
  const isLocal = config.sign_in.kind === 'local';
  const go = async (): Promise<void> => {
    isBusy.value = true;
    await signIn.signIn();
    isBusy.value = false;
  };
  return (
    <main class="sign-in">
      <img src="/favicon.svg" alt="" width="44" height="44" />
      <h1>Moniqo</h1>
      <p class="muted">
        {isLocal ? 'This system runs on your machine: one click is enough.' : 'Sign in with your account.'}
      </p>
      <button type="button" class="button button-primary" disabled={isBusy.value} onClick={() => void go()}>
        Sign in
      </button>
      {signIn.trouble.value !== null && (
        <p class="note note-bad" role="alert">
          Signing in did not work: {signIn.trouble.value}
        </p>
      )}
    </main>
  );
}
