import { describe, expect, it } from 'vitest'
import type { ShowCard, ShowFigures } from '@openstall/api'
import { explainedSeconds, niceTop, plot, showToOpen, wordsOf } from './rules'

const show = (id: string, state: ShowCard['state'], starts_at?: string) => ({ id, state, starts_at }) as ShowCard
const eur = { minor: 0, currency: 'EUR' }

describe('on air', () => {
  it('opens what is on air, else what starts first, else nothing', () => {
    const planned = [show('b', 'scheduled', '2026-11-23T10:00:00Z'), show('a', 'scheduled', '2026-11-22T10:00:00Z'), show('z', 'replay')]
    expect(showToOpen([...planned, show('l', 'interrupted')])).toBe('l')
    expect(showToOpen(planned)).toBe('a')
    expect(showToOpen([show('z', 'replay')])).toBeUndefined()
    expect(showToOpen(planned, 'x')).toBe('x')
  })

  it('adds up the chapters of goods, the open one to now', () => {
    const item = { number: 3 } as never
    const c = (number: number, from: number, to?: number) => ({ product: '', number, title: {}, from_second: from, to_second: to })
    expect(explainedSeconds(item, [c(3, 0, 60), c(1, 60, 90), c(3, 100)], 160)).toBe(120)
  })

  it('draws an hour without leaving its box, and an empty show without NaN', () => {
    const f: ShowFigures = { now: { viewers: 1, viewers_total: 1, orders: 0, reserved: eur, paid: eur, contacts: 0, leads: 0, comments: 0, likes: 0 }, minutes: Array.from({ length: 60 }, (_, i) => ({ at: '2026-11-22T17:00:00Z', viewers: i * 4, orders: i % 7 })), chapters: [{ product: '', number: 1, title: {}, from_second: 0, to_second: 99999 }] }
    const p = plot(f, 0)
    for (const b of [...p.bars, ...p.blocks]) expect(b.x).toBeLessThanOrEqual(640)
    expect(p.blocks[0]!.x + p.blocks[0]!.w).toBeLessThanOrEqual(640)
    const late = plot({ ...f, chapters: [{ product: '', number: 3, title: {}, from_second: 3595 }] }, 0).blocks[0]!
    expect(late.x + late.w).toBeLessThanOrEqual(632)
    expect(late.label! + 7).toBeLessThanOrEqual(632)
    expect(JSON.stringify(plot({ ...f, minutes: [], chapters: [] }, 0))).not.toContain('null')
  })

  it('keeps the numbers of eighty chapters apart and shows the latest', () => {
    const minutes = Array.from({ length: 60 }, () => ({ at: '2026-11-22T17:00:00Z', viewers: 1, orders: 0 }))
    const chapters = Array.from({ length: 80 }, (_, i) => ({ product: '', number: i + 1, title: {}, from_second: i * 45, to_second: i < 79 ? i * 45 + 45 : undefined }))
    const { blocks } = plot({ now: { viewers: 1, viewers_total: 1, orders: 0, reserved: eur, paid: eur, contacts: 0, leads: 0, comments: 0, likes: 0 }, minutes, chapters }, 0)
    const at = blocks.flatMap((b) => b.label ?? [])
    expect(blocks.at(-1)!.label).toBeDefined()
    expect(at.length).toBeGreaterThan(10)
    for (let i = 1; i < at.length; i++) expect(at[i]! - at[i - 1]!).toBeGreaterThanOrEqual(30)
  })
  it('takes words one a line or with commas', () => expect(wordsOf('scam\n rival stall ,fake，假货、\n\n')).toEqual(['scam', 'rival stall', 'fake', '假货']))

  it.each([[1, 2], [7, 10], [212, 250], [38, 50], [999, 1000]])('%i people fit under %i', (v, top) => expect(niceTop(v)).toBe(top))
})
