package patient

import (
	"time"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/words"
)

// scanning is the live picture with what the reader would have the patient do
// right under it. A code that cannot be used gets the whole screen: what it is,
// and what to do.
func (w *Window) scanning() page {
	s := w.state
	if w.scan == nil {
		w.scan = newScanView(w.look, w.o.Straight)
	}
	switch {
	case w.where:
		return w.whereIsIt()
	case s.Hint != flow.ReasonNone:
		return w.wrongCode()
	case s.Camera == flow.CameraMissing || s.Camera == flow.CameraBlack:
		return w.noPicture()
	}
	return w.livePicture()
}

func (w *Window) livePicture() page {
	l, t, s := w.look, w.words, w.state
	wish, draw := w.wishStrip()
	blocks := []fyne.CanvasObject{w.title(t.T("scan.title"))}
	cramped := w.narrow() && !l.Metrics.Portrait()
	if s.Of > 1 {
		if cramped {
			blocks = nil
		}
		blocks = append(blocks,
			kit.NewText(l, kit.Heading, t.T("scan.part", words.Args{"have": s.Have, "of": s.Of})),
			kit.Steps(l, s.Have, s.Of, ""),
			w.body(t.T("scan.part.do")))
	} else if !cramped {
		blocks = append(blocks, w.body(t.T("scan.body")).Soft())
	}
	where := kit.NewButton(l, kit.Primary, t.T("scan.where"), kit.IconPhone, func() {
		w.where = true
		w.elsewhere()
	}).Named("where")
	picture := &fyne.Container{Layout: pictureLayout{l, w.scan}, Objects: []fyne.CanvasObject{w.scan.box, wish}}
	return page{frame: kit.Frame{
		Body: &fyne.Container{Layout: scanLayout{l}, Objects: []fyne.CanvasObject{w.pages(blocks...).Middle(), picture}},
		Main: where, Side: []*kit.Button{w.back()}, Desk: w.desk(),
	}, back: w.press(flow.ActBack), live: func(time.Time) { draw() }}
}

// wishStrip is what the reader would have the patient do, drawn and in words,
// and what changes it.
func (w *Window) wishStrip() (*fyne.Container, func()) {
	l, p := w.look, w.look.Palette
	role := kit.Heading
	if w.narrow() {
		role = kit.Strong
	}
	side := l.TextSize(role) * 1.3
	make := func(aim flow.Aim) fyne.CanvasObject {
		icon, key := aimWords(aim, w.state.Camera)
		fill, edge := p.Notice, p.NoticeEdge
		if aim == flow.AimNone {
			fill, edge = p.Card, p.Hair
		}
		text := kit.NewText(l, role, w.words.T(key)).On(p.Ink, fill)
		return kit.Plate(l, fill, edge, l.MM(3), kit.Beside(l.MM(4), side, kit.Box(side, side, kit.NewIcon(l, icon, p.Ink, side)), text))
	}
	shown := w.state.Aim
	strip := kit.Column(0, make(shown))
	return strip, func() {
		if aim := w.state.Aim; aim != shown {
			shown = aim
			strip.Objects = []fyne.CanvasObject{make(aim)}
			strip.Refresh()
			w.root.Objects[0].Refresh()
		}
	}
}

func aimWords(a flow.Aim, c flow.Camera) (kit.Icon, string) {
	if c == flow.CameraStarting || c == flow.CameraOff {
		return kit.IconCamera, "scan.starting"
	}
	switch a {
	case flow.AimNearer:
		return kit.IconNearer, "scan.hint.nearer"
	case flow.AimFarther:
		return kit.IconFarther, "scan.hint.farther"
	case flow.AimStill:
		return kit.IconHand, "scan.hint.hold-still"
	case flow.AimDimmer:
		return kit.IconSun, "scan.hint.brightness"
	case flow.AimOneCode:
		return kit.IconQR, "scan.hint.one-code"
	}
	return kit.IconCamera, "scan.hint.looking"
}

// scanLayout gives the picture the larger part.
type scanLayout struct{ l *kit.Look }

func (s scanLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (s scanLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	gap := s.l.MM(10)
	if s.l.Metrics.Portrait() {
		h := min(kit.HeightFor(o[0], size.Width), size.Height*0.4)
		put(o[0], 0, 0, size.Width, h)
		high := min(size.Height-h-gap, size.Width*9/16+s.l.MM(40))
		put(o[1], 0, h+gap+(size.Height-h-gap-high)*0.3, size.Width, high)
		return
	}
	w := size.Width * 0.6
	put(o[1], 0, 0, w, size.Height)
	put(o[0], w+gap, 0, size.Width-w-gap, size.Height)
}

// pictureLayout keeps the reader's wish right under the picture, where the eyes
// are.
type pictureLayout struct {
	l *kit.Look
	v *scanView
}

func (p pictureLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (p pictureLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	gap := p.l.MM(4)
	strip := kit.HeightFor(o[1], size.Width)
	picture := p.v.rect(fyne.NewSize(size.Width, size.Height-strip-gap)).Size
	top := (size.Height - picture.Height - gap - strip) / 2
	put(o[0], (size.Width-picture.Width)/2, top, picture.Width, picture.Height)
	put(o[1], 0, top+picture.Height+gap, size.Width, strip)
}

// whereIsIt helps to find the code in an app, by drawing and words.
func (w *Window) whereIsIt() page {
	l, t := w.look, w.words
	blocks := []fyne.CanvasObject{w.title(t.T("scan.where.title"))}
	for i, key := range []string{"scan.where.open", "scan.where.share", "scan.where.show", "scan.where.paper"} {
		side := l.LineHeight(kit.Body)
		mark := fyne.CanvasObject(kit.NewText(l, kit.Strong, t.Number(i+1)).Centre())
		if i == 3 {
			mark = kit.Box(side, side, kit.NewIcon(l, kit.IconDocument, l.Palette.Art, side))
		}
		blocks = append(blocks, kit.Beside(l.MM(3), side, mark, w.body(t.T(key))))
	}
	shut := func() {
		w.where = false
		w.elsewhere()
	}
	return page{frame: kit.Frame{
		Body: kit.Illustrated(l, w.pages(blocks...).Middle(), kit.Drawing(l, "where", drawnWhere)),
		Main: w.mainButton("button.close", kit.IconCheck, shut), Side: []*kit.Button{w.back()}, Desk: w.desk(),
	}, back: shut}
}

// wrongCode says what was shown and what to show.
func (w *Window) wrongCode() page {
	l, t, s := w.look, w.words, w.state
	why := t.Reason(string(s.Hint))
	what := why.What
	if !s.ExpiredAt.IsZero() {
		what = t.T("reason.expired.at", words.Args{"time": t.Moment(s.ExpiredAt, w.o.Now())})
	}
	return page{frame: kit.Frame{
		Body: kit.Illustrated(l,
			w.pages(w.title(why.Title), w.body(what).Soft(), w.body(why.Do)).Middle(), w.sign(hintIcon(s.Hint))),
		Main: w.mainButton("scan.again", kit.IconQR, w.press(flow.ActDismiss)),
		Side: []*kit.Button{w.back()}, Desk: w.desk(),
	}, back: w.press(flow.ActDismiss)}
}

// noPicture is for a camera that does not answer or is covered. The kiosk keeps
// trying.
func (w *Window) noPicture() page {
	t := w.words
	key := "scan.camera.missing"
	blocks := []fyne.CanvasObject{}
	if w.state.Camera == flow.CameraBlack {
		key = "scan.camera.black"
		blocks = append(blocks, w.body(t.T("scan.camera.black.do")))
	}
	blocks = append([]fyne.CanvasObject{w.title(t.T(key))}, append(blocks, w.body(t.T("scan.camera.do")).Soft())...)
	desk := w.desk()
	return page{frame: kit.Frame{
		Body: kit.Illustrated(w.look, w.pages(blocks...).Middle(), w.sign(kit.IconNoCamera)),
		Side: []*kit.Button{w.back()}, Desk: desk,
	}, back: w.press(flow.ActBack)}
}

// sign is an icon, large, on a disc.
func (w *Window) sign(i kit.Icon) fyne.CanvasObject {
	return kit.Sign(w.look, i)
}

// hintIcon is the drawing for a code that cannot be used.
func hintIcon(r flow.Reason) kit.Icon {
	switch r {
	case "boarding-pass":
		return kit.IconPlane
	case "web-address":
		return kit.IconWeb
	case "wifi":
		return kit.IconNoWeb
	case "contact", "driving-licence", "cms-htei":
		return kit.IconPerson
	case "expired", "expired-at-server", "card-expired":
		return kit.IconClock
	case flow.ReasonTwoCodes, "two-links", "shc-chunk":
		return kit.IconQR
	case "hcert":
		return kit.IconSyringe
	}
	return kit.IconInfo
}
