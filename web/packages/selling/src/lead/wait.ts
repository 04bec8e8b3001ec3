import type { Lead } from '@openstall/api'

export type Wait = { n: number; unit: 'minutes' | 'hours' | 'days'; late: boolean }

/** How long somebody waits for the shop; undefined once it was in touch or nothing is to be done. */
export function waitOf(l: Pick<Lead, 'state' | 'created_at' | 'answer_by' | 'answered_at'>, now: number): Wait | undefined {
  if (l.answered_at || (l.state !== 'new' && l.state !== 'assigned')) return undefined
  const minutes = Math.max(0, Math.floor((now - Date.parse(l.created_at)) / 60_000))
  const late = now > Date.parse(l.answer_by)
  if (minutes < 60) return { n: minutes, unit: 'minutes', late }
  if (minutes < 48 * 60) return { n: Math.floor(minutes / 60), unit: 'hours', late }
  return { n: Math.floor(minutes / 1440), unit: 'days', late }
}
