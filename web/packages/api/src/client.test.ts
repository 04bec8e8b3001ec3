import { describe, expect, it } from 'vitest'
import { ApiError, Client, OfflineError } from './client'
import { KeyRing } from './keys'

type Seen = { url: string; init: RequestInit }

function clientThat(answer: (n: number) => Response | Error) {
  const seen: Seen[] = []
  const fetch = async (url: unknown, init: unknown) => {
    seen.push({ url: String(url), init: init as RequestInit })
    const a = answer(seen.length)
    if (a instanceof Error) throw a
    return a
  }
  return { seen, client: new Client({ fetch: fetch as typeof globalThis.fetch, locale: () => 'zh' }) }
}
const key = (s: Seen) => (s.init.headers as Record<string, string>)['Idempotency-Key']

describe('client', () => {
  it('keeps the idempotency key when no answer came, and takes a new one after an answer', async () => {
    const { client, seen } = clientThat((n) => (n === 1 ? new TypeError('network') : Response.json({ id: 'ord_1' })))
    await expect(client.write('/orders', { quote: 'q1' })).rejects.toBeInstanceOf(OfflineError)
    await client.write('/orders', { quote: 'q1' })
    await client.write('/orders', { quote: 'q1' })
    expect(key(seen[0]!)).toBe(key(seen[1]!))
    expect(key(seen[2]!)).not.toBe(key(seen[1]!))
  })

  it('keeps the key after a server error and changes it with the body', async () => {
    const { client, seen } = clientThat(() => new Response('', { status: 502 }))
    await expect(client.write('/orders', { quote: 'q1' })).rejects.toBeInstanceOf(ApiError)
    await expect(client.write('/orders', { quote: 'q1' })).rejects.toBeInstanceOf(ApiError)
    await expect(client.write('/orders', { quote: 'q2' })).rejects.toBeInstanceOf(ApiError)
    expect(key(seen[0]!)).toBe(key(seen[1]!))
    expect(key(seen[2]!)).not.toBe(key(seen[0]!))
  })

  it('turns a problem document into an error with code and request id', async () => {
    const { client } = clientThat(() =>
      Response.json({ status: 409, code: 'stock.sold_out', detail: 'Sold out.', request_id: 'r7' }, { status: 409 }),
    )
    const err = await client.get('/x').catch((e: unknown) => e)
    expect(err).toMatchObject({ status: 409, code: 'stock.sold_out', requestId: 'r7', detail: 'Sold out.' })
  })

  it('survives an error that is not JSON', async () => {
    const { client } = clientThat(() => new Response('<html>', { status: 504, headers: { 'X-Request-Id': 'r8' } }))
    const err = await client.get('/x').catch((e: unknown) => e)
    expect(err).toMatchObject({ status: 504, code: '', requestId: 'r8' })
  })

  it('sends the language and leaves empty query values out', async () => {
    const { client, seen } = clientThat(() => Response.json({ items: [] }))
    await client.get('/orders', { after: undefined, q: 'a b' })
    expect(seen[0]!.url).toBe('/v1/orders?q=a+b')
    expect((seen[0]!.init.headers as Record<string, string>)['Accept-Language']).toBe('zh')
  })
})

describe('key ring', () => {
  it('makes a valid UUID without randomUUID', async () => {
    const { randomKey } = await import('./keys')
    const own = crypto.randomUUID
    Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true })
    try {
      expect(randomKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    } finally {
      Object.defineProperty(crypto, 'randomUUID', { value: own, configurable: true })
    }
  })

  it('keeps actions apart', () => {
    let n = 0
    const ring = new KeyRing(() => `k${++n}`)
    expect([ring.keyFor('a', 1), ring.keyFor('b', 1), ring.keyFor('a', 1)]).toEqual(['k1', 'k2', 'k1'])
  })
})
