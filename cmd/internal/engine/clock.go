package engine

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// clockSlack is what a kiosk's clock may differ from others before staff are
// told: as much as a link's expiry allows (receiver.md trap 22: 60 to 120 s).
const clockSlack = 2 * time.Minute

// clocks keeps how far the clocks of the services that answered were from the
// kiosk's. A kiosk whose clock is wrong blames good links for having run out;
// staff are told before that (receiver.md section 4, item 59). One service
// with a wrong clock proves nothing, so the middle of them counts.
type clocks struct {
	mu   sync.Mutex
	all  []clockSeen // the newest last
	said bool
}

type clockSeen struct {
	host string
	off  time.Duration // ours less theirs
}

const mostClocks = 9

// saw takes the Date of an answer. It reports whether the kiosk's clock has
// begun to differ, once for each time that it does.
func (c *clocks) saw(host string, server, now time.Time) bool {
	if server.IsZero() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = slices.DeleteFunc(c.all, func(s clockSeen) bool { return s.host == host })
	if len(c.all) == mostClocks {
		c.all = slices.Delete(c.all, 0, 1)
	}
	c.all = append(c.all, clockSeen{host, now.Sub(server).Round(time.Second)})
	off, _ := c.middle()
	fresh := off.Abs() > clockSlack && !c.said
	c.said = off.Abs() > clockSlack
	return fresh
}

// middle is the lower middle of the differences by their size, and of how many.
func (c *clocks) middle() (time.Duration, int) {
	if len(c.all) == 0 {
		return 0, 0
	}
	off := make([]time.Duration, 0, len(c.all))
	for _, s := range c.all {
		off = append(off, s.off)
	}
	slices.SortFunc(off, func(a, b time.Duration) int { return cmp.Compare(a.Abs(), b.Abs()) })
	return off[(len(off)-1)/2], len(off)
}

// ClockOff is how far the kiosk's clock is ahead of those of the services that
// links were opened from lately, and how many they were; far tells that staff
// should look at it.
func (c *Core) ClockOff() (off time.Duration, services int, far bool) {
	c.clocks.mu.Lock()
	defer c.clocks.mu.Unlock()
	off, services = c.clocks.middle()
	return off, services, off.Abs() > clockSlack
}

// sawClock notes the Date of a service's answer.
func (c *Core) sawClock(host string, server time.Time) {
	if c.clocks.saw(host, server, c.Env.Now()) {
		off, n, _ := c.ClockOff()
		c.Env.Logger.Warn("the kiosk's clock differs from those of the services that links come from", "seconds", int(off.Seconds()), "services", n)
	}
}
