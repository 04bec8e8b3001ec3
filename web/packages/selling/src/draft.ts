import type { Fulfilment, Image, Pack, PackField, Product, ProductDraft, Text } from '@openstall/api'
import { parseMinor } from '@openstall/ui'

/** What a seller types about one product; texts stay as typed until they are read. */
export type ProductForm = {
  title: string
  about: string
  price: string
  stock: string
  measure: 'piece' | 'weight'
  fields: Record<string, string>
  images: Image[]
}

export const emptyForm = (measure: 'piece' | 'weight'): ProductForm => ({ title: '', about: '', price: '', stock: '', measure, fields: {}, images: [] })

/** The amount put up for sale in quantity units: kilograms become grams. Undefined when it is no amount. */
export function parseStock(typed: string, measure: 'piece' | 'weight'): number | undefined {
  const text = typed.trim().replace(',', '.')
  if (measure === 'piece') return /^\d{1,7}$/.test(text) ? Number(text) : undefined
  return /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1000) : undefined
}

export type FormFault = 'title' | 'price' | 'stock' | `field:${string}`

/** What is missing or cannot be read, in the order of the page. */
export function formFaults(form: ProductForm, fields: PackField[], currency: string): FormFault[] {
  const faults: FormFault[] = []
  if (!form.title.trim()) faults.push('title')
  const minor = parseMinor(form.price, currency)
  if (minor === undefined || minor === 0) faults.push('price')
  if (form.stock.trim() && parseStock(form.stock, form.measure) === undefined) faults.push('stock')
  for (const f of fields) {
    if (f.required && !form.fields[f.key]) faults.push(`field:${f.key}`)
  }
  return faults
}

/** A product as the draft it would be saved as, unchanged: the start of every change. */
export function draftFrom(p: Product): ProductDraft {
  return {
    title: p.title,
    about: p.about,
    fields: p.fields ?? {},
    measure: p.skus[0]?.measure.kind ?? p.measure?.kind ?? 'piece',
    skus: p.skus.map((s) => ({ id: s.id, name: s.name, price_minor: s.price.amount.minor, grams: p.grams?.[s.id] ?? 0 })),
    freight: p.freight ?? '',
    tax: p.tax ?? '',
    images: p.images.map((i) => i.id),
    state: p.state,
  }
}

/** The draft the server takes, in the language the seller writes. */
export function draftOf(form: ProductForm, currency: string, locale: string, was: { title?: Text; about?: Text; sku?: string } = {}): ProductDraft {
  const stock = parseStock(form.stock, form.measure)
  return {
    title: { ...was.title, [locale]: form.title.trim() },
    about: form.about.trim() ? { ...was.about, [locale]: form.about.trim() } : (was.about ?? {}),
    fields: form.fields,
    measure: form.measure,
    skus: [{ id: was.sku, name: {}, price_minor: parseMinor(form.price, currency)!, stock }],
    images: form.images.map((i) => i.id),
    state: 'live',
  }
}

/** The packs as the wizard shows them: those that are ready first, as the server orders them. */
export function packChoices(packs: Pack[]): Pack[] {
  return [...packs.filter((p) => p.ready), ...packs.filter((p) => !p.ready)]
}

/** The slots a day gives, for the sentence under the switch. */
export function slotCount(f: Fulfilment['pickup']): number {
  const minutes = (hhmm: string) => Number(hhmm.slice(0, 2)) * 60 + Number(hhmm.slice(3, 5))
  return f.days.reduce((n, d) => n + Math.max(0, Math.floor((minutes(d.to) - minutes(d.from)) / d.slot_minutes)), 0)
}

/** The next full half hour, at least 20 minutes ahead, as YYYY-MM-DDTHH:MM in the seller's clock. */
export function suggestedStart(now: Date): string {
  const at = new Date(now.getTime() + 20 * 60_000)
  at.setMinutes(at.getMinutes() <= 30 ? 30 : 60, 0, 0)
  return localInput(at)
}

/** An instant as YYYY-MM-DDTHH:MM in the reader's clock. */
export function localInput(at: Date): string {
  const p = (n: number) => String(n).padStart(2, '0')
  return `${at.getFullYear()}-${p(at.getMonth() + 1)}-${p(at.getDate())}T${p(at.getHours())}:${p(at.getMinutes())}`
}
