import type { Claim } from '@openstall/api'
import type { Wanted } from '../checkout/flow'

/** Whether there is still something to do or to wait for. */
export const isLive = (c: Pick<Claim, 'state'>) => c.state === 'held' || c.state === 'waiting'

/** Where a claim stands on this screen: one that has run out is not held until the server says so too. */
export const stateAt = (c: Pick<Claim, 'state' | 'until'>, now: number): Claim['state'] => (c.state === 'held' && c.until && Date.parse(c.until) <= now ? 'expired' : c.state)

/** What the checkout is opened with: the whole claim and nothing else. */
export const wantedOf = (c: Claim, number?: number): Wanted => ({ item: c.item, number, sku: c.sku, quantity: c.pieces, show: c.show, claim: c.id })
