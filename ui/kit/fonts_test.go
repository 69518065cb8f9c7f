package kit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-text/typesetting/font"
)

// Both weights have every character of every catalogue, and of the common
// names: no patient sees an empty box.
func TestFontsCoverTheCatalogues(t *testing.T) {
	files, err := filepath.Glob("../words/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no catalogues found: %v", err)
	}
	want := map[rune]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range string(text) {
			if r > ' ' {
				want[r] = f
			}
		}
	}
	for _, r := range "Łódź Đặng Ừ ế Ộ Νίκος Юлия 王小明 欧阳 ₱ µ °C ≥ ½ –—“” ● 的一是不了在人有我他这" {
		want[r] = "names"
	}
	for _, heavy := range []bool{false, true} {
		face, err := font.ParseTTF(bytes.NewReader(Font(heavy).Content()))
		if err != nil {
			t.Fatal(err)
		}
		var missing []string
		for r, f := range want {
			if _, ok := face.NominalGlyph(r); !ok && r > ' ' {
				missing = append(missing, fmt.Sprintf("%c (%s)", r, filepath.Base(f)))
			}
		}
		if len(missing) > 0 {
			t.Errorf("bold=%v: %d characters are missing: run fonts/make.py: %v", heavy, len(missing), missing)
		}
	}
}
