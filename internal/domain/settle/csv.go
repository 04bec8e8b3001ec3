package settle

import (
	"encoding/csv"
	"io"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
)

// WriteStatement writes a statement as a table for a spreadsheet, in the time of
// the shop: its opening, every move, its closing.
func WriteStatement(w io.Writer, st Statement, zone *time.Location) error {
	out := csv.NewWriter(w)
	rows := [][]string{
		{"date", "kind", "number", "order", "sales", "commission", "taken_by_shop", "paid_out", "amount", "balance", "currency"},
		{day(st.From, zone), "opening", "", "", "", "", "", "", "", decimal(st.Opening), st.Opening.Currency},
	}
	balance := st.Opening
	for _, m := range st.Moves {
		of := func(minor int64) string { return decimal(money.Of(minor, m.Currency)) }
		balance.Minor += m.Amount
		rows = append(rows, []string{day(m.At, zone), string(m.Kind), text.Cell(m.Number), m.Order, of(m.Gross), of(m.Fee), of(m.Own), of(m.Paid), of(m.Amount), decimal(balance), m.Currency})
	}
	rows = append(rows, []string{day(st.To.Add(-time.Millisecond), zone), "closing", "", "", "", "", "", "", "", decimal(st.Closing), st.Closing.Currency})
	return out.WriteAll(rows)
}

// WritePayouts writes payouts as a table to copy into a bank's form.
func WritePayouts(w io.Writer, all []PayoutOf) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"reference", "holder", "account", "bank", "amount", "currency", "state", "asked_at", "shop"}}
	for _, p := range all {
		rows = append(rows, []string{p.Reference, text.Cell(p.Account.Holder), text.Cell(p.Account.Number), text.Cell(p.Account.Bank), decimal(money.Of(p.Amount, p.Currency)), p.Currency,
			string(p.State), p.AskedAt.Format(time.RFC3339), p.Shop})
	}
	return out.WriteAll(rows)
}

func day(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02 15:04") }

// decimal writes an amount without its currency.
func decimal(a money.Amount) string { return strings.TrimSuffix(a.String(), " "+a.Currency) }
