import type { Client } from './client'
import type * as t from './types'

const at = encodeURIComponent

/** What one holds or waits for by comment; apart from the rest because no page that opens first needs it. */
export function claiming(c: Client) {
  return {
    mine: (show?: string) => c.get<t.List<t.Claim>>('/claims', { show }),
    claim: (id: string) => c.get<t.Claim>(`/claims/${at(id)}`),
    release: (id: string) => c.post<t.Claim>(`/claims/${at(id)}/release`, {}),
  }
}
