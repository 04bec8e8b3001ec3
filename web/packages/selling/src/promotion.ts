import type { PromotionDraft } from '@openstall/api'
import { parseMinor } from '@openstall/ui'

/** What a promotion can do, in the order of the form. */
export const KINDS = ['reduction', 'bundle', 'addon', 'freight'] as const

/** A promotion as it is typed. */
export type PromotionTyped = {
  kind: (typeof KINDS)[number]
  percent: boolean
  steps: { from: string; off: string }[]
  products: string[]
  goods: { sku: string; units: string }[]
  price: string
  from: string
  /** It begins, as a date field writes it; on the present day at once. */
  day: string
  days: number
}

const whole = (typed: string, most: number) => (/^\d{1,4}$/.test(typed.trim()) && Number(typed) >= 1 && Number(typed) <= most ? Number(typed) : undefined)

/** What to send, or nothing while something is missing. The server says what is wrong with the numbers themselves. */
export function promotionDraft(f: PromotionTyped, currency: string, now: number): PromotionDraft | undefined {
  const begins = Math.max(now, new Date(`${f.day}T00:00`).getTime())
  if (!Number.isFinite(begins)) return undefined
  const d: PromotionDraft = { kind: f.kind, ends_at: new Date(begins + f.days * 86_400_000).toISOString() }
  if (begins > now) d.starts_at = new Date(begins).toISOString()
  if (f.kind === 'reduction') {
    d.percent = f.percent
    d.products = f.products
    d.steps = []
    for (const s of f.steps) {
      const from = parseMinor(s.from, currency)
      const off = f.percent ? whole(s.off, 100) : parseMinor(s.off, currency)
      if (!from || !off) return undefined
      d.steps.push({ from_minor: from, off })
    }
    return d
  }
  if (f.kind !== 'bundle') {
    const from = parseMinor(f.from, currency)
    if (!from) return undefined
    d.from_minor = from
  }
  if (f.kind !== 'freight') {
    const price = parseMinor(f.price, currency)
    if (price === undefined) return undefined
    d.price_minor = price
    d.goods = []
    for (const g of f.kind === 'addon' ? f.goods.slice(0, 1) : f.goods) {
      const units = whole(g.units, 1000)
      if (!g.sku || !units) return undefined
      d.goods.push({ sku: g.sku, units })
    }
  }
  return d
}
