import { ApiError, type LeadDraft, type LeadForm } from '@openstall/api'

/** What somebody has filled in. */
export type Asked = { wish: LeadDraft['wish']; slot: string; name: string; phone: string; words: string; agreed: boolean }

export type Where = { page: LeadDraft['page']; show?: string; second?: number }

/** What is still to be filled in, the first thing first. */
export function missing(a: Asked): 'name' | 'phone' | 'consent' | undefined {
  if (!a.name.trim()) return 'name'
  if (a.wish === 'call' && a.phone.trim().length < 5) return 'phone'
  return a.agreed ? undefined : 'consent'
}

/** What is sent: the words agreed to by their version, and the language they were read in. */
export function draftOf(a: Asked, form: LeadForm, locale: string, where: Where): LeadDraft {
  return {
    name: a.name.trim(),
    phone: a.phone.trim() || undefined,
    wish: a.wish,
    slot: a.wish === 'viewing' ? a.slot || undefined : undefined,
    words: a.words.trim() || undefined,
    consent_version: form.consent_version,
    consent_language: form.consent[locale] ? locale : 'en',
    page: where.page,
    show: where.show,
    show_second: where.second,
  }
}

/** The words or the times have changed: both are to be read again. */
export const needsAgain = (e: unknown) => e instanceof ApiError && ['lead.consent', 'shop.slot_full', 'lead.open'].includes(e.code)
