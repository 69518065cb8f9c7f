package staff

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
)

// doorDesk is a desk whose kiosk lets others in.
type doorDesk struct {
	*fakeDesk
	address string
	all     []Machine
	during  func(ctx context.Context, show func(code string)) error // of Enrol
}

func (d *doorDesk) Desks(context.Context) (string, []Machine, error) {
	if d.address == "" {
		return "", nil, errors.ErrUnsupported
	}
	return d.address, slices.Clone(d.all), nil
}

func (d *doorDesk) Enrol(ctx context.Context, show func(code string)) (Machine, error) {
	if err := d.during(ctx, show); err != nil {
		return Machine{}, err
	}
	m := Machine{ID: "f1", Name: "Reception", Since: benchNow}
	d.all = append(d.all, m)
	return m, nil
}

func (d *doorDesk) Dismiss(_ context.Context, id string) error {
	d.note("dismiss " + id)
	d.all = slices.DeleteFunc(d.all, func(m Machine) bool { return m.ID == id })
	return nil
}

// doorBench is the diagnostics page of such a kiosk.
func doorBench(t *testing.T, address string) (*bench, *doorDesk) {
	t.Helper()
	b := newBench(t, deskPanel, "light", sample())
	d := &doorDesk{fakeDesk: b.desk, address: address}
	b.o.Desk = d
	b.loggedIn()
	b.key(fyne.KeyF3)
	return b, d
}

func TestNothingListensNothingIsOffered(t *testing.T) {
	b, _ := doorBench(t, "")
	if b.has("enrol") || strings.Contains(b.texts(), "other machines") {
		t.Error("desks elsewhere are offered though nothing listens")
	}
	plain := newBench(t, deskPanel, "light", sample()).loggedIn()
	plain.key(fyne.KeyF3)
	if plain.has("enrol") {
		t.Error("offered by a desk that cannot")
	}
}

func TestEnrolADeskAndShutItOut(t *testing.T) {
	b, d := doorBench(t, "192.0.2.7:8443")
	if s := b.texts(); !strings.Contains(s, "192.0.2.7:8443") || !strings.Contains(s, "None is enrolled") {
		t.Fatal(s)
	}
	d.during = func(_ context.Context, show func(string)) error {
		show("12345678")
		if s := b.texts(); !strings.Contains(s, "1234 5678") || !strings.Contains(s, "kiosk desk --enrol") {
			t.Errorf("the code or what to do with it is not shown: %s", s)
		}
		show("") // proved wrongly: it is burned
		if strings.Contains(b.texts(), "1234 5678") {
			t.Error("a code that is not valid any more is shown")
		}
		show("87654321")
		return nil
	}
	b.press("enrol")
	if s := b.texts(); !strings.Contains(s, "Reception is enrolled") || strings.Contains(s, "8765") || strings.Contains(s, "None is") {
		t.Error(s)
	}
	// Shutting one out takes two presses.
	b.press("dismiss-f1")
	if slices.Contains(d.did, "dismiss f1") {
		t.Error("shut out by one press")
	}
	b.press("dismiss-f1")
	if !slices.Contains(d.did, "dismiss f1") || !strings.Contains(b.texts(), "None is enrolled") {
		t.Error(d.did)
	}
}

func TestEnrolmentThatFailsOrIsLeft(t *testing.T) {
	b, d := doorBench(t, "192.0.2.7:8443")
	d.during = func(context.Context, func(string)) error { return &Error{Reason: "enrol-expired"} }
	b.press("enrol")
	if s := b.texts(); !strings.Contains(s, "The time for the enrolment is over") || !b.has("enrol") {
		t.Error(s)
	}
	// Stopped: its context ends and nothing is said about it.
	d.during = func(ctx context.Context, show func(string)) error {
		show("12345678")
		b.press("enrol-stop")
		show("12345678")
		return ctx.Err()
	}
	b.press("enrol")
	if s := b.texts(); strings.Contains(s, "1234 5678") || b.err != "" || !b.has("enrol") {
		t.Errorf("after stopping: %q, %s", b.err, s)
	}
	// Left: it goes on, and what it says is not drawn on another person's page.
	d.during = func(ctx context.Context, show func(string)) error {
		b.Close()
		show("12345678")
		if ctx.Err() != nil {
			t.Error("a logout ended the enrolment")
		}
		return nil
	}
	b.press("enrol")
	if s := b.texts(); strings.Contains(s, "1234 5678") || strings.Contains(s, "enrolled") || b.at != viewLogin {
		t.Error(s)
	}
}
