package phi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sinks are the ways a value ends up in front of somebody by accident.
func sinks(v any) string {
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+"\n", v)
		fmt.Fprintf(&out, verb+"\n", struct{ V any }{v})
		fmt.Fprintf(&out, verb+"\n", []any{v})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v, "in", map[string]any{"v": v})
	j, _ := json.Marshal(map[string]any{"v": v, "l": []any{v}})
	out.Write(j)
	fmt.Fprintln(&out, fmt.Errorf("reading %v: %w", v, fmt.Errorf("inner %s", v)))
	return out.String()
}

func TestNothingOfFourLettersSurvivesInAnySink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[A-Z]{2}[0-9]{2}[A-Z]{2}[0-9]{2}`).Draw(t, "word")
		hexed := fmt.Sprintf("%x", word)
		for _, v := range []any{Text(word), SecretFromString(word), struct{ T Text }{Text(word)}} {
			got := sinks(v)
			if strings.Contains(got, word) || strings.Contains(strings.ToLower(got), hexed) {
				t.Fatalf("a sink printed the content of %T", v)
			}
			if !strings.Contains(got, Redacted) {
				t.Fatalf("no sink printed %q for %T", Redacted, v)
			}
		}
	})
}

func TestWipeClearsTheSpareCapacityToo(t *testing.T) {
	whole := []byte("passcode-1234")
	s := NewSecret(whole[:4])
	s.Wipe()
	s.Wipe()
	if !bytes.Equal(whole, make([]byte, len(whole))) {
		t.Errorf("bytes left after Wipe: %d of %d", len(bytes.Trim(whole, "\x00")), len(whole))
	}
	if s.Len() != 0 {
		t.Errorf("Len after Wipe = %d, want 0", s.Len())
	}
	var none *Secret
	none.Wipe()
	if err := none.Use(func(b []byte) error { return nil }); err != nil || none.Len() != 0 {
		t.Error("a nil Secret must be empty and usable")
	}
}

func TestCloneIsIndependent(t *testing.T) {
	a := SecretFromString("abcd")
	b := a.Clone()
	a.Wipe()
	_ = b.Use(func(p []byte) error {
		if string(p) != "abcd" {
			t.Errorf("the clone changed with the original")
		}
		return nil
	})
}
