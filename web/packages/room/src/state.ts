import type { BagItem, Comment, RoomFrame, RoomState } from '@openstall/api'

/** What moves in a room beside its state: the lines, the counters, who reserved. */
export type RoomFlow = {
  lines: RoomLine[]
  likes: number
  viewers: number
  viewersTotal: number
  pinnedComment?: Comment
}
export type RoomLine = { kind: 'comment'; id: string; comment: Comment } | { kind: 'order'; id: string; name?: string; number: number } | { kind: 'more'; id: string; count: number }

const KEPT = 100

/** The newer of two snapshots. State comes whole, so an older one that arrives late is simply ignored. */
export function newerState(held: RoomState | undefined, incoming: RoomState): RoomState {
  if (held && held.show === incoming.show && incoming.version < held.version) return held
  return incoming
}

/** Adds what a frame brings. A frame or a line that came twice changes nothing. */
export function applyFrame(flow: RoomFlow, frame: RoomFrame): RoomFlow {
  const known = new Set(flow.lines.map((l) => l.id))
  const lines = flow.lines.slice()
  const add = (line: RoomLine) => {
    if (known.has(line.id)) return
    known.add(line.id)
    lines.push(line)
  }
  for (const c of frame.chat ?? []) add({ kind: 'comment', id: c.id, comment: c })
  frame.orders?.forEach((o, i) => add({ kind: 'order', id: `o${frame.n}.${i}`, name: o.name, number: o.number }))
  if (frame.more_orders) add({ kind: 'more', id: `m${frame.n}`, count: frame.more_orders })
  const gone = new Set(frame.del ?? [])
  const kept = gone.size ? lines.filter((l) => !gone.has(l.id)) : lines
  return {
    lines: kept.slice(-KEPT),
    likes: frame.likes ?? flow.likes,
    viewers: frame.viewers ?? flow.viewers,
    viewersTotal: frame.viewers_total ?? flow.viewersTotal,
    pinnedComment: frame.pinned_comment === undefined ? flow.pinnedComment : (frame.pinned_comment ?? undefined),
  }
}

/** The bag with the prices and stock of the newest state; what the state does not name keeps what it had. */
export function bagInState(bag: BagItem[], state: RoomState | undefined): BagItem[] {
  if (!state) return bag
  const items = new Map(state.items.map((i) => [i.number, i]))
  return bag.map((item) => {
    const now = items.get(item.number)
    if (!now) return item
    const skus = item.product.skus.map((sku) => {
      const s = now.skus.find((x) => x.id === sku.id)
      return s ? { ...sku, available: s.available, total: s.total, price: { ...sku.price, amount: s.price } } : sku
    })
    return { ...item, product: { ...item.product, skus, sold_out: !item.product.lead && skus.every((s) => s.available < s.measure.min) } }
  })
}

/** Whether the state speaks of goods the page does not hold yet, such as a quick listing. */
export function bagIsStale(bag: BagItem[], state: RoomState | undefined): boolean {
  return !!state && state.items.some((i) => !bag.some((b) => b.number === i.number && b.product.id === i.product))
}
