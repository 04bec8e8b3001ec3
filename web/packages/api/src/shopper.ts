import type { Client } from './client'
import type * as t from './types'

/** What everyone may ask, one line for each door. */
export function shopper(c: Client) {
  const at = encodeURIComponent
  return {
    session: () => c.get<t.SessionInfo>('/session'),
    sendCode: (to: string) => c.post<t.CodeSent>('/auth/codes', { to }),
    verifyCode: (to: string, code: string, name?: string) =>
      c.post<t.SessionInfo>('/auth/codes/verify', { to, code, name: name || undefined }),
    signOut: () => c.post<void>('/auth/sign-out'),
    beginPasskey: (kind: 'register' | 'login') =>
      c.post<{ ceremony: string; options: unknown }>(`/auth/passkeys/${kind}/begin`, {}),
    finishPasskey: (kind: 'register' | 'login', ceremony: string, credential: unknown) =>
      c.post<t.SessionInfo>(`/auth/passkeys/${kind}/finish`, { ceremony, credential }),
    passkeys: () => c.get<t.List<t.Passkey>>('/me/passkeys'),
    removePasskey: (id: string) => c.delete<void>(`/me/passkeys/${at(id)}`),
    devices: () => c.get<t.List<t.SignedInDevice>>('/me/sessions'),
    endDevice: (id: string) => c.delete<void>(`/me/sessions/${at(id)}`),
    saveMe: (change: { name?: string; locale?: string }) => c.patch<t.Person>('/me', change),
    addresses: () => c.get<t.List<t.Address>>('/me/addresses'),
    addAddress: (a: t.Address) => c.post<t.Address>('/me/addresses', a),
    saveAddress: (id: string, a: t.Address) => c.put<t.Address>(`/me/addresses/${at(id)}`, a),
    removeAddress: (id: string) => c.delete<void>(`/me/addresses/${at(id)}`),
    notices: (after?: string) => c.get<t.List<t.Notice>>('/me/notices', { after }),
    readNotices: () => c.post<void>('/me/notices/read', {}),
    savePush: (subscription: unknown) => c.put<void>('/me/push', subscription),
    endPush: (endpoint: string) => c.delete<void>(`/me/push?endpoint=${encodeURIComponent(endpoint)}`),
    preferences: () => c.get<t.Preferences>('/me/preferences'),
    savePreferences: (p: t.Preferences) => c.put<t.Preferences>('/me/preferences', p),
    stopInfo: (token: string) => c.get<t.StopInfo>(`/unsubscribe/${at(token)}`),
    stop: (token: string) => c.post<t.StopInfo>(`/unsubscribe/${at(token)}`),
    shopMessages: () => c.get<t.List<t.ShopMessages>>('/me/shop-messages'),
    stopShopMessages: (shop: string) => c.delete<void>(`/me/shop-messages/${at(shop)}`),
    shopStopInfo: (token: string) => c.get<t.ShopStop>(`/shop-messages/${at(token)}`),
    shopStop: (token: string) => c.post<t.ShopStop>(`/shop-messages/${at(token)}`),

    market: () => c.get<t.MarketHome>('/market'),
    shop: (slug: string) => c.get<t.ShopPage>(`/shops/${at(slug)}`),
    product: (id: string) => c.get<t.Product>(`/products/${at(id)}`),
    show: (id: string) => c.get<t.Show>(`/shows/${at(id)}`),
    shopPromotions: (shop: string, of?: { sku: string; quantity: number }) => c.get<t.List<t.Promotion>>(`/shops/${at(shop)}/promotions`, of),
    shopCoupons: (shop: string) => c.get<t.List<t.CouponTerms>>(`/shops/${at(shop)}/coupons`),
    coupons: () => c.get<t.List<t.Coupon>>('/coupons'),
    claimCoupon: (coupon: string, show?: string) => c.post<t.Coupon>('/coupons', { coupon, show }),
    follow: (shop: string, on: boolean) =>
      c.call<{ following: boolean; followers: number }>(on ? 'PUT' : 'DELETE', `/shops/${at(shop)}/follow`),
    reserve: (show: string, on: boolean) => c.call<{ reserved: boolean }>(on ? 'PUT' : 'DELETE', `/shows/${at(show)}/reservation`),
    comment: (show: string, text: string) => c.post<t.Comment>(`/shows/${at(show)}/comments`, { text }),
    commentsAt: (show: string, from: number, to: number) =>
      c.get<t.List<t.Comment>>(`/shows/${at(show)}/comments`, { from_second: from, to_second: to }),
    /** The published videos of a shop, by its slug or id, newest first. */
    shopVideos: (shop: string, after?: string) => c.get<t.List<t.Video>>(`/shops/${at(shop)}/videos`, { after }),
    series: (id: string) => c.get<t.Series>(`/series/${at(id)}`),
    shopSeries: (shop: string) => c.get<t.List<t.SeriesCard>>(`/shops/${at(shop)}/series`),
    video: (id: string) => c.get<t.Video>(`/videos/${at(id)}`),
    likeVideo: (id: string, on: boolean) => c.call<{ liked: boolean; likes: number }>(on ? 'PUT' : 'DELETE', `/videos/${at(id)}/like`),
    /** What was said to a video, newest first; with `parent` the answers to one comment. */
    videoComments: (id: string, query: { parent?: string; after?: string } = {}) => c.get<t.List<t.VideoComment>>(`/videos/${at(id)}/comments`, query),
    addVideoComment: (id: string, text: string, parent?: string) => c.post<t.VideoComment>(`/videos/${at(id)}/comments`, { text, parent }),
    removeVideoComment: (id: string, comment: string) => c.delete<void>(`/videos/${at(id)}/comments/${at(comment)}`),
    /** The next items of Discover; they count as shown. `again` begins another session after the end of one. */
    discover: (again = false) => c.post<t.DiscoverPage>('/discover/pages', { again }),
    watchedVideo: (id: string, seconds: number) => c.post<void>(`/videos/${at(id)}/watch`, { seconds }),
    notInterested: (id: string, on: boolean) => c.call<void>(on ? 'PUT' : 'DELETE', `/videos/${at(id)}/not-interested`),
    reportVideo: (id: string, reason: t.ReportReason, words?: string) => c.post<void>(`/videos/${at(id)}/reports`, { reason, words }),
    mutes: () => c.get<t.Mutes>('/mutes'),
    mute: (kind: 'shop' | 'topic', target: string, on: boolean) => c.call<void>(on ? 'PUT' : 'DELETE', `/mutes/${kind}/${at(target)}`),
    discoverSettings: () => c.get<t.DiscoverSettings>('/discover/settings'),
    saveDiscoverSettings: (s: t.DiscoverSettings) => c.put<t.DiscoverSettings>('/discover/settings', s),
    fees: () => c.get<t.Fees>('/fees'),
    taxRates: () => c.get<t.TaxRates>('/tax-rates'),
    discoverHow: () => c.get<t.DiscoverHow>('/discover/how'),
    discoverFairness: () => c.get<t.List<t.FairnessDay>>('/discover/fairness'),
    discoverTime: () => c.get<t.List<{ day: string; seconds: number }>>('/discover/time'),
    keepVideo: (id: string, on: boolean) => c.call<{ favourite: boolean }>(on ? 'PUT' : 'DELETE', `/videos/${at(id)}/favourite`),
    favourites: (after?: string) => c.get<t.List<t.Video>>('/me/favourites', { after }),
    followingVideos: (after?: string) => c.get<t.List<t.Video>>('/following/videos', { after }),
    friendsVideos: (after?: string) => c.get<t.List<t.FromFriends>>('/friends/videos', { after }),
    nearbyVideos: (place: string, after?: string) => c.get<t.List<t.Video>>('/nearby/videos', { place, after }),
    places: () => c.get<t.List<string>>('/places'),
    topicVideos: (topic: string, after?: string) => c.get<t.List<t.Video>>(`/topics/${at(topic)}/videos`, { after }),
    search: (q: string, kind = '', after?: string) => c.get<t.List<t.Found>>('/search', { q, kind: kind || undefined, after }),
    sendVideo: (id: string, to: { people: string[]; groups: string[]; words?: string }) => c.post<{ people: number }>(`/videos/${at(id)}/send`, to),
    inbox: (after?: string) => c.get<t.List<t.Letter>>('/me/inbox', { after }),
    unreadInbox: () => c.get<{ unread: number }>('/me/inbox/unread'),
    readInbox: () => c.post<void>('/me/inbox/read', {}),
    groups: () => c.get<t.List<t.FriendGroup>>('/me/groups'),
    saveGroup: (g: { name: string; people: string[] }, id?: string) => (id ? c.put<t.FriendGroup>(`/me/groups/${at(id)}`, g) : c.post<t.FriendGroup>('/me/groups', g)),
    leaveGroup: (id: string) => c.delete<void>(`/me/groups/${at(id)}`),
    otherPerson: (id: string) => c.get<t.OtherPerson>(`/people/${at(id)}`),
    followPerson: (id: string, on: boolean) => c.call<t.Stance>(on ? 'PUT' : 'DELETE', `/people/${at(id)}/follow`),
    blockPerson: (id: string, on: boolean) => c.call<t.Stance>(on ? 'PUT' : 'DELETE', `/people/${at(id)}/block`),
    followedShops: () => c.get<{ shops: string[] }>('/me/following'),
    friends: () => c.get<t.List<t.PersonLine>>('/me/friends'),
    /** The marks (`by`) of those in a room whom one has blocked. */
    blockSpeaker: (show: string, comment: string) => c.call<{ by: string }>('PUT', `/shows/${at(show)}/comments/${at(comment)}/speaker/block`),
    blockedIn: (show: string) => c.get<{ by: string[] }>(`/shows/${at(show)}/blocked`),
    blockedPeople: () => c.get<t.List<t.PersonLine>>('/me/blocked'),
    privacy: () => c.get<t.Privacy>('/me/privacy'),
    savePrivacy: (p: t.Privacy) => c.put<t.Privacy>('/me/privacy', p),
    /** `target` is the id of the show, product or video, or the slug of the shop. */
    share: (kind: 'show' | 'product' | 'shop' | 'video', target: string) => c.post<{ url: string }>('/shares', { kind, target }),

    quote: (q: t.QuoteRequest) => c.post<t.Quote>('/quotes', q),
    placeOrder: (o: t.OrderRequest) => c.write<t.PlacedOrder>('/orders', o),
    orders: (after?: string) => c.get<t.List<t.Order>>('/orders', { after }),
    order: (id: string) => c.get<t.Order>(`/orders/${at(id)}`),
    cancelOrder: (id: string) => c.write<t.Order>(`/orders/${at(id)}/cancel`, {}),
    orderSlots: (id: string) => c.get<t.List<t.Slot>>(`/orders/${at(id)}/slots`),
    moveOrder: (id: string, slot: string) => c.put<t.Order>(`/orders/${at(id)}/slot`, { slot }),
    orderReceived: (id: string) => c.write<t.Order>(`/orders/${at(id)}/received`, {}),
    transfer: (id: string) => c.get<t.Transfer>(`/orders/${at(id)}/transfer`),
    tellTransfer: (id: string, note: string, proof?: Blob) => {
      const form = new FormData()
      form.append('note', note)
      if (proof) form.append('file', proof, 'proof.jpg')
      return c.post<t.Transfer>(`/orders/${at(id)}/transfer`, form)
    },
    payOrder: (id: string) => c.write<{ pay_url: string }>(`/orders/${at(id)}/pay`, {}),
  }
}
export type Shopper = ReturnType<typeof shopper>
