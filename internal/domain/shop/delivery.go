package shop

import (
	"time"

	"github.com/openstall/openstall/internal/kit/text"
)

// Pickup is when and where buyers collect, or come for an appointment.
type Pickup struct {
	Enabled bool   `json:"enabled"`
	Address string `json:"address" maxLength:"200"`
	Days    []Day  `json:"days" maxItems:"14" nullable:"false"`
}

// Day is one opening of a weekday, cut into slots.
type Day struct {
	Weekday     int    `json:"weekday" minimum:"0" maximum:"6" doc:"0 is Sunday"`
	From        string `json:"from" pattern:"^[0-2][0-9]:[0-5][0-9]$"`
	To          string `json:"to" pattern:"^[0-2][0-9]:[0-5][0-9]$"`
	SlotMinutes int    `json:"slot_minutes" minimum:"10" maximum:"720"`
	Capacity    int    `json:"capacity" minimum:"1" maximum:"10000" doc:"Orders per slot"`
}

// Slot is one time at which goods can be collected.
type Slot struct {
	ID       string    `json:"id"` // its start, in UTC: "20261122T1700Z"
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Left     int64     `json:"left"`
	capacity int64
}

const slotID = "20060102T1504Z"

// check reports whether every day is in order.
func (p Pickup) check() error {
	for _, d := range p.Days {
		from, err1 := time.Parse("15:04", d.From)
		to, err2 := time.Parse("15:04", d.To)
		if err1 != nil || err2 != nil || !from.Before(to) || d.SlotMinutes < 10 || d.Capacity < 1 || d.Weekday < 0 || d.Weekday > 6 {
			return ErrSlots
		}
	}
	return nil
}

// slots lists the openings that end after from, over the next days days, in the
// shop's time zone.
func (p Pickup) slots(zone *time.Location, from time.Time, days int) []Slot {
	var out []Slot
	if !p.Enabled {
		return out
	}
	local := from.In(zone)
	for offset := range days {
		day := time.Date(local.Year(), local.Month(), local.Day()+offset, 0, 0, 0, 0, zone)
		for _, d := range p.Days {
			if int(day.Weekday()) != d.Weekday {
				continue
			}
			out = append(out, d.slots(day, from)...)
		}
	}
	return out
}

func (d Day) slots(day, from time.Time) []Slot {
	at := func(s string) time.Time {
		t, _ := time.Parse("15:04", s)
		return time.Date(day.Year(), day.Month(), day.Day(), t.Hour(), t.Minute(), 0, 0, day.Location())
	}
	var out []Slot
	step := time.Duration(d.SlotMinutes) * time.Minute
	for start, end := at(d.From), at(d.To); start.Before(end); start = start.Add(step) {
		stop := start.Add(step)
		if stop.After(end) {
			stop = end
		}
		if stop.After(from) {
			out = append(out, Slot{
				ID: start.UTC().Format(slotID), StartsAt: start.UTC(), EndsAt: stop.UTC(),
				Left: int64(d.Capacity), capacity: int64(d.Capacity),
			})
		}
	}
	return out
}

// Labels of the ways in which goods are handed over.
var (
	PickupLabel = text.Both("Collect at the stall", "到摊自提")
	ParcelLabel = text.Both("Parcel", "快递")
	VisitLabel  = text.Both("Appointment", "预约")
	OnlineLabel = text.Both("Online, at once", "在线观看，立即开通")
)
