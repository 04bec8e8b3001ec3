import { describe, expect, it } from 'vitest'
import { ApiError, type LeadForm } from '@openstall/api'
import { draftOf, missing, needsAgain, type Asked } from './rules'

const form: LeadForm = { pack: 'cars', consent_version: 'v1', consent: { en: 'May call me.', zh: '可以打电话。' }, slots: [] }
const asked = (more: Partial<Asked> = {}): Asked => ({ wish: 'call', slot: '', name: 'Jo', phone: '+49 151 1', words: '', agreed: true, ...more })

describe('a lead', () => {
  it('needs a name, a number for a call, and consent', () => {
    expect(missing(asked())).toBeUndefined()
    expect(missing(asked({ name: ' ' }))).toBe('name')
    expect(missing(asked({ phone: '' }))).toBe('phone')
    expect(missing(asked({ phone: '', wish: 'write' }))).toBeUndefined()
    expect(missing(asked({ agreed: false }))).toBe('consent')
  })
  it('sends the slot of a viewing only, and the language that was read', () => {
    const where = { page: 'room' as const, show: 'shw_1', second: 3 }
    expect(draftOf(asked({ slot: 's1' }), form, 'zh', where)).toMatchObject({ slot: undefined, consent_language: 'zh', consent_version: 'v1', show: 'shw_1', show_second: 3 })
    expect(draftOf(asked({ slot: 's1', wish: 'viewing' }), form, 'de', where)).toMatchObject({ slot: 's1', consent_language: 'en' })
  })
  it('is read again when the words or the hour are gone', () => {
    expect(needsAgain(new ApiError({ status: 409, code: 'lead.consent' }))).toBe(true)
    expect(needsAgain(new ApiError({ status: 422, code: 'lead.name' }))).toBe(false)
    expect(needsAgain(new Error())).toBe(false)
  })
})
