package staff

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
)

func TestLogin(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample())
	b.key(fyne.KeyReturn)
	b.write("99")
	b.key(fyne.KeyReturn)
	if b.who.ID != "" || !strings.Contains(b.texts(), "Who are you?") || len(b.desk.did) != 0 {
		t.Fatalf("without a person: %v", b.desk.did)
	}
	b.press("who-ana")
	b.key(fyne.KeyReturn)
	if b.who.ID != "" || !strings.Contains(b.texts(), "3 tries are left.") {
		t.Fatal("a wrong PIN let somebody in, or said nothing")
	}
	b.write("135790")
	if s := b.texts(); strings.Contains(s, "135790") || strings.Contains(s, "1357") {
		t.Error("the PIN can be read")
	}
	b.key(fyne.KeyBackspace)
	b.key("0")
	b.write("0")
	kept := b.login.pin
	b.press("enter")
	if b.who.ID != "ana" || b.in != 1 || b.at != viewQueue {
		t.Fatalf("not in: %q, %s", b.who.ID, b.at)
	}
	if slices.ContainsFunc(kept[:cap(kept)], func(c byte) bool { return c != 0 }) {
		t.Error("the PIN is still in memory")
	}
	b.Close()
	if b.at != viewLogin || b.who.ID != "" || b.desk.did[len(b.desk.did)-1] != "logout" {
		t.Error("not logged out")
	}
}

// Enter presses what has the focus until a PIN is typed; then it logs in.
func TestLoginByKeyboardAlone(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample())
	enter := func() { b.canvas.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn}) }
	b.canvas.Focus(find(b.root, "who-ana"))
	enter()
	if b.login.chosen != "ana" || len(b.desk.did) != 0 {
		t.Fatalf("chosen %q, did %v", b.login.chosen, b.desk.did)
	}
	for _, r := range "135790" {
		b.canvas.Focused().TypedRune(r)
	}
	enter()
	if b.who.ID != "ana" {
		t.Error("not logged in")
	}
}

// Whoever leaves while the PIN is being looked at is not left logged in.
func TestLeavingDuringALogin(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample())
	b.press("who-ana")
	b.write("135790")
	var later []func()
	b.o.Go = func(f func()) { later = append(later, f) }
	b.key(fyne.KeyReturn)
	b.Close()
	for len(later) > 0 {
		f := later[0]
		later = later[1:]
		f()
	}
	if b.who.ID != "" || b.in != 0 || b.desk.did[len(b.desk.did)-1] != "logout" {
		t.Errorf("in %d, did %v", b.in, b.desk.did)
	}
}

func TestLoginIsThrottled(t *testing.T) {
	desk := sample()
	desk.pinErr = &Error{Reason: "pin-throttled", Wait: 90 * time.Second}
	b := newBench(t, deskPanel, "light", desk)
	b.press("who-ana")
	b.write("1")
	b.key(fyne.KeyReturn)
	if !strings.Contains(b.texts(), "Wait 90 seconds") {
		t.Error("no countdown")
	}
	tries := len(desk.did)
	b.write("135790")
	b.key(fyne.KeyReturn)
	if len(desk.did) != tries {
		t.Error("a try while it is locked")
	}
	b.now = b.now.Add(89 * time.Second)
	b.Refresh()
	if !strings.Contains(b.texts(), "Wait 1 second.") {
		t.Error("the countdown does not go on")
	}
	b.now = b.now.Add(time.Second)
	b.Refresh()
	desk.pinErr = nil
	b.loggedIn()
}
