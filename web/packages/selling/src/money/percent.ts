/** Parts per million as people say it: 80000 is "8%", 12500 "1.25%". */
export function percent(ppm: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 4 }).format(ppm / 1_000_000)
}

/** A typed percentage in parts per million; undefined when it is none or more than a half. */
export function parsePercent(typed: string): number | undefined {
  const text = typed.trim().replace(/[%％]$/, '').trim().replace(',', '.')
  if (!/^\d{1,2}(\.\d{1,4})?$/.test(text)) return undefined
  const ppm = Math.round(Number(text) * 10_000)
  return ppm <= 500_000 ? ppm : undefined
}
