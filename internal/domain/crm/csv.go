package crm

import (
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/text"
)

// WriteCSV writes contacts as a table for spreadsheets: UTF-8 with a byte order
// mark, without which Excel takes it for something else.
//
// What people typed is text there and never a formula (see [text.Cell]). Stop makes the
// link that belongs into every message to a contact who agreed to them.
func WriteCSV(w io.Writer, contacts iter.Seq2[Contact, error], stop func(contact string) string) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	table := csv.NewWriter(w)
	table.UseCRLF = true
	err := table.Write([]string{
		"id", "name", "email", "phone", "orders", "spent", "currency", "marketing", "consent_at", "consent_text",
		"sources", "first_seen_at", "last_seen_at", "stop_url",
	})
	if err != nil {
		return err
	}
	for c, err := range contacts {
		if err != nil {
			return err
		}
		sources := make([]string, len(c.Sources))
		for i, s := range c.Sources {
			sources[i] = string(s.Kind)
		}
		link := ""
		if c.Consent.Marketing {
			link = stop(c.ID)
		}
		err := table.Write([]string{
			c.ID, text.Cell(c.Name), text.Cell(c.Email), text.Cell(c.Phone), strconv.FormatInt(c.Orders, 10),
			strconv.FormatInt(c.Spent.Minor, 10), c.Spent.Currency, strconv.FormatBool(c.Consent.Marketing),
			instant(c.Consent.At), text.Cell(c.Consent.Text), strings.Join(sources, " "), instant(c.CreatedAt), instant(c.SeenAt), link,
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
