import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BagItem, Comment, RoomState } from '@openstall/api'
import { LikeBatcher } from './likes'
import { applyFrame, bagInState, bagIsStale, newerState, type RoomFlow } from './state'

const state = (version: number, over: Partial<RoomState> = {}): RoomState => ({
  version,
  show: 'shw_1',
  state: 'live',
  items: [],
  slow_mode_seconds: 0,
  comments_off: false,
  server_time: '2026-11-22T17:42:00Z',
  delay_hint_seconds: 2,
  ...over,
})
const line = (id: string): Comment => ({ id, at: '2026-11-22T17:42:00Z', name: 'Ana', text: 'fresh?', kind: 'viewer', second: 0 })
const empty: RoomFlow = { lines: [], likes: 3, viewers: 2, viewersTotal: 9 }

describe('state', () => {
  it.each([
    ['a newer snapshot wins', 4, 5, 5],
    ['an older one that arrives late is ignored', 5, 4, 5],
  ])('%s', (_name, held, incoming, want) => {
    expect(newerState(state(held), state(incoming)).version).toBe(want)
  })

  it('another show starts over, whatever its version', () => {
    expect(newerState(state(9), state(1, { show: 'shw_2' })).show).toBe('shw_2')
  })

  it('the same version applied twice is the same state', () => {
    const s = state(7, { pinned: 3 })
    expect(newerState(newerState(undefined, s), s)).toEqual(s)
  })
})

describe('frames', () => {
  it('a line that came twice is shown once', () => {
    const once = applyFrame(empty, { n: 1, t: '', chat: [line('c1')] })
    const twice = applyFrame(once, { n: 1, t: '', chat: [line('c1'), line('c2')] })
    expect(twice.lines.map((l) => l.id)).toEqual(['c1', 'c2'])
  })

  it('an absent key keeps the counter and a zero is a number', () => {
    expect(applyFrame(empty, { n: 1, t: '' })).toMatchObject({ likes: 3, viewers: 2, viewersTotal: 9 })
    expect(applyFrame(empty, { n: 1, t: '', viewers: 0 }).viewers).toBe(0)
  })

  it('removed lines go, and a pinned comment can be taken down', () => {
    const two = applyFrame(empty, { n: 1, t: '', chat: [line('c1'), line('c2')], pinned_comment: line('c1') })
    const one = applyFrame(two, { n: 2, t: '', del: ['c1'], pinned_comment: null })
    expect(one.lines.map((l) => l.id)).toEqual(['c2'])
    expect(one.pinnedComment).toBeUndefined()
  })

  it('keeps the last hundred lines', () => {
    let flow = empty
    for (let n = 0; n < 150; n++) flow = applyFrame(flow, { n, t: '', chat: [line(`c${n}`)] })
    expect(flow.lines).toHaveLength(100)
    expect(flow.lines[0]!.id).toBe('c50')
  })
})

describe('bag', () => {
  const measure = { kind: 'weight', unit: 'kg', per: 1000, step: 100, min: 100 } as const
  const eur = (minor: number) => ({ minor, currency: 'EUR' })
  const bag: BagItem[] = [
    {
      number: 3,
      product: { id: 'prd_1', shop: 'shp_1', title: { en: 'Mackerel' }, sold_out: false, skus: [{ id: 'sku_1', name: {}, price: { amount: eur(1250) }, measure, available: 18000, total: 40000 }] },
    },
  ]

  it('takes price and stock from the state', () => {
    const s = state(2, { items: [{ number: 3, product: 'prd_1', skus: [{ id: 'sku_1', price: eur(1190), available: 50, total: 40000 }] }] })
    const [item] = bagInState(bag, s)
    expect(item!.product.skus[0]).toMatchObject({ available: 50, price: { amount: eur(1190) } })
    expect(item!.product.sold_out).toBe(true)
    expect(bag[0]!.product.sold_out).toBe(false)
    // Nobody counts what is asked for.
    const [car] = bagInState([{ ...bag[0]!, product: { ...bag[0]!.product, lead: true } }], s)
    expect(car!.product.sold_out).toBe(false)
  })

  it('knows when a quick listing is missing', () => {
    const s = state(2, { items: [{ number: 3, product: 'prd_1', skus: [] }, { number: 4, product: 'prd_2', skus: [] }] })
    expect(bagIsStale(bag, s)).toBe(true)
    expect(bagIsStale(bag, state(2))).toBe(false)
  })
})

describe('likes', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('sends the first at once and the rest once a second, twenty at most', () => {
    const sent: number[] = []
    const likes = new LikeBatcher((n) => sent.push(n))
    for (let i = 0; i < 30; i++) likes.tap()
    expect(sent).toEqual([1])
    vi.advanceTimersByTime(1000)
    expect(sent).toEqual([1, 20])
    vi.advanceTimersByTime(5000)
    expect(sent).toEqual([1, 20])
    likes.tap()
    expect(sent).toEqual([1, 20, 1])
  })
})
