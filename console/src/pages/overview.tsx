/** Overview: what one wants to know at a glance. Its parts: pages/overview. */
import './overview/overview.css';
import { useLive } from '../live/context.ts';
import { ProblemNote } from '../ui/states.tsx';
import { useFigures, useMoney } from './overview/money.ts';
import { MonitorLine } from './overview/monitor-line.tsx';
import { OpenOrders } from './overview/orders.tsx';
import { OpenPositions } from './overview/positions.tsx';
import { Summary } from './overview/summary.tsx';
import { WalletsNow } from './overview/wallets.tsx';

export default function OverviewPage() {
  const live = useLive();
  const money = useMoney();
  const figures = useFigures(money);
  const trouble = live.trouble.value;
  return (
    <>
      <h1 class="visually-hidden">Overview</h1>
      <MonitorLine />
      {trouble !== null && <ProblemNote problem={trouble} retry={live.reload} />}
      <Summary figures={figures} />
      <OpenPositions />
      <div class="overview-lower">
        <OpenOrders />
        <WalletsNow money={money} figures={figures} />
      </div>
    </>
  );
}
