package patient

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"shlkiosk/ui/kit"
	"shlkiosk/ui/kit/kittest"
)

// goldens is one line a picture: its name, and 48 by 27 cells of grey in 16
// steps. A look at it catches what moved, vanished or changed colour; the
// antialiasing of another machine does not trip it. SCREENS_GOLDEN=write draws
// it anew (make golden).
const goldens = "testdata/golden.txt"

const goldenWidth = 48

// goldenSets are those of every theme and size in English, and every language
// at 100 and 200 %; without SCREENS_FULL one of them is drawn.
func goldenSets(t *testing.T) []set {
	if full() || os.Getenv("SCREENS_GOLDEN") != "" {
		only := strings.Fields(os.Getenv("SCREENS_ONLY"))
		return slices.DeleteFunc(sets(languagesOf(t)), func(s set) bool {
			return s.display != "21" || slices.ContainsFunc(only, func(o string) bool { return !strings.Contains(s.String(), o) })
		})
	}
	return []set{{"21", "en", "light", 100}}
}

func TestGoldenPictures(t *testing.T) {
	want := readGoldens(t)
	got := map[string]string{}
	var names []string
	for _, set := range goldenSets(t) {
		for i, s := range scenes() {
			if !full() && os.Getenv("SCREENS_GOLDEN") == "" && i%4 != 0 {
				continue
			}
			name := set.String() + "_" + s.name
			picture := shoot(t, set, s)
			got[name] = cells(picture)
			names = append(names, name)
			if set.size == 100 && set.language == "en" {
				lim := kittest.Patient(kit.PaletteOf(set.theme))
				for _, wrong := range kittest.Pixels(kittest.Look(benches[set.display].Content()), picture, 1, lim) {
					t.Errorf("%s: %s", name, wrong)
				}
			}
		}
	}
	if os.Getenv("SCREENS_GOLDEN") == "write" {
		maps.Copy(want, got)
		var b strings.Builder
		for _, n := range slices.Sorted(maps.Keys(want)) {
			fmt.Fprintf(&b, "%s %s\n", n, want[n])
		}
		if err := os.WriteFile(goldens, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, n := range names {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(want)), func(w string) bool { return setOf(w) == setOf(n) }) {
			t.Logf("%s: no golden pictures are kept of this set", n)
			continue
		}
		if want[n] == "" {
			t.Errorf("%s has no golden picture: run make golden and look at it", n)
		} else if worst, mean := differ(want[n], got[n]); worst > 5 || mean > 0.25 {
			t.Errorf("%s looks different: worst cell %d of 16, mean %.2f; look at it, then run make golden", n, worst, mean)
		}
	}
}

// setOf is the set in a picture's name: all before the scene.
func setOf(name string) string {
	return strings.Join(strings.SplitN(name, "_", 5)[:4], "_")
}

func cells(img image.Image) string {
	small := reduced(img, 4*goldenWidth)
	w, h := goldenWidth, small.Bounds().Dy()/4
	raw := make([]byte, 0, w*h)
	for y := range h {
		for x := range w {
			sum := 0
			for dy := range 4 {
				for dx := range 4 {
					sum += int(color.GrayModel.Convert(small.At(4*x+dx, 4*y+dy)).(color.Gray).Y)
				}
			}
			raw = append(raw, byte(sum/16/16))
		}
	}
	packed := make([]byte, 0, len(raw)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		packed = append(packed, raw[i]<<4|raw[i+1])
	}
	return base64.RawStdEncoding.EncodeToString(packed)
}

func differ(a, b string) (worst int, mean float64) {
	x, errA := base64.RawStdEncoding.DecodeString(a)
	y, errB := base64.RawStdEncoding.DecodeString(b)
	if errA != nil || errB != nil || len(x) != len(y) || len(x) == 0 {
		return 16, 16
	}
	sum := 0
	for i := range x {
		for _, d := range []int{int(x[i]>>4) - int(y[i]>>4), int(x[i]&15) - int(y[i]&15)} {
			d = max(d, -d)
			worst, sum = max(worst, d), sum+d
		}
	}
	return worst, float64(sum) / float64(2*len(x))
}

func readGoldens(t *testing.T) map[string]string {
	out := map[string]string{}
	f, err := os.Open(goldens)
	if os.IsNotExist(err) {
		return out
	} else if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		if name, cells, ok := strings.Cut(scan.Text(), " "); ok {
			out[name] = cells
		}
	}
	return out
}
