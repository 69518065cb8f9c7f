package staff

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/kit"
	"shlkiosk/ui/kit/kittest"
)

// deskScenes are the pages of the desk, one after the other in one window.
var deskScenes = []struct {
	name string
	do   func(*bench)
}{
	{"login", func(*bench) {}},
	{"login-pin", func(b *bench) { b.press("who-ana"); b.write("1357") }},
	{"queue", func(b *bench) { b.write("90"); b.key(fyne.KeyReturn) }},
	{"queue-all", func(b *bench) { b.press("filter-all") }},
	{"chosen", func(b *bench) { b.choose("1") }},
	{"case", func(b *bench) { b.press("case.open") }},
	{"case-sure", func(b *bench) { b.press("match.use Patient/4712") }},
	{"diagnostics", func(b *bench) { b.key(fyne.KeyF3) }},
	{"settings", func(b *bench) { b.key(fyne.KeyF4) }},
	{"settings-problem", func(b *bench) {
		b.settings.changes["camera.fps"] = "900"
		b.settings.problems = []Problem{{"camera.fps", "900 is above 120", "Write 5 to 120"}}
		b.draw()
	}},
	{"paste", func(b *bench) { b.key(fyne.KeyF6) }},
}

var deskDisplays = map[string]kit.Metrics{"21": {WidthMM: 476, WidthPx: 1190, HeightPx: 670},
	"laptop": {WidthMM: 344, WidthPx: 1366, HeightPx: 768}}

// shootDesk draws all pages on a display in a theme.
func shootDesk(t *testing.T, m kit.Metrics, theme string) (all []image.Image) {
	b := newBench(t, m, theme, sample())
	for _, s := range deskScenes {
		s.do(b)
		b.canvas.Capture() // lists make their rows when they are drawn
		all = append(all, b.canvas.Capture())
	}
	return all
}

// TestScreensSheets writes a contact sheet of the pages in every theme into the
// folder that SCREENS_OUT names (make screens).
func TestScreensSheets(t *testing.T) {
	out := os.Getenv("SCREENS_OUT")
	if out == "" {
		t.Skip("SCREENS_OUT is not set: make screens sets it")
	}
	for display, m := range deskDisplays {
		for _, p := range kit.Palettes() {
			sheet := kittest.Sheet(shootDesk(t, m, p.Name), 3, 8)
			if err := kittest.Write(filepath.Join(out, "sheet_staff_"+display+"_"+p.Name+".png"), sheet, false); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The pages of the desk in every theme look as their golden pictures in
// testdata/golden (make golden draws them anew). make test compares one theme
// whole, make test-screens all.
func TestGoldenPictures(t *testing.T) {
	write, full := os.Getenv("SCREENS_GOLDEN") == "write", os.Getenv("SCREENS_FULL") != ""
	for display, m := range deskDisplays {
		for _, p := range kit.Palettes() {
			if !write && !full && (p.Name != "light" || display != "21") {
				continue
			}
			set := display + "_" + p.Name
			g := kittest.Goldens{Dir: "testdata/golden", Width: 238, Columns: 4}
			for _, s := range deskScenes {
				g.Names = append(g.Names, s.name)
			}
			all := shootDesk(t, m, p.Name)
			if write {
				if err := g.Save(set, all); err != nil {
					t.Fatal(err)
				}
				continue
			}
			sheet, err := g.Load(set)
			if err != nil {
				t.Errorf("%s has no golden pictures: run make golden and look at them", set)
				continue
			}
			for n, s := range deskScenes {
				if wrong := g.Compare(sheet, n, all[n]); wrong != "" {
					out := filepath.Join("../../screens-out/different", fmt.Sprintf("staff_%s_%s.png", set, s.name))
					t.Errorf("%s_%s looks different: %s; look at %s, then run make golden", set, s.name, wrong, strings.TrimPrefix(out, "../../"))
					if err := kittest.Write(out, all[n], false); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
}
