package patient

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/kit/kittest"
)

// full tells that every display, size and language is asked for (make
// test-screens); the short form takes the hardest of each.
func full() bool { return os.Getenv("SCREENS_FULL") != "" }

func languagesOf(t testing.TB) []string {
	t.Helper()
	all, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var tags []string
	for _, l := range all.Languages() {
		tags = append(tags, l.Tag)
	}
	return tags
}

// Every screen at every size, in every language, on every display: capitals,
// targets, gaps, contrast, nothing cut, nothing overlapping, whole focus order
// (kiosk-people U1 to U5, U16, U20).
func TestEveryScreenFits(t *testing.T) {
	kinds, sizes := []string{"laptop", "portrait"}, []int{100, 200}
	if full() {
		kinds, sizes = []string{"21", "15", "27", "portrait", "laptop"}, []int{100, 125, 150, 200}
	}
	for _, kind := range kinds {
		m := displays[kind]
		b := newBench(t, m)
		for _, language := range languagesOf(t) {
			if testing.Short() && language != "en" && language != "vi" { // the tallest letters
				continue
			}
			for _, size := range sizes {
				for _, s := range scenes() {
					t.Run(fmt.Sprintf("%s_%s_%d_%s", kind, language, size, s.name), func(t *testing.T) {
						b.play(t, s, flow.Settings{Language: language, Size: size, Theme: "light"})
						pages := 1
						turn := turner(b)
						if turn != nil {
							pages = turn.Count()
						}
						for page := range pages {
							seen := kittest.Look(b.Content())
							wrong := kittest.Check(seen, m, kittest.Patient(kit.Light()))
							if page == 0 || full() {
								wrong = append(wrong, kittest.Focus(b.canvas, b.Content())...)
							}
							for _, w := range wrong {
								t.Errorf("page %d of %d: %s", page+1, pages, w)
							}
							if turn != nil {
								turn.Turn(+1)
							}
						}
					})
				}
			}
		}
	}
}

// turner is the pages of the screen, if it has any.
func turner(b *bench) *kit.Pages {
	var found *kit.Pages
	walkMade(b.Content(), func(m kit.Made) {
		if p, ok := m.(*kit.Pages); ok && p.Count() > 1 {
			found = p
		}
	})
	return found
}

// The reader's wish changes in place, and fits wherever it stands.
func TestWishFits(t *testing.T) {
	for _, kind := range []string{"laptop", "portrait", "21"} {
		b := newBench(t, displays[kind])
		for _, language := range languagesOf(t) {
			for _, size := range []int{100, 200} {
				s := at(flow.Scan)
				s.Settings.Language, s.Settings.Size = language, size
				s.Visit = uint64(size)
				for _, aim := range []flow.Aim{flow.AimNone, flow.AimDimmer, flow.AimNearer, flow.AimOneCode, flow.AimNone} {
					s.Aim = aim
					b.Render(s, nil)
					for _, wrong := range kittest.Check(kittest.Look(b.Content()), displays[kind], kittest.Patient(kit.Light())) {
						t.Errorf("%s %s %d %q: %s", kind, language, size, aim, wrong)
					}
					_, key := aimWords(aim, flow.CameraLive)
					if !slices.Contains(kittest.Strings(b.Content()), b.words.T(key)) {
						t.Errorf("%s %s %d: %q is not on the screen", kind, language, size, aim)
					}
				}
			}
		}
	}
}
