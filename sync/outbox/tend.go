package outbox

import (
	"context"
	"errors"
	"time"
)

// drain waits for running deliveries: first they may end by themselves, then
// they are told to.
func (w *Worker) drain(cancel context.CancelFunc) error {
	timer := time.NewTimer(w.opt.Grace)
	defer timer.Stop()
	told := false
	for len(w.running) > 0 {
		select {
		case e := <-w.ended:
			if err := w.learn(e); err != nil {
				cancel()
			}
		case <-timer.C:
			if told {
				return errors.New("outbox: a delivery does not end though its context has")
			}
			told = true
			cancel()
			timer.Reset(w.opt.Grace)
		}
	}
	return nil
}

// tend does the housekeeping, once a minute.
func (w *Worker) tend(now time.Time) error {
	if !w.tended.IsZero() && now.Sub(w.tended) < time.Minute && w.opt.Keep > 0 {
		return nil
	}
	w.tended = now
	w.l.Tend()
	wall := w.l.clock()
	ended, err := w.l.List(Filter{States: []State{Verified, Expired}})
	if err != nil {
		return err
	}
	for _, h := range ended {
		delete(w.due, h.ID)
		if w.opt.Keep < 0 || wall.Sub(h.Updated) > w.opt.Keep {
			if err := w.l.Delete(h.ID); err != nil && !errors.Is(err, &Error{Reason: ReasonNotFound}) && !errors.Is(err, &Error{Reason: ReasonDiskFull}) {
				return err
			}
		}
	}
	return nil
}
