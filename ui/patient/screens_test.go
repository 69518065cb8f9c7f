package patient

import (
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
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

// TestScreens writes the pictures when SCREENS_OUT names a folder (make
// screens). SCREENS_ONLY narrows it: words that the file's name must hold.
func TestScreens(t *testing.T) {
	out := os.Getenv("SCREENS_OUT")
	if out == "" {
		t.Skip("SCREENS_OUT is not set")
	}
	only := strings.Fields(os.Getenv("SCREENS_ONLY"))
	for name, m := range displays {
		b := newBench(t, m)
		for _, p := range kit.Palettes() {
			for _, size := range []int{100, 125, 150, 200} {
				for _, s := range scenes() {
					file := fmt.Sprintf("%s_en_%s_%d_%s", name, p.Name, size, s.name)
					if !wanted(file, only) {
						continue
					}
					b.play(t, s, flow.Settings{Language: "en", Size: size, Theme: p.Name})
					write(t, b, filepath.Join(out, file+".png"))
				}
			}
		}
	}
}

func wanted(file string, only []string) bool {
	for _, o := range only {
		if !strings.Contains(file, o) {
			return false
		}
	}
	return true
}

func write(t *testing.T, b *bench, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(f, b.canvas.Capture()); err != nil {
		t.Fatal(err)
	}
}
