package patient

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/kit/kittest"
	"shlkiosk/ui/words"
)

// bench is a window on a canvas without a display.
type bench struct {
	*Window
	canvas software.WindowlessCanvas
	sent   []flow.Event
	said   [][]Utterance
	now    time.Time
}

var catalogue = sync.OnceValues(words.Load)

// displays are the kinds of screen that the kiosk must look right on.
var displays = map[string]kit.Metrics{
	"21":       {WidthMM: 476, WidthPx: 1920, HeightPx: 1080},
	"15":       {WidthMM: 332, WidthPx: 1920, HeightPx: 1080},
	"27":       {WidthMM: 598, WidthPx: 1920, HeightPx: 1080},
	"portrait": {WidthMM: 268, WidthPx: 1080, HeightPx: 1920},
	"laptop":   {WidthMM: 344, WidthPx: 1366, HeightPx: 768},
}

func newBench(t testing.TB, m kit.Metrics, languages ...string) *bench {
	t.Helper()
	if fyne.CurrentApp() == nil {
		test.NewApp()
	}
	all, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{now: sampleNow}
	b.Window = New(Options{Words: all, Metrics: m, Languages: languages, Clinic: "Brook Street Clinic",
		Send: func(e flow.Event) { b.sent = append(b.sent, e) }, Now: func() time.Time { return b.now },
		Announce:  func(u []Utterance) { b.said = append(b.said, u) },
		Documents: onePage{}, Go: func(f func()) { f() }, Do: func(f func()) { f() }})
	b.canvas = software.NewCanvas()
	b.canvas.SetPadded(false)
	b.canvas.SetContent(b.Content())
	b.canvas.Resize(fyne.NewSize(m.Width(), m.Height()))
	b.Attach(b.canvas)
	return b
}

func (b *bench) play(t testing.TB, s scene, settings flow.Settings) {
	st := s.state
	speech := st.Settings.Speech
	st.Settings = settings
	st.Settings.Speech = speech
	b.Window.view, b.Window.built = nil, false
	b.Window.panel = noPanel
	b.Render(flow.State{Screen: flow.Attract, Visit: 1, Settings: settings, Left: -1}, nil)
	b.panel, b.where, b.pass, b.birth, b.fact, b.scan, b.review = noPanel, false, secretEntry{}, birthEntry{}, factEntry{}, nil, nil
	b.Render(st, sampleView(t))
	if s.do != nil {
		s.do(b.Window)
	}
}

// set is a run of pictures: every scene on one display.
type set struct {
	display, language, theme string
	size                     int
}

func (s set) String() string {
	return fmt.Sprintf("%s_%s_%s_%d", s.display, s.language, s.theme, s.size)
}

// sets are what make screens draws: every theme and size in English, every
// language at 100 and 200 %, and the other displays.
func sets(languages []string) []set {
	var out []set
	add := func(s set) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, p := range kit.Palettes() {
		for _, size := range []int{100, 125, 150, 200} {
			add(set{"21", "en", p.Name, size})
		}
	}
	for _, l := range languages {
		add(set{"21", l, "light", 100})
		add(set{"21", l, "light", 200})
	}
	for _, d := range []string{"portrait", "laptop", "15"} {
		add(set{d, "en", "light", 100})
		add(set{d, "en", "light", 200})
	}
	return out
}

// TestScreens draws the pictures and a contact sheet for each set into the
// folder that SCREENS_OUT names (make screens). SCREENS_ONLY narrows it.
func TestScreens(t *testing.T) {
	out := os.Getenv("SCREENS_OUT")
	if out == "" {
		t.Skip("SCREENS_OUT is not set: make screens sets it")
	}
	for _, set := range wanted(sets(languagesOf(t))) {
		columns, small := 6, []image.Image{}
		if set.display == "portrait" {
			columns = 10
		}
		for _, s := range scenes() {
			picture := shoot(t, set, s)
			if err := kittest.Write(filepath.Join(out, set.String()+"_"+s.name+".png"), picture, false); err != nil {
				t.Fatal(err)
			}
			small = append(small, kittest.Reduced(picture, 480))
		}
		if err := kittest.Write(filepath.Join(out, "sheet_"+set.String()+".png"), kittest.Sheet(small, columns, 8), false); err != nil {
			t.Fatal(err)
		}
	}
}

var benches = map[string]*bench{}

// shoot draws a scene.
func shoot(t *testing.T, set set, s scene) image.Image {
	t.Helper()
	b := benches[set.display]
	if b == nil {
		b = newBench(t, displays[set.display])
		benches[set.display] = b
	}
	b.play(t, s, flow.Settings{Language: set.language, Size: set.size, Theme: set.theme})
	return b.canvas.Capture()
}
