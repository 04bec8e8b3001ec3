package chat

import (
	"time"

	"github.com/openstall/openstall/internal/domain/claim"
)

// View is a comment as apps show it.
type View struct {
	ID     string      `json:"id"`
	At     time.Time   `json:"at"`
	Name   string      `json:"name"`
	Text   string      `json:"text"`
	Kind   Kind        `json:"kind" enum:"viewer,host,buyer,system"`
	By     string      `json:"by,omitempty" doc:"The same for all that one person says in this show, and nothing else; missing when it is the shop"`
	Person string      `json:"person,omitempty" doc:"For the host alone"`
	State  State       `json:"state,omitempty" enum:"shown,held,removed" doc:"For the host alone"`
	Second int64       `json:"second" doc:"Of the show"`
	Mine   bool        `json:"mine,omitempty"`
	Claim  *claim.View `json:"claim,omitempty" doc:"That the comment has made; for who said it alone"`
}

// Public is what everyone in the room sees of c.
func (c Comment) Public() View {
	return View{ID: c.ID, At: c.At.UTC(), Name: c.Name, Text: c.Text, Kind: c.Kind, By: c.By, Second: c.Second}
}

// ForHost is what the host sees of c: also who said it, and whether it is held.
func (c Comment) ForHost() View {
	v := c.Public()
	v.Person, v.State = c.Person, c.State
	return v
}
