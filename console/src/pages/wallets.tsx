/** Wallets and risk. Being written. */
import { Empty } from '../ui/states.tsx';

export default function Page() {
  return (
    <>
      <h1>Wallets and risk</h1>
      <Empty title="This page is being written." />
    </>
  );
}
