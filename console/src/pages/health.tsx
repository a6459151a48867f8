/** Health: services with their figures, alarms, ages of prices, what was given up, and whether ledger and venue agree. */
import { useLive } from '../live/context.ts';
import { Loading } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';
import { Agreements } from './health/agreements.tsx';
import { AlarmList } from './health/alarm-list.tsx';
import { GivenUp } from './health/given-up.tsx';
import { PriceAges } from './health/price-ages.tsx';
import { Exchange, OrderMonitor, PriceStream } from './health/services.tsx';
import { MonitorLine } from './overview/monitor-line.tsx';
import './health/health.css';
import './overview/overview.css';

export default function HealthPage() {
  return (
    <>
      <h1>Health</h1>
      <MonitorLine />
      <AlarmList />
      <Services />
      <div class="columns">
        <PriceAges />
        <GivenUp />
      </div>
      <Agreements />
    </>
  );
}

/** As they last answered; the line above turns red where that is long ago. */
function Services() {
  const { health, healthAt } = useLive();
  const found = health.value;
  if (found === null) return <Loading what="Asking the services" />;
  return (
    <>
      <p class="muted">
        Services said this <Age at={new Date(healthAt.value).toISOString()} /> ago.
      </p>
      <PriceStream of={found.websocket_manager} />
      <div class="columns">
        <OrderMonitor of={found.order_monitor} />
        {found.binance !== undefined && <Exchange of={found.binance} />}
      </div>
    </>
  );
}
