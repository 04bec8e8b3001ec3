-- The whole schema, as SQLite has it. Generated; see tools/gendocs.

CREATE INDEX address_person ON address (person);

CREATE INDEX bus_delivery_key ON bus_delivery (subscriber, event_key, seq) WHERE NOT parked;

CREATE INDEX bus_delivery_next ON bus_delivery (subscriber, seq) WHERE NOT parked;

CREATE INDEX bus_delivery_parked ON bus_delivery (created_at) WHERE parked;

CREATE INDEX chat_comment_newest ON chat_comment (show, created_at, id);

CREATE INDEX chat_comment_second ON chat_comment (show, second, id) WHERE state = 'shown';

CREATE INDEX chat_turn_age ON chat_turn (at);

CREATE INDEX crm_consent_contact ON crm_consent (contact, at, id);

CREATE INDEX crm_contact_list ON crm_contact (shop, seen_at, id);

CREATE INDEX crm_contact_marketing ON crm_contact (person) WHERE marketing;

CREATE INDEX crm_order_contact ON crm_order (contact);

CREATE INDEX feed_page_at ON feed_page (at);

CREATE INDEX feed_page_viewer ON feed_page (viewer, at);

CREATE INDEX feed_time_viewer ON feed_time (viewer, day);

CREATE INDEX feed_video_changed ON feed_video (changed_at);

CREATE INDEX feed_video_day ON feed_video (day);

CREATE INDEX feed_video_frozen ON feed_video (changed_at) WHERE state IN ('frozen', 'hidden');

CREATE INDEX job_dead ON job (created_at, id) WHERE state = 'dead';

CREATE INDEX job_due ON job (due_at, id) WHERE state <> 'dead';

CREATE INDEX mail_outbox_newest ON mail_outbox (created_at, id);

CREATE INDEX member_person ON member (person);

CREATE INDEX notice_age ON notice (created_at);

CREATE INDEX notice_list ON notice (person, created_at, id) WHERE in_app;

CREATE INDEX notice_push_person ON notice_push (person, created_at);

CREATE INDEX orders_buyer ON orders (buyer, placed_at, id);

CREATE INDEX orders_done ON orders (completes_at) WHERE completes_at > 0;

CREATE INDEX orders_shop ON orders (shop, placed_at, id);

CREATE INDEX orders_show ON orders (show_id, buyer) WHERE show_id <> '';

CREATE INDEX orders_unpaid ON orders (pay_until) WHERE state = 'pending_payment';

CREATE INDEX passkey_person ON passkey (person);

CREATE INDEX product_revision_product ON product_revision (product);

CREATE INDEX product_shop ON product (shop, created_at, id);

CREATE INDEX refund_order ON refund (order_id);

CREATE INDEX room_figures_age ON room_figures (counted_at);

CREATE INDEX session_person ON session (person);

CREATE INDEX shop_created ON shop (created_at, id);

CREATE INDEX show_reservation_person ON show_reservation (person);

CREATE INDEX shows_shop ON shows (shop, created_at, id);

CREATE INDEX shows_state ON shows (state, starts_at);

CREATE INDEX sku_product ON sku (product, position);

CREATE INDEX social_click_age ON social_click (at);

CREATE INDEX social_follow_shop ON social_follow (shop, person);

CREATE INDEX social_group_member_person ON social_group_member (person, grp);

CREATE INDEX social_letter_order ON social_letter (recipient, created_at, id);

CREATE INDEX social_share_sharer ON social_share (sharer, kind, created_at);

CREATE INDEX social_tie_other ON social_tie (other, person);

CREATE INDEX stock_item_shop ON stock_item (shop);

CREATE INDEX stock_movement_sku ON stock_movement (sku, bucket, at);

CREATE INDEX video_comment_order ON video_comment (video, parent, created_at, id);

CREATE INDEX video_comment_person ON video_comment (person, created_at);

CREATE INDEX video_favourite_order ON video_favourite (person, created_at, video);

CREATE INDEX video_favourite_video ON video_favourite (video);

CREATE INDEX video_like_person ON video_like (person, created_at);

CREATE INDEX video_part_series ON video_part (series, position);

CREATE INDEX video_public ON video (published_at, id) WHERE state = 'published';

CREATE INDEX video_series_shop ON video_series (shop, created_at, id);

CREATE INDEX video_shop ON video (shop, created_at, id);

CREATE INDEX video_shop_public ON video (shop, published_at, id) WHERE state = 'published';

CREATE INDEX video_topic_video ON video_topic (video);

CREATE TABLE address (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES person (id),
	name       TEXT NOT NULL,
	phone      TEXT NOT NULL,
	line1      TEXT NOT NULL,
	line2      TEXT NOT NULL,
	postcode   TEXT NOT NULL,
	city       TEXT NOT NULL,
	country    TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE bag_item (
	show_id   TEXT NOT NULL REFERENCES shows (id),
	number    BIGINT NOT NULL,
	product   TEXT NOT NULL,
	set_aside BIGINT NOT NULL,
	PRIMARY KEY (show_id, number)
);

CREATE TABLE bus_delivery (
  id         TEXT NOT NULL, -- of the event
  subscriber TEXT NOT NULL,
  seq        BIGINT NOT NULL,
  topic      TEXT NOT NULL,
  event_key  TEXT NOT NULL,
  payload    TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  due_at     BIGINT NOT NULL,
  attempt    BIGINT NOT NULL DEFAULT 0,
  parked     BOOLEAN NOT NULL DEFAULT FALSE,
  last_error TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (id, subscriber)
);

CREATE TABLE bus_lease (
  subscriber TEXT PRIMARY KEY,
  owner      TEXT NOT NULL,
  until_at   BIGINT NOT NULL
);

CREATE TABLE capture (
	intent       TEXT PRIMARY KEY REFERENCES payment_intent (id),
	provider     TEXT NOT NULL,
	provider_ref TEXT NOT NULL,
	amount       BIGINT NOT NULL,
	at           BIGINT NOT NULL,
	UNIQUE (provider, provider_ref)
);

CREATE TABLE chapter (
	show_id TEXT NOT NULL REFERENCES shows (id),
	number  BIGINT NOT NULL,
	product TEXT NOT NULL,
	title   TEXT NOT NULL,
	from_at BIGINT NOT NULL,
	to_at   BIGINT NOT NULL,
	PRIMARY KEY (show_id, from_at)
);

CREATE TABLE chat_comment (
	id         TEXT PRIMARY KEY,
	show       TEXT NOT NULL REFERENCES shows (id),
	person     TEXT NOT NULL REFERENCES person (id),
	name       TEXT NOT NULL,
	body       TEXT NOT NULL,
	kind       TEXT NOT NULL,
	state      TEXT NOT NULL CHECK (state IN ('shown', 'held', 'removed')),
	second     BIGINT NOT NULL, -- of the show
	created_at BIGINT NOT NULL
);

CREATE TABLE chat_mute (
	shop       TEXT NOT NULL REFERENCES shop (id),
	person     TEXT NOT NULL REFERENCES person (id),
	until_at   BIGINT NOT NULL,
	reason     TEXT NOT NULL,
	by_person  TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (shop, person)
);

CREATE TABLE chat_pin (
	show    TEXT PRIMARY KEY REFERENCES shows (id),
	comment TEXT NOT NULL REFERENCES chat_comment (id)
);

CREATE TABLE chat_turn (
	show   TEXT NOT NULL,
	person TEXT NOT NULL,
	at     BIGINT NOT NULL, -- last comment
	words  TEXT NOT NULL,   -- of it, folded
	PRIMARY KEY (show, person)
);

CREATE TABLE chat_words (
	shop       TEXT PRIMARY KEY REFERENCES shop (id),
	words      TEXT NOT NULL, -- JSON list
	by_person  TEXT NOT NULL,
	changed_at BIGINT NOT NULL
);

CREATE TABLE crm_consent (
	id        TEXT PRIMARY KEY,
	contact   TEXT NOT NULL REFERENCES crm_contact (id),
	at        BIGINT NOT NULL,
	marketing BOOLEAN NOT NULL, -- given, or withdrawn
	text      TEXT NOT NULL,    -- the words agreed to
	way       TEXT NOT NULL CHECK (way IN ('order', 'account', 'link')),
	ref       TEXT NOT NULL     -- order or ''
);

CREATE TABLE crm_contact (
	id           TEXT PRIMARY KEY,
	shop         TEXT NOT NULL REFERENCES shop (id),
	person       TEXT NOT NULL REFERENCES person (id),
	name         TEXT NOT NULL,
	email        TEXT NOT NULL, -- as given to this shop, not before
	phone        TEXT NOT NULL,
	search       TEXT NOT NULL, -- folded name, e-mail and phone
	orders       BIGINT NOT NULL,
	spent        BIGINT NOT NULL,
	currency     TEXT NOT NULL,
	marketing    BOOLEAN NOT NULL,
	consent_at   BIGINT NOT NULL,
	consent_text TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	seen_at      BIGINT NOT NULL,
	UNIQUE (shop, person)
);

CREATE TABLE crm_order (
	order_id TEXT PRIMARY KEY,
	contact  TEXT NOT NULL REFERENCES crm_contact (id),
	counts   BOOLEAN NOT NULL, -- neither cancelled nor expired nor paid back
	paid     BIGINT NOT NULL
);

CREATE TABLE crm_source (
	contact TEXT NOT NULL REFERENCES crm_contact (id),
	kind    TEXT NOT NULL,
	ref     TEXT NOT NULL, -- order, show or ''
	at      BIGINT NOT NULL,
	show    TEXT NOT NULL,
	share   TEXT NOT NULL,
	PRIMARY KEY (contact, kind, ref)
);

CREATE TABLE feed_day (
	day    BIGINT PRIMARY KEY,
	report TEXT NOT NULL
);

CREATE TABLE feed_owner (
	person TEXT PRIMARY KEY,
	owner  TEXT NOT NULL
);

CREATE TABLE feed_page (
	run    TEXT NOT NULL,   -- of a process
	seq    BIGINT NOT NULL, -- of its pages
	viewer TEXT NOT NULL,   -- keyed hash
	at     BIGINT NOT NULL,
	shown  BIGINT NOT NULL, -- items of the session with this page
	again  BIGINT NOT NULL,
	taste  BIGINT NOT NULL, -- tenths of the list the viewer gave to taste
	items  TEXT NOT NULL,
	PRIMARY KEY (run, seq)
);

CREATE TABLE feed_report (
	video      TEXT NOT NULL,
	viewer     TEXT NOT NULL,
	reason     TEXT NOT NULL,
	words      TEXT NOT NULL,
	counted    BOOLEAN NOT NULL, -- the reporter had been shown it
	created_at BIGINT NOT NULL,
	PRIMARY KEY (video, viewer)
);

CREATE TABLE feed_run (
	run     TEXT PRIMARY KEY,
	last    BIGINT NOT NULL, -- written to the log
	folded  BIGINT NOT NULL,
	folding BIGINT NOT NULL,
	upto    TEXT NOT NULL,   -- by bytes
	seen_at BIGINT NOT NULL
);

CREATE TABLE feed_shows (
	day   BIGINT NOT NULL, -- UTC, since 1970
	video TEXT NOT NULL,
	n     BIGINT NOT NULL,
	PRIMARY KEY (day, video)
);

CREATE TABLE feed_signal (
	run   TEXT NOT NULL,
	seq   BIGINT NOT NULL, -- among the pages
	at    BIGINT NOT NULL,
	items TEXT NOT NULL,
	PRIMARY KEY (run, seq)
);

CREATE TABLE feed_time (
	viewer TEXT NOT NULL,
	day    BIGINT NOT NULL, -- in the time zone of the market
	ms     BIGINT NOT NULL
);

CREATE TABLE feed_video (
	video        TEXT PRIMARY KEY,
	shop         TEXT NOT NULL,
	owner        TEXT NOT NULL,   -- who has one turn, whatever the number of shops
	line         TEXT NOT NULL,   -- of business
	topics       TEXT NOT NULL,
	length_ms    BIGINT NOT NULL,
	state        TEXT NOT NULL CHECK (state IN ('live', 'frozen', 'hidden', 'gone')),
	given        BIGINT NOT NULL, -- shows it was owed when it was published
	credit       BIGINT NOT NULL CHECK (credit >= 0), -- of these, not shown yet
	shows        BIGINT NOT NULL,
	reports      BIGINT NOT NULL, -- of people who were shown it
	shown0       BIGINT NOT NULL, -- by the wheels, to each half of viewers
	shown1       BIGINT NOT NULL,
	long0        BIGINT NOT NULL, -- of these, watched long
	long1        BIGINT NOT NULL,
	copy_of      TEXT NOT NULL,
	day          BIGINT NOT NULL, -- of its publication, in days since 1970
	published_at BIGINT NOT NULL,
	served_at    BIGINT NOT NULL, -- last show
	changed_at   BIGINT NOT NULL
, owed_day BIGINT NOT NULL DEFAULT 0);

CREATE TABLE feed_viewer (
	viewer     TEXT PRIMARY KEY, -- keyed hash
	said       TEXT NOT NULL,    -- settings and what was taken away
	changed_at BIGINT NOT NULL
);

CREATE TABLE image (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	width      BIGINT NOT NULL,
	height     BIGINT NOT NULL,
	color      TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE job (
  id           TEXT PRIMARY KEY,
  kind         TEXT NOT NULL,
  args         TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('ready', 'running', 'dead')),
  due_at       BIGINT NOT NULL, -- ready: when to run; running: when the lease ends
  attempt      BIGINT NOT NULL DEFAULT 0,
  max_attempts BIGINT NOT NULL,
  unique_key   TEXT,
  last_error   TEXT NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL
);

CREATE TABLE job_schedule (
  name    TEXT PRIMARY KEY,
  next_at BIGINT NOT NULL
);

CREATE TABLE ledger_account (
	id       TEXT PRIMARY KEY,
	balance  BIGINT NOT NULL,
	currency TEXT NOT NULL
);

CREATE TABLE login_code (
	address    TEXT PRIMARY KEY,
	code_hash  TEXT NOT NULL,
	tries      BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);

CREATE TABLE mail_outbox (
  id         TEXT PRIMARY KEY,
  channel    TEXT NOT NULL,
  recipient  TEXT NOT NULL,
  subject    TEXT NOT NULL,
  body       TEXT NOT NULL,
  html       TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE member (
	shop   TEXT NOT NULL REFERENCES shop (id),
	person TEXT NOT NULL,
	role   TEXT NOT NULL,
	since  BIGINT NOT NULL,
	PRIMARY KEY (shop, person)
);

CREATE TABLE notice (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES person (id),
	kind       TEXT NOT NULL,
	unique_key TEXT NOT NULL, -- says it once
	title      TEXT NOT NULL, -- JSON, by language
	body       TEXT NOT NULL, -- JSON, by language
	url        TEXT NOT NULL, -- path into the app
	in_app     BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	read_at    BIGINT NOT NULL DEFAULT 0,
	UNIQUE (person, unique_key)
);

CREATE TABLE notice_preference (
	person TEXT NOT NULL REFERENCES person (id),
	kind   TEXT NOT NULL,
	in_app BOOLEAN NOT NULL,
	email  BOOLEAN NOT NULL,
	push   BOOLEAN NOT NULL,
	PRIMARY KEY (person, kind)
);

CREATE TABLE notice_push (
	endpoint   TEXT PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES person (id),
	p256dh     TEXT NOT NULL,
	auth       TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE order_event (
	order_id TEXT NOT NULL,
	seq      BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	event    TEXT NOT NULL,
	by_role  TEXT NOT NULL,
	note     TEXT NOT NULL,
	PRIMARY KEY (order_id, seq)
);

CREATE TABLE order_line (
	order_id   TEXT NOT NULL,
	position   BIGINT NOT NULL,
	sku        TEXT NOT NULL,
	product    TEXT NOT NULL,
	revision   TEXT NOT NULL,
	quantity   BIGINT NOT NULL CHECK (quantity > 0),
	unit_minor BIGINT NOT NULL,
	total      BIGINT NOT NULL,
	PRIMARY KEY (order_id, position)
);

CREATE TABLE orders (
	id             TEXT PRIMARY KEY, -- the quote's id with another first word: one order of a quote
	key            TEXT NOT NULL UNIQUE, -- the buyer, a colon and the Idempotency-Key
	key_hash       TEXT NOT NULL, -- of the wish that came under the key
	number         TEXT NOT NULL,
	shop           TEXT NOT NULL,
	buyer          TEXT NOT NULL,
	buyer_name     TEXT NOT NULL,
	buyer_email    TEXT NOT NULL,
	buyer_phone    TEXT NOT NULL,
	state          TEXT NOT NULL,
	pay_state      TEXT NOT NULL,
	payment        TEXT NOT NULL,
	quote_hash     TEXT NOT NULL,
	quote_body     TEXT NOT NULL,
	consents       TEXT NOT NULL,
	goods          BIGINT NOT NULL,
	freight        BIGINT NOT NULL,
	total          BIGINT NOT NULL CHECK (total = goods + freight AND total >= 0),
	refunded       BIGINT NOT NULL CHECK (refunded >= 0 AND refunded <= total),
	currency       TEXT NOT NULL,
	fulfilment     TEXT NOT NULL,
	slot           TEXT NOT NULL,
	slot_starts_at BIGINT NOT NULL,
	slot_ends_at   BIGINT NOT NULL,
	code           TEXT NOT NULL,
	tracking       TEXT NOT NULL,
	show_id        TEXT NOT NULL,
	source         TEXT NOT NULL,
	pay_until      BIGINT NOT NULL,
	completes_at   BIGINT NOT NULL,
	placed_at      BIGINT NOT NULL,
	version        BIGINT NOT NULL
);

CREATE TABLE passkey (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES person (id),
	name       TEXT NOT NULL,
	credential TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL
);

CREATE TABLE passkey_ceremony (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL,
	data       TEXT NOT NULL,
	expires_at BIGINT NOT NULL
);

CREATE TABLE payment_intent (
	id         TEXT PRIMARY KEY,
	order_id   TEXT NOT NULL UNIQUE,
	shop       TEXT NOT NULL,
	buyer      TEXT NOT NULL,
	provider   TEXT NOT NULL,
	amount     BIGINT NOT NULL CHECK (amount > 0),
	currency   TEXT NOT NULL,
	state      TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);

CREATE TABLE person (
	id         TEXT PRIMARY KEY,
	name       TEXT NOT NULL,
	email      TEXT NOT NULL,
	phone      TEXT NOT NULL,
	locale     TEXT NOT NULL,
	operator   BOOLEAN NOT NULL,
	moderator  BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE price_history (
	sku         TEXT NOT NULL REFERENCES sku (id),
	since       BIGINT NOT NULL,
	price_minor BIGINT NOT NULL,
	PRIMARY KEY (sku, since)
);

CREATE TABLE product (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL REFERENCES shop (id),
	title      TEXT NOT NULL,
	about      TEXT NOT NULL,
	pack       TEXT NOT NULL,
	fields     TEXT NOT NULL,
	measure    TEXT NOT NULL,
	images     TEXT NOT NULL,
	state      TEXT NOT NULL,
	revision   TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);

CREATE TABLE product_revision (
	id      TEXT PRIMARY KEY,
	product TEXT NOT NULL REFERENCES product (id),
	body    TEXT NOT NULL,
	at      BIGINT NOT NULL
);

CREATE TABLE provider_event (
	provider    TEXT NOT NULL,
	event_id    TEXT NOT NULL,
	body        TEXT NOT NULL,
	outcome     TEXT NOT NULL,
	received_at BIGINT NOT NULL,
	PRIMARY KEY (provider, event_id)
);

CREATE TABLE refund (
	id           TEXT PRIMARY KEY,
	intent       TEXT NOT NULL REFERENCES payment_intent (id),
	order_id     TEXT NOT NULL,
	amount       BIGINT NOT NULL CHECK (amount > 0),
	currency     TEXT NOT NULL,
	reason       TEXT NOT NULL,
	key          TEXT NOT NULL UNIQUE,
	state        TEXT NOT NULL,
	provider_ref TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	done_at      BIGINT NOT NULL
);

CREATE TABLE reservation (
	line   TEXT PRIMARY KEY,
	sku    TEXT NOT NULL,
	bucket TEXT NOT NULL,
	qty    BIGINT NOT NULL CHECK (qty > 0),
	state  TEXT NOT NULL
);

CREATE TABLE room_figures (
	show    TEXT PRIMARY KEY,
	viewers BIGINT NOT NULL, -- different browsers
	likes   BIGINT NOT NULL
, counted_at BIGINT NOT NULL DEFAULT 0);

CREATE TABLE room_viewer (
	show   TEXT NOT NULL,
	viewer BIGINT NOT NULL, -- hash of the browser's id
	PRIMARY KEY (show, viewer)
);

CREATE TABLE search_doc (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	kind   TEXT NOT NULL,
	id     TEXT NOT NULL,
	at     BIGINT NOT NULL,
	print  TEXT NOT NULL, -- of the words, so that the same ones are not written again
	UNIQUE (kind, id)
);

CREATE TABLE session (
	token_hash TEXT PRIMARY KEY,
	id         TEXT NOT NULL UNIQUE,
	person     TEXT NOT NULL REFERENCES person (id),
	device     TEXT NOT NULL,
	ip         TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	seen_at    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);

CREATE TABLE setting (
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL
);

CREATE TABLE shop (
	id             TEXT PRIMARY KEY,
	slug           TEXT NOT NULL UNIQUE,
	name           TEXT NOT NULL,
	about          TEXT NOT NULL,
	pack           TEXT NOT NULL,
	stall          TEXT NOT NULL,
	color          TEXT NOT NULL,
	currency       TEXT NOT NULL,
	time_zone      TEXT NOT NULL,
	avatar         TEXT NOT NULL,
	cover          TEXT NOT NULL,
	legal_name     TEXT NOT NULL,
	licence_number TEXT NOT NULL,
	licence_state  TEXT NOT NULL,
	legal_address  TEXT NOT NULL,
	contact        TEXT NOT NULL,
	pickup         TEXT NOT NULL,
	parcel         TEXT NOT NULL,
	next_order     BIGINT NOT NULL,
	created_at     BIGINT NOT NULL
);

CREATE TABLE show_minute (
	show_id  TEXT NOT NULL REFERENCES shows (id),
	minute   BIGINT NOT NULL,
	viewers  BIGINT NOT NULL,
	PRIMARY KEY (show_id, minute)
);

CREATE TABLE show_reservation (
	show_id TEXT NOT NULL REFERENCES shows (id),
	person  TEXT NOT NULL,
	at      BIGINT NOT NULL,
	PRIMARY KEY (show_id, person)
);

CREATE TABLE shows (
	id           TEXT PRIMARY KEY,
	shop         TEXT NOT NULL REFERENCES shop (id),
	title        TEXT NOT NULL,
	state        TEXT NOT NULL,
	host_name    TEXT NOT NULL,
	starts_at    BIGINT NOT NULL,
	started_at   BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL,
	since        BIGINT NOT NULL,
	part_ms      BIGINT NOT NULL,
	pinned       BIGINT NOT NULL,
	explaining   BIGINT NOT NULL,
	slow_mode    BIGINT NOT NULL,
	comments_off BOOLEAN NOT NULL,
	version      BIGINT NOT NULL,
	viewers      BIGINT NOT NULL,
	likes        BIGINT NOT NULL,
	duration_ms  BIGINT NOT NULL,
	replay       BOOLEAN NOT NULL,
	created_at   BIGINT NOT NULL
);

CREATE TABLE sku (
	id          TEXT PRIMARY KEY,
	product     TEXT NOT NULL REFERENCES product (id),
	shop        TEXT NOT NULL,
	name        TEXT NOT NULL,
	price_minor BIGINT NOT NULL CHECK (price_minor >= 0),
	currency    TEXT NOT NULL,
	position    BIGINT NOT NULL,
	active      BOOLEAN NOT NULL
);

CREATE TABLE slot_use (
	shop     TEXT NOT NULL,
	slot     TEXT NOT NULL,
	used     BIGINT NOT NULL CHECK (used >= 0),
	PRIMARY KEY (shop, slot)
);

CREATE TABLE social_block (
	person     TEXT NOT NULL REFERENCES person (id), -- who does not want to see
	other      TEXT NOT NULL REFERENCES person (id),
	created_at BIGINT NOT NULL,
	PRIMARY KEY (person, other)
);

CREATE TABLE social_click (
	code   TEXT NOT NULL REFERENCES social_share (code),
	viewer TEXT NOT NULL, at BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (code, viewer)
);

CREATE TABLE social_follow (
	person     TEXT NOT NULL REFERENCES person (id),
	shop       TEXT NOT NULL REFERENCES shop (id),
	created_at BIGINT NOT NULL,
	PRIMARY KEY (person, shop)
);

CREATE TABLE social_group (
	id         TEXT PRIMARY KEY,
	owner      TEXT NOT NULL REFERENCES person (id),
	name       TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE social_group_member (
	grp    TEXT NOT NULL REFERENCES social_group (id),
	person TEXT NOT NULL REFERENCES person (id),
	PRIMARY KEY (grp, person)
);

CREATE TABLE social_letter (
	id         TEXT PRIMARY KEY,
	recipient  TEXT NOT NULL REFERENCES person (id),
	sender     TEXT NOT NULL REFERENCES person (id),
	grp        TEXT NOT NULL, -- through which it came, or ''
	code       TEXT NOT NULL REFERENCES social_share (code),
	words      TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	read_at    BIGINT NOT NULL
);

CREATE TABLE social_privacy (
	person   TEXT PRIMARY KEY REFERENCES person (id),
	likes    TEXT NOT NULL CHECK (likes IN ('unset', 'on', 'off')),
	minor    BOOLEAN NOT NULL,
	findable BOOLEAN NOT NULL
);

CREATE TABLE social_share (
	code       TEXT PRIMARY KEY,
	kind       TEXT NOT NULL,
	target     TEXT NOT NULL,
	sharer     TEXT NOT NULL, -- person, or '' for the anonymous
	clicks     BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	UNIQUE (kind, target, sharer)
);

CREATE TABLE social_shop (
	shop      TEXT PRIMARY KEY REFERENCES shop (id),
	followers BIGINT NOT NULL CHECK (followers >= 0)
);

CREATE TABLE social_tie (
	person     TEXT NOT NULL REFERENCES person (id), -- who follows
	other      TEXT NOT NULL REFERENCES person (id),
	created_at BIGINT NOT NULL,
	PRIMARY KEY (person, other)
);

CREATE TABLE stock_item (
	sku      TEXT NOT NULL,
	bucket   TEXT NOT NULL,
	shop     TEXT NOT NULL,
	on_hand  BIGINT NOT NULL,
	reserved BIGINT NOT NULL,
	put_up   BIGINT NOT NULL,
	version  BIGINT NOT NULL,
	closed   BOOLEAN NOT NULL,
	PRIMARY KEY (sku, bucket),
	CHECK (reserved >= 0 AND on_hand >= reserved)
);

CREATE TABLE stock_movement (
	id     TEXT PRIMARY KEY,
	sku    TEXT NOT NULL,
	bucket TEXT NOT NULL,
	delta  BIGINT NOT NULL,
	reason TEXT NOT NULL,
	ref    TEXT NOT NULL,
	at     BIGINT NOT NULL
);

CREATE TABLE stream_key (
	shop       TEXT PRIMARY KEY REFERENCES shop (id),
	hash       TEXT NOT NULL UNIQUE,
	hint       TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE testpay_payment (
	ref      TEXT PRIMARY KEY,
	intent   TEXT NOT NULL UNIQUE,
	amount   BIGINT NOT NULL,
	currency TEXT NOT NULL,
	back     TEXT NOT NULL,
	state    TEXT NOT NULL
);

CREATE TABLE testpay_refund (
	id  TEXT PRIMARY KEY,
	ref TEXT NOT NULL,
	amount BIGINT NOT NULL
);

CREATE TABLE transfer (
	ref      TEXT NOT NULL,
	seq      BIGINT NOT NULL,
	credit   TEXT NOT NULL,
	debit    TEXT NOT NULL,
	amount   BIGINT NOT NULL CHECK (amount > 0),
	currency TEXT NOT NULL,
	at       BIGINT NOT NULL,
	PRIMARY KEY (ref, seq),
	CHECK (credit <> debit)
);

CREATE TABLE video (
	id           TEXT PRIMARY KEY,
	shop         TEXT NOT NULL REFERENCES shop (id),
	author       TEXT NOT NULL,
	state        TEXT NOT NULL CHECK (state IN ('processing', 'failed', 'draft', 'scheduled', 'published')),
	caption      TEXT NOT NULL,
	topics       TEXT NOT NULL,
	language     TEXT NOT NULL,
	place        TEXT NOT NULL,
	rights       TEXT NOT NULL,
	source       TEXT NOT NULL,
	ai           BOOLEAN NOT NULL,
	ad           BOOLEAN NOT NULL,
	visibility   TEXT NOT NULL,
	products     TEXT NOT NULL,
	show         TEXT NOT NULL,
	trim_from    BIGINT NOT NULL,
	trim_to      BIGINT NOT NULL,
	attempts     BIGINT NOT NULL,
	progress     BIGINT NOT NULL,
	problem      TEXT NOT NULL,
	film         TEXT NOT NULL,
	duration_ms  BIGINT NOT NULL,
	hashes       TEXT NOT NULL,
	duplicate_of TEXT NOT NULL,
	cover        TEXT NOT NULL,
	likes        BIGINT NOT NULL CHECK (likes >= 0),
	comments     BIGINT NOT NULL CHECK (comments >= 0),
	publish_at   BIGINT NOT NULL,
	published_at BIGINT NOT NULL,
	created_at   BIGINT NOT NULL
, photos TEXT NOT NULL DEFAULT '[]');

CREATE TABLE video_comment (
	id         TEXT PRIMARY KEY,
	video      TEXT NOT NULL REFERENCES video (id),
	parent     TEXT NOT NULL, -- the comment it answers, or ''
	person     TEXT NOT NULL,
	name       TEXT NOT NULL, -- as it was then
	body       TEXT NOT NULL,
	host       BOOLEAN NOT NULL, -- someone of the shop
	replies    BIGINT NOT NULL CHECK (replies >= 0),
	created_at BIGINT NOT NULL
);

CREATE TABLE video_favourite (
	person     TEXT NOT NULL,
	video      TEXT NOT NULL REFERENCES video (id),
	created_at BIGINT NOT NULL,
	PRIMARY KEY (person, video)
);

CREATE TABLE video_like (
	video      TEXT NOT NULL REFERENCES video (id),
	person     TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (video, person)
);

CREATE TABLE video_part (
	video    TEXT PRIMARY KEY REFERENCES video (id),
	series   TEXT NOT NULL REFERENCES video_series (id),
	position BIGINT NOT NULL
);

CREATE TABLE video_series (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL REFERENCES shop (id),
	title      TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE video_topic (
	topic TEXT NOT NULL,
	video TEXT NOT NULL REFERENCES video (id),
	PRIMARY KEY (topic, video)
);

CREATE UNIQUE INDEX job_unique ON job (kind, unique_key) WHERE unique_key IS NOT NULL AND state <> 'dead';

CREATE UNIQUE INDEX orders_code ON orders (shop, code) WHERE code <> '';

CREATE UNIQUE INDEX person_email ON person (email) WHERE email <> '';

CREATE UNIQUE INDEX person_phone ON person (phone) WHERE phone <> '';

CREATE UNIQUE INDEX stock_movement_ref ON stock_movement (ref, sku, bucket) WHERE ref <> '';

CREATE VIRTUAL TABLE search_fts USING fts5 (title, body, content='', contentless_delete=1, tokenize='ascii');
