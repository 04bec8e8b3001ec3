// A small market: one fishmonger on air, one bookshop soon, one replay.
const T0 = process.env.NOW ? Date.parse(process.env.NOW) : Date.now()
const at = (min) => new Date(T0 + min * 60000).toISOString()
const eur = (minor) => ({ minor, currency: 'EUR' })
const img = (name, color = '#cfdde2') => ({ id: `img_${name}`, url: `/img/${name}.svg`, width: 480, height: 480, color })
const kg = { kind: 'weight', unit: 'kg', per: 1000, step: 100, min: 100 }
const piece = { kind: 'piece', unit: 'piece', per: 1, step: 1, min: 1 }
const fresh = { code: 'fresh_exempt', needs_consent: true, text: { en: 'Fresh fish: no return for a change of mind. If something is wrong, I tell the stall within 24 hours and get my money back.', zh: '鲜活商品不支持无理由退货;东西不对,24 小时内告诉摊主,退款。' } }
const sku = (id, minor, available, total, measure = kg, name = {}, price = {}) => ({ id, name, price: { amount: eur(minor), ...price }, measure, available, total })
const card = (id, en, zh, image, ...skus) => ({ id, shop: 'shp_1', title: { en, zh }, image: img(image), skus, sold_out: skus.every((s) => s.available < s.measure.min) })
const goods = [
  card('prd_1', 'Hake, whole', '整条鳕鱼', 'g-hake', sku('sku_1', 1490, 9000, 20000)),
  card('prd_2', 'Brown crab, live', '活面包蟹', 'g-crab', sku('sku_2', 980, 0, 14, piece)),
  card('prd_3', 'Mackerel, line-caught', '手钓鲭鱼', 'g-mackerel', sku('sku_3', 1250, 18000, 40000, kg, { en: 'Whole', zh: '整条' }, { was: eur(1380), was_until: at(-8 * 1440), lowest_30_days: eur(1250) }), sku('sku_3b', 1250, 18000, 40000, kg, { en: 'Cleaned', zh: '杀好' }), sku('sku_3c', 1450, 6000, 10000, kg, { en: 'Filleted', zh: '去骨' })),
  card('prd_4', 'Prawns, raw', '鲜虾', 'g-prawns', sku('sku_4', 1800, 6000, 12000)),
  card('prd_5', 'Red bream', '真鲷', 'g-bream', sku('sku_5', 1640, 11000, 11000)),
  card('prd_6', 'Mussels, rope-grown', '吊养贻贝', 'g-mussels', sku('sku_6', 650, 25000, 25000)),
  card('prd_7', 'Yellow croaker', '黄花鱼', 'g-croaker', sku('sku_7', 1920, 8000, 8000)),
]
const shopCard = { id: 'shp_1', slug: 'marlow', name: { en: 'Marlow’s Fish', zh: '阿珍水产' }, pack: 'fish', stall: '12', color: '#0F5B4A', live: 'shw_live' }
const licence = { legal_name: 'Marlow Fish Ltd', number: 'IE 3217-F', state: 'verified', address: 'Stall 12, Harbour Market', contact: 'hello@marlow.example' }
const shop = { ...shopCard, about: { en: 'Landed every morning at Harbour Quay.', zh: '每天清晨在港口码头上岸。' }, licence, time_zone: 'Europe/Dublin', currency: 'EUR', following: false, followers: 1204, pickup: { address: 'Stall 12, Harbour Market' } }
const others = [
  { id: 'shp_2', slug: 'page', name: { en: 'Page & Spine', zh: '书页书店' }, pack: 'books', color: '#7A4B2A', live: 'shw_book' },
  { id: 'shp_3', slug: 'tarik', name: { en: 'Tarik’s Garage', zh: '塔里克修车' }, pack: 'other', color: '#B4632A' },
  { id: 'shp_4', slug: 'okafor', name: { en: 'Sums, Ms Okafor', zh: '欧老师数学' }, pack: 'course', color: '#3F7FA8' },
]
const me = { id: 'per_1', name: 'Ana R.', email: 'ana@example.org', phone: '085 123 214', locale: 'en', roles: ['operator'], shops: [{ id: 'shp_1', slug: 'marlow', name: shopCard.name, role: 'owner' }], passkeys: 1 }
const market = { name: { en: 'Harbour Market', zh: '港口市集' }, currency: 'EUR', locales: ['en', 'zh'], time_zone: 'Europe/Dublin' }
let person = process.env.ANON ? null : me
const session = () => ({ person, market, outbox: true, viewer: 'vis_1' })
const comment = (id, min, name, text, kind = 'viewer') => ({ id, at: at(min), name, text, kind, person: 'per_9' })
const comments = [
  comment('c0', -4, 'Lena', 'took prawns last week, very good'), comment('c9', -3, 'Ben', 'what size is the bream?'),
  comment('c1', -2, 'Ana', 'is it caught today?'), comment('c2', -1, 'Nell', 'Yes, landed at half past four this morning.', 'host'), comment('c3', 0, 'Yusuf', 'the gills look good and red'),
]
const bag = goods.map((product, i) => ({ number: i + 1, product, explained_at: i < 3 ? [48, 960, 2394][i] : undefined }))
const state = (show, s, over = {}) => ({ version: 3, show, state: s, items: bag.map((b) => ({ number: b.number, product: b.product.id, skus: b.product.skus.map((k) => ({ id: k.id, price: k.price.amount, available: k.available, total: k.total })) })), slow_mode_seconds: 0, comments_off: false, server_time: new Date().toISOString(), delay_hint_seconds: 2, ...over })
const cards = {
  shw_live: { id: 'shw_live', title: { en: 'Evening landing', zh: '傍晚到港' }, state: 'live', shop: shopCard, started_at: at(-42), poster: '/poster/stall.svg.jpg', viewers: 212, duration_seconds: 2528 },
  shw_away: { id: 'shw_away', title: { en: 'Evening landing', zh: '傍晚到港' }, state: 'interrupted', shop: shopCard, started_at: at(-42), poster: '/poster/stall.svg.jpg', viewers: 208, duration_seconds: 2528 },
  shw_book: { id: 'shw_book', title: { en: 'Ten maps, ten stories', zh: '十张地图十个故事' }, state: 'live', shop: others[0], started_at: at(-10), poster: '/poster/bookshop.svg.jpg', viewers: 38, duration_seconds: 600 },
  shw_soon: { id: 'shw_soon', title: { en: 'Fractions with bread', zh: '用面包讲分数' }, state: 'scheduled', shop: others[2], starts_at: at(48), poster: '/poster/classroom.svg.jpg', viewers: 0, duration_seconds: 0 },
  shw_replay: { id: 'shw_replay', title: { en: 'Morning landing', zh: '清晨到港' }, state: 'replay', shop: shopCard, started_at: at(-600), ended_at: at(-540), poster: '/poster/stall.svg.jpg', viewers: 0, duration_seconds: 60 },
}
const chapters = [{ product: 'prd_1', number: 1, title: goods[0].title, from_second: 5, to_second: 20 }, { product: 'prd_3', number: 3, title: goods[2].title, from_second: 25, to_second: 50 }]
const full = (id) => {
  const c = cards[id]
  if (!c) return undefined
  const over = c.state === 'live' ? { pinned: 3, explaining: { number: 3, since: at(-2) } } : c.state === 'interrupted' ? { pinned: 3, since: at(-1) } : {}
  return { ...c, host_name: 'Nell', licence, bag, chapters: c.state === 'replay' ? chapters : [], comments, state_snapshot: state(id, c.state, over), reserved: false, following: false, viewers_total: 486, likes: 341, started_wall: c.started_at, share_url: `/s/${id}`,
    media: c.state === 'replay' ? { replay: `/replay/${id}/index.m3u8` } : c.state === 'live' || c.state === 'interrupted' ? { hls: `/live/${id}/index.m3u8` } : {},
    stream: { state: c.state === 'live' ? 'live' : 'idle', bitrate_kbps: 2400, fps: 30, width: 720, height: 1280, dropped: 0, warnings: [], behind_seconds: 2 } }
}
const slot = (id, min, left) => ({ id, starts_at: at(min), ends_at: at(min + 30), left })
const find = (id) => goods.flatMap((g) => g.skus.map((s) => ({ g, s }))).find((x) => x.s.id === id)
const lineOf = (item) => {
  const { g, s } = find(item.sku)
  return { id: `lin_${item.sku}`, sku: s.id, product: g.id, title: g.title, variant: s.name, image: g.image, quantity: item.quantity, measure: s.measure, unit_price: s.price.amount, total: eur(Math.round((s.price.amount.minor * item.quantity) / s.measure.per)), available: s.available, return_rule: fresh, revision: 'r1' }
}
let quotes = {}
const quote = (q) => {
  const lines = q.items.map(lineOf)
  const kind = q.fulfilment?.kind ?? 'pickup'
  const sum = lines.reduce((n, l) => n + l.total.minor, 0)
  const freight = kind === 'parcel' ? 490 : 0
  const made = { id: 'quo_' + Object.keys(quotes).length, hash: 'h', expires_at: at(10), seller: { shop: shopCard, legal_name: licence.legal_name }, lines, goods: eur(sum), freight: eur(freight), total: eur(sum + freight), fulfilment: { kind, slot: q.fulfilment?.slot },
    fulfilments: [{ kind: 'pickup', label: { en: 'Collect', zh: '自提' }, price: eur(0), slots: [slot('s1', 18, 6), slot('s2', 48, 11), slot('s3', 900, 20)], address: 'Stall 12, Harbour Market' }, { kind: 'parcel', label: { en: 'Deliver', zh: '快递' }, price: eur(490) }],
    payments: [{ code: 'pickup', label: { en: 'At the stall', zh: '到摊付款' } }, { code: 'test', label: { en: 'Card now', zh: '现在刷卡' } }], terms: [{ id: 't1', text: fresh.text, required: true }], show: q.show, show_second: q.show_second }
  quotes[made.id] = made
  return made
}
const events = (...names) => names.map(([event, min, by = 'seller']) => ({ event, at: at(min), by }))
const order = (id, number, stateName, over = {}, items = [{ sku: 'sku_3b', quantity: 1200 }]) => {
  const lines = items.map(lineOf).map((l) => ({ ...l, promise: { show: 'shw_replay', show_title: cards.shw_live.title, at: at(-22), second: 30, product_revision: 'r1', price: l.unit_price, available: 18000, terms: fresh.text, replay: '/shows/shw_replay?t=20' } }))
  const sum = eur(lines.reduce((n, l) => n + l.total.minor, 0))
  return { id, number, state: stateName, pay_state: 'due_at_pickup', placed_at: at(-21), shop: shopCard, seller: { legal_name: licence.legal_name, address: licence.address, contact: licence.contact }, buyer: { name: 'Ana R.', phone: '085 123 214', email: 'ana@example.org' }, lines, goods: sum, freight: eur(0), total: sum, refunded: eur(0),
    fulfilment: { kind: 'pickup', slot: slot('s1', 18), pickup_address: 'Stall 12, Harbour Market', code: '434871' }, payment: { method: 'pickup' }, events: events(['placed', -21, 'buyer'], ...(stateName === 'placed' ? [] : [['ready', -6]])), can: { cancel: stateName === 'placed', pay: false, hand_over: stateName === 'ready', ship: false, ready: stateName === 'placed' }, show: 'shw_live', ...over }
}
const orders = [
  order('ord_1', 'A-1760', 'ready'),
  order('ord_2', 'A-1759', 'placed', { buyer: { name: 'Rosa M.' } }),
  order('ord_3', 'A-1758', 'placed', { buyer: { name: 'Ben S.' }, fulfilment: { kind: 'pickup', slot: slot('s2', 48), pickup_address: 'Stall 12', code: '431120' } }, [{ sku: 'sku_1', quantity: 900 }, { sku: 'sku_6', quantity: 2000 }]),
  order('ord_4', 'A-1750', 'pending_payment', { pay_state: 'pending', pay_until: at(9), payment: { method: 'test', pay_url: '/pay/test' }, can: { cancel: true, pay: true, hand_over: false, ship: false, ready: false } }),
  order('ord_5', 'A-1731', 'completed', { pay_state: 'paid', events: events(['placed', -3000, 'buyer'], ['ready', -2900], ['completed', -2800]) }),
]
const text = (en, zh) => ({ en, zh })
const field = (key, en, zh, over = {}) => ({ key, label: text(en, zh), kind: 'text', required: false, duty: false, ...over })
const pack = (code, icon, en, zh, ready, fields = [], measure = 'piece') => ({ code, icon, name: text(en, zh), example: text('price per kilo, catch time, weight settled at the stall, same-day pickup.', '按公斤计价、捕捞时间、到摊称重、当天自提。'), fields, measure, fulfilments: ['pickup'], return_rule: fresh, ready })
const fishFields = [field('landed', 'Landed', '上岸', { kind: 'time', required: true, duty: true }), field('origin', 'Catch area', '捕捞海域', { required: true, duty: true, help: text('As on the landing note', '与上岸单一致') }), field('method', 'How caught', '捕捞方式', { kind: 'choice', choices: [{ value: 'line', label: text('Line', '手钓') }, { value: 'net', label: text('Net', '网捕') }] }), field('frozen', 'Was frozen', '曾冷冻', { kind: 'bool' })]
const packs = [pack('fish', 't-fish', 'Fish', '水产', true, fishFields, 'weight'), pack('meat', 't-meat', 'Meat', '肉类', true, [], 'weight'), pack('veg', 't-veg', 'Fruit and veg', '果蔬', true, [], 'weight'), pack('books', 't-book', 'Books', '图书', true), pack('course', 't-course', 'Courses', '课程', false), pack('air', 't-air', 'Air con', '空调', false), pack('home', 't-home', 'Appliances', '家电', false), pack('repair', 't-repair', 'Repairs', '维修', false), pack('care', 't-care', 'Cosmetics', '美妆', false), pack('talk', 't-talk', 'Advice', '咨询', false), pack('car', 't-car', 'Cars', '汽车', false), pack('house', 't-house', 'Homes', '房产', false), pack('other', 't-other', 'Something else', '其他', true)]
const product = (id) => {
  const g = goods.find((x) => x.id === id)
  return g && { ...g, shop_card: shopCard, about: text('Caught on hand lines off the west coast, iced on board.', '西海岸手钓,船上即冰。'), pack: 'fish', images: [g.image], facts: [['Landed', '上岸', 'today 04:30, Harbour Quay', '今天 04:30,港口码头'], ['Origin', '产地', 'Celtic Sea, handline', '凯尔特海,手钓'], ['Weight', '规格', '350 to 450 g each, no ice counted', '每条 350–450 克,不计冰'], ['Contains', '过敏原', 'fish', '鱼']].map(([a, b, c, d], i) => ({ key: 'f' + i, label: text(a, b), value: text(c, d) })), return_rule: fresh, revision: 'r1', state: 'live', fields: { origin: 'Celtic Sea', landed: '04:30', method: 'line' } }
}
const rows = goods.flatMap((g) => g.skus.map((s) => ({ sku: s.id, product: g.id, title: g.title, variant: s.name, measure: s.measure, on_hand: s.total, reserved: s.total - s.available, available: s.available, sold_today: s.total - s.available })))
const now = { viewers: 212, viewers_total: 486, orders: 17, reserved: eur(38600), paid: eur(12050), contacts: 9, comments: 88, likes: 341 }
const minutes = Array.from({ length: 43 }, (_, i) => ({ at: at(i - 42), viewers: Math.round(212 * Math.min(1, i / 30) + 15 * Math.sin(i / 3)), orders: [0, 0, 1, 0, 2, 0, 0, 1][i % 8] }))
const notices = [{ id: 'n1', at: at(-6), kind: 'order', title: text('A-1760 is ready to collect', 'A-1760 可以取货了'), body: text('Stall 12, until 18:30', '12 号摊,18:30 前'), url: '/orders/ord_1', read: false }]
const list = (items) => ({ items })

export const opening = () => ({ comments, viewers: 212, likes: 341 })

export function answer(method, path, body, query) {
  const key = `${method} ${path}`
  const part = path.split('/').filter(Boolean)
  switch (key) {
    case 'GET /session': return session()
    case 'POST /auth/codes': return [202, { to: body.to, channel: 'email', expires_at: at(10), resend_after_seconds: 30 }]
    case 'POST /auth/codes/verify': if (body.code === '000000') return [422, { status: 422, code: 'auth.code_wrong', detail: 'Wrong code.' }]; person = { ...me, name: body.name || me.name }; return session()
    case 'POST /auth/sign-out': person = null; return [204, null]
    case 'GET /market': return { live: [cards.shw_live, cards.shw_book], upcoming: [cards.shw_soon], replays: [cards.shw_replay], shops: [shopCard, ...others], products: goods }
    case 'POST /quotes': return [201, quote(body)]
    case 'POST /orders': return [201, { ...orders[1], lines: quotes[body.quote]?.lines ?? [], payment: { method: body.payment, pay_url: body.payment === 'test' ? '/pay/test?order=ord_2' : undefined } }]
    case 'GET /orders': return list(orders)
    case 'POST /shares': return { url: '/s/ab12' }
    case 'GET /me/passkeys': return list([{ id: 'pk1', name: 'Phone', created_at: at(-90000) }])
    case 'GET /me/sessions': return list([{ id: 'd1', device: 'Firefox on Android', ip: '192.0.2.7', created_at: at(-9000), seen_at: at(0), current: true }, { id: 'd2', device: 'Safari on Mac', ip: '192.0.2.9', created_at: at(-90000), seen_at: at(-3000), current: false }])
    case 'GET /me/addresses': return list([{ id: 'a1', name: 'Ana R.', phone: '085 123 214', line1: 'Mill Street 4', postcode: 'D01', city: 'Dublin', country: 'Ireland' }])
    case 'GET /me/notices': return list(notices)
    case 'POST /me/notices/read': return [204, null]
    case 'GET /me/preferences': return { notices: { show_starts: { in_app: true, email: true, push: false }, orders: { in_app: true, email: true, push: true } } }
    case 'GET /packs': return list(packs)
    case 'POST /merchant/shops': return [201, shop]
    case 'GET /operator/overview': return { shops: 14, shows_live: 2, orders_today: 61, paid_today: eur(120450), disk: { free_bytes: 41e9, total_bytes: 80e9, recording_bytes_per_hour: 1.1e9 }, checks: [{ code: 'clock', ok: true, detail: 'in step' }, { code: 'mail', ok: false, detail: 'no mail server is set' }] }
    case 'GET /operator/shops': return list([shop, ...others.map((o) => ({ ...shop, ...o, licence: { ...licence, legal_name: o.name.en, state: 'in_review' } }))])
    case 'GET /operator/orders': return list(orders)
    case 'GET /operator/roles': return list([{ person: 'per_1', name: 'Ana R.', to: 'ana@example.org', role: 'operator' }])
  }
  if (part[0] === 'shops' && part[2] === 'follow') return { following: method === 'PUT', followers: 1205 }
  if (part[0] === 'shops') return { shop, products: goods, live: cards.shw_live, upcoming: [], replays: [cards.shw_replay] }
  if (part[0] === 'products') return product(part[1])
  if (part[0] === 'shows' && part[2] === 'reservation') return { reserved: method === 'PUT' }
  if (part[0] === 'shows' && part[2] === 'comments') return method === 'GET' ? list(comments.map((c, i) => ({ ...c, at: at(-600 + i / 10) }))) : [201, comment('c' + Date.now(), 0, person?.name ?? 'You', body.text)]
  if (part[0] === 'shows') return full(part[1])
  if (part[0] === 'orders' && part[2]) return part[2] === 'pay' ? { pay_url: '/pay/test' } : orders.find((o) => o.id === part[1])
  if (part[0] === 'orders') return orders.find((o) => o.id === part[1])
  if (part[0] === 'unsubscribe') return { kind: 'show_starts', channel: 'email' }
  if (part[0] === 'operator') return orders.find((o) => o.id === part[2]) ?? shop
  if (part[0] === 'merchant') return merchant(method, part.slice(3), body, query)
  return undefined
}

function merchant(method, [what, id, act, sub], body) {
  const get = method === 'GET'
  switch (what) {
    case undefined: return shop
    case 'checklist': return list(['shop', 'products', 'fulfilment', 'licence', 'show', 'practice'].map((code, i) => ({ code, done: i < 3 })))
    case 'images': return [201, img('g-crab')]
    case 'products': return id ? { ...product(id), ...(get ? {} : body) } : get ? list(goods.map((g) => product(g.id))) : [201, product('prd_3')]
    case 'stock': return get ? list(rows) : { ...rows.find((r) => r.sku === body.sku), available: body.set ?? 0, on_hand: body.set ?? 0 }
    case 'fulfilment': return get ? { pickup: { enabled: true, address: 'Stall 12, Harbour Market', days: [1, 2, 3, 4, 5].map((weekday) => ({ weekday, from: '17:00', to: '19:00', slot_minutes: 30, capacity: 12 })) }, parcel: { enabled: false, price_minor: 490 } } : body
    case 'staff': return get ? list([{ person: 'per_1', name: 'Ana R.', to: 'ana@example.org', role: 'owner' }, { person: 'per_2', name: 'Nell', to: 'nell@example.org', role: 'controller' }]) : [201, { person: 'per_3', name: body.to, role: body.role }]
    case 'stream-key': return id ? { rtmp_url: 'rtmp://localhost:1935/live', key: 'shp_1.s3cret-key-shown-once', whip_url: 'http://localhost:8080/whip/shw_live' } : { exists: true, created_at: at(-9000), hint: '…x7Qf' }
    case 'orders': return !id ? list(orders) : id === 'hand-over' ? { ...orders[0], state: 'completed' } : (orders.find((o) => o.id === id) ?? orders[0])
    case 'contacts': return list([{ id: 'con_1', name: 'Ana R.', email: 'ana@example.org', phone: '085 123 214', sources: [{ kind: 'order', at: at(-21), show: 'shw_live' }], orders: 4, spent: eur(6120), consent: { marketing: true, at: at(-9000), text: 'Tell me about offers' }, last_seen_at: at(-21) }, { id: 'con_2', name: 'Rosa M.', email: 'rosa@example.org', sources: [{ kind: 'follow', at: at(-200) }], orders: 1, spent: eur(1500), consent: { marketing: false }, last_seen_at: at(-40) }])
    case 'figures': return { days: Array.from({ length: 14 }, (_, i) => ({ day: at(-1440 * (13 - i)).slice(0, 10), orders: 4 + ((i * 7) % 11), paid: eur(8000 + ((i * 3571) % 20000)), viewers: 120 + ((i * 53) % 200) })), totals: { orders: 121, paid: eur(241800), viewers: 2400 } }
    case 'shows':
      if (!id) return get ? list(Object.values(cards).filter((c) => c.shop.id === 'shp_1')) : [201, { ...full('shw_soon'), id: 'shw_soon', title: body.title, shop: shopCard }]
      if (act === 'figures') return { now, minutes, chapters: [{ ...chapters[0], from_second: 240, to_second: 900 }, { ...chapters[1], number: 2, from_second: 960, to_second: 1860 }, { ...chapters[1], from_second: 2394 }] }
      if (act === 'comments') return get ? list(comments) : method === 'DELETE' || sub ? [204, null] : [201, comment('h' + Date.now(), 0, 'Nell', body.text, 'host')]
      if (act === 'publish-ticket') return { whip_url: `/whip/${id}`, token: 'dev' }
      if (act === 'quick-listing') return [201, { number: 8, product: goods[1] }]
      if (act === 'pick-list') return { slots: [{ slot: slot('s1', 18), orders: orders.slice(0, 2) }, { slot: slot('s2', 48), orders: [orders[2]] }], totals: [{ title: goods[2].title, variant: text('Cleaned', '杀好'), quantity: 2400, measure: kg }, { title: goods[0].title, variant: {}, quantity: 900, measure: kg }] }
      if (act === 'pin' || act === 'explain' || act === 'room') return { ...full(id).state_snapshot, version: Date.now(), ...(act === 'pin' ? { pinned: body.number } : act === 'explain' ? { explaining: body.number && { number: body.number, since: at(0) } } : body) }
      if (act === 'mutes') return [204, null]
      return full(id)
  }
  return undefined
}
