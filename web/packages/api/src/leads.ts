import type { Client } from './client'
import type * as t from './types'

const at = encodeURIComponent

/** What people do who are interested in what is not bought with a tap. */
export function asking(c: Client) {
  return {
    form: (product: string) => c.get<t.LeadForm>(`/products/${at(product)}/lead-form`),
    leave: (product: string, lead: t.LeadDraft) => c.write<t.MyLead>(`/products/${at(product)}/leads`, lead),
    mine: (after?: string) => c.get<t.List<t.MyLead>>('/me/leads', { after }),
    withdraw: (id: string) => c.delete<void>(`/me/leads/${at(id)}`),
  }
}

export type LeadQuery = { state?: string; mine?: boolean; show?: string; after?: string }

/** What a shop does with those who are interested. */
export function leadDesk(c: Client, shop: string) {
  const base = `/merchant/shops/${at(shop)}/leads`
  const one = (id: string) => `${base}/${at(id)}`
  return {
    list: (query: LeadQuery = {}) => c.get<t.LeadList>(base, query),
    get: (id: string) => c.get<t.WholeLead>(one(id)),
    claim: (id: string) => c.post<t.WholeLead>(`${one(id)}/claim`),
    assign: (id: string, person: string) => c.put<t.WholeLead>(`${one(id)}/assignee`, { person }),
    move: (id: string, step: t.LeadStep) => c.post<t.WholeLead>(`${one(id)}/steps`, step),
    note: (id: string, text: string) => c.post<t.WholeLead>(`${one(id)}/notes`, { text }),
    csv: `/v1${base}.csv`,
  }
}
export type LeadDesk = ReturnType<typeof leadDesk>
