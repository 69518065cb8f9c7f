package staff

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"shlkiosk/ui/kit"
	"shlkiosk/ui/kit/kittest"
)

// deskLimits are for a seated reader with a mouse: VVSG's floor for text less
// a little, targets that a finger still hits.
func deskLimits() kittest.Limits {
	return kittest.Limits{Cap: 2.8, Target: 7.9, Main: 7.9, Gap: 1.9, Contrast: 7}
}

// scrolls are the scrolled contents of a page, which the kit does not look into.
func scrolls(o fyne.CanvasObject) (out []fyne.CanvasObject) {
	switch o := o.(type) {
	case *container.Scroll:
		out = append(out, o.Content)
	case *fyne.Container:
		for _, c := range o.Objects {
			out = append(out, scrolls(c)...)
		}
	case kit.Made:
		for _, c := range o.Parts() {
			out = append(out, scrolls(c)...)
		}
	}
	return out
}

// Nothing is cut, nothing overlaps, everything to press is large enough and far
// enough from the next, on a small laptop and on a large display.
func TestDeskScreensFit(t *testing.T) {
	for name, m := range map[string]kit.Metrics{"21": {WidthMM: 476, WidthPx: 1190, HeightPx: 670},
		"laptop": {WidthMM: 344, WidthPx: 1366, HeightPx: 768}} {
		for _, theme := range []string{"light", "white-on-black"} {
			t.Run(name+" "+theme, func(t *testing.T) {
				b := newBench(t, m, theme, sample())
				check := func(screen string) {
					t.Helper()
					b.canvas.Capture()
					for _, w := range kittest.Check(kittest.Look(b.root), m, deskLimits()) {
						t.Errorf("%s: %s", screen, w)
					}
					long := m // a scrolled page is as long as it needs
					long.HeightPx = 100000
					for _, o := range scrolls(b.root) {
						for _, w := range kittest.Check(kittest.Look(o), long, deskLimits()) {
							t.Errorf("%s, scrolled: %s", screen, w)
						}
					}
				}
				check("login")
				b.loggedIn()
				check("queue")
				b.choose("1")
				check("chosen")
				b.press("case.open")
				check("case")
				b.press("match.use Patient/4712")
				check("sure")
				b.key(fyne.KeyF3)
				check("diagnostics")
				b.key(fyne.KeyF4)
				b.settings.changes["camera.fps"] = "900"
				b.settings.problems = []Problem{{"camera.fps", "900 is above 120", "Write 5 to 120"}}
				b.draw()
				check("settings")
				b.key(fyne.KeyF6)
				check("paste")
			})
		}
	}
}
