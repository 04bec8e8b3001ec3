import { unitsLeft, type CaseLine, type CaseReason, type Deal, type DealKind, type OrderProblem } from '@openstall/api'

/** What a buyer can say is wrong, with its picture. */
export const reasons: readonly { code: Exclude<CaseReason, 'from_seller'>; icon: string }[] = [
  { code: 'damaged', icon: 'warn' },
  { code: 'wrong_goods', icon: 'wrong' },
  { code: 'missing', icon: 'bag' },
  { code: 'not_arrived', icon: 'truck' },
  { code: 'not_as_shown', icon: 'eye' },
  { code: 'changed_mind', icon: 'hand' },
  { code: 'other', icon: 'chat' },
]

/** What can be asked for with each reason; the first is what most people want. What was watched cannot be sent back. */
export function kindsFor(reason: CaseReason, lines: CaseLine[] = []): DealKind[] {
  if (lines.some((l) => l.progress)) return reason === 'changed_mind' ? ['refund'] : ['refund', 'difference']
  switch (reason) {
    case 'missing':
    case 'not_arrived':
      return ['refund', 'resend']
    case 'wrong_goods':
      return ['exchange', 'return', 'refund', 'difference']
    case 'changed_mind':
      return ['return']
    default:
      return ['refund', 'difference', 'return', 'exchange', 'resend']
  }
}

/** The positions that are ticked at first: the only one there is. */
export function ticked(p: OrderProblem): number[] {
  const left = p.lines.filter((l) => unitsLeft(l) > 0 && l.left.minor > 0)
  return left.length === 1 ? [left[0]!.position] : []
}

/** The whole of the ticked lines, as a deal; for a change of mind as much of it as the rule gives. */
export function whole(kind: DealKind, positions: number[], p: OrderProblem, reason?: CaseReason): Deal {
  const sum = (l: CaseLine) => (reason === 'changed_mind' && l.progress ? { minor: l.progress.back.minor } : {})
  return { kind, lines: p.lines.filter((l) => positions.includes(l.position)).map((l) => ({ position: l.position, quantity: unitsLeft(l), ...sum(l) })) }
}
