/** What stands wrong right now. */
import { orderPath, positionPath, walletPath } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { useLive } from '../../live/context.ts';
import type { Keyed } from '../../live/keyed.ts';
import { Badge } from '../../ui/badge.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loading } from '../../ui/states.tsx';
import { type Alarm, alarmsOf } from './alarms.ts';

const rowsOf = <Row,>({ ids, row }: Keyed<Row>): readonly Row[] =>
  ids.value.flatMap((id) => row(id).value ?? []);

const pathOf = ({ kind, id }: Alarm['of']): string =>
  ({ position: positionPath, order: orderPath, wallet: walletPath })[kind](id);

export function AlarmList() {
  const { positions, orders, wallets, now, isLoading } = useLive();
  const alarms = alarmsOf({
    positions: rowsOf(positions),
    orders: rowsOf(orders),
    wallets: rowsOf(wallets),
    now: now.value,
  });
  return (
    <Panel
      title="Alarms"
      aside={
        !isLoading.value && (
          <Badge
            word={alarms.length === 0 ? 'none' : String(alarms.length)}
            tone={alarms.length === 0 ? 'good' : 'bad'}
          />
        )
      }
    >
      {isLoading.value ? (
        <Loading />
      ) : alarms.length === 0 ? (
        <Empty title="Everything open is protected as it asked for, no close is stuck, every order’s outcome is known." />
      ) : (
        <ul class="health-list" role="alert">
          {alarms.map(({ key, tone, title, detail, of }) => (
            <li key={key} class={`health-alarm health-${tone}`}>
              <Link to={pathOf(of)}>{title}</Link> <span>{detail}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
