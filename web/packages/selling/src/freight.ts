import type { FreightRule, FreightTemplate, FreightZone } from '@openstall/api'
import { countries } from '@openstall/ui'

/** One price for everything to everywhere: what a shop starts with. */
export const everywhere = (): FreightTemplate => ({ name: '', zones: [{ regions: [], rule: { by: 'order', first_minor: 0 } }] })

/** Whether a shop has nothing but one price and maybe a sum from which it is free. */
export function isFlat(templates: FreightTemplate[]): boolean {
  const [zone, ...more] = templates.flatMap((t) => t.zones)
  return templates.length === 1 && !!zone && !more.length && !zone.regions.length && zone.rule.by === 'order'
}

/** The places a template serves cannot be all of them unless one zone is everywhere else. */
export const servesAll = (t: FreightTemplate) => t.zones.some((z) => !z.regions.length)

/** Regions as typed: "de, AT de-27 498" is DE, AT and DE-27498. */
export function parseRegions(typed: string): string[] {
  const out = typed
    .split(/[,，、;；\n]+/)
    .map((r) => r.toUpperCase().replace(/[^0-9A-Z-]/g, ''))
    .filter(Boolean)
    .map((r) => (r.includes('-') ? `${r.slice(0, r.indexOf('-'))}-${r.slice(r.indexOf('-') + 1).replace(/-/g, '')}` : r))
  return [...new Set(out)]
}

/** A region in words: "Germany 27…"; undefined when it is none. */
export function regionName(region: string, locale: string): string | undefined {
  const parts = /^([A-Z]{2})(?:-([0-9A-Z]{1,10}))?$/.exec(region)
  const country = parts && countries(locale).find((c) => c.code === parts[1])
  return country ? (parts[2] ? `${country.name} ${parts[2]}…` : country.name) : undefined
}

/** A rule that counts in another way, with units that make sense. */
export function countedBy(rule: FreightRule, by: FreightRule['by']): FreightRule {
  const { first_minor, free_from_minor } = rule
  if (by === 'order') return { by, first_minor, free_from_minor }
  const unit = by === 'weight' ? 1000 : 1
  return { by, first: unit, first_minor, step: unit, step_minor: rule.step_minor ?? 0, free_from_minor }
}

/** The zone that another one of a template starts as. */
export const nextZone = (t: FreightTemplate): FreightZone => ({ regions: servesAll(t) ? [''] : [], rule: { ...t.zones.at(-1)!.rule } })
