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
	cramped := cramped(l)
	blocks := []fyne.CanvasObject{}
	if !cramped || s.Of <= 1 && s.Aim == flow.AimNone {
		blocks = append(blocks, w.title(t.T("scan.title")))
	}
	if s.Of > 1 && (!cramped || s.Aim == flow.AimNone) {
		blocks = append(blocks,
			kit.NewText(l, kit.Heading, t.T("scan.part", words.Args{"have": s.Have, "of": s.Of})),
			kit.Steps(l, s.Have, s.Of, ""))
	}
	switch {
	case cramped: // the picture needs the height: the wish goes beside it
	case s.Of > 1:
		blocks = append(blocks, w.body(t.T("scan.part.do")))
	default:
		blocks = append(blocks, w.body(t.T("scan.body")).Soft())
	}
	where := kit.NewButton(l, kit.Primary, t.T("scan.where"), kit.IconPhone, func() {
		w.where = true
		w.elsewhere()
	}).Named("where")
	return page{frame: kit.Frame{
		Body: w.besidePicture(cramped, blocks, wish),
		Main: where, Side: []*kit.Button{w.back()}, Desk: w.desk(),
	}, back: w.press(flow.ActBack), live: func(time.Time) { draw() }}
}

// codeRead is the answer to a code that was read: the picture stands still with
// a tick on the code, for a moment, while the record is being fetched.
func (w *Window) codeRead() page {
	l, p := w.look, w.look.Palette
	text := kit.NewText(l, w.stripRole(), w.words.T("scan.read")).On(p.Ink, p.Tint)
	strip := w.strip(p.Tint, p.Primary, kit.IconCheck, text)
	cramped := cramped(l)
	words := []fyne.CanvasObject{w.title(w.words.T("fetching.title"))}
	if !cramped {
		words = append(words, w.body(w.words.T("fetching.body")).Soft())
	}
	return page{frame: kit.Frame{Body: w.besidePicture(cramped, words, strip), Desk: w.desk()}}
}

// cramped tells that the height is short: large words on a small display.
func cramped(l *kit.Look) bool { return narrow(l) && !l.Metrics.Portrait() }

// besidePicture lays words beside the picture and the strip right under it,
// where the eyes are; where the height is short, the strip is with the words.
func (w *Window) besidePicture(cramped bool, words []fyne.CanvasObject, strip fyne.CanvasObject) fyne.CanvasObject {
	picture := []fyne.CanvasObject{w.scan.object(w.look), strip}
	if cramped {
		words, picture = append(words, strip), picture[:1]
	}
	left := strip
	if len(words) > 1 || !cramped {
		left = w.pages(words...).Middle()
	}
	return &fyne.Container{Layout: scanLayout{w.look}, Objects: []fyne.CanvasObject{left,
		&fyne.Container{Layout: pictureLayout{w.look, w.scan}, Objects: picture}}}
}

// stripRole is the size of the words under the picture.
func (w *Window) stripRole() kit.Role {
	if w.narrow() {
		return kit.Strong
	}
	return kit.Heading
}

// strip is a plate with a drawing and words.
func (w *Window) strip(fill, edge kit.Fill, icon kit.Icon, text *kit.Text) *fyne.Container {
	l := w.look
	if cramped(l) {
		return kit.Plate(l, fill, edge, l.MM(3), text)
	}
	side := l.TextSize(w.stripRole()) * 1.3
	return kit.Plate(l, fill, edge, l.MM(3), kit.Beside(l.MM(4), side, kit.Box(side, side, kit.NewIcon(l, icon, l.Palette.Ink, side)), text))
}

// wishStrip is what the reader would have the patient do, drawn and in words,
// and what changes it.
func (w *Window) wishStrip() (*fyne.Container, func()) {
	p := w.look.Palette
	make := func(aim flow.Aim) fyne.CanvasObject {
		icon, key := aimWords(aim, w.state.Camera)
		fill, edge := p.Notice, p.NoticeEdge
		if aim == flow.AimNone {
			fill, edge = p.Card, p.Hair
		}
		return w.strip(fill, edge, icon, kit.NewText(w.look, w.stripRole(), w.words.T(key)).On(p.Ink, fill))
	}
	shown := w.state.Aim
	strip := kit.Column(0, make(shown))
	return strip, func() {
		if aim := w.state.Aim; aim != shown { // where it is cramped, the page is built anew
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
		high := min(size.Height-h-gap, size.Width/least+s.l.MM(30))
		put(o[1], 0, h+gap+(size.Height-h-gap-high)*0.3, size.Width, high)
		return
	}
	w := size.Width * 0.6
	if cramped(s.l) { // large words want width, and the picture has the height
		w, gap = size.Width*0.52, s.l.MM(6)
	}
	put(o[1], 0, 0, w, size.Height)
	h := size.Height
	if _, ok := o[0].(*kit.Pages); !ok { // the strip alone
		h = min(h, kit.HeightFor(o[0], size.Width-w-gap))
	}
	put(o[0], w+gap, (size.Height-h)/2, size.Width-w-gap, h)
}

// pictureLayout keeps the reader's wish right under the picture, where the eyes
// are.
type pictureLayout struct {
	l *kit.Look
	v *scanView
}

func (p pictureLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (p pictureLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	var gap, strip float32
	if len(o) > 1 {
		gap, strip = p.l.MM(4), kit.HeightFor(o[1], size.Width)
	}
	w, h := size.Width, size.Height-strip-gap
	shape := p.v.shape(fyne.NewSize(w, h))
	w, h = min(w, h*shape), min(h, w/shape)
	top := (size.Height - h - gap - strip) / 2
	put(o[0], (size.Width-w)/2, top, w, h)
	if len(o) > 1 {
		put(o[1], 0, top+h+gap, size.Width, strip)
	}
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
