/** The page of the address: loaded when it is first needed, with a title, and the focus at its beginning. */
import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useErrorBoundary } from 'preact/hooks';
import { problemOf } from '../live/context.ts';
import { Empty, Loading, ProblemNote } from '../ui/states.tsx';
import { type Page, type PageProps, pageOf } from './pages.ts';
import { Link, path } from './router.tsx';

const loaded = signal<ReadonlyMap<Page, ComponentType<PageProps>>>(new Map());
const failed = signal<{ readonly page: Page; readonly error: unknown } | null>(null);

async function load(page: Page): Promise<void> {
  failed.value = null;
  try {
    const { default: View } = await page.load();
    loaded.value = new Map([...loaded.peek(), [page, View]]);
  } catch (error) {
    failed.value = { page, error };
  }
}

export function PageView() {
  const found = pageOf(path.value);
  const page = found?.page ?? null;
  const View = page === null ? undefined : loaded.value.get(page);
  useEffect(() => {
    document.title = page === null ? 'Moniqo' : `${page.title} · Moniqo`;
    if (page !== null && !loaded.peek().has(page)) void load(page);
  }, [page]);
  if (found === null) {
    return (
      <Empty title="There is no such page.">
        <Link to="/">To the overview</Link>
      </Empty>
    );
  }
  if (failed.value?.page === page) {
    return <ProblemNote problem={problemOf(failed.value.error)} retry={() => void load(found.page)} />;
  }
  if (View === undefined) return <Loading />;
  return (
    <Guarded key={path.value}>
      <View params={found.params} />
    </Guarded>
  );
}

/** A page that breaks says so in its place; navigation and the rest go on. */
function Guarded({ children }: { readonly children: preact.ComponentChildren }) {
  // Also for whoever reports it: the stack is nowhere else.
  const [error, reset] = useErrorBoundary((thrown) => console.error(thrown));
  if (error !== undefined) return <ProblemNote problem={problemOf(error)} retry={reset} />;
  return <>{children}</>;
}
