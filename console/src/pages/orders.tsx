/** Orders: the list, one of them (`?order=ID`), or a new one (`?new=1`). */
import { search } from '../app/router.tsx';
import { NewOrder } from './orders/new-order.tsx';
import { OrderDetail } from './orders/order-detail.tsx';
import { OrderList } from './orders/order-list.tsx';
import './orders/orders.css';

export default function OrdersPage() {
  const orderId = search.value.get('order');
  if (orderId !== null) return <OrderDetail key={orderId} orderId={orderId} />;
  if (search.value.get('new') !== null) return <NewOrder given={Object.fromEntries(search.value)} />;
  return <OrderList />;
}
