import type { components } from './schema'

/**
 * The shapes that cross `/v1`, by the names the apps use. They come from the document of the API; what crosses the
 * socket, and what the apps make of two shapes, is written here. Instants are RFC 3339 in UTC, money is in minor units.
 */
type Schemas = components['schemas']

/** Words of a seller by language: `{"en": "Mackerel", "zh": "鲭鱼"}`. */
export type Text = Record<string, string>
/** A sum in the smallest unit of an ISO 4217 currency. */
export type Money = Schemas['MoneyAmount']
export type Instant = string
/** `color` is the mean colour shown while the picture loads; `url` takes `?w=160|480|960`. */
export type Image = Schemas['ShelfImage']

export type ShopRole = MyShop['role']
export type MyShop = Schemas['AccountShopRole']
export type Person = Schemas['AccountPerson']
export type Market = Schemas['AccountMarket']
export type SessionInfo = Schemas['AccountSessionInfo']
export type CodeSent = Schemas['AccountSentCode']

export type ShopCard = Schemas['ShelfShopCard']
export type Licence = Schemas['ShopLicence']
export type Shop = Schemas['ShowShopView']

/** The price is for `per` quantity units: 1 piece, or 1000 grams. `step` and `min` are quantity units too. */
export type Measure = Schemas['ShelfMeasure']
export type Price = Schemas['ShelfPrice']
/** `available` is what can still be sold and `total` what was put up for sale, both in quantity units. */
export type Sku = Schemas['ShelfSKU']
export type Fact = Schemas['ShopFact']
export type ReturnRule = Schemas['ShopReturnRule']
export type ProductCard = Schemas['ShelfCard']
export type ProductState = Schemas['StockProductForm']['state']
/** `fields` and `measure` are told to its merchant only. */
export type Product = Schemas['ShelfProduct'] & Partial<Pick<Schemas['StockMerchantProduct'], 'fields' | 'measure' | 'freight' | 'grams' | 'tax'>>

export type ShowState = ShowCard['state']
export type ShowCard = Schemas['ShowCard']
export type BagItem = Schemas['ShowBagItem']
export type Chapter = Schemas['ShowChapter']
/** Whole and versioned: a client ignores any with a lower version than the one it holds. */
export type RoomState = Schemas['RoomState']
export type GoodsFileReport = Schemas['GoodsfileReport']
export type Comment = Schemas['ChatView']
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
export type Show = Schemas['ShowView']

export type Video = Schemas['VideoView']
/** A handful of items of Discover, and how far the session is. */
export type DiscoverPage = Schemas['FeedSheetVideoView']
export type DiscoverItem = Schemas['FeedItemVideoView']
export type DiscoverReason = Schemas['FeedReason']
export type DiscoverSettings = Schemas['FeedSettings']
export type DiscoverHow = Schemas['FeedHow']
export type FairnessDay = Schemas['FeedFairness']
export type Mutes = Schemas['FeedMutes']
export type ReportReason = Schemas['ComplainInputBody']['reason']
export type DiscoverOverview = Schemas['FeedOverview']
/** A video with the friends who liked or shared it. */
export type FromFriends = Schemas['VideoFromFriends']
/** A person as others see them, and how one stands to them. */
export type OtherPerson = Schemas['SocialPerson']
export type Stance = Schemas['SocialStance']
/** One line of what a search finds; `url` is the path of its page. */
export type Found = Schemas['AppFound']
/** What a friend sent; `url` is the sender's link. */
export type Letter = Schemas['VideoLetter']
export type FriendGroup = Schemas['SocialGroup']
export type PersonLine = Schemas['SocialPersonLine']
export type Privacy = Schemas['SocialPrivacy']
/** A series with its parts, and one in a list. */
export type Series = Schemas['VideoSeriesView']
export type SeriesCard = Schemas['VideoSeriesCard']
export type VideoComment = Schemas['VideoComment']
/** A video as its shop sees it: with its state, and why a file could not be used. */
export type MerchantVideo = Schemas['VideoMerchantView']
/** Changes to what a shop says of a video; what is missing stays. */
export type VideoChange = Schemas['VideoChange']
/** An upload that is finished, and what is said of the video made of it. */
export type VideoPost = Schemas['VideoPosting']
/** A part of a show, and what is said of the video made of it. */
export type Clipping = Schemas['VideoClipping']

export type Slot = Schemas['ShopSlot']
export type FulfilmentOption = Schemas['OrderWay']
export type PaymentMethod = Schemas['OrderPayWay']
export type Address = Schemas['AccountAddress']
export type QuoteLine = Schemas['OrderQuoteLine']
export type Quote = Schemas['OrderQuote']
export type QuoteRequest = Schemas['QuoteInputBody']
export type OrderRequest = Schemas['PlaceInputBody']

export type OrderState = Schemas['OrderView']['state']
export type PayState = Schemas['OrderView']['pay_state']
/** What the buyer saw: the second of the show, the price, the stock and the terms. */
export type ShownPromise = Schemas['OrderPromise']
export type OrderLine = Schemas['OrderLine']
export type OrderEvent = Schemas['OrderEvent']
/** What somebody put into their cart. */
export type CartLine = Schemas['CartLine']
export type CartPosition = Schemas['CartPosition']
/** A cart as it stands now, one order for each seller. */
export type Cart = Schemas['CartView']
/** What a coupon gives and asks for. */
export type CouponTerms = Schemas['PromoTerms']
/** A coupon of a buyer. */
export type Coupon = Schemas['PromoCoupon']
/** A coupon as its shop sees it. */
export type ShopCoupon = Schemas['PromoMade']
export type CouponDraft = Schemas['PromoCouponForm']
/** What a shop takes off by itself, and what is missing for more. */
export type Promotion = Schemas['PromoRunning']
export type PromotionHint = Schemas['PromoHint']
/** A promotion as its shop sees it. */
export type ShopPromotion = Schemas['Promotion']
export type PromotionDraft = Schemas['PromotionForm']
/** What is sold to groups: size or ladder, price and time. */
export type GroupTerms = Schemas['GroupbuyTerms']
export type GroupOffered = Schemas['GroupbuyOffered']
/** A group that buys together, and its page. */
export type GroupBuy = Schemas['GroupbuyGroup']
export type GroupPage = Schemas['GroupbuyWhole']
/** What a shop sells to groups, as it sees it. */
export type ShopGroupOffer = Schemas['GroupbuyMade']
export type GroupOfferDraft = Schemas['GroupbuyOfferForm']
/** A coupon held against an offer. */
export type CouponChoice = Schemas['OrderCouponChoice']
/** A price for a while in a room. */
export type RoomFlash = Schemas['RoomFlash']
export type FlashDraft = Schemas['PromoFlashForm']
/** Pieces that go to who writes a keyword. */
export type RoomClaim = Schemas['RoomClaim']
/** What a comment has claimed, for its person. */
export type Claim = Schemas['ClaimMine']
export type ClaimCall = Schemas['ClaimCall']
export type ClaimCallDraft = Schemas['ClaimCallForm']
/** A coupon that is handed out in a room. */
export type RoomCoupon = Schemas['RoomCoupon']
export type PlacedOrder = Schemas['OrderPlaced']
export type Order = Schemas['OrderView']
export type Parcel = Schemas['OrderParcel']
export type Carrier = Schemas['OrderCarrierView']
export type ParcelDraft = { carrier: string; number?: string; lines: { line: string; quantity: number }[] }

/** What can be asked for with an order, and what is being settled. */
export type OrderProblem = Schemas['AftersaleProblem']
export type CaseLine = Schemas['AftersaleCaseLine']
export type Deal = Schemas['AftersaleDealInput']
export type DealKind = Deal['kind']
export type DealView = Schemas['AftersaleDealView']
export type Case = Omit<Schemas['AftersaleView'], 'can'> & { can: CaseEvent[] }
export type CaseEvent = Schemas['AftersaleStepView']['event']
export type CaseReason = Case['reason']
export type CaseRequest = Schemas['FileInputBody']
export type CaseStep = Schemas['StepInputBody']
export type ShopCaseStep = Schemas['ShopStepInputBody']
export type CaseDecision = Schemas['DecideInputBody']
export type CaseQueue = { items: Case[]; waiting: number }

/** What a buyer says of goods, and what was said of a product or a shop. */
export type Review = Schemas['ReviewView']
export type Reviews = Schemas['ReviewSheet']
export type ReviewSummary = Schemas['ReviewSummary']
export type OwnReview = Schemas['ReviewOwnReview']
export type ReviewDraft = { stars: number; words?: string; photos?: string[] }

export type Notice = Schemas['NoticeView']
export type Channels = Schemas['NoticeChannels']
export type Preferences = { notices: Record<string, Channels> }
export type SignedInDevice = Schemas['AccountSessionView']
export type Passkey = Schemas['AccountPasskeyView']
export type MarketHome = Schemas['ShowMarketView']
export type ShopPage = Schemas['ShowShopPage']
export type List<T> = { items: T[]; next?: string }

export type PackField = Schemas['ShopField']
export type Pack = Schemas['ShopPack']
export type ProductDraft = {
  title: Text
  about: Text
  fields: Record<string, string>
  measure: 'piece' | 'weight'
  skus: { id?: string; name: Text; price_minor: number; stock?: number; grams?: number }[]
  images: string[]
  state: ProductState
  freight?: string
  tax?: string
}
export type StockRow = Schemas['StockRow']
export type StockMovement = Schemas['MoveInputBody']
export type PickupDay = Schemas['ShopDay']
/** How an offer or an order is taxed. */
export type Tax = Schemas['OrderTaxView']
export type TaxRates = Schemas['TaxRates']
export type ShopTax = Schemas['ShopTax']
export type Fulfilment = Schemas['ShopFulfilment']
/** A way to charge for sending; goods name the one they go by. */
export type FreightTemplate = Schemas['ShopTemplate']
export type FreightZone = Schemas['ShopZone']
export type FreightRule = Schemas['ShopRule']
/** What the market takes: `ppm` of the goods, and a fixed sum per order. */
export type FeeTable = Schemas['SettleFeeTable']
export type Fees = Schemas['SettleFeesView']
export type FeeDraft = { from?: Instant; ppm: number; fixed_minor: number; packs: { pack: string; ppm: number }[]; note: string }
export type ShopMoney = Schemas['SettleMoneyView']
export type Payout = Schemas['SettlePayout']
export type PayoutAccount = Schemas['SettleAccount']
export type MoneyHold = Schemas['SettleHold']
export type Settlement = Schemas['SettlementView']
export type Statement = Schemas['SettleStatementView']
export type ShopPayout = Schemas['SettleShopPayout']
export type PayoutQueue = Schemas['SettleQueueView']
export type FailedRefund = Schemas['PaymentFailedRefund']
/** How a shop takes bank transfers. */
export type TransferAccount = Schemas['TransferAccount']
/** The number of a shop at WeChat Pay. */
export type WechatMerchant = Schemas['WechatpayMerchant']
export type WechatShop = Schemas['WechatpayShopMerchant']
/** The bank transfer that an order is paid by. */
export type Transfer = Schemas['TransferView']
export type Staff = Schemas['ShopMember']
/** The key itself is in the answer to a rotation only. */
export type StreamKey = Schemas['ShowKeyView']
export type StreamHealth = Schemas['ShowStats']
export type MerchantShow = Schemas['ShowStage']
export type Figures = Schemas['ShowFigures']
export type ShowFigures = Schemas['ShowFiguresView']
export type PickList = Schemas['OrderPickList']
export type Contact = Schemas['CrmContactView']
/** What one is asked who is interested in what is not bought with a tap. */
export type LeadForm = Schemas['LeadFormView']
export type LeadDraft = Schemas['LeaveLeadInputBody']
/** What I asked a shop. */
export type MyLead = Schemas['LeadMyLead']
/** The same as the shop sees it. */
export type Lead = Schemas['LeadView']
export type WholeLead = Schemas['LeadWholeView']
export type LeadList = Schemas['LeadListView']
export type LeadStep = Schemas['LeadStepInputBody']
export type ShopFigures = Schemas['ShowDaysView']
export type Check = Schemas['AppCheck']
export type OperatorOverview = Schemas['AppOverview']
export type RoleHolder = Schemas['AccountRoleView']
/** What a link in a message ends: one kind of message on one channel. */
export type StopInfo = Schemas['NoticeStopView']
/** A shop that may write to me about other things than orders. */
export type ShopMessages = Schemas['CrmAgreedView']
export type ShopStop = Schemas['CrmStopView']

/** RFC 9457, with a stable `code`; `detail` is in the reader's language. */
export type Problem = {
  type?: string
  title?: string
  status: number
  detail?: string
  code?: string
  request_id?: string
  errors?: { location?: string; message: string }[]
}

/** A lesson as everybody sees it, opened, and as its shop sees it. */
export type Lesson = Schemas['CourseLesson']
export type LessonPlay = Schemas['CourseLessonPlay']
export type TaughtLesson = Schemas['CourseTaught']
export type Syllabus = Schemas['CourseSyllabus']
export type Course = Schemas['Course']
export type CourseLesson = Schemas['CourseLearning']
export type Learner = Schemas['CourseLearner']
/** A part of a film, in milliseconds. */
export type Span = Schemas['CourseSpan']
export type LessonFilmSource = Schemas['LessonFilmInputBody']
export type LessonChange = Schemas['SetLessonInputBody']
