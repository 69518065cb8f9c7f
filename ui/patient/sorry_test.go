package patient

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"shlkiosk/ui/kit"
	"shlkiosk/ui/kit/kittest"
)

// The screen of a kiosk that cannot start fits every display, in one piece,
// says what to do in every language, and needs no catalogue.
func TestSorry(t *testing.T) {
	if fyne.CurrentApp() == nil {
		test.NewApp()
	}
	all, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range displays {
		c := software.NewCanvas()
		c.SetPadded(false)
		c.SetContent(Sorry(all, m, "light"))
		c.Resize(fyne.NewSize(m.Width(), m.Height()))
		for _, wrong := range kittest.Check(kittest.Look(c.Content()), m, kittest.Patient(kit.Light())) {
			t.Errorf("%s: %s", name, wrong)
		}
		if n := len(kit.Pressables(c.Content())); n > 0 {
			t.Errorf("%s: %d things to press: it does not fit one page", name, n)
		}
		said := kittest.Strings(c.Content())
		for _, l := range all.Languages() {
			if !slices.Contains(said, all.In(l.Tag).T("reason.unknown.title")) {
				t.Errorf("%s: nothing in %s", name, l.Tag)
			}
		}
	}
	if said := kittest.Strings(Sorry(nil, displays["21"], "")); !slices.Contains(said, "Please see the front desk") {
		t.Errorf("without a catalogue it says %q", said)
	}
}
