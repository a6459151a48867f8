/** Overview. */
import { useLive } from '../live/context.ts';
import { LiveTable } from '../ui/table.tsx';

export default function Overview() {
  const { positions } = useLive();
  return (
    <>
      <h1>Overview</h1>
      <LiveTable caption="Open positions" ids={positions.ids} columns={[]} />
    </>
  );
}
