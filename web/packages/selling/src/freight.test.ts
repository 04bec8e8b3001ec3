import { describe, expect, it } from 'vitest'
import { countedBy, everywhere, isFlat, nextZone, parseRegions, regionName } from './freight'

describe('regions', () => {
  it('are read as people type them', () => {
    expect(parseRegions('de, AT；de-27 498、 gb-sw1a-1，DE')).toEqual(['DE', 'AT', 'DE-27498', 'GB-SW1A1'])
    expect(parseRegions('')).toEqual([])
  })
  it('have names, or are none', () => {
    expect(regionName('DE', 'en')).toBe('Germany')
    expect(regionName('DE-27', 'zh')).toBe('德国 27…')
    expect(regionName('GERMANY', 'en')).toBeUndefined()
    expect(regionName('XX', 'en')).toBeUndefined()
  })
})

describe('templates', () => {
  it('are one price until they are more', () => {
    expect(isFlat([everywhere()])).toBe(true)
    expect(isFlat([])).toBe(false)
    expect(isFlat([everywhere(), everywhere()])).toBe(false)
    expect(isFlat([{ name: '', zones: [{ regions: ['DE'], rule: { by: 'order', first_minor: 1 } }] }])).toBe(false)
  })
  it('keep their prices when they count in another way', () => {
    expect(countedBy({ by: 'order', first_minor: 490, free_from_minor: 6000 }, 'weight')).toEqual({ by: 'weight', first: 1000, first_minor: 490, step: 1000, step_minor: 0, free_from_minor: 6000 })
    expect(countedBy({ by: 'piece', first: 2, first_minor: 490, step: 1, step_minor: 5 }, 'order')).toEqual({ by: 'order', first_minor: 490, free_from_minor: undefined })
  })
  it('get a zone that does not claim everywhere twice', () => {
    expect(nextZone(everywhere()).regions).toEqual([''])
  })
})
