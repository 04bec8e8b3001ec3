package goodsfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/kit/text"
)

// row is a line of a file.
type row struct {
	line  int
	cells map[string]string // what is not empty, by the column's key
}

// read takes a file apart: UTF-8, with or without a byte order mark, separated by
// comma, semicolon or tab as its first line is (RFC 4180 otherwise). Empty lines
// do not count.
func read(file []byte, columns []column) ([]row, error) {
	file = bytes.TrimPrefix(file, []byte("\uFEFF"))
	if !utf8.Valid(file) || bytes.IndexByte(file, 0) >= 0 {
		return nil, ErrEncoding
	}
	r := csv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord = -1
	first, _, _ := bytes.Cut(file, []byte("\n"))
	for _, sep := range []rune{';', '\t'} {
		if bytes.Count(first, []byte(string(sep))) > bytes.Count(first, []byte(string(r.Comma))) {
			r.Comma = sep
		}
	}
	heads, err := r.Read()
	if err != nil {
		return nil, ErrFile.At("line 1", "headings")
	}
	of := make([]*column, len(heads))
	for i, h := range heads {
		if h = strings.TrimSpace(h); h == "" {
			continue
		}
		j := slices.IndexFunc(columns, func(c column) bool { return c.called(h) })
		if j < 0 {
			return nil, ErrColumn.At("line 1", h)
		}
		if slices.Contains(of, &columns[j]) {
			return nil, ErrTwice.At("line 1", h)
		}
		of[i] = &columns[j]
	}
	var rows []row
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
			return nil, ErrFile.At("line "+strconv.Itoa(parse.Line), parse.Err.Error())
		}
		if err != nil {
			return nil, err
		}
		x := row{cells: map[string]string{}}
		x.line, _ = r.FieldPos(0)
		for i, cell := range record {
			cell = plain(strings.TrimSpace(cell))
			switch {
			case cell == "":
			case i >= len(of) || of[i] == nil:
				return nil, ErrColumn.At("line "+strconv.Itoa(x.line), cell)
			default:
				x.cells[of[i].key] = of[i].value(cell)
			}
		}
		if len(x.cells) == 0 {
			continue
		}
		if rows = append(rows, x); len(rows) > MaxRows {
			return nil, ErrRows
		}
	}
}

// plain takes off the apostrophe that [text.Cell] puts before what a spreadsheet
// would run.
func plain(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && text.Cell(rest) == cell {
		return rest
	}
	return cell
}

// decimal reads a figure with at most places decimals as a whole number of its
// smallest unit. Decimals come after a point or a comma; thousands are not parted.
func decimal(s string, places int) (int64, bool) {
	whole, rest, _ := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	rest = strings.TrimRight(rest, "0")
	if len(rest) > places || whole == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+rest+strings.Repeat("0", places-len(rest)), 10, 63)
	return int64(n), err == nil
}
