-- The whole schema, as SQLite has it. Generated; see tools/gendocs.

CREATE INDEX address_person ON address (person);

CREATE INDEX aftersale_buyer ON aftersale_case (buyer, created_at, id);

CREATE INDEX aftersale_due ON aftersale_case (due_at, id) WHERE due_at > 0;

CREATE INDEX aftersale_escalated ON aftersale_case (due_at, id) WHERE state = 'escalated';

CREATE INDEX aftersale_line_order ON aftersale_line (order_id);

CREATE INDEX aftersale_order ON aftersale_case (order_id);

CREATE INDEX aftersale_shop ON aftersale_case (shop, created_at, id);

CREATE INDEX bank_transfer_refund_order ON bank_transfer_refund (order_id);

CREATE INDEX bank_transfer_shop ON bank_transfer (shop, state);

CREATE INDEX bus_delivery_key ON bus_delivery (subscriber, event_key, seq) WHERE NOT parked;

CREATE INDEX bus_delivery_next ON bus_delivery (subscriber, seq) WHERE NOT parked;

CREATE INDEX bus_delivery_parked ON bus_delivery (created_at) WHERE parked;

CREATE INDEX chat_comment_newest ON chat_comment (show, created_at, id);

CREATE INDEX chat_comment_second ON chat_comment (show, second, id) WHERE state = 'shown';

CREATE INDEX chat_turn_age ON chat_turn (at);

CREATE INDEX claim_call_show ON claim_call (show_id, opened_at, id);

CREATE INDEX claim_due ON claim (until_at) WHERE state = 'held';

CREATE INDEX claim_person ON claim (person, created_at);

CREATE INDEX claim_waiting ON claim (call, seq) WHERE state = 'waiting';

CREATE INDEX coupon_buyer ON coupon (buyer, shop);

CREATE INDEX coupon_template_shop ON coupon_template (shop, created_at, id);

CREATE INDEX course_enrolment_person ON course_enrolment (person, created_at, id);

CREATE INDEX course_enrolment_product ON course_enrolment (product, created_at, id);

CREATE INDEX course_lesson_product ON course_lesson (product, position, id);

CREATE INDEX crm_consent_contact ON crm_consent (contact, at, id);

CREATE INDEX crm_contact_list ON crm_contact (shop, seen_at, id);

CREATE INDEX crm_contact_marketing ON crm_contact (person) WHERE marketing;

CREATE INDEX crm_order_contact ON crm_order (contact);

CREATE INDEX fee_table_from ON fee_table (from_at, announced_at, id);

CREATE INDEX feed_page_at ON feed_page (at);

CREATE INDEX feed_page_viewer ON feed_page (viewer, at);

CREATE INDEX feed_time_viewer ON feed_time (viewer, day);

CREATE INDEX feed_video_changed ON feed_video (changed_at);

CREATE INDEX feed_video_day ON feed_video (day);

CREATE INDEX feed_video_frozen ON feed_video (changed_at) WHERE state IN ('frozen', 'hidden');

CREATE INDEX flash_due ON flash (ends_at) WHERE ended_at = 0;

CREATE INDEX flash_shop ON flash (shop, starts_at, id);

CREATE INDEX group_buy_due ON group_buy (ends_at) WHERE state = 'open';

CREATE INDEX group_buy_ended ON group_buy (ended_at) WHERE ended_at > 0 AND settled_at = 0;

CREATE INDEX group_buy_offer ON group_buy (offer, started_at, code);

CREATE INDEX group_offer_closing ON group_offer (stopped_at) WHERE stopped_at > 0 AND closed_at = 0;

CREATE INDEX group_offer_product ON group_offer (product) WHERE stopped_at = 0;

CREATE INDEX group_offer_shop ON group_offer (shop, starts_at, id);

CREATE INDEX job_dead ON job (created_at, id) WHERE state = 'dead';

CREATE INDEX job_due ON job (due_at, id) WHERE state <> 'dead';

CREATE INDEX lead_due ON lead (erase_at) WHERE erase_at > 0 AND erased_at = 0;

CREATE INDEX lead_person ON lead (person, created_at, id) WHERE person <> '';

CREATE INDEX lead_shop ON lead (shop, created_at, id);

CREATE INDEX lead_show ON lead (show_id) WHERE show_id <> '';

CREATE INDEX mail_outbox_newest ON mail_outbox (created_at, id);

CREATE INDEX member_person ON member (person);

CREATE INDEX notice_age ON notice (created_at);

CREATE INDEX notice_list ON notice (person, created_at, id) WHERE in_app;

CREATE INDEX notice_push_person ON notice_push (person, created_at);

CREATE INDEX order_refund_order ON order_refund (order_id);

CREATE INDEX orders_buyer ON orders (buyer, placed_at, id);

CREATE INDEX orders_done ON orders (completes_at) WHERE completes_at > 0;

CREATE INDEX orders_shop ON orders (shop, placed_at, id);

CREATE INDEX orders_show ON orders (show_id, buyer) WHERE show_id <> '';

CREATE INDEX orders_unpaid ON orders (pay_until) WHERE state = 'pending_payment';

CREATE INDEX passkey_person ON passkey (person);

CREATE INDEX payment_share_intent ON payment_share (intent);

CREATE INDEX payout_open ON payout (asked_at, id) WHERE state IN ('asked', 'held', 'sent');

CREATE INDEX payout_shop ON payout (shop, asked_at, id);

CREATE INDEX product_newest ON product (created_at, id) WHERE state = 'live';

CREATE INDEX product_revision_product ON product_revision (product);

CREATE INDEX product_shop ON product (shop, created_at, id);

CREATE INDEX promotion_shop ON promotion (shop, ends_at);

CREATE INDEX promotion_use_of ON promotion_use (promotion, off);

CREATE INDEX refund_order ON refund (order_id);

CREATE INDEX review_product ON review (product, created_at, id);

CREATE INDEX review_shop ON review (shop, created_at, id);

CREATE INDEX room_figures_age ON room_figures (counted_at);

CREATE INDEX session_person ON session (person);

CREATE INDEX settle_move_order ON settle_move (order_id) WHERE order_id <> '';

CREATE INDEX settle_move_shop ON settle_move (shop, at, ref);

CREATE INDEX settlement_due ON settlement (due_at, order_id) WHERE state = 'waiting';

CREATE INDEX settlement_shop ON settlement (shop, state, due_at, order_id);

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

CREATE INDEX wechat_trade_intent ON wechat_trade (intent, created_at);

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

CREATE TABLE aftersale_case (
	id          TEXT PRIMARY KEY,
	key         TEXT NOT NULL UNIQUE, -- who filed it, a colon and the Idempotency-Key
	key_hash    TEXT NOT NULL,
	order_id    TEXT NOT NULL,
	number      TEXT NOT NULL, -- of the order
	shop        TEXT NOT NULL,
	buyer       TEXT NOT NULL,
	buyer_name  TEXT NOT NULL,
	state       TEXT NOT NULL,
	reason      TEXT NOT NULL,
	words       TEXT NOT NULL,
	photos      TEXT NOT NULL,
	ask         TEXT NOT NULL, -- what the buyer wants now
	offer       TEXT NOT NULL, -- what the shop proposes, or nothing
	agreed      TEXT NOT NULL, -- what both, a clock or the operator settled on
	currency    TEXT NOT NULL,
	given       BIGINT NOT NULL CHECK (given >= 0), -- money promised back by this case
	in_cash     BOOLEAN NOT NULL,
	came_back   BOOLEAN NOT NULL, -- the goods were sent or brought back
	tracking    TEXT NOT NULL,
	replacement TEXT NOT NULL, -- order that sends the goods again
	show_id     TEXT NOT NULL,
	second      BIGINT NOT NULL,
	replay      TEXT NOT NULL, -- path that opens the promise
	due_at      BIGINT NOT NULL, -- 0: no clock runs
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL,
	version     BIGINT NOT NULL
);

CREATE TABLE aftersale_event (
	case_id TEXT NOT NULL,
	seq     BIGINT NOT NULL,
	at      BIGINT NOT NULL,
	event   TEXT NOT NULL,
	by_role TEXT NOT NULL,
	person  TEXT NOT NULL, -- who of the shop or the operators
	note    TEXT NOT NULL,
	deal    TEXT NOT NULL, -- proposed or settled by this step
	key     TEXT NOT NULL, -- Idempotency-Key with the sender in front
	PRIMARY KEY (case_id, seq)
);

CREATE TABLE aftersale_line (
	case_id  TEXT NOT NULL,
	order_id TEXT NOT NULL,
	position BIGINT NOT NULL,
	open     BOOLEAN NOT NULL,
	PRIMARY KEY (case_id, position)
);

CREATE TABLE bag_item (
	show_id   TEXT NOT NULL REFERENCES shows (id),
	number    BIGINT NOT NULL,
	product   TEXT NOT NULL,
	set_aside BIGINT NOT NULL,
	PRIMARY KEY (show_id, number)
);

CREATE TABLE bank_transfer (
	order_id   TEXT PRIMARY KEY,
	intent     TEXT NOT NULL UNIQUE,
	shop       TEXT NOT NULL,
	buyer      TEXT NOT NULL,
	reference  TEXT NOT NULL UNIQUE,
	details    TEXT NOT NULL, -- JSON, of the account as it was shown
	amount     BIGINT NOT NULL,
	currency   TEXT NOT NULL,
	state      TEXT NOT NULL,
	note       TEXT NOT NULL, -- of the buyer
	proof      TEXT NOT NULL, -- id of a picture
	reason     TEXT NOT NULL, -- of the shop
	told_at    BIGINT NOT NULL,
	decided_at BIGINT NOT NULL
);

CREATE TABLE bank_transfer_account (
	shop       TEXT PRIMARY KEY,
	enabled    BOOLEAN NOT NULL,
	details    TEXT NOT NULL, -- JSON
	days       BIGINT NOT NULL CHECK (days BETWEEN 1 AND 14),
	changed_at BIGINT NOT NULL
);

CREATE TABLE bank_transfer_refund (
	id       TEXT PRIMARY KEY,
	order_id TEXT NOT NULL REFERENCES bank_transfer (order_id),
	amount   BIGINT NOT NULL,
	sent_at  BIGINT NOT NULL -- 0: the shop still owes it
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

CREATE TABLE cart_line (
	person   TEXT NOT NULL,
	sku      TEXT NOT NULL,
	quantity BIGINT NOT NULL CHECK (quantity > 0),
	price    BIGINT NOT NULL, -- per measure, as the person saw it
	show_id  TEXT NOT NULL, -- where it was seen
	added_at BIGINT NOT NULL,
	PRIMARY KEY (person, sku)
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

CREATE TABLE claim (
	id         TEXT PRIMARY KEY, -- names the reservation while it is held
	call       TEXT NOT NULL REFERENCES claim_call (id),
	seq        BIGINT NOT NULL, -- order of arrival
	comment    TEXT NOT NULL,
	person     TEXT NOT NULL,
	name       TEXT NOT NULL, -- as it was then
	qty        BIGINT NOT NULL CHECK (qty > 0),
	state      TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'ordered', 'released', 'expired', 'closed', 'undone')),
	until_at   BIGINT NOT NULL, -- 0 while it waits
	order_id   TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	UNIQUE (call, seq)
);

CREATE TABLE claim_call (
	id         TEXT PRIMARY KEY,
	key        TEXT NOT NULL, -- of the caller
	key_hash   TEXT NOT NULL, -- of what was asked with it
	shop       TEXT NOT NULL,
	show_id    TEXT NOT NULL,
	product    TEXT NOT NULL,
	sku        TEXT NOT NULL,
	keyword    TEXT NOT NULL, -- folded
	pieces     BIGINT NOT NULL CHECK (pieces > 0),
	per_person BIGINT NOT NULL CHECK (per_person > 0 AND per_person <= pieces),
	hold       BIGINT NOT NULL, -- milliseconds
	origin     TEXT NOT NULL, -- bucket that the goods came from
	opened_at  BIGINT NOT NULL,
	closed_at  BIGINT NOT NULL, -- 0 while comments count
	UNIQUE (shop, key)
);

CREATE TABLE coupon (
	id         TEXT PRIMARY KEY,
	template   TEXT NOT NULL,
	shop       TEXT NOT NULL,
	buyer      TEXT NOT NULL,
	ordinal    BIGINT NOT NULL CHECK (ordinal > 0), -- the buyer's first, second ... of the template
	state      TEXT NOT NULL, -- claimed, locked, used
	order_id   TEXT NOT NULL,
	show_id    TEXT NOT NULL, -- where it was claimed
	claimed_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CHECK ((state = 'claimed') = (order_id = '')),
	UNIQUE (template, buyer, ordinal)
);

CREATE TABLE coupon_drop (
	template TEXT NOT NULL,
	show_id  TEXT NOT NULL,
	at       BIGINT NOT NULL,
	until    BIGINT NOT NULL,
	PRIMARY KEY (show_id, template)
);

CREATE TABLE coupon_template (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	name       TEXT NOT NULL, -- words, JSON
	kind       TEXT NOT NULL, -- amount, percent
	off        BIGINT NOT NULL CHECK (off > 0), -- minor units, or percent
	cap        BIGINT NOT NULL CHECK (cap >= 0), -- the most that a percentage takes; 0: all of it
	threshold  BIGINT NOT NULL CHECK (threshold >= 0), -- what the goods must cost
	currency   TEXT NOT NULL,
	new_buyer  BOOLEAN NOT NULL,
	room_only  BOOLEAN NOT NULL,
	products   TEXT NOT NULL, -- ids, JSON; [] for all goods
	quota      BIGINT NOT NULL,
	per_buyer  BIGINT NOT NULL CHECK (per_buyer > 0),
	claimed    BIGINT NOT NULL,
	starts_at  BIGINT NOT NULL,
	ends_at    BIGINT NOT NULL,
	stopped    BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	CHECK (claimed >= 0 AND claimed <= quota)
);

CREATE TABLE course_enrolment (
	id          TEXT PRIMARY KEY,
	order_id    TEXT NOT NULL,
	position    BIGINT NOT NULL, -- of the line in the order
	shop        TEXT NOT NULL,
	product     TEXT NOT NULL,
	person      TEXT NOT NULL,
	person_name TEXT NOT NULL, -- as it was then
	length_ms   BIGINT NOT NULL, -- of the paid lessons, when it was bought
	until       BIGINT NOT NULL, -- access ends; 0: never
	opened_at   BIGINT NOT NULL,
	paused      BOOLEAN NOT NULL, -- while the buyer asks to give it back
	ended_at    BIGINT NOT NULL, -- the money went back
	created_at  BIGINT NOT NULL,
	UNIQUE (order_id, position)
);

CREATE TABLE course_lesson (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	product    TEXT NOT NULL,
	position   BIGINT NOT NULL,
	title      TEXT NOT NULL,
	notes      TEXT NOT NULL,
	preview    BOOLEAN NOT NULL,
	video      TEXT NOT NULL, -- its film, or ''
	captions   TEXT NOT NULL, -- WebVTT, or ''
	created_at BIGINT NOT NULL,
	gone_at    BIGINT NOT NULL -- taken out of the course; who has seen it has seen it
);

CREATE TABLE course_progress (
	enrolment  TEXT NOT NULL REFERENCES course_enrolment (id),
	lesson     TEXT NOT NULL REFERENCES course_lesson (id),
	seen       TEXT NOT NULL, -- spans of the film in milliseconds, in order and apart
	seen_ms    BIGINT NOT NULL CHECK (seen_ms >= 0),
	at_ms      BIGINT NOT NULL, -- where to go on
	updated_at BIGINT NOT NULL,
	PRIMARY KEY (enrolment, lesson)
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

CREATE TABLE fee_table (
	id           TEXT PRIMARY KEY,
	key          TEXT NOT NULL UNIQUE, -- who announced it, a colon and the Idempotency-Key
	key_hash     TEXT NOT NULL,
	from_at      BIGINT NOT NULL,
	announced_at BIGINT NOT NULL,
	announced_by TEXT NOT NULL,
	currency     TEXT NOT NULL, -- of fixed
	ppm          BIGINT NOT NULL CHECK (ppm >= 0 AND ppm <= 500000),
	fixed        BIGINT NOT NULL CHECK (fixed >= 0),
	packs        TEXT NOT NULL, -- JSON: [{"pack", "ppm"}]
	note         TEXT NOT NULL,
	rise         BOOLEAN NOT NULL -- takes more of somebody than the table it replaces
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

CREATE TABLE feed_share (
	share BIGINT PRIMARY KEY,
	run   TEXT NOT NULL -- '' of nobody
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

CREATE TABLE flash (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	sku        TEXT NOT NULL,
	product    TEXT NOT NULL,
	show_id    TEXT NOT NULL, -- '' for everywhere
	price      BIGINT NOT NULL CHECK (price >= 0),
	was        BIGINT NOT NULL, -- the price when it began
	currency   TEXT NOT NULL,
	quantity   BIGINT NOT NULL CHECK (quantity > 0), -- put in so far
	restocked  BIGINT NOT NULL, -- of it, after the start
	per_buyer  BIGINT NOT NULL CHECK (per_buyer >= 0), -- units; 0: no limit
	origin     TEXT NOT NULL, -- the bucket that the goods came from
	starts_at  BIGINT NOT NULL,
	ends_at    BIGINT NOT NULL,
	ended_at   BIGINT NOT NULL -- 0 while it runs
);

CREATE TABLE flash_take (
	flash     TEXT NOT NULL,
	buyer     TEXT NOT NULL,
	units     BIGINT NOT NULL,
	per_buyer BIGINT NOT NULL,
	PRIMARY KEY (flash, buyer),
	CHECK (units >= 0 AND units <= per_buyer)
);

CREATE TABLE goods_import (
	shop   TEXT NOT NULL REFERENCES shop (id),
	key    TEXT NOT NULL,
	digest TEXT NOT NULL, -- of the file
	by     TEXT NOT NULL,
	report TEXT NOT NULL, -- JSON
	at     BIGINT NOT NULL,
	PRIMARY KEY (shop, key)
);

CREATE TABLE group_buy (
	code       TEXT PRIMARY KEY,
	offer      TEXT NOT NULL,
	first      BIGINT NOT NULL, -- people of the first step
	size       BIGINT NOT NULL,
	seats      BIGINT NOT NULL CHECK (seats >= 0 AND seats <= size), -- taken, paid or not
	paid       BIGINT NOT NULL CHECK (paid >= 0 AND paid <= seats),
	state      TEXT NOT NULL,
	started_at BIGINT NOT NULL,
	ends_at    BIGINT NOT NULL,
	ended_at   BIGINT NOT NULL, -- 0 while it is open
	settled_at BIGINT NOT NULL -- 0 until all its orders know
);

CREATE TABLE group_offer (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	product    TEXT NOT NULL,
	sku        TEXT NOT NULL,
	currency   TEXT NOT NULL,
	was        BIGINT NOT NULL, -- the price when it began
	steps      TEXT NOT NULL, -- JSON: people and price of each
	size       BIGINT NOT NULL CHECK (size > 1), -- people of the last step
	units      BIGINT NOT NULL CHECK (units > 0), -- of one seat
	groups     BIGINT NOT NULL CHECK (groups > 0), -- for which goods are set aside
	open       BIGINT NOT NULL CHECK (open >= 0 AND open <= groups), -- of them, begun and not failed
	per_buyer  BIGINT NOT NULL CHECK (per_buyer > 0), -- seats in all
	lasts      BIGINT NOT NULL, -- milliseconds, of a group
	starts_at  BIGINT NOT NULL,
	stopped_at BIGINT NOT NULL, -- 0: groups can be begun
	closed_at  BIGINT NOT NULL -- 0: goods are set aside
);

CREATE TABLE group_seat (
	code     TEXT NOT NULL,
	buyer    TEXT NOT NULL,
	order_id TEXT NOT NULL UNIQUE,
	name     TEXT NOT NULL, -- as others see it
	state    TEXT NOT NULL,
	PRIMARY KEY (code, buyer)
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

CREATE TABLE lead (
	id               TEXT PRIMARY KEY,
	key              TEXT NOT NULL UNIQUE, -- person and Idempotency-Key; the id once erased
	key_hash         TEXT NOT NULL,
	shop             TEXT NOT NULL,
	product          TEXT NOT NULL,
	person           TEXT NOT NULL, -- '' once erased, as all that they gave
	name             TEXT NOT NULL,
	email            TEXT NOT NULL,
	phone            TEXT NOT NULL,
	wish             TEXT NOT NULL CHECK (wish IN ('call', 'write', 'viewing')),
	words            TEXT NOT NULL,
	slot             TEXT NOT NULL, -- kept for them, or ''
	slot_starts_at   BIGINT NOT NULL,
	slot_ends_at     BIGINT NOT NULL,
	show_id          TEXT NOT NULL, -- where they were, or ''
	second           BIGINT NOT NULL,
	share            TEXT NOT NULL, -- code of the link that brought them
	page             TEXT NOT NULL,
	consent_version  TEXT NOT NULL,
	consent_language TEXT NOT NULL,
	consent_text     TEXT NOT NULL, -- word by word as it was shown
	consent_at       BIGINT NOT NULL,
	state            TEXT NOT NULL CHECK (state IN ('new', 'assigned', 'contacted', 'viewing', 'won', 'lost', 'withdrawn')),
	assignee         TEXT NOT NULL,
	reason           TEXT NOT NULL, -- why it was lost
	price            BIGINT NOT NULL CHECK (price >= 0), -- what it was sold for
	currency         TEXT NOT NULL,
	created_at       BIGINT NOT NULL,
	answered_at      BIGINT NOT NULL, -- the shop got in touch
	closed_at        BIGINT NOT NULL,
	erase_at         BIGINT NOT NULL, -- 0: kept, as a sale is
	erased_at        BIGINT NOT NULL,
	version          BIGINT NOT NULL
);

CREATE TABLE lead_event (
	lead  TEXT NOT NULL REFERENCES lead (id),
	seq   BIGINT NOT NULL,
	at    BIGINT NOT NULL,
	event TEXT NOT NULL,
	who   TEXT NOT NULL, -- member of the shop; '' for the person or the clock
	note  TEXT NOT NULL,
	PRIMARY KEY (lead, seq)
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

CREATE TABLE order_refund (
	key        TEXT NOT NULL,
	order_id   TEXT NOT NULL,
	position   BIGINT NOT NULL, -- -1 is the freight
	quantity   BIGINT NOT NULL CHECK (quantity >= 0), -- 0: a part of the price
	amount     BIGINT NOT NULL CHECK (amount > 0),
	created_at BIGINT NOT NULL,
	done_at    BIGINT NOT NULL, came_back BIGINT NOT NULL DEFAULT 0 CHECK (came_back >= 0 AND came_back <= quantity),
	PRIMARY KEY (key, position)
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

CREATE TABLE parcel (
	id       TEXT PRIMARY KEY,
	key      TEXT NOT NULL UNIQUE, -- the shop, a colon and the Idempotency-Key
	key_hash TEXT NOT NULL, -- of the parcel that came under the key
	order_id TEXT NOT NULL,
	seq      BIGINT NOT NULL, -- of the order's parcels, from 1
	carrier  TEXT NOT NULL, -- code of the carrier, or other
	number   TEXT NOT NULL, -- that the carrier calls it by; empty: none
	sent_at  BIGINT NOT NULL,
	UNIQUE (order_id, seq)
);

CREATE TABLE parcel_line (
	parcel   TEXT NOT NULL,
	position BIGINT NOT NULL, -- of the order's line
	quantity BIGINT NOT NULL CHECK (quantity > 0),
	PRIMARY KEY (parcel, position)
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
, provider_ref TEXT NOT NULL DEFAULT '', page         TEXT NOT NULL DEFAULT '', back         TEXT NOT NULL DEFAULT '');

CREATE TABLE payment_share (
	order_id TEXT PRIMARY KEY,
	intent   TEXT NOT NULL REFERENCES payment_intent (id),
	shop     TEXT NOT NULL,
	amount   BIGINT NOT NULL CHECK (amount > 0),
	wanted   BOOLEAN NOT NULL
);

CREATE TABLE payment_surplus (
	id           TEXT PRIMARY KEY, -- of the refund that gives it back
	intent       TEXT NOT NULL REFERENCES payment_intent (id),
	provider     TEXT NOT NULL,
	provider_ref TEXT NOT NULL, -- of the payment
	amount       BIGINT NOT NULL,
	state        TEXT NOT NULL, -- as of a refund
	refund_ref   TEXT NOT NULL,
	at           BIGINT NOT NULL,
	done_at      BIGINT NOT NULL,
	UNIQUE (provider, provider_ref)
);

CREATE TABLE payout (
	id         TEXT PRIMARY KEY,
	key        TEXT NOT NULL UNIQUE, -- the shop, a colon and the Idempotency-Key
	key_hash   TEXT NOT NULL,
	shop       TEXT NOT NULL,
	reference  TEXT NOT NULL UNIQUE, -- written on the transfer
	amount     BIGINT NOT NULL CHECK (amount > 0),
	currency   TEXT NOT NULL,
	holder     TEXT NOT NULL, -- the account as it was when it was asked for
	number     TEXT NOT NULL,
	bank       TEXT NOT NULL,
	state      TEXT NOT NULL, -- asked, held, sent, done, returned
	reason     TEXT NOT NULL,
	asked_at   BIGINT NOT NULL,
	asked_by   TEXT NOT NULL,
	changed_at BIGINT NOT NULL,
	changed_by TEXT NOT NULL,
	version    BIGINT NOT NULL
);

CREATE TABLE payout_account (
	shop       TEXT PRIMARY KEY,
	holder     TEXT NOT NULL,
	number     TEXT NOT NULL,
	bank       TEXT NOT NULL,
	changed_at BIGINT NOT NULL,
	changed_by TEXT NOT NULL
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
, freight TEXT NOT NULL DEFAULT '', tax TEXT NOT NULL DEFAULT '');

CREATE TABLE product_revision (
	id      TEXT PRIMARY KEY,
	product TEXT NOT NULL REFERENCES product (id),
	body    TEXT NOT NULL,
	at      BIGINT NOT NULL
);

CREATE TABLE promotion (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	kind       TEXT NOT NULL, -- reduction, bundle, addon, freight
	rule       TEXT NOT NULL, -- its numbers, JSON
	currency   TEXT NOT NULL,
	starts_at  BIGINT NOT NULL,
	ends_at    BIGINT NOT NULL,
	paused     BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE promotion_sku (
	sku       TEXT PRIMARY KEY,
	promotion TEXT NOT NULL,
	until     BIGINT NOT NULL
);

CREATE TABLE promotion_use (
	order_id  TEXT NOT NULL,
	promotion TEXT NOT NULL,
	off       BIGINT NOT NULL CHECK (off > 0), -- minor units
	PRIMARY KEY (order_id, promotion)
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
, sent BIGINT NOT NULL DEFAULT 0 CHECK (sent >= 0 AND sent <= qty));

CREATE TABLE review (
	id          TEXT PRIMARY KEY,
	order_id    TEXT NOT NULL,
	position    BIGINT NOT NULL, -- of the line in the order
	shop        TEXT NOT NULL,
	product     TEXT NOT NULL,
	title       TEXT NOT NULL, -- as it was sold
	variant     TEXT NOT NULL,
	buyer       TEXT NOT NULL,
	buyer_name  TEXT NOT NULL,
	stars       BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
	words       TEXT NOT NULL,
	photos      TEXT NOT NULL,
	refunded    BOOLEAN NOT NULL, -- money of the line went back
	answer      TEXT NOT NULL,
	answered_at BIGINT NOT NULL,
	hidden      TEXT NOT NULL, -- why the operator took words and photos down
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL,
	UNIQUE (order_id, position)
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

CREATE TABLE settle_hold (
	id          TEXT PRIMARY KEY,
	shop        TEXT NOT NULL,
	reason      TEXT NOT NULL,
	since       BIGINT NOT NULL,
	held_by     TEXT NOT NULL,
	objection   TEXT NOT NULL,
	objected_at BIGINT NOT NULL,
	released_at BIGINT NOT NULL,
	released_by TEXT NOT NULL,
	answer      TEXT NOT NULL
);

CREATE TABLE settle_move (
	ref      TEXT PRIMARY KEY,
	shop     TEXT NOT NULL,
	at       BIGINT NOT NULL,
	kind     TEXT NOT NULL, -- sale, refund, payout, payout_back
	order_id TEXT NOT NULL,
	number   TEXT NOT NULL,
	payout   TEXT NOT NULL,
	currency TEXT NOT NULL,
	gross    BIGINT NOT NULL,
	fee      BIGINT NOT NULL,
	own      BIGINT NOT NULL, -- of gross, in the hands of the shop
	paid     BIGINT NOT NULL,
	amount   BIGINT NOT NULL,
	CHECK (amount = gross - fee - own - paid)
);

CREATE TABLE settlement (
	order_id     TEXT PRIMARY KEY,
	number       TEXT NOT NULL, -- of the order
	shop         TEXT NOT NULL,
	currency     TEXT NOT NULL,
	own          BOOLEAN NOT NULL, -- the shop took the money itself
	state        TEXT NOT NULL, -- waiting, settled
	gross        BIGINT NOT NULL CHECK (gross >= 0), -- paid and not promised back
	fee          BIGINT NOT NULL CHECK (fee >= 0 AND fee <= gross),
	completed_at BIGINT NOT NULL,
	due_at       BIGINT NOT NULL,
	settled_at   BIGINT NOT NULL
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
, freight TEXT NOT NULL DEFAULT '[]', tax TEXT NOT NULL DEFAULT '{}');

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
, grams BIGINT NOT NULL DEFAULT 0);

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

CREATE TABLE tax_rate (
	country    TEXT NOT NULL, -- ISO 3166-1 alpha-2
	class      TEXT NOT NULL,
	from_at    BIGINT NOT NULL,
	ppm        BIGINT NOT NULL CHECK (ppm >= 0 AND ppm <= 1000000),
	set_by     TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (country, class, from_at)
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

CREATE TABLE wechat_merchant (
	shop       TEXT PRIMARY KEY,
	sub_mchid  TEXT NOT NULL,
	confirmed  BOOLEAN NOT NULL, -- by an operator, who has bound the number to the market's
	changed_at BIGINT NOT NULL
);

CREATE TABLE wechat_payment (
	intent     TEXT PRIMARY KEY,
	sub_mchid  TEXT NOT NULL,
	amount     BIGINT NOT NULL CHECK (amount > 0), -- fen
	back       TEXT NOT NULL,
	expires_at BIGINT NOT NULL,
	closed     BOOLEAN NOT NULL -- nothing may be opened any more
);

CREATE TABLE wechat_trade (
	number      TEXT PRIMARY KEY,
	intent      TEXT NOT NULL REFERENCES wechat_payment (intent),
	kind        TEXT NOT NULL,
	payer       TEXT NOT NULL, -- openid, or the address for H5
	open        BOOLEAN NOT NULL,
	answer      TEXT NOT NULL, -- prepay_id, code_url or h5_url; "" until WeChat has answered
	answered_at BIGINT NOT NULL,
	created_at  BIGINT NOT NULL
);

CREATE UNIQUE INDEX aftersale_event_key ON aftersale_event (case_id, key) WHERE key <> '';

CREATE UNIQUE INDEX aftersale_line_open ON aftersale_line (order_id, position) WHERE open;

CREATE UNIQUE INDEX claim_call_keyword ON claim_call (show_id, keyword) WHERE closed_at = 0;

CREATE UNIQUE INDEX claim_call_sku ON claim_call (show_id, sku) WHERE closed_at = 0;

CREATE UNIQUE INDEX claim_live ON claim (call, person) WHERE state IN ('waiting', 'held');

CREATE UNIQUE INDEX coupon_order ON coupon (order_id) WHERE order_id <> '';

CREATE UNIQUE INDEX flash_running ON flash (sku, show_id) WHERE ended_at = 0;

CREATE UNIQUE INDEX group_offer_running ON group_offer (sku) WHERE stopped_at = 0;

CREATE UNIQUE INDEX job_unique ON job (kind, unique_key) WHERE unique_key IS NOT NULL AND state <> 'dead';

CREATE UNIQUE INDEX lead_open ON lead (person, product) WHERE person <> '' AND state IN ('new', 'assigned', 'contacted', 'viewing');

CREATE UNIQUE INDEX orders_code ON orders (shop, code) WHERE code <> '';

CREATE UNIQUE INDEX person_email ON person (email) WHERE email <> '';

CREATE UNIQUE INDEX person_phone ON person (phone) WHERE phone <> '';

CREATE UNIQUE INDEX settle_hold_open ON settle_hold (shop) WHERE released_at = 0;

CREATE UNIQUE INDEX stock_movement_ref ON stock_movement (ref, sku, bucket) WHERE ref <> '';

CREATE UNIQUE INDEX wechat_trade_open ON wechat_trade (intent) WHERE open;

CREATE VIRTUAL TABLE search_fts USING fts5 (title, body, content='', contentless_delete=1, tokenize='ascii');
