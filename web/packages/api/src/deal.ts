import type { CaseLine, Deal, OrderProblem } from './types'

/** Units of a line that can still go back. */
export const unitsLeft = (l: CaseLine): number => l.quantity - l.back

/** The first k units of a line are worth this, in minor units. BigInt: a price times grams leaves the safe integers. */
const upTo = (l: CaseLine, k: number): number => Number((BigInt(l.base) * BigInt(k)) / BigInt(l.quantity))

/** What n more units of a line bring; the same sum as the server's. */
export function shareOf(l: CaseLine, n: number): number {
  const units = Math.min(n, unitsLeft(l))
  if (units <= 0) return 0
  return Math.max(0, Math.min(upTo(l, l.back + units) - upTo(l, l.back), l.left.minor))
}

/** Whether a deal takes everything that is left of the order for all its money; then the freight goes along. */
export function takesAll(d: Deal, p: Pick<OrderProblem, 'lines'>): boolean {
  return p.lines.every((l) => unitsLeft(l) === 0 || d.lines.some((x) => x.position === l.position && !x.minor && x.quantity === unitsLeft(l)))
}

/** The money of a deal in minor units, as the server will count it. */
export function worthOf(d: Deal, p: Pick<OrderProblem, 'lines' | 'freight' | 'left'>): number {
  if (d.kind === 'exchange' || d.kind === 'resend') return 0
  let sum = d.freight || takesAll(d, p) ? p.freight.minor : 0
  for (const x of d.lines) {
    const line = p.lines.find((l) => l.position === x.position)
    if (!line) continue
    const share = x.quantity ? shareOf(line, x.quantity) : line.left.minor
    sum += x.minor ? Math.min(x.minor, share) : x.quantity ? share : 0
  }
  return Math.min(sum, p.left.minor)
}
