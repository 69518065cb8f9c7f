package kit

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Every pair of colours that is drawn has the contrast that its kind needs.
func TestContrastOfEveryPair(t *testing.T) {
	for _, p := range Palettes() {
		for _, pair := range p.Pairs() {
			if got := Contrast(pair.Fore, pair.Back); got < pair.AtLeast {
				t.Errorf("%s: %s is %.2f to 1, %.0f asked", p.Name, pair.Name, got, pair.AtLeast)
			}
		}
	}
}

// Capitals are large enough in every role, size and display (U1).
func TestCapitals(t *testing.T) {
	for _, m := range []Metrics{{332, 1920, 1080, 1}, {598, 3840, 2160, 2}, {268, 1080, 1920, 1}} {
		for _, percent := range []int{100, 125, 150, 200} {
			l := NewLook(m, Light(), percent)
			for r := Body; r <= Keys; r++ {
				if got := l.Cap(r); got < 5.5-0.001 {
					t.Errorf("role %d at %d %%: %.2f mm", r, percent, got)
				}
			}
			if got := l.Cap(Body); got < 5.5*float32(percent)/100-0.001 {
				t.Errorf("body at %d %% is %.2f mm", percent, got)
			}
		}
	}
}

func mono(s string) float32 { return float32(len([]rune(s))) }

// Wrapping loses nothing, and no line is wider than it may be.
func TestWrapKeepsEveryWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zàếộ]{1,14}|[你我他。，]{1,6}|[a-z]{3}-[a-z]{3}`), 1, 12).Draw(t, "words")
		text := strings.Join(words, " ")
		width := float32(rapid.IntRange(4, 40).Draw(t, "width"))
		for name, lines := range map[string][]string{"wrap": wrap(text, width, mono), "balance": balance(text, width, mono)} {
			if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != strings.ReplaceAll(text, " ", "") {
				t.Fatalf("%s: %q became %q", name, text, lines)
			}
			for _, line := range lines {
				if mono(line) > width {
					t.Fatalf("%s: %q is wider than %.0f", name, line, width)
				}
			}
			if name == "balance" && len(lines) > len(wrap(text, width, mono)) {
				t.Fatalf("balancing %q added lines", text)
			}
		}
	})
}

// Chinese breaks between characters, never before a mark that closes.
func TestWrapChinese(t *testing.T) {
	for _, line := range wrap("请把手机上的二维码放在摄像头前面。我们会读取它，然后您可以检查。", 7, mono) {
		if first := []rune(line)[0]; clings(first) {
			t.Errorf("the line %q begins with a closing mark", line)
		}
	}
}
