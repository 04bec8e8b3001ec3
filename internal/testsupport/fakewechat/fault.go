package fakewechat

import (
	"net/http"
	"time"
)

// Kinds of faults.
const (
	Refused  = "refused"  // 500 SYSTEM_ERROR, and nothing was done
	Busy     = "busy"     // 429 FREQUENCY_LIMITED, and nothing was done
	Cut      = "cut"      // the connection ends before anything is done
	Lost     = "lost"     // everything is done, and the connection ends before the answer
	Half     = "half"     // everything is done, and half of the answer arrives
	Silent   = "silent"   // everything is done, and no answer comes until the client goes
	Confused = "confused" // everything is done, and somebody in between answers 502 in HTML
	Altered  = "altered"  // everything is done, and the answer is not what was signed
	Deaf     = "deaf"     // nothing is done, and the answer is a signed 204
)

// Fault makes the next calls of an operation go wrong.
type Fault struct {
	Operation string // "POST /v3/refund/domestic/refunds"; empty: any
	Kind      string
	Times     int // 0: once
}

// Fail queues faults.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Heal forgets the faults that have not happened.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault takes the fault that is due for an operation.
func (s *Server) fault(operation string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Operation == "" || f.Operation == operation {
			if s.faults[i].Times--; s.faults[i].Times <= 0 {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			}
			return f
		}
	}
	return Fault{}
}

// before carries out what prevents the work, and reports whether it did.
func (f Fault) before(w http.ResponseWriter) bool {
	switch f.Kind {
	case Refused:
		refuse(w, &problem{http.StatusInternalServerError, "SYSTEM_ERROR", "系统错误"})
	case Busy:
		refuse(w, &problem{http.StatusTooManyRequests, "FREQUENCY_LIMITED", "频率超限"})
	case Cut:
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// after answers, or does what goes wrong when the work is done.
func (f Fault) after(w http.ResponseWriter, r *http.Request, ok func()) {
	switch f.Kind {
	case Lost:
		panic(http.ErrAbortHandler)
	case Half:
		w.Header().Set("Content-Length", "4096")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(`{"code_u`))
		panic(http.ErrAbortHandler)
	case Silent:
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
		panic(http.ErrAbortHandler)
	case Confused:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html><h1>502 Bad Gateway</h1></html>"))
	default:
		ok()
	}
}
