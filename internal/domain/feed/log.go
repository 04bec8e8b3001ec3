package feed

// What is logged.
type What uint8

const (
	Published   What = iota + 1 // N is the credit given
	ShownTo                     // by Reason
	WatchedLong                 // counted for the others
	Frozen                      // by reports
	Reported                    // by somebody who was shown it
	Owed                        // the floor of a day that the owner did not use; N is the credit
)

// Entry is one line of the engine's log; unused fields are zero. N is the credit
// given to a publication, or what a video was owed before a show.
type Entry struct {
	What    What
	At      int64 // milliseconds
	Viewer  ViewerID
	Video   VideoID
	Owner   OwnerID
	Creator CreatorID
	Reason  Reason
	N       uint32
}

func (e *Engine) note(x Entry) {
	if e.log != nil {
		e.log(x)
	}
}
