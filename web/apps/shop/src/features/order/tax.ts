import type { Tax } from '@openstall/api'

/** A rate in parts per million as people say it: 70000 is "7%". */
export const percent = (ppm: number, locale: string) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 4 }).format(ppm / 1_000_000)

/** What there is to say of the tax in a total: each rate, and the words for it. Nothing at no rate is worth no line. */
export function taxRows(tax: Tax | undefined, locale: string) {
  return (tax?.rates ?? []).filter((r) => r.tax.minor).map((r) => ({ key: `tax.${tax!.rule === 'added' ? 'added' : 'contained'}`, rate: percent(r.ppm, locale), money: r.tax, class: r.class }))
}

/** A rate's sum with its tax, in the currency of both. */
export const gross = (r: Tax['rates'][number]) => ({ ...r.net, minor: r.net.minor + r.tax.minor })
