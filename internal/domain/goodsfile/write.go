package goodsfile

import (
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
)

// Write writes goods as a table for spreadsheets, a line a variant, with headings
// and choices in a language: UTF-8 with a byte order mark, without which Excel
// takes it for something else. What is in it can be read back as it is.
func Write(w io.Writer, p shop.Pack, language string, goods iter.Seq2[catalog.Product, error], onHand map[string]int64) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	table := csv.NewWriter(w)
	table.UseCRLF = true
	columns := columnsOf(p)
	line := make([]string, len(columns))
	for i, c := range columns {
		if line[i] = c.label.Pick(language); line[i] == "" {
			line[i] = c.key
		}
	}
	if err := table.Write(line); err != nil {
		return err
	}
	for g, err := range goods {
		if err != nil {
			return err
		}
		for _, k := range g.SKUs {
			for i, c := range columns {
				line[i] = text.Cell(c.words(cellOf(g, k, onHand[k.ID], c.key), language))
			}
			if err := table.Write(line); err != nil {
				return err
			}
		}
	}
	table.Flush()
	return table.Error()
}

// cellOf is what stands in a column for a variant.
func cellOf(p catalog.Product, k catalog.SKU, onHand int64, key string) string {
	switch key {
	case product:
		return p.ID
	case variant:
		return k.ID
	case titleEN:
		return p.Title["en"]
	case titleZH:
		return p.Title["zh"]
	case aboutEN:
		return p.About["en"]
	case aboutZH:
		return p.About["zh"]
	case measure:
		return string(p.Measure)
	case state:
		return string(p.State)
	case variantEN:
		return k.Name["en"]
	case variantZH:
		return k.Name["zh"]
	case price:
		return figure(k.Price.Minor, money.Exponent(k.Price.Currency))
	case inStock:
		return figure(onHand, places(p.Measure))
	case grams:
		if k.Grams == 0 {
			return ""
		}
		return figure(k.Grams, 0)
	case taxClass:
		return p.Tax
	}
	return p.Fields[strings.TrimPrefix(key, detail)]
}

// places is how many decimals a stock of m has: kilograms are counted in grams.
func places(m catalog.Measure) int {
	if m == catalog.Weight {
		return 3
	}
	return 0
}

// figure is [decimal] the other way round.
func figure(n int64, places int) string {
	s := strconv.FormatInt(n, 10)
	if places == 0 {
		return s
	}
	s = strings.Repeat("0", max(0, places+1-len(s))) + s
	return s[:len(s)-places] + "." + s[len(s)-places:]
}
