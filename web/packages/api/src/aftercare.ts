import type { Client } from './client'
import type * as t from './types'

const at = encodeURIComponent

/** What buyers do after the sale; apart from the rest because no page that opens first needs it. */
export function aftercare(c: Client) {
  return {
    orderProblem: (id: string) => c.get<t.OrderProblem>(`/orders/${at(id)}/problem`),
    fileCase: (id: string, r: t.CaseRequest) => c.write<t.Case>(`/orders/${at(id)}/cases`, r),
    cases: (query: { order?: string; after?: string } = {}) => c.get<t.List<t.Case>>('/cases', query),
    case: (id: string) => c.get<t.Case>(`/cases/${at(id)}`),
    caseStep: (id: string, step: t.CaseStep) => c.write<t.Case>(`/cases/${at(id)}/steps`, step),
    productReviews: (id: string, after?: string) => c.get<t.Reviews>(`/products/${at(id)}/reviews`, { after }),
    shopReviews: (slug: string, after?: string) => c.get<t.Reviews>(`/shops/${at(slug)}/reviews`, { after }),
    orderReviews: (id: string) => c.get<t.List<t.OwnReview>>(`/orders/${at(id)}/reviews`),
    writeReview: (order: string, position: number, r: t.ReviewDraft) => c.put<t.Review>(`/orders/${at(order)}/lines/${position}/review`, r),
    addPhoto: (file: Blob, name = 'photo.jpg') => {
      const form = new FormData()
      form.append('file', file, name)
      return c.post<t.Image>('/photos', form)
    },
  }
}
