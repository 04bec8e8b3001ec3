// Package lab measures Discover: an evaluator that ranks a logged data set with
// the product's own engine beside the usual recommenders, and a closed-loop
// simulator.
//
// A data set is a folder of three gzipped, tab-separated files without a header
// line:
//
//	items.tsv.gz  item, creator, topic (-1 unknown), new (1: the creator has no training row), duration_ms
//	train.tsv.gz  user, item, order (0 is the oldest of the user's list), label (1 long view, 0 shown)
//	eval.tsv.gz   user, item, phase (val or test), time_ms, positive, like, follow, play_ms
//
// Policies see items and train only; the evaluation rows are the judge's.
package lab

// Item is one video of a data set.
type Item struct {
	Creator  int32
	Topic    int32 // dense; videos of unknown topic share the last one
	New      bool
	Duration int32 // milliseconds
}

// Shown is one training row of a user.
type Shown struct {
	Item  int32
	Order int32
	Long  bool
}

// Set is a data set, its creators and topics renumbered densely.
type Set struct {
	Items    []Item
	Creators int
	Topics   int
	Train    [][]Shown // by user, oldest first
	Val      [][]int32 // by user: positives, each once
	Test     [][]int32
}

// Users counts the users of the set, those without rows included.
func (s *Set) Users() int { return len(s.Train) }
