import { ApiError, OfflineError, type Address, type FulfilmentOption, type Money, type ProductCard, type Quote, type QuoteLine, type QuoteRequest, type Sku } from '@openstall/api'
import { stepQuantity } from '@openstall/ui'

/** What somebody tapped Buy on, and the second of the show they saw it at. A quantity of 0 means the usual amount. */
export type Wanted = { item: ProductCard; number?: number; sku: string; quantity: number; show?: string; second?: number; group?: { offer?: string; code?: string }; was?: Money; claim?: string }

/** What the buyer has chosen so far. */
export type Choice = {
  sku: string
  quantity: number
  kind?: FulfilmentOption['kind']
  slot?: string
  address?: Address
  payment?: string
  /** A coupon of theirs, `none`, or nothing for the best. */
  coupon?: string
  name: string
  phone: string
  consents: string[]
}

/** What is remembered on this device for the next order, so that Buy, tick, Place order are all there is to tap. */
export type Remembered = { kind?: FulfilmentOption['kind']; payment?: string; name?: string; phone?: string }

/** The usual amount: one piece, one kilogram, or what is left of it. */
export function usualQuantity(sku: Sku): number {
  return stepQuantity(Math.max(sku.measure.per, sku.measure.min), 0, sku.measure, sku.available)
}

/** What to ask the server for a quote. `expected` is the price on screen when Buy was tapped: if it differs, the server says so. */
export function quoteRequest(wanted: Wanted, choice: Choice, seenMinor: number | undefined): QuoteRequest {
  const fulfilment = choice.kind ? { kind: choice.kind, slot: choice.kind === 'parcel' ? undefined : choice.slot, address: choice.kind === 'parcel' ? choice.address : undefined } : undefined
  return {
    items: [{ sku: choice.sku, quantity: choice.quantity }],
    fulfilment,
    show: wanted.show,
    show_second: wanted.second,
    coupon: choice.coupon,
    group: wanted.group,
    claim: wanted.claim,
    expected: seenMinor === undefined ? undefined : { [choice.sku]: seenMinor },
  }
}

/** Lines whose price is not the one the buyer has seen: by the server's word, else by comparing with the earlier quote. */
export function priceQuestions(quote: Quote, before: Quote | undefined, seen: Record<string, number>): { line: QuoteLine; from: number }[] {
  const asked: { line: QuoteLine; from: number }[] = []
  for (const line of quote.lines) {
    const told = quote.changed?.find((c) => c.line === line.sku)?.from.minor
    const earlier = before?.lines.find((l) => l.sku === line.sku)?.unit_price.minor
    const from = told ?? earlier ?? seen[line.sku]
    if (from !== undefined && from !== line.unit_price.minor) asked.push({ line, from })
  }
  return asked
}

/** The fulfilment a quote stands for, made whole: a kind that is offered and a slot that has places left. */
export function settle(quote: Quote, choice: Choice): Pick<Choice, 'kind' | 'slot' | 'payment'> {
  const kind = quote.fulfilments.find((f) => f.kind === (choice.kind ?? quote.fulfilment.kind))?.kind ?? quote.fulfilments[0]?.kind
  const slots = quote.fulfilments.find((f) => f.kind === kind)?.slots ?? []
  const open = slots.filter((s) => s.left === undefined || s.left > 0)
  const slot = open.find((s) => s.id === (choice.slot ?? quote.fulfilment.slot))?.id ?? open[0]?.id
  const payment = quote.payments.find((p) => p.code === choice.payment)?.code ?? quote.payments[0]?.code
  return { kind, slot, payment }
}

export type Missing = 'name' | 'address' | 'slot' | 'terms' | 'payment'

/** The first thing that still stands between the buyer and the order, in the order of the page. */
export function missing(quote: Quote, choice: Choice): Missing | undefined {
  const option = quote.fulfilments.find((f) => f.kind === choice.kind)
  if (option?.slots?.length && !choice.slot) return 'slot'
  if (option?.kind === 'parcel' && !(addressComplete(choice.address) && goesTo(quote, choice.address!))) return 'address'
  if (!choice.payment) return 'payment'
  if (!choice.name.trim()) return 'name'
  if (quote.terms.some((t) => t.required && !choice.consents.includes(t.id))) return 'terms'
  return undefined
}

export function addressComplete(a: Address | undefined): boolean {
  return !!a && [a.name, a.line1, a.postcode, a.city, a.country].every((v) => v.trim().length > 0)
}

/** Whether the freight in hand is that of this address: it is not when the shop does not send there. */
const goesTo = (quote: Quote, a: Address) => (['country', 'postcode', 'city', 'line1', 'name'] as const).every((k) => quote.fulfilment.address?.[k] === a[k])

/** The offer is over, used or about a slot or a coupon that is gone: a new one answers all of them. */
const ASK_AGAIN = ['order.coupon_gone', 'order.quote_expired', 'order.bad_quote', 'shop.slot_full', 'order.slot']

export type Failure = 'sold_out' | 'ask_again' | 'sign_in' | 'offline' | 'said'

/** What a refused quote or order means for the page. */
export function failureOf(error: unknown): Failure {
  if (error instanceof OfflineError) return 'offline'
  if (!(error instanceof ApiError)) return 'said'
  if (error.status === 401) return 'sign_in'
  if (error.code.startsWith('stock.')) return 'sold_out'
  if (ASK_AGAIN.includes(error.code)) return 'ask_again'
  return 'said'
}

/**
 * How many taps lie between the pinned card and the payment page: Buy, one tick for all required terms, Place order,
 * and one for each thing that is missing.
 */
export function tapsToPay(quote: Quote, choice: Choice): number {
  const terms = quote.terms.some((t) => t.required) ? 1 : 0
  const rest = missing(quote, { ...choice, consents: quote.terms.map((t) => t.id) })
  return 2 + terms + (rest ? 1 : 0)
}
