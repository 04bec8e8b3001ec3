import type { Cart, CartLine, Sku } from '@openstall/api'
import { say, serverNow } from '@openstall/ui'
import { client, i18n, loadMore, useSession } from '@openstall/app'

const KEY = 'os.cart'

/** The doors of the cart; few pages need them, so they do not come with the first load. */
const line = (sku: string) => `/cart/lines/${encodeURIComponent(sku)}`
const doors = {
  mine: () => client.get<Cart>('/cart'),
  look: (lines: CartLine[]) => client.post<Cart>('/cart/look', { lines }),
  merge: (lines: CartLine[]) => client.post<Cart>('/cart/merge', { lines }),
  add: (l: CartLine) => client.post<Cart>('/cart/lines', l),
  set: (sku: string, quantity: number) => client.put<Cart>(line(sku), { quantity }),
  remove: (sku: string) => client.delete<Cart>(line(sku)),
}

/** One payment for several open orders: where to pay it. */
export const payTogether = (orders: string[]) => client.post<{ pay_url: string }>('/payments', { orders })

/** What this browser keeps for somebody who is not signed in. Unreadable means nothing. */
export function kept(): CartLine[] {
  try {
    const lines = JSON.parse(localStorage.getItem(KEY) ?? '[]') as unknown
    return Array.isArray(lines) ? lines.filter(isLine).slice(0, 100) : []
  } catch {
    return []
  }
}
const isLine = (l: unknown): l is CartLine => typeof l === 'object' && l !== null && typeof (l as CartLine).sku === 'string' && Number.isInteger((l as CartLine).quantity) && typeof (l as CartLine).added_at === 'string'

function keepAll(lines: CartLine[]) {
  if (lines.length) localStorage.setItem(KEY, JSON.stringify(lines))
  else localStorage.removeItem(KEY)
}

/** Adds to lines: more of what is there, seen where it was seen last. */
export function withLine(lines: CartLine[], line: CartLine): CartLine[] {
  const have = lines.find((l) => l.sku === line.sku)
  return [{ ...line, quantity: line.quantity + (have?.quantity ?? 0) }, ...lines.filter((l) => l.sku !== line.sku)].slice(0, 100)
}

async function signedIn(): Promise<boolean> {
  const session = useSession()
  await session.load()
  return !!session.person
}

/** The cart as it stands now. What the browser kept goes to the server with the first look after signing in. */
export async function look(): Promise<Cart> {
  const lines = kept()
  if (!(await signedIn())) return lines.length ? doors.look(lines) : { sellers: [] }
  if (!lines.length) return doors.mine()
  const cart = await doors.merge(lines)
  keepAll([])
  return cart
}

export async function add(line: CartLine): Promise<void> {
  if (await signedIn()) await doors.add(line)
  else keepAll(withLine(kept(), line))
}

/** Adds what is seen in a show now and says so, or why not. */
export async function keep(sku: Sku, quantity: number, show: string): Promise<void> {
  try {
    await Promise.all([add({ sku: sku.id, quantity, price_minor: sku.price.amount.minor, show, added_at: new Date(serverNow()).toISOString() }), loadMore()])
    say(i18n.global.t('cart.added'))
  } catch (e) {
    say(e instanceof Error ? e.message : String(e))
  }
}

export async function set(sku: string, quantity: number): Promise<Cart> {
  if (await signedIn()) return doors.set(sku, quantity)
  keepAll(kept().map((l) => (l.sku === sku ? { ...l, quantity } : l)))
  return look()
}

export async function remove(skus: string[]): Promise<Cart> {
  if (await signedIn()) {
    for (const sku of skus) await doors.remove(sku)
    return doors.mine()
  }
  keepAll(kept().filter((l) => !skus.includes(l.sku)))
  return look()
}
