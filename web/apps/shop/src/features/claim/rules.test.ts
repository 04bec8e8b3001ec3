import { describe, expect, it } from 'vitest'
import type { Claim } from '@openstall/api'
import { isLive, stateAt, wantedOf } from './rules'

const claim = { id: 'clm_1', show: 'shw_1', sku: 'sku_1', pieces: 2, state: 'held', until: '2026-11-23T14:32:00Z', item: { id: 'prd_1', skus: [] } } as unknown as Claim

describe('claims', () => {
  it('is held until its deadline and not a moment longer', () => {
    expect(stateAt(claim, Date.parse(claim.until!) - 1)).toBe('held')
    expect(stateAt(claim, Date.parse(claim.until!))).toBe('expired')
    expect(stateAt({ state: 'waiting' }, Date.parse(claim.until!))).toBe('waiting')
  })
  it('is live while it is held or waits', () => {
    expect((['held', 'waiting', 'ordered', 'released', 'expired', 'closed', 'undone', 'limit'] as const).filter((state) => isLive({ state }))).toEqual(['held', 'waiting'])
  })
  it('is ordered whole', () => {
    expect(wantedOf(claim, 7)).toEqual({ item: claim.item, number: 7, sku: 'sku_1', quantity: 2, show: 'shw_1', claim: 'clm_1' })
  })
})
