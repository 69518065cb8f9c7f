package patient

import (
	"time"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// working is a screen on which the patient waits: fetching, matching, sending.
// Its first words say what happens, after three seconds calmer ones, after
// eight there is a way out where the flow has one (U8).
func (w *Window) working(what string) page {
	l, t, s := w.look, w.words, w.state
	body := t.T(what + ".body")
	if s.Pace != flow.PaceFresh {
		body = t.T("fetching.calm")
	}
	blocks := []fyne.CanvasObject{w.title(t.T(what + ".title")), w.body(body).Soft()}
	if s.Screen == flow.Fetching && s.Pace == flow.PaceFresh {
		side := l.TextSize(kit.Heading) * 1.4
		read := kit.Beside(l.MM(4), side, kit.Box(side, side, kit.NewIcon(l, kit.IconCheck, l.Palette.Good, side)),
			kit.NewText(l, kit.Heading, t.T("scan.read")))
		blocks = append([]fyne.CanvasObject{read}, blocks...) // the answer to the code that was held up
	}
	busy := kit.NewBusy(l)
	p := page{live: func(now time.Time) { busy.Spent(now.Sub(s.Entered)) }}
	if s.Screen != flow.Sending {
		p.frame.Desk = w.desk()
	}
	if s.Screen == flow.Fetching && s.Pace == flow.PaceWayOut {
		blocks = append(blocks, w.body(t.T("fetching.out")).Soft())
		p.frame.Side = []*kit.Button{w.back()}
		p.back = w.press(flow.ActBack)
	}
	blocks = append(blocks, busy.Object)
	art := kit.Drawing(l, "getting", drawnGetting)
	if s.Screen == flow.Sending {
		art = kit.Drawing(l, "sending", drawnSending)
	}
	p.frame.Body = kit.Illustrated(l, w.pages(blocks...).Middle(), art)
	return p
}

// waiting counts down until the sender may be asked again.
func (w *Window) waiting() page {
	l, t, s := w.look, w.words, w.state
	whole := s.Until.Sub(s.Entered)
	ring := kit.NewCountdown(l, l.MM(110), whole)
	return page{frame: kit.Frame{
		Body: kit.Illustrated(l, w.pages(w.title(t.T("wait.title")), w.body(t.T("wait.body")).Soft()).Middle(), ring.Object),
		Side: []*kit.Button{w.back()}, Desk: w.desk(),
	}, back: w.press(flow.ActBack), live: func(now time.Time) { ring.Left(s.Until.Sub(now), t.Number) }}
}

// warning is the idle warning: it covers the screen, so that whoever comes next
// does not read what the last one left. Its countdown is seen, and heard by the
// flow's chime and the words read aloud.
func (w *Window) warning() page {
	l, t, s := w.look, w.words, w.state
	ring := kit.NewCountdown(l, l.MM(110), max(w.o.Warn, s.WarnUntil.Sub(w.o.Now())))
	left := w.body(warnWords(w, s.WarnLeft(w.o.Now()))).Soft()
	said := int(s.WarnLeft(w.o.Now()) / (10 * time.Second))
	leave := kit.NewButton(l, kit.Secondary, t.T("warn.leave"), kit.IconNone, w.press(flow.ActCancel)).Named("leave")
	return page{frame: kit.Frame{
		Body: kit.Illustrated(l, w.pages(w.title(t.T("warn.title")), left).Middle(), ring.Object),
		Main: w.mainButton("warn.stay", kit.IconCheck, w.press(flow.ActStay)),
		Side: []*kit.Button{leave}, Desk: w.desk(),
	}, back: w.press(flow.ActStay), live: func(now time.Time) {
		d := w.state.WarnLeft(now)
		ring.Left(d, t.Number)
		left.Say(warnWords(w, d))
		// Seen and heard (U10): every ten seconds it is said again.
		if tens := int(d / (10 * time.Second)); tens < said {
			said = tens
			w.announce()
		}
	}}
}

func warnWords(w *Window, left time.Duration) string {
	return w.words.N("warn.body", int((left+time.Second-1)/time.Second))
}
