package outbox

import "time"

// clockWatch compares the wall clock with the monotonic one and raises an alarm
// when they part.
type clockWatch struct {
	mono, wall time.Time
}

func (c *clockWatch) look(l *Ledger, now time.Time) {
	wall := l.clock()
	if !c.mono.IsZero() {
		shift := wall.Sub(c.wall) - now.Sub(c.mono)
		if shift > clockSlack || shift < -clockSlack {
			l.mu.Lock()
			l.alarmLocked(Alarm{Code: AlarmClock, Shift: shift.Round(time.Second).String()})
			l.mu.Unlock()
		}
	}
	c.mono, c.wall = now, wall
}
