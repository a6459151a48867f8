/** Orders. Being written. */
import { Empty } from '../ui/states.tsx';

export default function Page() {
  return (
    <>
      <h1>Orders</h1>
      <Empty title="This page is being written." />
    </>
  );
}
