import type { Client } from './client'
import type * as t from './types'

const at = encodeURIComponent

/** Buying together; apart from the rest because no page that opens first needs it. */
export function groupBuys(c: Client) {
  return {
    group: (code: string) => c.get<t.GroupPage>(`/groups/${at(code)}`),
    ofProduct: (id: string) => c.get<t.List<t.GroupOffered>>(`/products/${at(id)}/group-buys`),
  }
}
