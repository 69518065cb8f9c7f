package wedge

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const link = "shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0"

func typeText(w *Wedge, text string, gap time.Duration, at time.Time) time.Time {
	for _, r := range text {
		w.Key(r, at)
		at = at.Add(gap)
	}
	return at
}

func TestScannerAndPerson(t *testing.T) {
	t0 := time.Unix(1000, 0)
	for _, tc := range []struct {
		name string
		text string
		gap  time.Duration
		want bool
	}{
		{"scanner", link, 4 * time.Millisecond, true},
		{"slow scanner", link, 50 * time.Millisecond, true},
		{"fast typist", link, 70 * time.Millisecond, false},
		{"person", link, 180 * time.Millisecond, false},
		{"scanner, too short for a code", "1234", 4 * time.Millisecond, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := New(Options{})
			at := typeText(w, tc.text, tc.gap, t0)
			got, ok := w.Enter(at)
			if ok != tc.want || (ok && got != tc.text) {
				t.Errorf("Enter = %q, %v", got, ok)
			}
			if _, again := w.Enter(at); again {
				t.Error("the same text came twice")
			}
		})
	}
}

func TestAScannerWithoutEnterIsKnownByTheSilence(t *testing.T) {
	w := New(Options{})
	at := typeText(w, link, 5*time.Millisecond, time.Unix(1000, 0))
	if _, ok := w.Tick(at); ok {
		t.Fatal("complete before the pause")
	}
	if _, ok := w.Tick(at.Add(700 * time.Millisecond)); ok {
		t.Error("complete at the first call after the pause")
	}
	if got, ok := w.Tick(at.Add(950 * time.Millisecond)); !ok || got != link {
		t.Errorf("Tick = %q, %v", got, ok)
	}
}

// A window that was busy for a second and a half takes what was typed then in
// one burst, and whatever was to be called in that time before it.
func TestABusyWindowTakesKeysLate(t *testing.T) {
	w := New(Options{})
	at := typeText(w, link[:20], 2*time.Millisecond, time.Unix(1000, 0)).Add(1500 * time.Millisecond)
	for i := range 6 {
		if text, ok := w.Tick(at.Add(time.Duration(i) * time.Millisecond)); ok {
			t.Fatalf("a part was taken for the whole: %q", text)
		}
	}
	at = typeText(w, link[20:], time.Millisecond, at.Add(10*time.Millisecond))
	if got, ok := w.Enter(at.Add(800 * time.Millisecond)); !ok || got != link {
		t.Errorf("Enter = %q, %v", got, ok)
	}
	at = at.Add(time.Minute)
	w.Key('7', at) // somebody pressed a key a second before the scanner
	at = typeText(w, link, 2*time.Millisecond, at.Add(time.Second))
	if got, ok := w.Enter(at); !ok || got != link {
		t.Errorf("Enter after a single key = %q, %v", got, ok)
	}
}

func TestEndlessTypingIsDroppedAndWiped(t *testing.T) {
	w := New(Options{Most: 100})
	at := typeText(w, strings.Repeat("x", 5000), time.Millisecond, time.Unix(1000, 0))
	if got, ok := w.Enter(at); ok {
		t.Errorf("took %d characters", len(got))
	}
	at = typeText(w, link, time.Millisecond, at.Add(time.Second))
	if got, ok := w.Enter(at); !ok || got != link {
		t.Errorf("the next scan = %q, %v", got, ok)
	}
	if n := strings.Trim(string(w.buf[:cap(w.buf)]), "\x00"); n != "" {
		t.Errorf("%d bytes are left after the text was taken", len(n))
	}
}

func TestWhatIsScannedIsWhatComesOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.TrimSpace(rapid.StringMatching(`[ -~áéß漢]{12,300}`).Draw(t, "text"))
		if len([]rune(text)) < 12 {
			t.Skip("too short after trimming")
		}
		w := New(Options{})
		at := time.Unix(1000, 0)
		for _, r := range text {
			w.Key(r, at)
			at = at.Add(time.Duration(rapid.IntRange(0, 49).Draw(t, "gap")) * time.Millisecond)
		}
		if got, ok := w.Enter(at); !ok || got != text {
			t.Fatalf("got %q, %v; want %q", got, ok, text)
		}
	})
}
