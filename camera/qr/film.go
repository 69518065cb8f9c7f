package qr

import (
	"time"

	"shlkiosk/camera"
)

// Result is what one frame brought.
type Result struct {
	Readings []camera.Reading // new with this frame; each text is told once until Reset
	Outline  *[4]camera.Point // where a code is, even before it is read: TL, TR, BR, BL
	Hint     Hint
	Wish     camera.Wish // what of the camera would help to see this frame's code
	Millis   float64     // time that Frame took
}

// frameShare is what the background gets between two frames of a 30 Hz film.
const frameShare = 33 * time.Millisecond

// Frame takes the next frame of a film. It follows the code it knows of, or
// looks for one the cheap way; the hard search goes on behind, on a copy, and
// what it finds comes with a later Frame. The frame is not kept.
func (r *Reader) Frame(f camera.Frame) Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	began := time.Now()
	base := planeOf(f.Gray)
	var res Result
	if base.w < minSide || base.h < minSide {
		return res
	}
	seq := int(f.Seq)
	r.collect(&res)
	r.front(base, seq, &res, newEffort(r.o.frameBudget()))
	// With the code known the hard search only looks for a second one, seldom.
	if len(res.Readings) == 0 && (!r.track.told || r.track.lost > 0 || seq%8 == 0) {
		r.behind(base, seq, &res)
	}
	if r.track.on && r.track.lost == 0 {
		c := r.track.g.corners(0)
		res.Outline = &c
	}
	cause := r.cause(&base)
	res.Hint, res.Wish = r.advice.next(cause), r.wish(cause, &base)
	res.Millis = float64(time.Since(began).Microseconds()) / 1000
	return res
}

// front is the work within the frame's own time.
func (r *Reader) front(base plane, seq int, res *Result, e *effort) {
	w, t := r.w, &r.track
	w.pyr.reset(base)
	if t.on {
		if w.follow(t, e) {
			// Once told, only a cheap look whether it shows something else by
			// now, as cards of several codes do.
			if fd := w.decodeTrack(t, !t.told, e); fd != nil {
				r.report(fd, seq, res)
			}
			return
		}
		t.lost++
		t.fresh = false
		if t.lost > lostAfter {
			t.wipe()
		}
	}
	found := w.quick(base, r.o.Wanted, e)
	for i := range found {
		r.report(&found[i], seq, res)
	}
	if len(found) == 0 {
		r.adopt(w)
	}
}

// trackable is the fit from which a grid is worth following: small versions
// have few known modules, and noise fits them easily.
func trackable(g *grid) bool {
	if g.l == nil {
		return false
	}
	if g.l.number < 4 {
		return g.score > .75
	}
	return g.score > .45
}

// adopt starts following the best grid a search saw.
func (r *Reader) adopt(w *worker) {
	if w != r.w {
		r.hardSaw = append(r.hardSaw[:0], w.finders...)
	}
	t := &r.track
	better := !t.on || t.lost > 0 || !t.told && w.best.score > t.g.score+.1
	if trackable(&w.best) && better {
		r.track.start(w.best.full(w.bestAt))
	}
}

// report tells a code once, and follows it when it is a wanted one.
func (r *Reader) report(fd *found, seq int, res *Result) {
	if r.o.Wanted == nil || r.o.Wanted(fd.text) {
		r.track.start(fd.grid.full(fd.level))
		r.track.told = true
	} else {
		r.track.wipe()
	}
	r.tell(camera.Reading{Text: fd.text, Corners: fd.grid.corners(fd.level), Frame: seq}, res)
}

func (r *Reader) tell(rd camera.Reading, res *Result) {
	if !r.seen[rd.Text] {
		r.seen[rd.Text] = true
		res.Readings = append(res.Readings, rd)
	}
}

// behind gives the frame to the hard search: in synchronous film at once,
// with the time of one frame, else to a goroutine when one is free.
func (r *Reader) behind(base plane, seq int, res *Result) {
	if r.o.Synchronous {
		if r.hard == nil {
			r.hard = r.newWorker()
		}
		for _, rd := range r.hard.search(base, r.o.Wanted, newEffort(frameShare)) {
			rd.Frame = seq
			r.tell(rd, res)
		}
		r.adopt(r.hard)
		return
	}
	if r.o.MaxBackground < 0 {
		return
	}
	if r.back == nil {
		r.back = newBackground(min(max(r.o.MaxBackground, 1), 2), r.o.Wanted, r.newWorker)
	}
	r.back.offer(base, seq)
}

// collect takes over what the background found since the last frame.
func (r *Reader) collect(res *Result) {
	if r.back == nil {
		return
	}
	r.back.collect(func(j *job) {
		for _, rd := range j.found {
			rd.Frame = j.seq
			r.tell(rd, res)
		}
		r.adopt(j.w)
	})
}
