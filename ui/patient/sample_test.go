package patient

import (
	"bytes"
	"context"
	_ "embed"
	"image"
	"image/color"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/summary"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

//go:embed testdata/record.json
var sampleRecord []byte

var sampleNow = time.Date(2026, 11, 23, 9, 41, 0, 0, time.UTC)

// sampleView is a made-up record of a made-up person with something in most
// sections; see testdata/README.md.
func sampleView(t testing.TB) *summary.View {
	t.Helper()
	v, err := sample()
	if err != nil {
		t.Fatal(err)
	}
	return &v
}

var sample = sync.OnceValues(func() (summary.View, error) {
	b, err := fhir.ParseBundle(sampleRecord, fhir.DefaultLimits())
	if err != nil {
		return summary.View{}, err
	}
	return summary.Build([]summary.File{{ContentType: "application/fhir+json", Bundle: b, Bytes: sampleRecord}}, sampleNow)
})

// frameOf is what the camera sees: a phone with a code, off the middle.
func frameOf(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{uint8(60 + x*60/w), uint8(70 + y*50/h), 96, 255})
		}
	}
	fill := func(r image.Rectangle, c color.RGBA) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				img.SetRGBA(x, y, c)
			}
		}
	}
	fill(image.Rect(w*30/100, h*8/100, w*62/100, h), color.RGBA{20, 22, 26, 255})
	fill(image.Rect(w*32/100, h*14/100, w*60/100, h), color.RGBA{250, 250, 250, 255})
	cell := w * 24 / 100 / 29
	at := image.Pt(w*34/100, h*26/100)
	seed := uint32(7)
	for y := range 29 {
		for x := range 29 {
			seed = seed*1664525 + 1013904223
			finder := func(fx, fy int) (bool, bool) {
				dx, dy := x-fx, y-fy
				in := dx >= -1 && dx <= 7 && dy >= -1 && dy <= 7
				ring := dx >= 0 && dx <= 6 && dy >= 0 && dy <= 6 && (dx == 0 || dx == 6 || dy == 0 || dy == 6)
				dot := dx >= 2 && dx <= 4 && dy >= 2 && dy <= 4
				return in, ring || dot
			}
			dark := seed>>31 == 1
			for _, f := range [][2]int{{0, 0}, {22, 0}, {0, 22}} {
				if in, d := finder(f[0], f[1]); in {
					dark = d
				}
			}
			if dark {
				fill(image.Rect(at.X+x*cell, at.Y+y*cell, at.X+(x+1)*cell, at.Y+(y+1)*cell), color.RGBA{10, 10, 12, 255})
			}
		}
	}
	return img
}

func cornersOf(w, h int) *[4]Corner {
	cell := float64(w * 24 / 100 / 29)
	x, y, side := float64(w*34/100), float64(h*26/100), 29*cell
	return &[4]Corner{{x - 6, y - 6}, {x + side + 6, y - 6}, {x + side + 6, y + side + 6}, {x - 6, y + side + 6}}
}

// onePage draws every document as one grey page of three.
type onePage struct{}

func (onePage) Page(_ context.Context, pdf []byte, n, width int) (image.Image, int, error) {
	if !bytes.HasPrefix(pdf, []byte("%PDF")) {
		return nil, 0, context.Canceled
	}
	img := image.NewRGBA(image.Rect(0, 0, 850, 1100))
	for i := range img.Pix {
		img.Pix[i] = 0xFF
	}
	for y := 120; y < 900; y += 40 {
		for x := 90; x < 700-(y*n)%200; x++ {
			for dy := range 8 {
				img.Set(x, y+dy, color.Gray{0x60})
			}
		}
	}
	return img, 3, nil
}

// scene is one picture of the contact sheet: a state, and what is done in the
// window once it is up.
type scene struct {
	name  string
	state flow.State
	do    func(w *Window)
}

func at(s flow.Screen, change ...func(*flow.State)) flow.State {
	st := flow.State{Screen: s, Visit: 3, Settings: flow.Settings{Language: "en", Size: 100, Theme: "light"},
		Entered: sampleNow.Add(-1300 * time.Millisecond), Active: sampleNow, Left: -1}
	if s == flow.Scan {
		st.Camera = flow.CameraLive
	}
	for _, c := range change {
		c(&st)
	}
	return st
}

func scenes() []scene {
	film := func(w *Window) {
		w.Preview(frameOf(1280, 720))
		w.Outline(cornersOf(1280, 720))
	}
	wrong := func(r flow.Reason) func(*flow.State) {
		return func(s *flow.State) { s.Hint, s.HintAt = r, sampleNow }
	}
	review := func(kind summary.Kind, item int) func(*Window) {
		return func(w *Window) {
			w.review.section = kind
			if s, ok := w.view.Section(kind); ok && item >= 0 {
				w.review.item = s.Items[item].Key
			}
			w.again()
		}
	}
	return []scene{
		{"attract", at(flow.Attract), nil},
		{"scan", at(flow.Scan, func(s *flow.State) { s.Aim = flow.AimNearer }), film},
		{"scan-starting", at(flow.Scan, func(s *flow.State) { s.Camera = flow.CameraStarting }), nil},
		{"scan-part", at(flow.Scan, func(s *flow.State) { s.Have, s.Of = 2, 3 }), film},
		{"scan-where", at(flow.Scan), func(w *Window) { w.where = true; w.again() }},
		{"scan-boarding-pass", at(flow.Scan, wrong("boarding-pass")), nil},
		{"scan-web-address", at(flow.Scan, wrong("web-address")), nil},
		{"scan-other-card", at(flow.Scan, wrong("hcert")), nil},
		{"scan-newer", at(flow.Scan, wrong("newer-version")), nil},
		{"scan-two-codes", at(flow.Scan, wrong(flow.ReasonTwoCodes)), nil},
		{"scan-expired", at(flow.Scan, wrong("expired"), func(s *flow.State) { s.ExpiredAt = sampleNow.Add(-11 * time.Minute) }), nil},
		{"scan-no-camera", at(flow.Scan, func(s *flow.State) { s.Camera = flow.CameraMissing }), nil},
		{"scan-black-camera", at(flow.Scan, func(s *flow.State) { s.Camera = flow.CameraBlack }), nil},
		{"passcode", at(flow.Passcode), func(w *Window) { type4(w, "2718") }},
		{"passcode-wrong", at(flow.Passcode, func(s *flow.State) { s.Wrong, s.Left = true, 2 }), nil},
		{"passcode-letters", at(flow.Passcode), func(w *Window) {
			w.pass.keyboard, w.pass.show = true, true
			w.again()
			type4(w, "blue Kite7")
		}},
		{"scan-read", at(flow.Scan), func(w *Window) {
			film(w)
			w.Render(at(flow.Fetching, func(s *flow.State) { s.Settings = w.state.Settings }), nil)
		}},
		{"fetching", at(flow.Fetching), nil},
		{"fetching-way-out", at(flow.Fetching, func(s *flow.State) { s.Pace = flow.PaceWayOut }), nil},
		{"wait", at(flow.Wait, func(s *flow.State) { s.Until = sampleNow.Add(24 * time.Second) }), nil},
		{"review", at(flow.Review), nil},
		{"review-medicines", at(flow.Review), review(summary.Medicines, -1)},
		{"review-item", at(flow.Review), review(summary.Medicines, 0)},
		{"review-left-out", at(flow.Review), func(w *Window) {
			s, _ := w.view.Section(summary.Conditions)
			w.keep(s.Items[0], false)
			review(summary.Conditions, 0)(w)
		}},
		{"review-insurance", at(flow.Review), review(summary.Coverage, -1)},
		{"review-document", at(flow.Review), func(w *Window) {
			review(summary.Documents, 0)(w)
			w.review.document = &documentView{doc: w.view.Documents[0]}
			w.fetchPage(0)
		}},
		{"who", at(flow.Who), nil},
		{"identity", at(flow.Identity), func(w *Window) {
			w.birth = birthEntry{typed: [3]string{"14", "", ""}, at: month, begun: true}
			w.again()
		}},
		{"identity-year", at(flow.Identity), func(w *Window) {
			w.birth = birthEntry{typed: [3]string{"14", "03", "19"}, at: year, begun: true}
			w.again()
		}},
		{"identity-never", at(flow.Identity), func(w *Window) {
			w.birth = birthEntry{typed: [3]string{"31", "02", "1985"}, at: day, begun: true}
			w.again()
		}},
		{"fact", at(flow.Fact), func(w *Window) { type4(w, "53715") }},
		{"matching", at(flow.Matching), nil},
		{"consent", at(flow.Consent), nil},
		{"consent-other", at(flow.Consent, func(s *flow.State) { s.Who = flow.ForOther }), nil},
		{"sending", at(flow.Sending), nil},
		{"done", at(flow.Done, func(s *flow.State) { s.Receipt = "K7-42" }), nil},
		{"trouble", at(flow.Trouble, func(s *flow.State) { s.Reason, s.Retry, s.Receipt = "unreachable", true, "K7-42" }), nil},
		{"desk", at(flow.Desk, func(s *flow.State) { s.Reason, s.Receipt = flow.ReasonHelp, "K7-42" }), nil},
		{"desk-locked", at(flow.Desk, func(s *flow.State) { s.Reason, s.Receipt = flow.ReasonLocked, "K7-42" }), nil},
		{"out-of-service", at(flow.OutOfService, func(s *flow.State) { s.Reason = "ledger_full" }), nil},
		{"idle-warning", at(flow.Review, func(s *flow.State) { s.WarnUntil = sampleNow.Add(21 * time.Second) }), nil},
		{"settings", at(flow.Attract), func(w *Window) { w.open(settingsPanel) }},
		{"settings-speech", at(flow.Attract, func(s *flow.State) { s.Settings.Speech = true }), func(w *Window) { w.open(settingsPanel) }},
		{"languages", at(flow.Scan), func(w *Window) { w.open(languagePanel) }},
	}
}

func type4(w *Window, s string) {
	for _, r := range s {
		w.TypedRune(r)
	}
}

func walkMade(root fyne.CanvasObject, visit func(kit.Made)) {
	kit.Walk(root, func(o fyne.CanvasObject, _ fyne.Position) {
		if m, ok := o.(kit.Made); ok {
			visit(m)
		}
	})
}
