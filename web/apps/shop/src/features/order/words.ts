import { partlySent, type Order } from '@openstall/api'

/** The key of the one message an order page opens with. */
export function headline(o: Order): string {
  if (o.state === 'pending_payment' && o.payment.method === 'transfer') return 'order.head_transfer'
  if (o.state === 'pending_payment') return o.pay_state === 'failed' ? 'order.head_failed' : 'order.head_pending'
  if (o.state === 'placed' && o.group?.awaits) return 'order.head_group'
  if (partlySent(o)) return 'order.head_partly'
  if (o.state === 'ready' && o.fulfilment.kind === 'pickup') return 'order.head_ready'
  if (o.state === 'placed' && o.fulfilment.kind === 'pickup') return 'order.head_placed'
  if (o.state === 'placed' && o.fulfilment.kind === 'appointment') return 'order.head_appointment'
  if (['placed', 'completed'].includes(o.state) && o.fulfilment.kind === 'online') return 'order.head_online'
  return `order.state_${o.state}`
}

export type Mark = { key: string; at?: string; done: boolean; now: boolean }

/** The marks of an order's way, with the time each was reached. Undefined for an order that ended early. */
export function marks(o: Order): Mark[] | undefined {
  if (['cancelled', 'expired'].includes(o.state)) return undefined
  const way = {
    pickup: ['placed', 'ready', 'collect', 'completed'] as const,
    parcel: ['placed', 'ready', 'shipped', 'completed'] as const,
    appointment: ['placed', 'visit', 'completed'] as const,
    online: ['placed', 'opened'] as const,
  }[o.fulfilment.kind]
  const reached = { pending_payment: -1, placed: 0, ready: 1, shipped: 2, completed: way.length - 1, cancelled: -1, expired: -1 }[o.state]
  const when = (name: string) => o.events.find((e) => e.event === name || e.event === `order.${name}`)?.at
  return way.map((name, i) => ({
    key: `order.mark_${name}`,
    at: name === 'placed' ? o.placed_at : when(name),
    done: i <= reached,
    now: i === reached + 1,
  }))
}

/** Whether the page should look again by itself: money may be under way. */
export function isWaiting(o: Order): boolean {
  return o.state === 'pending_payment' || o.pay_state === 'pending' || o.pay_state === 'refunding'
}
