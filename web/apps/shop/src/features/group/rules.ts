import type { GroupTerms, Product, ProductCard } from '@openstall/api'
import type { Wanted } from '../checkout/flow'

/** What the checkout is asked for when somebody buys in a group: the variant at the group's price, in the group's amount. */
export function wantedIn(product: Product | ProductCard, terms: GroupTerms, group: Wanted['group']): Wanted | undefined {
  const sku = product.skus.find((s) => s.id === terms.sku)
  const first = terms.steps[0]
  if (!sku || !first) return undefined
  const own = { ...sku, price: { amount: first.price }, available: Math.max(sku.available, terms.quantity) }
  return { item: { ...product, skus: [own] }, sku: sku.id, quantity: terms.quantity, group, was: terms.was }
}

/** How many are missing: to the first step as long as it is not reached, then to the next. */
export function missingPeople(steps: { people: number }[], paid: number): number {
  const next = steps.find((s) => s.people > paid)
  return next ? next.people - paid : 0
}

export type View = 'join' | 'in' | 'wait' | 'full' | 'failed' | 'gone'

/** What a group's page is for whoever looks at it. */
export function viewOf(g: { state: 'open' | 'full' | 'failed' | 'gone'; order?: string; people: unknown[]; paying: number; size: number; ends_at: string }, now: number): View {
  if (g.state !== 'open') return g.state
  if (g.order) return 'in'
  if (Date.parse(g.ends_at) <= now) return 'wait'
  return g.people.length + g.paying >= g.size ? 'wait' : 'join'
}
