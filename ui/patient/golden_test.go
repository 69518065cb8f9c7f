package patient

import (
	"fmt"
	"image"
	"os"
	"slices"
	"strings"
	"testing"

	"shlkiosk/ui/kit"
	"shlkiosk/ui/kit/kittest"
)

// goldens are kept in testdata/golden: every screen in every theme and text
// size in English, in every language at 100 and 200 %, and on the other
// displays. make golden draws them anew, make test-screens compares them all;
// make test compares a part of the first set and one screen of each other.
func goldens(portrait bool) kittest.Goldens {
	g := kittest.Goldens{Dir: "testdata/golden", Width: 192}
	if portrait {
		g.Width = 108
	}
	for _, s := range scenes() {
		g.Names = append(g.Names, s.name)
	}
	return g
}

const goldenNames = "testdata/golden/screens.txt"

func TestGoldenPictures(t *testing.T) {
	write := os.Getenv("SCREENS_GOLDEN") == "write"
	names := strings.Join(goldens(false).Names, "\n") + "\n"
	if write {
		if err := os.MkdirAll("testdata/golden", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(goldenNames, []byte(names), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if kept, err := os.ReadFile(goldenNames); err != nil || string(kept) != names {
		t.Fatal("the golden pictures are not those of the screens of today: run make golden and look at them")
	}
	for i, set := range wanted(sets(languagesOf(t))) {
		g := goldens(set.display == "portrait")
		if write {
			var all []image.Image
			for _, s := range scenes() {
				all = append(all, shoot(t, set, s))
			}
			if err := g.Save(set.String(), all); err != nil {
				t.Fatal(err)
			}
			continue
		}
		sheet, err := g.Load(set.String())
		if err != nil {
			t.Errorf("%s has no golden pictures: run make golden and look at them", set)
			continue
		}
		for n, s := range scenes() {
			if !full() && n != (7*i)%len(scenes()) && (i > 0 || n%4 != 0) {
				continue
			}
			picture := shoot(t, set, s)
			if wrong := g.Compare(sheet, n, picture); wrong != "" {
				out := fmt.Sprintf("%s/%s_%s.png", differentIn, set, s.name)
				t.Errorf("%s_%s looks different: %s; look at %s, then run make golden", set, s.name, wrong, out)
				if err := kittest.Write(out, picture, false); err != nil {
					t.Error(err)
				}
			}
			if set.size == 100 && set.language == "en" {
				lim := kittest.Patient(kit.PaletteOf(set.theme))
				for _, wrong := range kittest.Pixels(kittest.Look(benches[set.display].Content()), picture, 1, lim) {
					t.Errorf("%s_%s: %s", set, s.name, wrong)
				}
			}
		}
	}
}

// differentIn is where the pictures go that are not as they were.
const differentIn = "../../screens-out/different"

// wanted are the sets that SCREENS_ONLY asks for: words that the name must
// hold, such as "portrait" or "vi_light_200".
func wanted(all []set) []set {
	only := strings.Fields(os.Getenv("SCREENS_ONLY"))
	return slices.DeleteFunc(all, func(s set) bool {
		return slices.ContainsFunc(only, func(o string) bool { return !strings.Contains(s.String(), o) })
	})
}
