package engine

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"shlkiosk/config"
	"shlkiosk/sync/sandbox"
	"shlkiosk/sync/shl"
)

// Item 59 of receiver.md section 4: a kiosk's clock that is hours off is
// noticed by the Date of the services' answers, also when they refuse.
func TestClockBesideTheServices(t *testing.T) {
	world, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	for _, off := range []time.Duration{0, -3 * time.Hour} {
		t.Run(fmt.Sprint(off), func(t *testing.T) {
			logs := &lockedBuffer{}
			now := func() time.Time { return time.Now().Add(off) }
			cfg := config.Defaults()
			cfg.Organization, cfg.FHIR.Base, cfg.Retrieval.Allow = "Test Clinic", world.FHIRBase(), []string{world.Base()}
			cfg.Retrieval.Timeout = 5 * time.Minute
			core, err := NewCore(cfg, Env{Now: now, Logger: slog.New(slog.NewTextHandler(logs, nil))})
			if err != nil {
				t.Fatal(err)
			}
			if _, n, far := core.ClockOff(); n != 0 || far {
				t.Error("something before the first answer")
			}
			open := func(text string) {
				link, err := shl.ParseWith(text, now(), time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				if o, err := core.OpenLink(t.Context(), link, nil); err == nil {
					o.Wipe()
				}
			}
			issue := sandbox.IssueRequest{Flags: "U", Files: []sandbox.File{{ContentType: sandbox.TypeFHIR, Content: []byte(`{"resourceType":"Patient"}`)}}}
			good, err := world.Issue(t.Context(), issue)
			if err != nil {
				t.Fatal(err)
			}
			open(good.Link)
			open(good.Link)
			got, n, far := core.ClockOff()
			if d := got - off; n != 1 || far != (off != 0) || d.Abs() > time.Minute {
				t.Errorf("%v ahead of %d services, far %v; want %v", got, n, far, off)
			}
			want := 0
			if off != 0 {
				want = 1 // said once, not with every patient
			}
			if said := strings.Count(logs.String(), "clock differs"); said != want {
				t.Errorf("said %d times", said)
			}
		})
	}
}

// One service whose clock is wrong is not the kiosk's fault; most of them are.
func TestClockByTheMiddle(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var c clocks
	for i, s := range []struct {
		host  string
		off   time.Duration
		fresh bool
		want  time.Duration
	}{
		{"a", 0, false, 0},
		{"b", 5 * time.Hour, false, 0},
		{"c", time.Second, false, time.Second},
		{"b", 5 * time.Hour, false, time.Second},
		{"c", 4 * time.Hour, true, 4 * time.Hour},
		{"a", 4 * time.Hour, false, 4 * time.Hour},
		{"a", 0, false, 4 * time.Hour},
		{"b", 0, false, 0},
		{"c", -90 * time.Second, false, 0},
		{"b", -3 * time.Hour, false, -90 * time.Second},
		{"a", -3 * time.Hour, true, -3 * time.Hour},
	} {
		if fresh := c.saw(s.host, now.Add(-s.off), now); fresh != s.fresh {
			t.Errorf("answer %d: fresh %v", i, fresh)
		}
		if got, n := c.middle(); got != s.want || n > 3 {
			t.Errorf("answer %d: the middle is %v of %d, want %v", i, got, n, s.want)
		}
	}
	if c.saw("d", time.Time{}, now) {
		t.Error("an answer without a Date")
	}
	for i := range 50 {
		c.saw(fmt.Sprint("host", i), now, now)
	}
	if _, n := c.middle(); n != mostClocks {
		t.Errorf("%d services kept", n)
	}
}
