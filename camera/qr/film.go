package qr

import (
	"image"
	"time"

	"shlkiosk/camera"
)

// Result is what one frame brought.
type Result struct {
	Readings []camera.Reading // new in this frame; each code is told once until Reset
	Outline  *[4]camera.Point // where a code is, even before it is read
	Hint     Hint
	Millis   float64 // time in front for this frame
}

// Frame takes the next frame of a film. It follows the code it knows of, or
// looks for one the cheap way; the hard search goes on behind.
func (r *Reader) Frame(f camera.Frame) Result {
	began := time.Now()
	base := planeOf(f.Gray)
	var res Result
	if base.w < 21 || base.h < 21 {
		return res
	}
	e := newEffort(r.o.frameBudget())
	r.front(base, int(f.Seq), &res, e)
	if len(res.Readings) == 0 {
		r.behind(base, f.Gray, int(f.Seq), &res)
	}
	if r.track.on && r.track.lost == 0 {
		c := r.track.g.corners(0)
		res.Outline = &c
	}
	res.Millis = float64(time.Since(began).Microseconds()) / 1000
	return res
}

// front is the work within the frame's own time.
func (r *Reader) front(base plane, seq int, res *Result, e *effort) {
	w, t := r.w, &r.track
	w.pyr.reset(base)
	if t.on {
		if w.follow(t, e) {
			if fd := w.decodeTrack(t, e); fd != nil {
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
	if fd := w.quick(base, e); fd != nil {
		r.report(fd, seq, res)
		return
	}
	r.adopt(w)
}

// adopt starts following the best grid a search saw.
func (r *Reader) adopt(w *worker) {
	if w.best.l != nil && w.best.score > .4 && (!r.track.on || r.track.lost > 0) {
		r.track.start(w.best.full(w.bestAt))
	}
}

// report tells a code once.
func (r *Reader) report(fd *found, seq int, res *Result) {
	r.track.start(fd.grid.full(fd.level))
	if r.seen[fd.text] {
		return
	}
	r.seen[fd.text] = true
	res.Readings = append(res.Readings, camera.Reading{Text: fd.text, Corners: fd.grid.corners(fd.level), Frame: seq})
}

// behind gives the hard search its share: in synchronous film the time of one
// frame on a second core, else whatever the goroutine found meanwhile.
func (r *Reader) behind(base plane, img *image.Gray, seq int, res *Result) {
	if !r.o.Synchronous {
		return
	}
	w := r.hard
	for _, rd := range w.search(base, r.o.Wanted, newEffort(33*time.Millisecond)) {
		if !r.seen[rd.Text] {
			r.seen[rd.Text] = true
			rd.Frame = seq
			res.Readings = append(res.Readings, rd)
		}
	}
	r.adopt(w)
}
