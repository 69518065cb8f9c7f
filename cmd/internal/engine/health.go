package engine

import (
	"context"
	"errors"
	"time"

	"shlkiosk/sync/audit"
	"shlkiosk/sync/outbox"
	"shlkiosk/ui/flow"
)

// healthEvery is how often the store is looked at: well within the time that a
// patient needs from the first touch to the consent.
const healthEvery = 3 * time.Second

// Health is why the store cannot take another import now, or "".
func (s *Store) Health() flow.Reason {
	if r := reasonOf(s.Ledger.Health()); r != flow.ReasonNone {
		return r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mute
}

// reasonOf is what of a ledger's warnings makes it refuse: those near a limit
// are for staff only.
func reasonOf(all []outbox.Warning) flow.Reason {
	have := map[outbox.Reason]bool{}
	for _, w := range all {
		switch w.Code {
		case "out-of-service":
			have[outbox.ReasonOutOfService] = true
		case "disk":
			have[outbox.ReasonDiskFull] = true
		case "records", "bytes":
			if w.Have >= w.Limit {
				have[outbox.ReasonFull] = true
			}
		}
	}
	for _, r := range []outbox.Reason{outbox.ReasonOutOfService, outbox.ReasonDiskFull, outbox.ReasonFull} { // worst first
		if have[r] {
			return flow.Reason(r)
		}
	}
	return flow.ReasonNone
}

// Watch looks at the store again and again until ctx ends, tries to bring back
// what can come back, and says every change: a reason, or "" once the kiosk can
// serve again. first is what the flow was told at the start. Beside that it
// keeps the ledger's position in the audit trail up to date.
func (s *Store) Watch(ctx context.Context, first flow.Reason, say func(flow.Reason)) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	last := first
	for {
		s.markDue()
		now := s.Health()
		if now != flow.ReasonNone {
			s.mend()
			now = s.Health()
		}
		if now != last && ctx.Err() == nil {
			s.core.Env.Logger.Warn("health", "reason", string(now))
			s.Note("kiosk", "kiosk.health", "", resultOf(string(now)), "")
			last = now
			say(now)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// mend takes the reserve up again when there is room, and tries whether the
// audit trail can be written again.
func (s *Store) mend() {
	s.Ledger.Tend()
	s.mu.Lock()
	mute := s.mute
	s.mu.Unlock()
	if mute != flow.ReasonNone {
		s.Note("kiosk", "audit.resumed", "", "ok", "")
	}
}

// heard keeps whether the audit trail takes entries: without one nothing may be
// done (45 CFR 164.312(b)).
func (s *Store) heard(err error) {
	reason := flow.ReasonNone
	var ae *audit.Error
	switch {
	case errors.As(err, &ae) && ae.Reason == audit.ReasonInvalid:
		return // a fault in this program, not of the trail
	case errors.As(err, &ae):
		reason = flow.Reason(ae.Reason)
	case err != nil:
		reason = flow.Reason(audit.ReasonIO)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = reason
}

// LastTick is when the flow's clock last ticked, and EyesTick when the camera
// last moved (needed is false while it is off), both for the watchdog.
func (k *Kiosk) LastTick() time.Time { return time.Unix(0, k.tick.Load()) }

// EyesTick is the camera's part of LastTick.
func (k *Kiosk) EyesTick() (at time.Time, needed bool) {
	if k.feed == nil {
		return time.Time{}, false
	}
	return k.feed.LastTick()
}
