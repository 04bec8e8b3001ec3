import type { Order, PickList } from '@openstall/api'

/** Orders still to hand over, in the order of their slots; those without a slot come last. */
export function slotsOf(list: PickList): PickList['slots'] {
  return [...list.slots].sort((a, b) => (a.slot?.starts_at ?? '9').localeCompare(b.slot?.starts_at ?? '9')).filter((s) => s.orders.length > 0)
}

/** What of an order is still to be packed: of one that goes by parcel, what has not been sent. */
export const toPack = (o: Order) => (o.fulfilment.kind === 'parcel' ? o.lines.map((l) => ({ ...l, quantity: l.left })).filter((l) => l.quantity > 0) : o.lines)

export const isPacked = (o: Order) => o.state === 'ready' || o.state === 'completed' || o.state === 'shipped'

export type Tally = { toHandOver: number; packed: number; expected: { minor: number; currency: string } }

/** What stands over the pick list. */
export function tally(list: PickList): Tally {
  const orders = list.slots.flatMap((s) => s.orders)
  const open = orders.filter((o) => o.state === 'placed' || o.state === 'ready')
  const due = open.filter((o) => o.pay_state === 'due_at_pickup')
  return { toHandOver: open.length, packed: orders.filter((o) => o.state === 'ready').length, expected: { minor: due.reduce((n, o) => n + o.total.minor, 0), currency: orders[0]?.total.currency ?? 'EUR' } }
}
