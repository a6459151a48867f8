/** Starts the page: the host's configuration, signing in, then the shell with the live store. */
import './styles/base.css';
import './styles/parts.css';
import './styles/table.css';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { createClient } from '../../shared/client/client.ts';
import { arrived } from './app/router.tsx';
import { Shell } from './app/shell.tsx';
import { type ConsoleConfig, parseConfig } from './config.ts';
import { LiveContext } from './live/context.ts';
import { createLive, type Live } from './live/store.ts';
import { watchedFetch } from './live/watched-fetch.ts';
import { createSignIn, type SignIn } from './sign-in/sign-in.ts';
import { SignInPage } from './sign-in/sign-in-page.tsx';

const CONFIG_TIMEOUT_MS = 10_000;

interface AppProps {
  readonly config: ConsoleConfig;
  readonly signIn: SignIn;
}

function App(props: AppProps) {
  return props.signIn.isSignedIn.value ? <SignedIn {...props} /> : <SignInPage {...props} />;
}

/** The store lives as long as the user is signed in. */
function SignedIn({ config, signIn }: AppProps) {
  const [live, setLive] = useState<Live | null>(null);
  useEffect(() => {
    const { session } = signIn;
    const api = createClient({
      // The client's routes have the version in their paths.
      api: config.api.replace(/\/api\/v1\/?$/, ''),
      token: session.token,
      retries: 1,
      fetch: watchedFetch(session.refused),
    });
    const made = createLive({ api, pushUrl: config.push, token: session.token });
    setLive(made);
    return () => made.stop();
  }, [config, signIn]);
  if (live === null) return null;
  return (
    <LiveContext.Provider value={live}>
      <Shell config={config} signIn={signIn} />
    </LiveContext.Provider>
  );
}

async function start(root: HTMLElement): Promise<void> {
  try {
    const response = await fetch('/config.json', {
      cache: 'no-store',
      signal: AbortSignal.timeout(CONFIG_TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`config.json: the host answered ${response.status}`);
    const config = parseConfig(await response.json());
    const signIn = createSignIn(config);
    await signIn.arrive();
    arrived();
    render(<App config={config} signIn={signIn} />, root);
  } catch (error) {
    render(
      <main class="sign-in">
        <h1>Moniqo</h1>
        <p class="note note-bad" role="alert">
          The page cannot start: {error instanceof Error ? error.message : String(error)}
        </p>
        <button type="button" class="button" onClick={() => location.reload()}>
          Try again
        </button>
      </main>,
      root,
    );
  }
}

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has no #app');
void start(root);
