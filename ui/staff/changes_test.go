package staff

import (
	"slices"
	"strings"
	"testing"
)

// Who chooses a chart sees what the record would bring into it before the
// second press, and nothing of it after the case is closed.
func TestPreviewBeforeTheSecondPress(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	b.choose("1")
	b.press("case.open")
	if strings.Contains(b.texts(), "Tetanus") || len(b.desk.compared) != 0 {
		t.Fatal("compared before a chart was chosen")
	}
	var later []func()
	b.o.Go = func(f func()) { later = append(later, f) }
	did := len(b.desk.did)
	b.press("match.use Patient/4711")
	if s := b.texts(); !strings.Contains(s, "Comparing the record with Patient/4711") {
		t.Error("it does not say that it is comparing")
	}
	for _, f := range later {
		f()
	}
	later = nil
	s := b.texts()
	for _, want := range []string{"The record against Patient/4711", "Nothing has been written yet", "2 are new", "Tetanus vaccine", "1 is there already", "1 differs",
		"Record: status: active", "Chart: status: stopped", "1 was left out", "1 is not filed", "Goal", "+1 555 0134", "Afterwards you decide"} {
		if !strings.Contains(strings.ToLower(s), strings.ToLower(want)) {
			t.Errorf("%q cannot be read", want)
		}
	}
	if len(b.desk.did) != did || !slices.Equal(b.desk.compared, []string{"1 Patient/4711"}) {
		t.Errorf("did %v, compared %v", b.desk.did[did:], b.desk.compared)
	}

	// Another chart: what the first one said is gone at once, and a late answer
	// about it is dropped.
	b.press("match.use Patient/4712")
	b.press("match.use Patient/4711")
	if strings.Contains(b.texts(), "Tetanus") {
		t.Error("the preview of another chart is shown")
	}
	later[0]()
	if strings.Contains(b.texts(), "Patient/4712, ") || strings.Contains(b.texts(), "The record against Patient/4712") {
		t.Error("a late answer about another chart is shown")
	}
	later[1]()
	b.desk.preview.Equal = "differs"
	b.press("match.new")
	if strings.Contains(b.texts(), "Tetanus") {
		t.Error("the preview of a chart stays when a new one is to be made")
	}
	b.o.Go = func(f func()) { f() }
	b.press("match.use Patient/4711")
	if !strings.Contains(b.texts(), "Name or birth date in this chart differ") {
		t.Error("it does not say that the chart may be of somebody else")
	}
	b.press("case.close")
	if s := b.texts(); strings.Contains(s, "Tetanus") || b.queue.preview != nil {
		t.Error("the preview stays when the case is closed")
	}
}

// A chart that was found is compared on request; a server that does not answer
// is said, and staff can still decide.
func TestPreviewOfAFoundChartAndOfNone(t *testing.T) {
	desk := sample()
	desk.detail = Detail{Chart: "Patient/found"}
	b := newBench(t, deskPanel, "light", desk).loggedIn()
	b.choose("4")
	b.press("case.open")
	b.press("case.preview")
	if !slices.Equal(desk.compared, []string{"4 "}) || !strings.Contains(b.texts(), "The record against Patient/found") {
		t.Errorf("compared %v", desk.compared)
	}
	b.choose("6")
	b.press("case.open")
	if b.has("case.preview") {
		t.Error("a record that was filed is offered to be compared")
	}

	desk = sample()
	b = newBench(t, deskPanel, "light", desk).loggedIn()
	b.choose("1")
	b.press("case.open")
	desk.err = &Error{Reason: "server-unreachable"}
	b.press("match.use Patient/4711")
	if s := b.texts(); !strings.Contains(s, "cannot be reached") || strings.Contains(s, "Comparing the record") {
		t.Error("the failure is not said, or it looks as if it went on")
	}
	desk.err = nil
	b.press("match.use Patient/4711")
	if got := desk.did[len(desk.did)-1]; got != "chart 1 Patient/4711" {
		t.Errorf("did %s", got)
	}
}

// What changed in between is said in words.
func TestChartChangedIsSaid(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	b.choose("1")
	b.press("case.open")
	b.desk.err = &Error{Reason: "chart-changed"}
	b.press("staff.proposal.accept p1")
	if s := b.texts(); !strings.Contains(s, "Somebody changed the chart in between. Nothing was written.") || !strings.Contains(s, "Open the case again") {
		t.Error("the conflict has no words")
	}
}
