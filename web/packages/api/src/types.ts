/** The shapes that cross `/v1`, as the server writes them. Instants are RFC 3339 in UTC, money is in minor units. */

/** Words of a seller by language: `{"en": "Mackerel", "zh": "鲭鱼"}`. */
export type Text = Record<string, string>
/** A sum in the smallest unit of an ISO 4217 currency. */
export type Money = { minor: number; currency: string }
export type Instant = string
/** `color` is the mean colour shown while the picture loads; `url` takes `?w=160|480|960`. */
export type Image = { id: string; url: string; width: number; height: number; color: string }

export type ShopRole = 'owner' | 'controller' | 'service'
export type MyShop = { id: string; slug: string; name: Text; role: ShopRole }
export type Person = {
  id: string
  name: string
  email?: string
  phone?: string
  locale: string
  roles: ('operator' | 'moderator')[]
  shops: MyShop[]
  passkeys: number
}
export type Market = { name: Text; currency: string; locales: string[]; time_zone: string }
export type SessionInfo = { person: Person | null; market: Market; push_key?: string; outbox: boolean; viewer: string }
export type CodeSent = { to: string; channel: 'email' | 'sms'; expires_at: Instant; resend_after_seconds: number }

export type ShopCard = {
  id: string
  slug: string
  name: Text
  pack: string
  stall?: string
  color: string
  avatar?: Image
  /** The id of the show that is live now. */
  live?: string
}
export type Licence = {
  legal_name: string
  number: string
  state: 'none' | 'in_review' | 'verified'
  address: string
  contact: string
}
export type Shop = ShopCard & {
  about: Text
  licence: Licence
  time_zone: string
  currency: string
  following: boolean
  followers: number
  pickup?: { address: string }
  cover?: Image
}

/** The price is for `per` quantity units: 1 piece, or 1000 grams. `step` and `min` are quantity units too. */
export type Measure = { kind: 'piece' | 'weight'; unit: 'piece' | 'kg'; per: number; step: number; min: number }
export type Price = { amount: Money; was?: Money; was_until?: Instant; lowest_30_days?: Money }
/** `available` is what can still be sold and `total` what was put up for sale, both in quantity units. */
export type Sku = { id: string; name: Text; price: Price; measure: Measure; available: number; total: number }
export type Fact = { key: string; label: Text; value: Text }
export type ReturnRule = { code: 'normal' | 'fresh_exempt'; text: Text; needs_consent: boolean }
export type ProductCard = { id: string; shop: string; title: Text; image?: Image; skus: Sku[]; sold_out: boolean }
export type ProductState = 'draft' | 'live' | 'hidden'
export type Product = ProductCard & {
  shop_card: ShopCard
  about: Text
  pack: string
  facts: Fact[]
  images: Image[]
  return_rule: ReturnRule
  revision: string
  state: ProductState
  /** Pack fields as the seller entered them, and the measure of all variants; merchant answers only. */
  fields?: Record<string, string>
  measure?: Measure
}

export type ShowState = 'draft' | 'scheduled' | 'practice' | 'live' | 'interrupted' | 'ended' | 'replay' | 'cancelled'
export type ShowCard = {
  id: string
  title: Text
  state: ShowState
  shop: ShopCard
  starts_at?: Instant
  started_at?: Instant
  ended_at?: Instant
  poster?: string
  viewers: number
  duration_seconds: number
}
export type BagItem = { number: number; product: ProductCard; set_aside?: number; explained_at?: number }
export type Chapter = { product: string; number: number; title: Text; from_second: number; to_second?: number }
/** Whole and versioned: a client ignores any with a lower version than the one it holds. */
export type RoomState = {
  version: number
  show: string
  state: ShowState
  /** Since when the line is gone, while interrupted. */
  since?: Instant
  pinned?: number | null
  explaining?: { number: number; since: Instant } | null
  items: { number: number; product: string; skus: { id: string; price: Money; available: number; total: number }[] }[]
  slow_mode_seconds: number
  comments_off: boolean
  server_time: Instant
  delay_hint_seconds: number
}
export type Comment = {
  id: string
  at: Instant
  name: string
  text: string
  kind: 'viewer' | 'host' | 'buyer' | 'system'
  person?: string
  mine?: boolean
  /** Second of the show. */
  second?: number
}
/** What happened in a room since the last tick; an absent key says nothing new. */
export type RoomFrame = {
  n: number
  t: Instant
  chat?: Comment[]
  likes?: number
  viewers?: number
  viewers_total?: number
  orders?: { name?: string; number: number }[]
  more_orders?: number
  del?: string[]
  pinned_comment?: Comment | null
}
export type Show = ShowCard & {
  host_name: string
  licence: Licence
  bag: BagItem[]
  chapters: Chapter[]
  state_snapshot: RoomState
  comments: Comment[]
  media: { hls?: string; replay?: string }
  reserved: boolean
  following: boolean
  viewers_total: number
  likes: number
  started_wall?: Instant
  share_url: string
}

export type Slot = { id: string; starts_at: Instant; ends_at: Instant; left?: number }
export type FulfilmentOption = {
  kind: 'pickup' | 'parcel'
  label: Text
  price: Money
  free_from?: Money
  slots?: Slot[]
  address?: string
}
export type PaymentMethod = { code: string; label: Text }
export type Address = {
  id?: string
  name: string
  phone: string
  line1: string
  line2?: string
  postcode: string
  city: string
  country: string
}
export type QuoteLine = {
  sku: string
  product: string
  title: Text
  variant: Text
  image?: Image
  quantity: number
  measure: Measure
  unit_price: Money
  total: Money
  available: number
  return_rule: ReturnRule
  revision: string
}
export type Quote = {
  id: string
  hash: string
  expires_at: Instant
  seller: { shop: ShopCard; legal_name: string }
  lines: QuoteLine[]
  goods: Money
  freight: Money
  total: Money
  fulfilment: { kind: string; slot?: string; address?: Address }
  fulfilments: FulfilmentOption[]
  payments: PaymentMethod[]
  terms: { id: string; text: Text; required: boolean }[]
  show?: string
  show_second?: number
  changed?: { line: string; from: Money; to: Money }[]
}
export type QuoteRequest = {
  items: { sku: string; quantity: number }[]
  fulfilment?: { kind: string; slot?: string; address?: Address }
  show?: string
  /** The second of the replay on screen; in a live show the server knows it. */
  second?: number
  expected?: Record<string, number>
}
export type OrderRequest = {
  quote: string
  hash: string
  payment: string
  contact: { name: string; phone?: string }
  consents: string[]
}

export type OrderState =
  | 'pending_payment'
  | 'placed'
  | 'ready'
  | 'shipped'
  | 'completed'
  | 'cancelled'
  | 'expired'
  | 'refunded'
export type PayState = 'none' | 'due_at_pickup' | 'pending' | 'paid' | 'refunding' | 'refunded' | 'failed'
/** What the buyer saw: the second of the show, the price, the stock and the terms. */
export type ShownPromise = {
  show: string
  show_title: Text
  at: Instant
  second: number
  product_revision: string
  price: Money
  available: number
  terms: Text
  replay?: string
}
export type OrderLine = QuoteLine & { id: string; promise?: ShownPromise }
export type OrderEvent = {
  at: Instant
  event: string
  by: 'buyer' | 'seller' | 'system' | 'provider' | 'operator'
  note?: string
}
export type Order = {
  id: string
  number: string
  state: OrderState
  pay_state: PayState
  placed_at: Instant
  pay_until?: Instant
  shop: ShopCard
  seller: { legal_name: string; address: string; contact: string }
  buyer: { name: string; email?: string; phone?: string }
  lines: OrderLine[]
  goods: Money
  freight: Money
  total: Money
  refunded: Money
  fulfilment: {
    kind: string
    slot?: Slot
    address?: Address
    pickup_address?: string
    /** The hand-over code; the buyer's eyes only. */
    code?: string
    tracking?: string
  }
  payment: { method: string; label?: Text; pay_url?: string }
  events: OrderEvent[]
  can: { cancel: boolean; pay: boolean; hand_over: boolean; ship: boolean; ready: boolean; receive?: boolean }
  show?: string
  source?: string
  completes_at?: Instant
}

export type Notice = { id: string; at: Instant; kind: string; title: Text; body: Text; url: string; read: boolean }
export type Channels = { in_app: boolean; email: boolean; push: boolean }
export type Preferences = { notices: Record<string, Channels> }
export type SignedInDevice = {
  id: string
  device: string
  ip: string
  created_at: Instant
  seen_at: Instant
  current: boolean
}
export type Passkey = { id: string; name: string; created_at: Instant; used_at?: Instant }
export type MarketHome = {
  live: ShowCard[]
  upcoming: ShowCard[]
  replays: ShowCard[]
  shops: ShopCard[]
  products: ProductCard[]
}
export type ShopPage = { shop: Shop; products: ProductCard[]; live?: ShowCard; upcoming: ShowCard[]; replays: ShowCard[] }
export type List<T> = { items: T[]; next?: string }

export type PackField = {
  key: string
  label: Text
  kind: 'text' | 'choice' | 'number' | 'date' | 'time' | 'bool'
  choices?: { value: string; label: Text }[]
  required: boolean
  unit?: Text
  help?: Text
  duty: boolean
}
export type Pack = {
  code: string
  name: Text
  icon: string
  example: Text
  fields: PackField[]
  measure: 'piece' | 'weight'
  fulfilments: string[]
  return_rule: ReturnRule
  ready: boolean
}
export type ProductDraft = {
  title: Text
  about: Text
  fields: Record<string, string>
  measure: 'piece' | 'weight'
  skus: { id?: string; name: Text; price_minor: number; stock?: number }[]
  images: string[]
  state: ProductState
}
export type StockRow = {
  sku: string
  product: string
  title: Text
  variant: Text
  measure: Measure
  on_hand: number
  reserved: number
  available: number
  sold_today: number
}
export type StockMovement = {
  sku: string
  set?: number
  add?: number
  reason: 'landed' | 'count' | 'waste' | 'return'
}
export type PickupDay = { weekday: number; from: string; to: string; slot_minutes: number; capacity: number }
export type Fulfilment = {
  pickup: { enabled: boolean; address: string; days: PickupDay[] }
  parcel: { enabled: boolean; price_minor: number; free_from_minor?: number }
}
export type Staff = { person: string; name: string; to?: string; role: ShopRole }
export type StreamKey = { exists: boolean; created_at?: Instant; hint?: string; rtmp_url?: string; whip_url?: string }
/** The key itself is in the answer to a rotation only. */
export type NewStreamKey = { rtmp_url: string; key: string; whip_url: string }
export type StreamHealth = {
  state: 'idle' | 'live' | 'away'
  bitrate_kbps: number
  fps: number
  width: number
  height: number
  dropped: number
  warnings: string[]
  behind_seconds: number
}
export type MerchantShow = Show & { stream: StreamHealth }
export type Figures = {
  viewers: number
  viewers_total: number
  orders: number
  reserved: Money
  paid: Money
  contacts?: number
  comments: number
  likes: number
}
export type ShowFigures = {
  now: Figures
  minutes: { at: Instant; viewers: number; orders: number }[]
  chapters: Chapter[]
}
export type PickList = {
  slots: { slot?: Slot; orders: Order[] }[]
  totals: { title: Text; variant: Text; image?: Image; quantity: number; measure: Measure }[]
}
export type Contact = {
  id: string
  name: string
  email?: string
  phone?: string
  sources: { kind: 'order' | 'follow' | 'reservation'; at: Instant; show?: string; share?: string }[]
  orders: number
  spent: Money
  consent: { marketing: boolean; at?: Instant; text?: string }
  last_seen_at: Instant
}
export type ShopFigures = {
  days: { day: string; orders: number; paid: Money }[]
  totals: { orders: number; paid: Money }
}
export type Check = { code: string; ok: boolean; detail: string }
export type OperatorOverview = {
  shops: number
  shows_live: number
  orders_today: number
  paid_today: Money
  disk: { free_bytes: number; total_bytes: number; recording_bytes_per_hour: number }
  checks: Check[]
}
export type RoleHolder = { id: string; name: string; to: string; operator: boolean; moderator: boolean }
/** What a link in a message ends: one kind of message on one channel. */
export type StopInfo = { kind: string; channel: string }

/** RFC 9457, with a stable `code` the apps translate. */
export type Problem = {
  type?: string
  title?: string
  status: number
  detail?: string
  code?: string
  request_id?: string
  errors?: { location?: string; message: string }[]
}
