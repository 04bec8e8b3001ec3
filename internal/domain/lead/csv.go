package lead

import (
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/openstall/openstall/internal/kit/text"
)

// WriteCSV writes leads as a table for spreadsheets: UTF-8 with a byte order
// mark, without which Excel takes it for something else. Each goes out with what
// the person agreed to. Name says what a product and a member of the staff are
// called.
func WriteCSV(w io.Writer, leads iter.Seq2[Lead, error], name func(Lead) (product, assignee string, err error)) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	table := csv.NewWriter(w)
	table.UseCRLF = true
	err := table.Write([]string{
		"id", "created_at", "product", "name", "email", "phone", "wish", "viewing_at", "words", "state", "assignee", "answered_at", "reason", "price", "currency",
		"show", "second", "share", "page", "consent_at", "consent_language", "consent_version", "consent_text", "erased_after",
	})
	if err != nil {
		return err
	}
	for l, err := range leads {
		if err != nil {
			return err
		}
		product, assignee, err := name(l)
		if err != nil {
			return err
		}
		slot, price := "", ""
		if l.Slot != nil {
			slot = instant(l.Slot.StartsAt)
		}
		if l.State == Won {
			price = strconv.FormatInt(l.Price.Minor, 10)
		}
		err = table.Write([]string{
			l.ID, instant(l.CreatedAt), text.Cell(product), text.Cell(l.Name), text.Cell(l.Email), text.Cell(l.Phone), string(l.Wish), slot, text.Cell(l.Words),
			string(l.State), text.Cell(assignee), instant(l.AnsweredAt), string(l.Reason), price, l.Price.Currency,
			l.Source.Show, strconv.FormatInt(l.Source.Second, 10), l.Source.Share, l.Source.Page,
			instant(l.Consent.At), l.Consent.Language, l.Consent.Version, text.Cell(l.Consent.Text), instant(l.EraseAt),
		})
		if err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
