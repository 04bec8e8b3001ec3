import type { Measure, Money } from '@openstall/api'

export type MoneyPart = { sign: boolean; text: string }

const formats = new Map<string, Intl.NumberFormat>()

function moneyFormat(currency: string, locale: string, whole: boolean): Intl.NumberFormat {
  const id = `${locale} ${currency} ${whole}`
  let f = formats.get(id)
  if (!f) {
    f = new Intl.NumberFormat(locale, {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      ...(whole ? { trailingZeroDisplay: 'stripIfInteger' } : {}),
    } as Intl.NumberFormatOptions)
    formats.set(id, f)
  }
  return f
}

/** Minor units in one major unit: 100 for EUR, 1 for JPY, 1000 for KWD. */
export function minorPerMajor(currency: string): number {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits
  return 10 ** (digits ?? 2)
}

/** €12.50, 12,50 €, ¥36.00. `whole` leaves the decimals out when they are zero, for figures. */
export function formatMoney(m: Money, locale: string, whole = false): string {
  return moneyFormat(m.currency, locale, whole).format(m.minor / minorPerMajor(m.currency))
}

/** The same, in pieces, so that the currency sign can be drawn smaller than the figures. */
export function moneyParts(m: Money, locale: string, whole = false): MoneyPart[] {
  const parts: MoneyPart[] = []
  for (const p of moneyFormat(m.currency, locale, whole).formatToParts(m.minor / minorPerMajor(m.currency))) {
    const sign = p.type === 'currency'
    const last = parts.at(-1)
    if (last && last.sign === sign) last.text += p.value
    else parts.push({ sign, text: p.value })
  }
  return parts
}

/** What a person typed as a price, in minor units; undefined when it is no price. Takes a comma or a point. */
export function parseMinor(typed: string, currency: string): number | undefined {
  const text = typed.trim().replace(',', '.')
  if (!/^\d{1,9}(\.\d*)?$/.test(text)) return undefined
  const [whole, rest = ''] = text.split('.')
  const digits = Math.round(Math.log10(minorPerMajor(currency)))
  if (rest.length > digits && Number(rest.slice(digits)) !== 0) return undefined
  return Number(whole) * 10 ** digits + Number(rest.slice(0, digits).padEnd(digits, '0') || 0)
}

/** A price as it stands in an input: 1250 EUR becomes "12.50". */
export function minorAsTyped(minor: number, currency: string): string {
  const per = minorPerMajor(currency)
  return (minor / per).toFixed(Math.round(Math.log10(per)))
}

/** The figure of a quantity without its unit: 1200 g becomes "1.2", three pieces "3". */
export function quantityFigure(quantity: number, m: Measure, locale: string): string {
  if (m.kind === 'piece') return new Intl.NumberFormat(locale).format(quantity)
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 3 }).format(quantity / 1000)
}

/** The price of a quantity before the scale has spoken, rounded half up to the minor unit. */
export function priceOf(unit: Money, quantity: number, per: number): Money {
  return { minor: Math.round((unit.minor * quantity) / per), currency: unit.currency }
}

/** One step more or less, held between the least amount and what is left. */
export function stepQuantity(quantity: number, steps: number, m: Measure, available: number): number {
  const most = Math.floor(available / m.step) * m.step
  return Math.max(Math.min(m.min, available), Math.min(quantity + steps * m.step, Math.max(most, m.min)))
}

/** 17:42 in the reader's clock. */
export function formatClock(at: string | number | Date, locale: string, seconds = false): string {
  return new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: seconds ? '2-digit' : undefined,
    hourCycle: 'h23',
  }).format(new Date(at))
}

/** "22 Nov" or "11月22日". */
export function formatDay(at: string | number | Date, locale: string): string {
  return new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, { day: 'numeric', month: 'short' }).format(new Date(at))
}

/** "22 Nov 2026" or "2026年11月22日", for papers that are kept. */
export function formatDate(at: string | number | Date, locale: string): string {
  return new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, { day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(at))
}

/** What a person typed as a time of day, as HH:MM in 24 hours: "9", "930", "9.30", "5:30 pm"; undefined when it is none. */
export function readClock(typed: string): string | undefined {
  const m = /^(\d{1,2})(?:[:.h：]?([0-5]\d))?\s*([ap])?\.?m?\.?$/i.exec(typed.trim())
  if (!m) return undefined
  let hour = Number(m[1])
  if (m[3]) {
    if (hour < 1 || hour > 12) return undefined
    hour = (hour % 12) + (m[3].toLowerCase() === 'p' ? 12 : 0)
  }
  return hour < 24 ? `${String(hour).padStart(2, '0')}:${m[2] ?? '00'}` : undefined
}

/** "Sun 22 Nov" with the weekday. */
export function formatWeekday(at: string | number | Date, locale: string): string {
  return new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, { weekday: 'short', day: 'numeric', month: 'short' }).format(
    new Date(at),
  )
}

/** 42:08 or 1:02:03. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const mm = Math.floor((s % 3600) / 60)
  const ss = String(s % 60).padStart(2, '0')
  return s < 3600 ? `${mm}:${ss}` : `${Math.floor(s / 3600)}:${String(mm).padStart(2, '0')}:${ss}`
}

/** Today, tomorrow or another day, as the reader's calendar sees it. */
export function dayKind(at: string | number | Date, now: Date): 'today' | 'tomorrow' | 'other' {
  const start = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime()
  const days = Math.round((start(new Date(at)) - start(now)) / 86_400_000)
  return days === 0 ? 'today' : days === 1 ? 'tomorrow' : 'other'
}

/** "2 minutes ago", "3 hours ago", "yesterday". */
export function formatAgo(at: string | number | Date, locale: string, now = Date.now()): string {
  const s = (new Date(at).getTime() - now) / 1000
  const f = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [['minute', 60], ['hour', 3600], ['day', 86_400], ['month', 2_592_000]]
  let [unit, size] = steps[0]!
  for (const [u, n] of steps) if (Math.abs(s) >= n) [unit, size] = [u, n]
  return f.format(Math.round(s / size), unit)
}

/** 640 MB, 1.2 GB. */
export function formatBytes(bytes: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
  let i = 0
  let n = bytes
  while (n >= 1000 && i < units.length - 1) {
    n /= 1000
    i++
  }
  return new Intl.NumberFormat(locale, { style: 'unit', unit: units[i], unitDisplay: 'short', maximumFractionDigits: n < 10 ? 1 : 0 }).format(n)
}
