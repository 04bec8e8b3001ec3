package feed

import (
	"hash/fnv"
	"math/bits"
	"runtime"
)

// Shares is into how many parts owners fall, so that several processes can pay
// the floor between them: of one owner's videos one process alone pays.
const Shares = 32

// allShares is what a process holds that is alone.
const allShares = 1<<Shares - 1

// shareOf returns the share of an owner, by the name that all processes know.
func shareOf(owner string) uint8 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(owner))
	return uint8(h.Sum32() % Shares)
}

// Hold says of which shares this engine pays the floor, a bit for each; at first
// of all. What it shows of other owners' videos pays nothing, and owes nothing.
func (e *Engine) Hold(shares uint32) {
	e.mu.Lock()
	before := e.shares
	e.shares = shares
	e.mu.Unlock()
	if before == shares {
		return
	}
	for from, all := 0, false; !all; from += piece {
		e.mu.Lock()
		end := min(from+piece, len(e.owners))
		for i := from; i < end; i++ {
			if !e.pays(OwnerID(i)) {
				e.floor.remove(int32(i))
			} else if len(e.owners[i].owed) > 0 {
				e.floor.push(int32(i))
			}
		}
		all = end == len(e.owners)
		e.mu.Unlock()
		runtime.Gosched()
	}
}

// pays reports whether the floor of an owner's videos is paid here.
func (e *Engine) pays(o OwnerID) bool { return e.shares>>e.owners[o].share&1 == 1 }

// share returns the share of the owner of a video.
func (e *Engine) share(id VideoID) uint8 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.videos[id].Share
}

// Unpay gives back a credit whose show was not written as one that paid.
func (e *Engine) Unpay(id VideoID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := &e.videos[id]
	if v.credit++; v.credit == 1 && v.state == live {
		e.owes(id)
	}
}

// owes puts a live video that has come to credit among its owner's.
func (e *Engine) owes(id VideoID) {
	owner := e.videos[id].Owner
	o := &e.owners[owner]
	o.owed = append(o.owed, id)
	if e.pays(owner) {
		e.floor.push(int32(owner))
	}
}

// fair is how many shares each of some processes holds at most.
func fair(processes int) int { return (Shares + processes - 1) / max(1, processes) }

// fewer returns n of some shares.
func fewer(shares uint32, n int) uint32 {
	for bits.OnesCount32(shares) > n {
		shares &= shares - 1
	}
	return shares
}
