/** What stands around every page: navigation, how current the page is, the theme, signing out. */
import { useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ConsoleConfig } from '../config.ts';
import { useLive } from '../live/context.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import { Toasts, toast } from '../ui/toast.tsx';
import { PageView } from './page-view.tsx';
import { PAGES } from './pages.ts';
import { Link, path } from './router.tsx';
import { nextTheme, theme } from './theme.ts';

export interface ShellProps {
  readonly config: ConsoleConfig;
  readonly signIn: SignIn;
}

export function Shell({ config, signIn }: ShellProps) {
  const live = useLive();
  useEffect(
    () =>
      live.onEvent(({ type, data }) => {
        if (type === 'alarm') toast(`${String(data['symbol'])}: ${String(data['message'])}`, 'bad');
      }),
    [live],
  );
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="top">
        <Link to="/" class="brand">
          <img src="/favicon.svg" alt="" width="22" height="22" /> Moniqo
        </Link>
        <nav class="nav" aria-label="Pages">
          {PAGES.filter(({ nav }) => nav === true).map((page) => (
            <Link key={page.path} to={page.path} aria-current={path.value === page.path ? 'page' : undefined}>
              {page.title}
            </Link>
          ))}
        </nav>
        <div class="top-end">
          <ConnectionMark />
          <span class={`stage stage-${config.stage}`}>{config.stage}</span>
          <button
            type="button"
            class="button button-quiet"
            onClick={nextTheme}
            title="Light, dark, or as the system has it"
          >
            <span class="button-symbol" aria-hidden="true">
              ◐
            </span>
            <span class="phone-unseen">Theme: {theme.value}</span>
          </button>
          <button type="button" class="button button-quiet" onClick={signIn.signOut}>
            Sign out
          </button>
        </div>
      </header>
      <main id="main" class="main" tabIndex={-1}>
        <PageView />
      </main>
      <Toasts />
    </>
  );
}

const SAYS = {
  live: ['Live', 'Changes are pushed as they happen'],
  polling: ['Polling', 'The push connection is away: the page asks every few seconds, and goes on trying'],
  connecting: ['Connecting', 'Opening the push connection'],
} as const;

function ConnectionMark() {
  const { connection } = useLive();
  const mode = useComputed(() => {
    const { mode, failures } = connection.value;
    // Another attempt is no news for the user.
    return mode === 'connecting' && failures > 0 ? 'polling' : mode;
  });
  const [word, title] = SAYS[mode.value];
  return (
    <span class={`connection connection-${mode.value}`} title={title} role="status">
      <span class="dot" aria-hidden="true" />
      {word}
    </span>
  );
}
