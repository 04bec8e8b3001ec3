package lab

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxID bounds the identifiers of a data set, so that a damaged row cannot ask
// for all memory.
const maxID = 50_000_000

// Load reads the data set in folder dir.
func Load(dir string) (*Set, error) { return LoadFS(os.DirFS(dir), filepath.Base(dir)) }

// LoadFS reads a data set from the root of files; name stands in errors.
func LoadFS(files fs.FS, name string) (*Set, error) {
	s := &Set{}
	if err := s.readItems(files); err != nil {
		return nil, fmt.Errorf("data set %s: %w", name, err)
	}
	if err := s.readTrain(files); err != nil {
		return nil, fmt.Errorf("data set %s: %w", name, err)
	}
	if err := s.readEval(files); err != nil {
		return nil, fmt.Errorf("data set %s: %w", name, err)
	}
	return s, nil
}

func (s *Set) readItems(files fs.FS) error {
	creators, topics := map[int64]int32{}, map[int64]int32{}
	unknown := false
	seen := 0
	err := rows(files, "items.tsv.gz", 5, func(f []int64) error {
		item := f[0]
		if item > int64(2*seen+1_000_000) {
			return fmt.Errorf("item %d: identifiers must be dense", item)
		}
		for int64(len(s.Items)) <= item {
			s.Items = append(s.Items, Item{Creator: -1})
		}
		if s.Items[item].Creator >= 0 {
			return fmt.Errorf("item %d stands twice", item)
		}
		seen++
		it := Item{Creator: dense(creators, f[1]), Topic: -1, New: f[3] == 1, Duration: int32(min(f[4], 1<<31-1))}
		if f[2] >= 0 {
			it.Topic = dense(topics, f[2])
		} else {
			unknown = true
		}
		s.Items[item] = it
		return nil
	}, nil)
	if err != nil {
		return err
	}
	if seen != len(s.Items) || seen == 0 {
		return fmt.Errorf("items.tsv.gz: %d rows for identifiers up to %d", seen, len(s.Items)-1)
	}
	s.Creators, s.Topics = len(creators), len(topics)
	if unknown {
		s.Topics++
	}
	for i := range s.Items {
		if s.Items[i].Topic < 0 {
			s.Items[i].Topic = int32(s.Topics - 1)
		}
	}
	return nil
}

func (s *Set) readTrain(files fs.FS) error {
	err := rows(files, "train.tsv.gz", 4, func(f []int64) error {
		if f[1] >= int64(len(s.Items)) {
			return fmt.Errorf("item %d is not in items.tsv.gz", f[1])
		}
		s.grow(f[0])
		s.Train[f[0]] = append(s.Train[f[0]], Shown{Item: int32(f[1]), Order: int32(f[2]), Long: f[3] == 1})
		return nil
	}, nil)
	for _, list := range s.Train {
		slices.SortStableFunc(list, func(a, b Shown) int { return int(a.Order) - int(b.Order) })
	}
	return err
}

func (s *Set) readEval(files fs.FS) error {
	phase := ""
	err := rows(files, "eval.tsv.gz", 8, func(f []int64) error {
		if f[1] >= int64(len(s.Items)) {
			return fmt.Errorf("item %d is not in items.tsv.gz", f[1])
		}
		s.grow(f[0])
		into := s.Test
		switch phase {
		case "val":
			into = s.Val
		case "test":
		default:
			return fmt.Errorf("phase %q", phase)
		}
		if f[4] == 1 && !slices.Contains(into[f[0]], int32(f[1])) {
			into[f[0]] = append(into[f[0]], int32(f[1]))
		}
		return nil
	}, &phase)
	return err
}

func (s *Set) grow(user int64) {
	for int64(len(s.Train)) <= user {
		s.Train, s.Val, s.Test = append(s.Train, nil), append(s.Val, nil), append(s.Test, nil)
	}
}

func dense(ids map[int64]int32, id int64) int32 {
	n, ok := ids[id]
	if !ok {
		n = int32(len(ids))
		ids[id] = n
	}
	return n
}

// rows calls row with the numbers of each line of a file. Where word is not nil
// the third column is text and is put there.
func rows(files fs.FS, name string, columns int, row func([]int64) error, word *string) error {
	f, err := files.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	in := bufio.NewScanner(z)
	in.Buffer(make([]byte, 4096), 4096)
	n, values := 0, make([]int64, columns)
	for in.Scan() {
		n++
		if err := parse(in.Text(), values, word); err != nil {
			return fmt.Errorf("%s line %d: %w", name, n, err)
		}
		if err := row(values); err != nil {
			return fmt.Errorf("%s line %d: %w", name, n, err)
		}
	}
	if err := in.Err(); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s line %d: %w", name, n+1, err)
	}
	return nil
}

// parse reads one line. The first two columns are identifiers: 0 to maxID.
func parse(line string, values []int64, word *string) error {
	for c := range values {
		field, rest, more := strings.Cut(line, "\t")
		if more != (c < len(values)-1) {
			return fmt.Errorf("want %d columns", len(values))
		}
		line = rest
		if c == 2 && word != nil {
			*word = field
			continue
		}
		v, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return fmt.Errorf("column %d: %w", c+1, err)
		}
		if c < 2 && (v < 0 || v > maxID) {
			return fmt.Errorf("column %d: %d is no identifier", c+1, v)
		}
		values[c] = v
	}
	return nil
}
