import type { Client } from './client'
import type * as t from './types'

const at = encodeURIComponent

/** What a person does before there is a shop. */
export function seller(c: Client) {
  return {
    packs: () => c.get<t.List<t.Pack>>('/packs'),
    openShop: (s: { name: t.Text; pack: string; stall?: string; currency?: string; time_zone?: string; color?: string }) =>
      c.post<t.Shop>('/merchant/shops', s),
  }
}

export type ShopChange = Partial<{
  name: t.Text
  about: t.Text
  stall: string
  color: string
  licence: Omit<t.Licence, 'state'>
  avatar: string
  cover: string
  tax: t.ShopTax
}>
export type ShowDraft = { title?: t.Text; starts_at?: t.Instant; host_name?: string; part_ms?: number }

/** What the staff of one shop do. */
export function merchant(c: Client, shop: string) {
  const base = `/merchant/shops/${at(shop)}`
  const show = (id: string) => `${base}/shows/${at(id)}`
  const video = (id: string) => `${base}/videos/${at(id)}`
  return {
    shop: () => c.get<t.Shop & { tax?: t.ShopTax }>(base),
    saveShop: (change: ShopChange) => c.patch<t.Shop>(base, change),
    checklist: () => c.get<t.List<{ code: string; done: boolean }>>(`${base}/checklist`),
    upload: (file: Blob, name = 'picture.jpg') => {
      const form = new FormData()
      form.append('file', file, name)
      return c.post<t.Image>(`${base}/images`, form)
    },
    products: () => c.get<t.List<t.Product>>(`${base}/products`),
    product: (id: string) => c.get<t.Product>(`${base}/products/${at(id)}`),
    addProduct: (p: t.ProductDraft) => c.post<t.Product>(`${base}/products`, p),
    saveProduct: (id: string, p: t.ProductDraft) => c.patch<t.Product>(`${base}/products/${at(id)}`, p),
    removeProduct: (id: string) => c.delete<void>(`${base}/products/${at(id)}`),
    stock: () => c.get<t.List<t.StockRow>>(`${base}/stock`),
    moveStock: (m: t.StockMovement) => c.write<Pick<t.StockRow, 'sku' | 'on_hand' | 'reserved' | 'available'>>(`${base}/stock/movements`, m),
    fulfilment: () => c.get<t.Fulfilment>(`${base}/fulfilment`),
    saveFulfilment: (f: t.Fulfilment) => c.put<t.Fulfilment>(`${base}/fulfilment`, f),
    transferAccount: () => c.get<t.TransferAccount>(`${base}/transfer-account`),
    saveTransferAccount: (a: t.TransferAccount) => c.put<t.TransferAccount>(`${base}/transfer-account`, a),
    wechatMerchant: () => c.get<t.WechatMerchant>(`${base}/wechat-merchant`),
    saveWechatMerchant: (number: string) => c.put<t.WechatMerchant>(`${base}/wechat-merchant`, { number }),
    /** Those that somebody has to look at. */
    transfers: () => c.get<t.List<t.Transfer>>(`${base}/transfers`),
    transferReceived: (order: string) => c.write<t.Transfer>(`${base}/transfers/${at(order)}/received`, {}),
    refuseTransfer: (order: string, reason: string) => c.write<t.Transfer>(`${base}/transfers/${at(order)}/refuse`, { reason }),
    transferSentBack: (order: string) => c.write<t.Transfer>(`${base}/transfers/${at(order)}/sent-back`, {}),
    staff: () => c.get<t.List<t.Staff>>(`${base}/staff`),
    addStaff: (to: string, role: t.ShopRole) => c.post<void>(`${base}/staff`, { to, role }),
    removeStaff: (person: string) => c.delete<void>(`${base}/staff/${at(person)}`),
    streamKey: () => c.get<t.StreamKey>(`${base}/stream-key`),
    rotateStreamKey: () => c.post<t.StreamKey>(`${base}/stream-key/rotate`, {}),

    shows: () => c.get<t.List<t.ShowCard>>(`${base}/shows`),
    addShow: (s: ShowDraft) => c.post<t.MerchantShow>(`${base}/shows`, s),
    show: (id: string) => c.get<t.MerchantShow>(show(id)),
    saveShow: (id: string, s: ShowDraft) => c.patch<t.MerchantShow>(show(id), s),
    saveBag: (id: string, items: { number: number; product: string; set_aside?: number }[]) =>
      c.put<t.MerchantShow>(`${show(id)}/bag`, { items }),
    move: (id: string, step: 'practice' | 'start' | 'end' | 'cancel') => c.post<t.MerchantShow>(`${show(id)}/${step}`, {}),
    pin: (id: string, number: number | null) => c.post<t.MerchantShow>(`${show(id)}/pin`, { number }),
    explain: (id: string, number: number | null) => c.post<t.MerchantShow>(`${show(id)}/explain`, { number }),
    quickListing: (id: string, item: { photo: Blob; title: string; priceMinor: number; stock: number; measure: 'piece' | 'weight'; locale: string }) => {
      const form = new FormData()
      form.append('photo', item.photo, 'photo.jpg')
      form.append('title', item.title)
      form.append('price_minor', String(item.priceMinor))
      form.append('stock', String(item.stock))
      form.append('measure', item.measure)
      form.append('locale', item.locale)
      return c.post<t.BagItem>(`${show(id)}/quick-listing`, form)
    },
    coupons: () => c.get<t.List<t.ShopCoupon>>(`${base}/coupons`),
    addCoupon: (d: t.CouponDraft) => c.post<t.ShopCoupon>(`${base}/coupons`, d),
    stopCoupon: (id: string) => c.post<t.ShopCoupon>(`${base}/coupons/${at(id)}/stop`, {}),
    promotions: () => c.get<t.List<t.ShopPromotion>>(`${base}/promotions`),
    addPromotion: (d: t.PromotionDraft) => c.post<t.ShopPromotion>(`${base}/promotions`, d),
    previewPromotion: (d: t.PromotionDraft) => c.post<{ words: t.Text }>(`${base}/promotions/preview`, d),
    pausePromotion: (id: string, paused: boolean) => c.put<t.ShopPromotion>(`${base}/promotions/${at(id)}/paused`, { paused }),
    endPromotion: (id: string) => c.post<t.ShopPromotion>(`${base}/promotions/${at(id)}/end`, {}),
    groupOffers: () => c.get<t.List<t.ShopGroupOffer>>(`${base}/group-offers`),
    addGroupOffer: (d: t.GroupOfferDraft) => c.post<t.ShopGroupOffer>(`${base}/group-offers`, d),
    stopGroupOffer: (id: string) => c.post<t.ShopGroupOffer>(`${base}/group-offers/${at(id)}/stop`, {}),
    dropCoupon: (id: string, coupon: string, seconds: number) => c.put<{ until: t.Instant }>(`${show(id)}/drops/${at(coupon)}`, { seconds }),
    endDrop: (id: string, coupon: string) => c.delete<void>(`${show(id)}/drops/${at(coupon)}`),
    startFlash: (id: string, f: t.FlashDraft) => c.post<{ id: string }>(`${show(id)}/flashes`, f),
    restockFlash: (flash: string, quantity: number) => c.post<{ id: string }>(`${base}/flashes/${at(flash)}/restock`, { quantity }),
    endFlash: (flash: string) => c.post<void>(`${base}/flashes/${at(flash)}/end`, {}),
    claimCalls: (id: string) => c.get<t.List<t.ClaimCall>>(`${show(id)}/claim-calls`),
    openClaims: (id: string, f: t.ClaimCallDraft) => c.write<t.ClaimCall>(`${show(id)}/claim-calls`, f),
    closeClaims: (call: string) => c.post<void>(`${base}/claim-calls/${at(call)}/close`, {}),
    setRoom: (id: string, room: { slow_mode_seconds?: number; comments_off?: boolean }) =>
      c.patch<t.MerchantShow>(`${show(id)}/room`, room),
    comments: (id: string) => c.get<t.List<t.Comment>>(`${show(id)}/comments`),
    answer: (id: string, text: string) => c.post<t.Comment>(`${show(id)}/comments`, { text }),
    removeComment: (id: string, comment: string) => c.delete<void>(`${show(id)}/comments/${at(comment)}`),
    letThrough: (id: string, comment: string) => c.post<t.Comment>(`${show(id)}/comments/${at(comment)}/let-through`, {}),
    heldWords: () => c.get<{ words: string[] }>(`${base}/held-words`),
    saveHeldWords: (words: string[]) => c.put<{ words: string[] }>(`${base}/held-words`, { words }),
    pinComment: (id: string, comment: string) => c.post<void>(`${show(id)}/comments/${at(comment)}/pin`, {}),
    mute: (id: string, person: string, minutes: number, reason: string) =>
      c.post<void>(`${show(id)}/mutes`, { person, minutes, reason }),
    publishTicket: (id: string) => c.post<{ whip_url: string; token: string }>(`${show(id)}/publish-ticket`, {}),
    showFigures: (id: string) => c.get<t.ShowFigures>(`${show(id)}/figures`),
    pickList: (id: string) => c.get<t.PickList>(`${show(id)}/pick-list`),

    videos: (after?: string) => c.get<t.List<t.MerchantVideo>>(`${base}/videos`, { after }),
    video: (id: string) => c.get<t.MerchantVideo>(video(id)),
    postVideo: (v: t.VideoPost) => c.post<t.MerchantVideo>(`${base}/videos`, v),
    clipShow: (id: string, part: t.Clipping) => c.post<t.MerchantVideo>(`${show(id)}/clips`, part),
    saveVideo: (id: string, change: t.VideoChange) => c.patch<t.MerchantVideo>(video(id), change),
    /** Without an instant it is shown now, or as soon as its film is made. */
    publishVideo: (id: string, when?: t.Instant) => c.post<t.MerchantVideo>(`${video(id)}/publish`, { at: when }),
    unpublishVideo: (id: string) => c.post<t.MerchantVideo>(`${video(id)}/unpublish`, {}),
    coverVideo: (id: string, second: number) => c.post<t.MerchantVideo>(`${video(id)}/cover`, { second }),
    removeVideo: (id: string) => c.delete<void>(video(id)),

    allSeries: () => c.get<t.List<t.SeriesCard>>(`${base}/series`),
    oneSeries: (id: string) => c.get<t.SeriesCard>(`${base}/series/${at(id)}`),
    saveSeries: (s: { title: string; parts: string[] }, id?: string) => (id ? c.put<t.SeriesCard>(`${base}/series/${at(id)}`, s) : c.post<t.SeriesCard>(`${base}/series`, s)),
    removeSeries: (id: string) => c.delete<void>(`${base}/series/${at(id)}`),

    orders: (query: { state?: string; show?: string; q?: string; after?: string } = {}) =>
      c.get<t.List<t.Order>>(`${base}/orders`, query),
    order: (id: string) => c.get<t.Order>(`${base}/orders/${at(id)}`),
    ready: (id: string) => c.write<t.Order>(`${base}/orders/${at(id)}/ready`, {}),
    carriers: () => c.get<t.List<t.Carrier>>('/carriers'),
    sendParcel: (id: string, parcel: t.ParcelDraft) => c.write<t.Order>(`${base}/orders/${at(id)}/parcels`, parcel),
    correctParcel: (id: string, parcel: string, carrier: string, number: string) =>
      c.put<t.Order>(`${base}/orders/${at(id)}/parcels/${at(parcel)}/number`, { carrier, number }),
    cancel: (id: string, reason: string) => c.write<t.Order>(`${base}/orders/${at(id)}/cancel`, { reason }),
    handOver: (what: { code: string } | { order: string }) => c.write<t.Order>(`${base}/orders/hand-over`, what),
    /** Open cases, the first to run out first, and how many wait for the shop. */
    cases: () => c.get<t.CaseQueue>(`${base}/cases`),
    allCases: (query: { order?: string; after?: string } = {}) => c.get<t.List<t.Case>>(`${base}/case-history`, query),
    case: (id: string) => c.get<t.Case>(`${base}/cases/${at(id)}`),
    caseStep: (id: string, step: t.ShopCaseStep) => c.write<t.Case>(`${base}/cases/${at(id)}/steps`, step),
    reviews: (after?: string) => c.get<t.Reviews>(`${base}/reviews`, { after }),
    answerReview: (id: string, words: string) => c.post<t.Review>(`${base}/reviews/${at(id)}/answer`, { words }),
    left: (order: string) => c.get<t.OrderProblem>(`${base}/orders/${at(order)}/left`),
    giveBack: (order: string, deal: t.Deal, note: string) => c.write<t.Case>(`${base}/orders/${at(order)}/give-back`, { deal, note }),
    contacts: (query: { q?: string; after?: string } = {}) => c.get<t.List<t.Contact>>(`${base}/contacts`, query),
    goodsCsv: (language: string) => `/v1${base}/goods.csv?language=${language}`,
    /** What a table of goods would do; with `take` it does it, whole or not at all. */
    goodsFile: (csv: File, take: boolean) => c.call<t.GoodsFileReport>('POST', `${base}/goods-file${take ? '' : '/check'}`, { csv, keyed: take }),
    contactsCsv: `/v1${base}/contacts.csv`,
    money: () => c.get<t.ShopMoney>(`${base}/money`),
    settlements: (state: t.Settlement['state'], after?: string) => c.get<t.List<t.Settlement>>(`${base}/money/orders`, { state, after }),
    statement: (month: string) => c.get<t.Statement>(`${base}/money/statement`, { month }),
    statementCsv: (month: string) => `/v1${base}/money/statement.csv?month=${month}`,
    savePayoutAccount: (a: t.PayoutAccount) => c.put<t.PayoutAccount>(`${base}/money/account`, a),
    askPayout: (minor: number) => c.write<t.Payout>(`${base}/money/payouts`, { minor }),
    objectToHold: (words: string) => c.post<t.MoneyHold>(`${base}/money/objection`, { words }),
    figures: (days: number) => c.get<t.ShopFigures>(`${base}/figures`, { days }),
  }
}
export type Merchant = ReturnType<typeof merchant>

/** What the people who run the market do. */
export function operator(c: Client) {
  return {
    overview: () => c.get<t.OperatorOverview>('/operator/overview'),
    shops: (after?: string) => c.get<t.List<t.Shop>>('/operator/shops', { after }),
    setLicence: (id: string, state: t.Licence['state']) => c.post<void>(`/operator/shops/${at(id)}/licence`, { state }),
    orders: (query: { q?: string; after?: string } = {}) => c.get<t.List<t.Order>>('/operator/orders', query),
    order: (id: string) => c.get<t.Order>(`/operator/orders/${at(id)}`),
    cases: () => c.get<t.CaseQueue>('/operator/cases'),
    case: (id: string) => c.get<t.Case>(`/operator/cases/${at(id)}`),
    /** Words in place of a review's own; none puts its own up again. */
    hideReview: (id: string, reason: string) => c.put<t.Review>(`/operator/reviews/${at(id)}/hidden`, { reason }),
    decideCase: (id: string, d: t.CaseDecision) => c.write<t.Case>(`/operator/cases/${at(id)}/steps`, d),
    /** Whether Discover keeps its promise to new videos, and what is kept out of it. */
    discover: () => c.get<t.DiscoverOverview>('/operator/discover'),
    thawVideo: (id: string) => c.post<void>(`/operator/discover/videos/${at(id)}/thaw`),
    hideVideo: (id: string) => c.post<void>(`/operator/discover/videos/${at(id)}/hide`),
    roles: () => c.get<t.List<t.RoleHolder>>('/operator/roles'),
    setTaxRate: (r: { country: string; class: string; ppm: number; from?: string }) => c.post<t.TaxRates>('/operator/tax-rates', r),
    dropTaxRate: (r: { country: string; class: string; from: string }) => c.post<t.TaxRates>('/operator/tax-rates/drop', r),
    announceFees: (d: t.FeeDraft) => c.write<t.Fees>('/operator/fees', d),
    payouts: (all = false) => c.get<t.PayoutQueue>('/operator/payouts', { all: all || undefined }),
    payoutsCsv: '/v1/operator/payouts.csv',
    setPayout: (id: string, state: t.Payout['state'], reason = '') => c.write<t.Payout>(`/operator/payouts/${at(id)}/${state}`, { reason }),
    holdShop: (shop: string, reason: string) => c.write<t.MoneyHold>(`/operator/shops/${at(shop)}/hold`, { reason }),
    releaseShop: (shop: string, answer: string) => c.write<void>(`/operator/shops/${at(shop)}/release`, { answer }),
    wechatShops: () => c.get<t.List<t.WechatShop>>('/operator/wechat-merchants'),
    confirmWechat: (shop: string, number: string, confirmed: boolean) => c.put<t.List<t.WechatShop>>(`/operator/wechat-merchants/${at(shop)}`, { number, confirmed }),
    failedRefunds: () => c.get<t.List<t.FailedRefund>>('/operator/failed-refunds'),
    refundSettled: (id: string) => c.write<t.List<t.FailedRefund>>(`/operator/failed-refunds/${at(id)}/settled`, {}),
    setRoles: (to: string, roles: { operator: boolean; moderator: boolean }) => c.put<void>('/operator/roles', { to, ...roles }),
  }
}
export type Operator = ReturnType<typeof operator>
