import type { Merchant } from '@openstall/api'

/** What a post can carry as a card: goods on sale, and shows that are still to come or on air. */
export async function carried(api: Merchant) {
  const [products, shows] = await Promise.all([api.products(), api.shows()])
  return { products: products.items.filter((p) => p.state === 'live'), shows: shows.items.filter((s) => ['scheduled', 'draft', 'live'].includes(s.state)) }
}
