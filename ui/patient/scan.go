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
	p := l.Palette
	hint := kit.NewText(l, kit.Heading, w.hint()).On(p.Ink, p.Notice).Centre()
	strip := kit.Plate(l, p.Notice, p.NoticeEdge, l.MM(3), hint)
	blocks := []fyne.CanvasObject{w.title(t.T("scan.title"))}
	if s.Of > 1 {
		blocks = append(blocks,
			kit.NewText(l, kit.Heading, t.T("scan.part", words.Args{"have": s.Have, "of": s.Of})),
			kit.Steps(l, s.Have, s.Of, ""),
			w.body(t.T("scan.part.do")))
	} else {
		blocks = append(blocks, w.body(t.T("scan.body")).Soft())
	}
	where := kit.NewButton(l, kit.Primary, t.T("scan.where"), kit.IconPhone, func() {
		w.where = true
		w.elsewhere()
	}).Named("where")
	picture := &fyne.Container{Layout: pictureLayout{l, w.scan}, Objects: []fyne.CanvasObject{w.scan.box, strip}}
	return page{frame: kit.Frame{
		Body: &fyne.Container{Layout: scanLayout{l}, Objects: []fyne.CanvasObject{w.pages(blocks...).Middle(), picture}},
		Main: where, Side: []*kit.Button{w.back()}, Desk: w.desk(),
	}, back: w.press(flow.ActBack), live: func(time.Time) { hint.Say(w.hint()) }}
}

// hint is the reader's wish in words.
func (w *Window) hint() string {
	s := w.state
	switch {
	case s.Camera == flow.CameraStarting || s.Camera == flow.CameraOff:
		return w.words.T("scan.starting")
	case s.Aim != flow.AimNone:
		return w.words.T("scan.hint." + string(s.Aim))
	}
	return w.words.T("scan.hint.looking")
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
