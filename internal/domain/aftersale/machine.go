package aftersale

import "time"

// State is where a case stands.
type State string

// States of a case.
const (
	Requested State = "requested" // the shop answers
	Countered State = "countered" // the buyer answers a proposal
	Refused   State = "refused"   // the buyer may ask the operator
	Escalated State = "escalated" // the operator decides
	Returning State = "returning" // the buyer sends the goods back
	Returned  State = "returned"  // the shop confirms that they came
	Owed      State = "owed"      // cash that the shop hands back

	Granted   State = "granted"
	Denied    State = "denied"
	Closed    State = "closed" // nobody went on with it
	Withdrawn State = "withdrawn"
)

// Open reports whether a case waits for somebody.
func (s State) Open() bool {
	switch s {
	case Requested, Countered, Refused, Escalated, Returning, Returned, Owed:
		return true
	}
	return false
}

// By is who takes a step.
type By string

// Actors.
const (
	Buyer    By = "buyer"
	Seller   By = "seller"
	Operator By = "operator"
	System   By = "system"
)

// Event is a step.
type Event string

// Steps.
const (
	File      Event = "file"
	Give      Event = "give" // the shop gives back on its own
	Agree     Event = "agree"
	Counter   Event = "counter"
	Refuse    Event = "refuse"
	Accept    Event = "accept"
	Reject    Event = "reject"
	Withdraw  Event = "withdraw"
	Escalate  Event = "escalate"
	Uphold    Event = "uphold"  // for the buyer
	Dismiss   Event = "dismiss" // for the shop
	Sent      Event = "sent"
	Received  Event = "received"
	Contest   Event = "contest" // what came back is not what was sold
	PaidBack  Event = "paid_back"
	Silence   Event = "silence"   // the clock ran out
	Cancelled Event = "cancelled" // the order was, with all its money
)

// needsNote reports whether a step is a decision against somebody, who is owed
// the reason.
func (e Event) needsNote() bool {
	return e == Refuse || e == Contest || e == Uphold || e == Dismiss
}

// guard holds for some cases only.
type guard func(Case) bool

// effect is what a step brings about beside the new state.
type effect int

const (
	takeAsk    effect = iota // settle on what the buyer asks
	takeOffer                // settle on what the shop proposes
	keepAsk                  // a new wish of the buyer
	keepOffer                // a new proposal of the shop
	cameBack                 // the goods are on their way back, or there
	restock                  // as the shop chooses
	pay                      // promise the money back
	sendAgain                // an order for nothing
	handedBack               // cash was given
)

// row is one line of the table. The first row whose from, on, by and guard fit
// is taken. In is the clock of the state it leads to; none for zero.
type row struct {
	from State
	on   Event
	by   By
	when guard
	to   State
	do   []effect
	in   time.Duration
}

// deal is what a step settles on. Goods came back under an agreement, which then
// holds whatever was asked at first.
func deal(take effect) func(Case) *Deal {
	if take == takeOffer {
		return func(c Case) *Deal { return c.Offer }
	}
	return func(c Case) *Deal {
		if c.CameBack {
			return c.Agreed
		}
		return &c.Ask
	}
}

// settle is the rows by which a step settles a case on a deal: take is takeAsk or
// takeOffer. Goods that have to come back come back first.
func settle(from State, on Event, by By, take effect) []row {
	of := deal(take)
	sends := func(c Case) bool {
		d := of(c)
		return d != nil && (d.Kind == Resend || d.Kind == Exchange && c.CameBack)
	}
	waits := func(c Case) bool {
		d := of(c)
		return d != nil && (d.Kind == Return || d.Kind == Exchange) && !c.CameBack
	}
	cash := func(c Case) bool { return c.InCash }
	return []row{
		{from, on, by, sends, Granted, []effect{take, sendAgain}, 0},
		{from, on, by, waits, Returning, []effect{take}, BuyerSends},
		{from, on, by, cash, Owed, []effect{take, pay}, 0},
		{from, on, by, nil, Granted, []effect{take, pay}, 0},
	}
}

// home is the rows by which goods that came back end a case.
func home(from State, on Event, by By, also ...effect) []row {
	again := func(c Case) bool { return c.Agreed.Kind == Exchange }
	cash := func(c Case) bool { return c.InCash }
	do := func(last effect) []effect { return append(append([]effect{}, also...), last) }
	return []row{
		{from, on, by, again, Granted, do(sendAgain), 0},
		{from, on, by, cash, Owed, do(pay), 0},
		{from, on, by, nil, Granted, do(pay), 0},
	}
}

// table is the machine.
var table = join(
	settle(Requested, Agree, Seller, takeAsk),
	settle(Requested, Silence, System, takeAsk),
	[]row{
		{Requested, Counter, Seller, nil, Countered, []effect{keepOffer}, BuyerAnswers},
		{Requested, Refuse, Seller, nil, Refused, nil, BuyerEscalates},
		{Requested, Withdraw, Buyer, nil, Withdrawn, nil, 0},
	},
	settle(Countered, Accept, Buyer, takeOffer),
	settle(Countered, Agree, Seller, takeAsk),
	[]row{
		{Countered, Counter, Buyer, nil, Requested, []effect{keepAsk}, SellerAnswers},
		{Countered, Reject, Buyer, nil, Refused, nil, BuyerEscalates},
		{Countered, Withdraw, Buyer, nil, Withdrawn, nil, 0},
		{Countered, Silence, System, nil, Closed, nil, 0},
	},
	settle(Refused, Agree, Seller, takeAsk),
	[]row{
		{Refused, Escalate, Buyer, nil, Escalated, nil, OperatorRules},
		{Refused, Withdraw, Buyer, nil, Withdrawn, nil, 0},
		{Refused, Silence, System, nil, Closed, nil, 0},
	},
	settle(Escalated, Agree, Seller, takeAsk),
	settle(Escalated, Uphold, Operator, takeAsk),
	settle(Escalated, Silence, System, takeAsk),
	[]row{
		{Escalated, Dismiss, Operator, nil, Denied, nil, 0},
		{Escalated, Withdraw, Buyer, nil, Withdrawn, nil, 0},
	},
	[]row{
		{Returning, Sent, Buyer, nil, Returned, []effect{cameBack}, SellerConfirms},
		{Returning, Withdraw, Buyer, nil, Withdrawn, nil, 0},
		{Returning, Silence, System, nil, Closed, nil, 0},
	},
	home(Returning, Received, Seller, cameBack, restock), // brought to the stall
	home(Returned, Received, Seller, restock),
	home(Returned, Silence, System),
	[]row{
		{Returned, Contest, Seller, nil, Escalated, nil, OperatorRules},
		{Owed, PaidBack, Seller, nil, Granted, []effect{handedBack}, 0},
		{Owed, PaidBack, Buyer, nil, Granted, []effect{handedBack}, 0},
	},
	cancelled(Requested, Countered, Refused, Escalated, Returning, Returned),
)

// cancelled is the rows for an order whose money went back otherwise.
func cancelled(from ...State) []row {
	var rows []row
	for _, s := range from {
		rows = append(rows, row{s, Cancelled, System, nil, Closed, nil, 0})
	}
	return rows
}

func join(parts ...[]row) []row {
	var all []row
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// next finds the row for a step.
func next(c Case, on Event, by By) (row, bool) {
	for _, r := range table {
		if r.from == c.State && r.on == on && r.by == by && (r.when == nil || r.when(c)) {
			return r, true
		}
	}
	return row{}, false
}

// RunsOut is the state in which a case ends up when its clock runs out, or
// nothing when no clock runs.
func (c Case) RunsOut() State {
	r, ok := next(c, Silence, System)
	if !ok {
		return ""
	}
	return r.to
}

// Can lists what somebody can do with a case now.
func (c Case) Can(by By) []Event {
	out := []Event{}
	seen := map[Event]bool{}
	for _, r := range table {
		if r.from == c.State && r.by == by && by != System && !seen[r.on] {
			seen[r.on] = true
			out = append(out, r.on)
		}
	}
	return out
}
