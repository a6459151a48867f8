/** One position. Being written. */
import type { PageProps } from '../app/pages.ts';
import { Empty } from '../ui/states.tsx';

export default function PositionPage({ params }: PageProps) {
  return (
    <>
      <h1>Position {params['position_id']}</h1>
      <Empty title="This page is being written." />
    </>
  );
}
