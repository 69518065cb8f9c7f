package patient

import (
	"testing"

	"shlkiosk/ui/flow"
)

// The time from a state to a laid-out page, without painting.
func BenchmarkFirstScreen(b *testing.B) {
	for b.Loop() {
		w := newBench(b, displays["21"])
		w.Render(at(flow.Attract), nil)
	}
}

// A language switch: the page built anew in other words (asked: under 150 ms).
func BenchmarkLanguageSwitch(b *testing.B) {
	w := newBench(b, displays["21"])
	v := sampleView(b)
	tags, i := languagesOf(b), 0
	for b.Loop() {
		s := at(flow.Review)
		s.Settings.Language = tags[i%len(tags)]
		s.Visit = uint64(i)
		i++
		w.Render(s, v)
	}
}

// A key on the passcode screen, until the page is laid out (asked: painted
// within 100 ms).
func BenchmarkKeyPress(b *testing.B) {
	w := newBench(b, displays["21"])
	w.Render(at(flow.Passcode), nil)
	for b.Loop() {
		w.TypedRune('7')
		w.key("BackSpace")
	}
}

// One frame of 720p copied into the picture; painting is the driver's.
func BenchmarkPreviewFrame(b *testing.B) {
	w := newBench(b, displays["21"])
	w.Render(at(flow.Scan), nil)
	img, corners := frameOf(1280, 720), cornersOf(1280, 720)
	for b.Loop() {
		w.Preview(img)
		w.Outline(corners)
	}
}
