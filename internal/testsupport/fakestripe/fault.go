package fakestripe

import (
	"encoding/json"
	"net/http"
	"time"
)

// Kinds of faults.
const (
	Refused  = "refused"  // 500, and nothing was done
	Busy     = "busy"     // 429, and nothing was done
	Cut      = "cut"      // the connection ends before anything is done
	Lost     = "lost"     // everything is done, and the connection ends before the answer
	Half     = "half"     // everything is done, and half of the answer arrives
	Silent   = "silent"   // everything is done, and no answer comes until the client goes
	Confused = "confused" // everything is done, and somebody in between answers 502 in HTML
)

// Fault makes the next calls of an operation go wrong.
type Fault struct {
	Operation string `json:"operation"` // "POST /v1/refunds"; empty: any
	Kind      string `json:"kind"`
	Times     int    `json:"times"` // 0: once
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

func (s *Server) setFaults(w http.ResponseWriter, r *http.Request) {
	var faults []Fault
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&faults); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.Heal()
	s.Fail(faults...)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) setBooking(w http.ResponseWriter, r *http.Request) {
	var b Booking
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&b); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.Book(b)
	w.WriteHeader(http.StatusNoContent)
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
		answer(w, http.StatusInternalServerError, (&problem{typ: "api_error", message: "An unknown error occurred"}).body())
	case Busy:
		answer(w, http.StatusTooManyRequests, (&problem{typ: "invalid_request_error", code: "rate_limit", message: "Too many requests"}).body())
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
		_, _ = w.Write([]byte(`{"id": "cs_te`))
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
