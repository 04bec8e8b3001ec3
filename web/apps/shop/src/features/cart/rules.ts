import { ApiError, type Cart, type CartPosition, type Quote, type QuoteRequest } from '@openstall/api'
import { pick } from '@openstall/ui'
import { missing, type Choice, type Missing } from '../checkout/flow'

export type Seller = Cart['sellers'][number]

/** What of a seller can be ordered now: all of it that is sold, as much as is left. */
export function orderable(s: Seller): CartPosition[] {
  return s.lines.filter((l) => l.state === 'ok' || l.state === 'less').map((l) => ({ ...l, quantity: Math.min(l.quantity, Math.floor(l.available / l.measure.step) * l.measure.step) }))
}

/** What to ask for an offer of one seller's goods. The price now is what the cart shows. */
export function requestOf(s: Seller, choice: Choice): QuoteRequest {
  const parcel = choice.kind === 'parcel'
  return {
    items: orderable(s).map((l) => ({ sku: l.sku, quantity: l.quantity, show: l.show, seen_at: l.show ? l.added_at : undefined })),
    fulfilment: choice.kind ? { kind: choice.kind, slot: parcel ? undefined : choice.slot, address: parcel ? choice.address : undefined } : undefined,
    coupon: choice.coupon,
  }
}

/** The goods that a refused offer names, by their places in what was asked for. */
export function refusedTitles(error: unknown, s: Seller, locale: string): string[] {
  const named = error instanceof ApiError ? error.fields.flatMap((f) => /^items\[(\d+)\]$/.exec(f.location)?.[1] ?? []) : []
  return orderable(s).filter((_, i) => named.includes(String(i))).map((l) => pick(l.title, locale))
}

/** Ways of paying that every offer takes; at the stall only when every one is collected. */
export function waysToPay(quotes: Quote[]): Quote['payments'] {
  const [first, ...rest] = quotes
  return first ? first.payments.filter((p) => rest.every((q) => q.payments.some((x) => x.code === p.code))) : []
}

/** The first thing that still stands between the buyer and all of the orders. */
export function stillMissing(parts: { quote: Quote; choice: Choice }[]): { at: number; what: Missing } | undefined {
  for (const [at, p] of parts.entries()) {
    const what = missing(p.quote, p.choice)
    if (what) return { at, what }
  }
  return undefined
}
