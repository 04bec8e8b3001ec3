import type { Order } from './types'

/**
 * How much of an order has been sent, in pieces. What is sold by weight is one piece, sent when none of it is left; goods whose money went back are
 * not counted unless they had been sent.
 */
export function sentOf(o: Order): { sent: number; of: number } {
  const sum = { sent: 0, of: 0 }
  for (const l of o.lines) {
    const whole = l.measure.kind === 'weight'
    const sent = whole ? Number(l.sent > 0 && l.left === 0) : l.sent
    sum.sent += sent
    sum.of += whole ? Number(l.sent + l.left > 0) : l.sent + l.left
  }
  return sum
}

/** Whether some of an order is on its way and some is not. */
export const partlySent = (o: Order): boolean => o.state === 'placed' && o.parcels.length > 0
